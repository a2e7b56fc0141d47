"""PNG: a table as a figure, for slides that take no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing import styles
from resviz.formats import png
from resviz.formats.sheet import Sheet

if TYPE_CHECKING:
    from resviz.tables.table import Table

KIND = "table"
NAME = "png"
SUFFIXES = (".png",)

SHARP = 2 * png.CSS_PIXELS
"""The resolution of a screen of two dots a pixel, in dpi."""


def render(table: Table, *, style: str = "screen", dpi: float = SHARP) -> bytes:
    """The table as PNG, by default of twice the SVG's pixels.

    Raises:
        RenderError: if it would be larger than cairo can draw, or cannot be drawn.
    """
    return png.render(Sheet(table).picture(), styles.find(style), dpi=dpi)

"""PNG: a table as a figure, for slides that take no other."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures.drawing import styles
from resviz.formats import png
from resviz.formats.sheet import Sheet

if TYPE_CHECKING:
    from resviz.tables.table import Table

KIND = "table"
NAME = "png"
SUFFIXES = (".png",)

SHARPEST = 2.0
"""Dots a pixel, those of a sharp screen, in a table that is not long."""

ENOUGH = 6_000_000
"""Pixels of a long one, which is less sharp: cairo encodes 40 million in a second."""


def render(table: Table, *, style: str = "screen", dpi: float | None = None) -> bytes:
    """The table as PNG, by default of twice the SVG's pixels, of a long one fewer.

    Raises:
        RenderError: if it would be larger than cairo can draw, or cannot be drawn.
    """
    picture = Sheet(table).picture()
    if dpi is None:
        highest = png.highest(picture)
        if highest < png.CSS_PIXELS:
            width, height = map(round, picture.size)
            raise RenderError(
                f"png: the table is {width:,} by {height:,} pixels, more than can be "
                f"drawn: want fewer rows, --dpi of at most {highest}, or svg"
            )
        scale = min(SHARPEST, max(1.0, sqrt(ENOUGH / prod(picture.size))))
        dpi = scale * png.CSS_PIXELS
    return png.render(picture, styles.find(style), dpi=dpi)

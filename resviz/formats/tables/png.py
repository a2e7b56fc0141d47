"""PNG: a table as a figure, for slides that take no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures.drawing import styles
from resviz.formats.pictures import png
from resviz.formats.tables.svg import TablePicture

if TYPE_CHECKING:
    from resviz.tables.table import Table

SUFFIXES = (".png",)


def render(table: Table, *, style: str = "screen", dpi: float | None = None) -> bytes:
    """Write a table as PNG, by default of twice the SVG's pixels, fewer if long.

    Raises:
        RenderError: if it would be larger than can be drawn, or cannot be drawn.
    """
    picture = TablePicture(table).draw_picture()
    if dpi is None:
        highest = png.highest_dpi(picture)
        if highest < png.CSS_PIXELS_PER_INCH:
            width, height = map(round, picture.size)
            raise RenderError(
                f"png: the table is {width:,} by {height:,} pixels, more than can be "
                f"drawn: want fewer rows, --dpi of at most {highest}, or svg"
            )
    return png.render(picture, styles.find_style(style), dpi=dpi)

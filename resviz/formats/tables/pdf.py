"""PDF: a table as a figure, with tall brackets and real text, for slides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing import styles
from resviz.formats.pictures import pdf
from resviz.formats.tables.svg import TablePicture

if TYPE_CHECKING:
    from resviz.tables.table import Table

SUFFIXES = (".pdf",)


def render(table: Table, *, style: str = "screen") -> bytes:
    """Write a table as a PDF of one page.

    Raises:
        RenderError: if it cannot be drawn.
    """
    return pdf.render(TablePicture(table).draw_picture(), styles.find_style(style))

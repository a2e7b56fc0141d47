"""PDF: for papers and print, with real text; drawn by Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.formats import dot
from resviz.formats.graphviz_engine import draw

if TYPE_CHECKING:
    from resviz.figures.drawing.parts import Picture
    from resviz.figures.drawing.styles import Style

KIND = "picture"
SUFFIXES = (".pdf",)


def render(picture: Picture, style: Style) -> bytes:
    """The picture as a PDF of one page; one unit is one point.

    Raises:
        RenderError: if it cannot be drawn.
    """
    return draw(dot.render(picture, style), "pdf")

"""PDF: for papers and print, with real text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.formats.pictures.svg_converter import convert_picture

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

SUFFIXES = (".pdf",)


def render(picture: Picture, style: Style) -> bytes:
    """Write a picture as a PDF of one page; one unit is one point.

    Raises:
        RenderError: if it cannot be drawn.
    """
    return convert_picture(picture, style, "pdf")

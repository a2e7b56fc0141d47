"""PDF: for papers and print, with real text; drawn by Graphviz."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resviz.formats.pictures import dot
from resviz.formats.pictures.graphviz_engine import draw

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

SUFFIXES = (".pdf",)

CREATION_DATE = re.compile(rb"/CreationDate \(D:[^()]*\)")
"""When cairo drew it; `SOURCE_DATE_EPOCH` does not reach every version of it."""


def render(picture: Picture, style: Style) -> bytes:
    """The picture as a PDF of one page; one unit is one point.

    Equal pictures give equal bytes: blanks, which keep the offsets, are in the date's
    place.

    Raises:
        RenderError: if it cannot be drawn.
    """
    drawn = draw(dot.render(picture, style, cairo=True), "pdf")
    return CREATION_DATE.sub(lambda found: b" " * len(found[0]), drawn)

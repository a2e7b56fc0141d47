"""PNG: pixels, for where SVG cannot go; drawn by Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.formats import dot
from resviz.formats.graphviz_engine import draw

if TYPE_CHECKING:
    from resviz.figures.drawing.parts import Picture
    from resviz.figures.drawing.styles import Style

KIND = "picture"
SUFFIXES = (".png",)

MOST = 32_767
"""Pixels of one side that cairo can draw."""

POINTS = 72
"""Graphviz' points in an inch; one of them is one of our units."""

CSS_PIXELS = 96
"""Pixels of a page in an inch: at this resolution a unit is one pixel."""


def render(picture: Picture, style: Style, *, dpi: float = CSS_PIXELS) -> bytes:
    """The picture as PNG; at 96 dpi as large as the SVG on a page, at 192 twice.

    Raises:
        RenderError: if a side would pass `MOST`, or it cannot be drawn.
    """
    source = dot.render(picture, style)
    longest = max(picture.size) * dpi / CSS_PIXELS
    if not dpi >= 1 or longest >= MOST:
        most = int(MOST * CSS_PIXELS / max(picture.size))
        raise RenderError(f"dpi: got {dpi!r}, want 1 to {most} for this picture")
    resolution = f'graph [dpi="{dpi * POINTS / CSS_PIXELS:g}" '
    return draw(source.replace("graph [", resolution, 1), "png")

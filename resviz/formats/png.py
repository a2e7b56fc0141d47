"""PNG: pixels, for where SVG cannot go; drawn by Graphviz."""

from __future__ import annotations

from math import prod, sqrt
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

MOST_IN_ALL = 150_000_000
"""Pixels of a picture; cairo holds four bytes for each."""

POINTS = 72
"""Graphviz' points in an inch; one of them is one of our units."""

CSS_PIXELS = 96
"""Pixels of a page in an inch: at this resolution a unit is one pixel."""


def render(picture: Picture, style: Style, *, dpi: float = CSS_PIXELS) -> bytes:
    """The picture as PNG; at 96 dpi as large as the SVG on a page, at 192 twice.

    Raises:
        RenderError: if it would be larger than cairo can draw, or cannot be drawn.
    """
    source = dot.render(picture, style, cairo=True)
    most = highest(picture)
    if not 1 <= dpi <= most:
        raise RenderError(f"dpi: got {dpi!r}, want 1 to {most} for this picture")
    resolution = f'graph [dpi="{dpi * POINTS / CSS_PIXELS:g}" '
    return draw(source.replace("graph [", resolution, 1), "png")


def highest(picture: Picture) -> int:
    """The highest resolution at which a picture keeps to both bounds, in dpi."""
    by_side = (MOST - 1) / max(picture.size)
    by_area = sqrt(MOST_IN_ALL / prod(picture.size))
    return int(min(by_side, by_area) * CSS_PIXELS)

"""PNG: pixels, for where SVG cannot go; drawn by Graphviz."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.formats.pictures import dot
from resviz.formats.pictures.graphviz_engine import draw

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

SUFFIXES = (".png",)

MAX_SIDE_PIXELS = 32_767
"""Pixels of one side that cairo can draw."""

MAX_PICTURE_PIXELS = 150_000_000
"""Pixels of a picture; cairo holds four bytes for each."""

POINTS_PER_INCH = 72
"""Graphviz' points in an inch; one of them is one of our units."""

CSS_PIXELS_PER_INCH = 96
"""Pixels of a page in an inch: at this resolution a unit is one pixel."""


def render(
    picture: Picture, style: Style, *, dpi: float = CSS_PIXELS_PER_INCH
) -> bytes:
    """The picture as PNG; at 96 dpi as large as the SVG on a page, at 192 twice.

    Raises:
        RenderError: if it would be larger than cairo can draw, or cannot be drawn.
    """
    source = dot.render(picture, style, cairo=True)
    max_dpi = highest_dpi(picture)
    if not 1 <= dpi <= max_dpi:
        raise RenderError(f"dpi: got {dpi!r}, want 1 to {max_dpi} for this picture")
    resolution = f'graph [dpi="{dpi * POINTS_PER_INCH / CSS_PIXELS_PER_INCH:g}" '
    return draw(source.replace("graph [", resolution, 1), "png")


def highest_dpi(picture: Picture) -> int:
    """The highest resolution at which a picture keeps to both bounds, in dpi."""
    by_side = (MAX_SIDE_PIXELS - 1) / max(picture.size)
    by_area = sqrt(MAX_PICTURE_PIXELS / prod(picture.size))
    return int(min(by_side, by_area) * CSS_PIXELS_PER_INCH)

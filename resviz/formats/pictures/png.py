"""PNG: pixels, for where SVG cannot go."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, prod, sqrt
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.formats.pictures.pdf import convert_picture
from resviz.options import DPI_LIMITS

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

SUFFIXES = (".png",)

MAX_SIDE_PIXELS = 32_767
"""Pixels of one side; many programs open no more."""

MAX_PICTURE_PIXELS = 150_000_000
"""Pixels of a picture; drawing holds four bytes for each."""

CSS_PIXELS_PER_INCH = 96
"""Pixels of a page in an inch: at this resolution a unit is one pixel."""


SHARP_SCALE = 2.0
"""Dots a pixel, those of a sharp screen, in a picture that is not large."""

LARGE_PICTURE_PIXELS = 6_000_000
"""Pixels of a large one, which is less sharp: millions take seconds to encode."""


def render(picture: Picture, style: Style, *, dpi: float | None = None) -> bytes:
    """Write a picture as PNG; at 96 dpi as large as the SVG on a page.

    By default it is twice as large, less if it is large itself.

    Raises:
        RenderError: if it would be larger than can be drawn, or cannot be drawn.
    """
    dpi = choose_dpi(picture) if dpi is None else dpi
    max_dpi = highest_dpi(picture)
    least, _ = DPI_LIMITS
    if not least <= dpi <= max_dpi:
        width, height = (side / CSS_PIXELS_PER_INCH for side in picture.pixels)
        wanted = f"want {least} to {max_dpi}, or" if max_dpi >= least else "want"
        raise RenderError(
            f"dpi: got {dpi:g} for a picture of {width:.4g} by {height:.4g} inches, "
            f"{wanted} a smaller width, or .svg or .pdf"
        )
    scale = dpi / CSS_PIXELS_PER_INCH * picture.pixels[0] / picture.size[0]
    # Else the converter leaves out a row and a column of pixels, right through letters.
    width, height = (ceil(side * scale) / scale for side in picture.size)
    whole = replace(picture, size=(width, height))
    return convert_picture(whole, style, "png", pixels_per_unit=scale)


def choose_dpi(picture: Picture) -> float:
    """Choose a resolution at which a picture is sharp, and soon encoded."""
    sharp = sqrt(LARGE_PICTURE_PIXELS / prod(picture.pixels))
    wanted = min(SHARP_SCALE, max(1.0, sharp)) * CSS_PIXELS_PER_INCH
    return max(min(wanted, highest_dpi(picture)), CSS_PIXELS_PER_INCH)


def highest_dpi(picture: Picture) -> int:
    """Return the highest resolution at which a picture keeps to both bounds, in dpi."""
    by_side = (MAX_SIDE_PIXELS - 1) / max(picture.pixels)
    by_area = sqrt(MAX_PICTURE_PIXELS / prod(picture.pixels))
    return int(min(by_side, by_area) * CSS_PIXELS_PER_INCH)

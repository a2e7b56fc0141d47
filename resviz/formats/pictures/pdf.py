"""PDF: for papers and print, with real text.

Typst converts the SVG, to pixels too. It takes the fonts of the machine, or its own
where there are none, and equal pictures give equal bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from resviz import escape
from resviz.errors import RenderError
from resviz.formats.glyphs import warn_of_missing_glyphs
from resviz.formats.pictures import svg

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

SUFFIXES = (".pdf",)

POINTS_PER_INCH = 72
"""Typst's points in an inch; one of them is one of our units."""

DOCUMENT = """\
#set document(title: sys.inputs.title, date: none)
#set page(width: {width}pt, height: {height}pt, margin: 0pt, fill: none)
#place(image(
  bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.description,
  width: {width}pt, height: {height}pt, fit: "stretch",
))
"""
"""One page that is the picture; all text comes in as data and is never read as code."""


LETTERS_OF_FONTS = str.maketrans("‖", "║")
"""What stands for letters that usual fonts lack: for one of them, Typst may set the
whole line in another font."""


def render(picture: Picture, style: Style) -> bytes:
    """Write a picture as a PDF of one page; one unit is one point, or what it says.

    Raises:
        RenderError: if it cannot be drawn.
    """
    return convert_picture(picture, style, "pdf", points_per_unit=picture.unit or 1)


def convert_picture(
    picture: Picture,
    style: Style,
    kind: Literal["png", "pdf"],
    *,
    points_per_unit: float = 1,
    pixels_per_unit: float = 1,
) -> bytes:
    """Draw a picture as PNG or PDF, light where the SVG follows the reader.

    Units: a unit of the picture is `points_per_unit` of the PDF, `pixels_per_unit` of
    the PNG.

    Raises:
        RenderError: if it cannot be drawn.
    """
    import typst

    warn_of_missing_glyphs(picture, kind)
    width, height = (svg.format_length(side * points_per_unit) for side in picture.size)
    ground = picture.ground or ("style" if kind == "png" else "none")
    light = svg.render(replace(picture, ground=ground), replace(style, dark=None))
    try:
        return typst.compile(
            DOCUMENT.format(width=width, height=height).encode(),
            format=kind,
            ppi=pixels_per_unit * POINTS_PER_INCH,
            sys_inputs={
                "svg": light.translate(LETTERS_OF_FONTS),
                "title": escape.clean_name(picture.title),
                "description": escape.clean_prose(picture.description),
            },
        )
    except RuntimeError as error:
        raise RenderError(f"{kind}: {error}; write .svg instead") from error

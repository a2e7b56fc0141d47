r"""TikZ: a figure to `\input`, in the fonts of the paper around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures.drawing.fitting import MIN_LETTER_POINTS, find_letter_size
from resviz.figures.drawing.marks import (
    Circle,
    Curve,
    Mark,
    Paint,
    PlacedImage,
    Polygon,
    Rectangle,
    Text,
    iter_marks,
)
from resviz.figures.drawing.metrics import find_font_group
from resviz.formats.latex_letters import add_letter_command, escape_latex_letters
from resviz.formats.pictures.svg import format_length

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.drawing.elements import Picture, Point
    from resviz.figures.drawing.styles import Dash, Style

SUFFIXES = (".tex", ".tikz")

MAX_TEX_POINTS = 16_000
"""Points of one side; TeX has no lengths above 16,383."""

TIKZ_DASHES: dict[Dash, str] = {
    "solid": "",
    "dashed": "dash pattern=on 5bp off 2bp",
    "dotted": "line cap=round,dash pattern=on 1bp off 4bp",
}
"""What makes a line dashed or dotted, as in the SVG."""

TEX_FONT_SIZES = {9: "9", 11: "10.95", 12: "12", 13: "12", 15: "14.4"}
"""Sizes in which TeX's own fonts exist, by those of a figure."""

TEXT_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}

COMPUTER_MODERN_BASELINE = 0.34
"""How far the baseline lies below a capital's middle, in sizes of Computer Modern."""

TIKZ_PREAMBLE = r"""% needs \usepackage{{tikz}}
% as wide as \resvizwidth at most; \def\resvizwidth{{...}} before this file sets it
\begingroup
\providecommand\resvizwidth{{\linewidth}}%
\pgfmathsetmacro\resvizscale
  {{min({unit},\resvizwidth/{width}bp,0.9*\textheight/{height}bp)}}%
\pgfmathsetmacro\resvizpoints{{\resvizscale*{letters}}}%
\ifdim\resvizpoints pt<{least}pt
  \PackageWarning{{resviz}}{{{name} is shrunk,
    its letters to \resvizpoints\space points\string: use figure*,
    or draw it with --width}}%
\fi
\scalebox{{\resvizscale}}{{%
\begin{{tikzpicture}}[x=1bp,y=-1bp,inner sep=0pt,outer sep=0pt,font=\normalfont]"""


def render(picture: Picture, style: Style) -> str:
    """Write a picture as a `tikzpicture` that shrinks to the text around it.

    Raises:
        RenderError: if it is larger than TeX can measure.
    """
    if max(picture.size) > MAX_TEX_POINTS:
        size = " by ".join(f"{side:.0f}" for side in picture.size)
        raise RenderError(
            f"{picture.title}: {size} points, and TeX has no lengths above "
            f"{MAX_TEX_POINTS}; write .pdf instead"
        )
    return "\n".join(tikz_lines(picture, style)) + "\n"


def tikz_lines(picture: Picture, style: Style) -> Iterator[str]:
    """Yield the lines of the file, the lowest elements first."""
    width, height = map(format_length, picture.size)
    body = list(map(tikz_command, iter_marks(picture, style)))
    preamble = TIKZ_PREAMBLE.replace(r"\normalfont", choose_tex_font(picture)).format(
        width=width,
        height=height,
        unit=format_scale(picture.unit or 1),
        letters=format_length(find_letter_size(picture)),
        least=MIN_LETTER_POINTS,
        name=write_log_name(picture.title),
    )
    yield add_letter_command(preamble, body)
    inks = style.colours | {
        f"{name} {part}": getattr(tint, part)
        for name, tint in style.tints.items()
        for part in ("fill", "line", "wash")
    }
    for shade in sorted({shade.upper() for shade in inks.values()}):
        name = shade[1:]
        if any(f"rv{name}" in line for line in body):
            yield rf"\definecolor{{rv{name}}}{{HTML}}{{{name}}}"
    yield rf"\path[use as bounding box] (0,0) rectangle ({width},{height});"
    yield from body
    yield r"\end{tikzpicture}}%"
    yield r"\endgroup"


TEX_FAMILIES = {"Helvetica": "phv", "Times": "ptm", "Courier": "pcr"}
"""What LaTeX calls the families that every installation has."""


def choose_tex_font(picture: Picture) -> str:
    """Return the commands that choose a picture's font; the paper's by itself.

    Raises:
        RenderError: for a family that not every LaTeX has.
    """
    if not picture.font:
        return r"\normalfont"
    code = TEX_FAMILIES.get((*find_font_group(picture.font), "")[0])
    if code:
        return rf"\normalfont\fontfamily{{{{{code}}}}}\selectfont"
    raise RenderError(
        f"font: LaTeX may lack {picture.font!r}, leave it out for the fonts of the "
        "paper, or want Helvetica, Times or Courier"
    )


def format_scale(scale: float) -> str:
    """Write a scale, four decimals of which make less than a pixel."""
    return f"{scale:.4f}".rstrip("0").rstrip(".")


LOG_SIGNS = "-_,. :/()=+"
"""What may stand in LaTeX's log besides letters and digits; languages of babel make
commands of some, which `\\string` undoes."""


def write_log_name(title: str) -> str:
    """Write a title for LaTeX's log, without what TeX would read as a command."""
    kept = [
        c if c.isascii() and (c.isalnum() or c in LOG_SIGNS) else "?" for c in title
    ]
    return re.sub(r"[_:=]", r"\\string\g<0>", "".join(kept[:80]))


def tikz_command(mark: Mark) -> str:
    """Write one mark as a command.

    Raises:
        RenderError: for an image.
    """
    match mark:
        case Rectangle(at, size, corner, paint):
            round_off = f",rounded corners={corner:g}bp" if corner else ""
            start = (at[0] - size[0] / 2, at[1] - size[1] / 2)
            end = (at[0] + size[0] / 2, at[1] + size[1] / 2)
            placement = f"{tikz_point(start)} rectangle {tikz_point(end)}"
            return rf"\path[{paint_options(paint)}{round_off}] {placement};"
        case Circle(at, radius, paint):
            placement = f"{tikz_point(at)} circle[radius={format_length(radius)}bp]"
            return rf"\path[{paint_options(paint)}] {placement};"
        case Polygon(corners, paint):
            outline = " -- ".join(map(tikz_point, corners))
            return rf"\path[{paint_options(paint)}] {outline} -- cycle;"
        case Curve(path, paint):
            route = f"{tikz_point(path[0])}{bezier_path(path[1:])}"
            return rf"\path[{paint_options(paint)}] {route};"
        case PlacedImage():
            raise RenderError(
                "image: LaTeX reads images from files alone: want .pdf, or leave it out"
            )
        case Text((x, y), line, align, size, bold, ink):
            placement = f"anchor={TEXT_ANCHORS[align]},text={colour_name(ink)}"
            at = tikz_point((x, y + COMPUTER_MODERN_BASELINE * size))
            node_text = font_command(size, bold=bold) + escape_latex_letters(line)
            return rf"\node[{placement}] at {at} {{{node_text}}};"


def paint_options(paint: Paint) -> str:
    """Write the options of what a shape is drawn with."""
    options = [f"fill={colour_name(paint.fill)}"] if paint.fill else []
    if paint.opacity < 1:
        options.append(f"fill opacity={paint.opacity}")
    if paint.line:
        options.append(f"draw={colour_name(paint.line)}")
        options += [TIKZ_DASHES[paint.dash]] if paint.dash != "solid" else []
        options.append(f"line width={paint.width}bp")
    return ",".join([*options, *(["line join=round"] if paint.round_joins else [])])


def font_command(size: float, *, bold: bool) -> str:
    """Return the commands that set letters of a size."""
    exact = TEX_FONT_SIZES[round(size)]
    return rf"\fontsize{{{exact}}}{{{exact}}}\selectfont " + r"\bfseries " * bold


def colour_name(colour: str) -> str:
    """Return the name under which the file defines a colour."""
    return f"rv{colour[1:].upper()}"


def bezier_path(path: Sequence[Point]) -> str:
    """Write Bézier curves from one point on, three control points each."""
    return "".join(
        f" .. controls {tikz_point(a)} and {tikz_point(b)} .. {tikz_point(c)}"
        for a, b, c in zip(path[::3], path[1::3], path[2::3], strict=True)
    )


def tikz_point(at: Point) -> str:
    """Write a position."""
    return f"({format_length(at[0])},{format_length(at[1])})"

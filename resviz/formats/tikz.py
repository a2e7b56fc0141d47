r"""TikZ: a figure to `\input`, in the fonts of the paper around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import escape
from resviz.errors import RenderError
from resviz.figures.drawing.marks import (
    Circle,
    Curve,
    Mark,
    Paint,
    Polygon,
    Rectangle,
    Text,
    marks,
)
from resviz.formats.svg import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.figures.drawing.parts import Picture, Point
    from resviz.figures.drawing.styles import Dash, Style

KIND = "picture"
SUFFIXES = (".tex", ".tikz")

MOST = 16_000
"""Points of one side; TeX has no lengths above 16,383."""

DASHES: dict[Dash, str] = {
    "solid": "",
    "dashed": "dash pattern=on 5bp off 2bp",
    "dotted": "line cap=round,dash pattern=on 1bp off 4bp",
}
"""What makes a line dashed or dotted, as in the SVG."""

SIZES = {11: "10.95", 12: "12", 13: "12", 15: "14.4"}
"""Sizes in which TeX's own fonts exist, by those of a figure."""

ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}

BASELINE = 0.34
"""How far the baseline lies below a capital's middle, in sizes of Computer Modern."""

OPENING = r"""% needs \usepackage{{tikz}}
% as wide as \resvizwidth at most; \def\resvizwidth{{...}} before this file sets it
\begingroup
\providecommand\resvizwidth{{\linewidth}}%
\pgfmathsetmacro\resvizscale
  {{min(1,\resvizwidth/{width}bp,0.9*\textheight/{height}bp)}}%
\scalebox{{\resvizscale}}{{%
\begin{{tikzpicture}}[x=1bp,y=-1bp,inner sep=0pt,outer sep=0pt,font=\normalfont]"""


def render(picture: Picture, style: Style) -> str:
    """The picture as a `tikzpicture`, shrunk to the width of the text around it.

    Raises:
        RenderError: if it is larger than TeX can measure.
    """
    if max(picture.size) > MOST:
        size = " by ".join(f"{side:.0f}" for side in picture.size)
        raise RenderError(
            f"{picture.title}: {size} points, and TeX has no lengths above {MOST}; "
            "write .pdf instead"
        )
    return "\n".join(lines(picture, style)) + "\n"


def lines(picture: Picture, style: Style) -> Iterator[str]:
    """The lines of the file, the lowest elements first."""
    width, height = map(number, picture.size)
    body = list(map(command, marks(picture, style)))
    yield OPENING.format(width=width, height=height)
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


def command(mark: Mark) -> str:
    """One mark as a command."""
    match mark:
        case Rectangle(at, size, corner, paint):
            round_off = f",rounded corners={corner:g}bp" if corner else ""
            start = (at[0] - size[0] / 2, at[1] - size[1] / 2)
            end = (at[0] + size[0] / 2, at[1] + size[1] / 2)
            where = f"{point(start)} rectangle {point(end)}"
            return rf"\path[{painted(paint)}{round_off}] {where};"
        case Circle(at, radius, paint):
            where = f"{point(at)} circle[radius={number(radius)}bp]"
            return rf"\path[{painted(paint)}] {where};"
        case Polygon(corners, paint):
            return rf"\path[{painted(paint)}] {points(corners)} -- cycle;"
        case Curve(path, paint):
            return rf"\path[{painted(paint)}] {point(path[0])}{curves(path[1:])};"
        case Text((x, y), line, align, size, bold, ink):
            where = f"anchor={ANCHORS[align]},text={named(ink)}"
            at = point((x, y + BASELINE * size))
            said = font(size, bold=bold) + escape.latex(line)
            return rf"\node[{where}] at {at} {{{said}}};"


def painted(paint: Paint) -> str:
    """The options of what a shape is drawn with."""
    said = [f"fill={named(paint.fill)}"] if paint.fill else []
    if paint.opacity < 1:
        said.append(f"fill opacity={paint.opacity}")
    if paint.line:
        said.append(f"draw={named(paint.line)}")
        said += [DASHES[paint.dash]] if paint.dash != "solid" else []
        said.append(f"line width={paint.width}bp")
    return ",".join([*said, *(["line join=round"] if paint.joined else [])])


def font(size: float, *, bold: bool) -> str:
    """What sets letters of a size."""
    exact = SIZES[round(size)]
    return rf"\fontsize{{{exact}}}{{{exact}}}\selectfont " + r"\bfseries " * bold


def named(colour: str) -> str:
    """The name under which the file defines a colour."""
    return f"rv{colour[1:].upper()}"


def curves(path: Sequence[Point]) -> str:
    """Bézier curves from one point on, three control points each."""
    return "".join(
        f" .. controls {point(a)} and {point(b)} .. {point(c)}"
        for a, b, c in zip(path[::3], path[1::3], path[2::3], strict=True)
    )


def points(path: Iterable[Point]) -> str:
    """Points joined by straight lines."""
    return " -- ".join(map(point, path))


def point(at: Point) -> str:
    """A position."""
    return f"({number(at[0])},{number(at[1])})"

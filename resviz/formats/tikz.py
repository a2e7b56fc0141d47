r"""TikZ: a figure to `\input`, in the fonts of the paper around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import escape
from resviz.errors import RenderError
from resviz.figures.drawing.metrics import LINE
from resviz.figures.drawing.styles import FRAMES, LINES, LOOKS, Dash, Look, Style
from resviz.formats.svg import SHADE, arrow, colour, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.figures.drawing.parts import Edge, Group, Node, Picture, Point, Solid

KIND = "picture"
SUFFIXES = (".tex", ".tikz")

MOST = 16_000
"""Points of one side; TeX has no lengths above 16,383."""

DASHES: dict[Dash, str] = {
    "solid": "",
    "dashed": "dash pattern=on 5bp off 2bp,",
    "dotted": "line cap=round,dash pattern=on 1bp off 4bp,",
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
    body = list(elements(picture, style))
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


def elements(picture: Picture, style: Style) -> Iterator[str]:
    """Frames, solids, wires and boxes."""
    for group in picture.groups:
        yield from frames(group, style)
    for solid in picture.solids:
        yield from faces(solid, style)
    for edge in picture.edges:
        yield from wire(edge, style)
    for node in picture.nodes:
        yield from outline(node, style)
        yield from lettering(node, style)


def frames(group: Group, style: Style) -> Iterator[str]:
    """A group's frame and those inside it."""
    frame = FRAMES[group.role]
    yield rectangle(
        group.at,
        group.size,
        paint(style, frame.fill, group.tint, "wash"),
        f"draw={ink(style, frame.line, group.tint, 'line')},"
        f"line width={frame.width}bp,rounded corners=8bp",
    )
    for inner in group.groups:
        yield from frames(inner, style)


def faces(solid: Solid, style: Style) -> Iterator[str]:
    """A solid's faces; the last is its side and lies in the shade."""
    fill, line = (ink(style, "tint", solid.tint, part) for part in ("fill", "line"))
    for face in solid.faces:
        look = f"fill={fill},draw={line},line join=round"
        yield rf"\path[{look}] {points(face)} -- cycle;"
    shade = f"fill={line},fill opacity={SHADE}"
    yield rf"\path[{shade}] {points(solid.faces[-1])} -- cycle;"


def wire(edge: Edge, style: Style) -> Iterator[str]:
    """An edge's path and its arrow."""
    line = LINES[edge.role]
    shade = ink(style, line.colour, "", "")
    start, *rest = edge.path
    curves = "".join(
        f" .. controls {point(a)} and {point(b)} .. {point(c)}"
        for a, b, c in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    )
    look = f"draw={shade},{DASHES[line.dash]}line width={line.width}bp"
    yield rf"\path[{look}] {point(start)}{curves};"
    if edge.tip:
        yield rf"\path[fill={shade}] {points(arrow(edge))} -- cycle;"


def outline(node: Node, style: Style) -> Iterator[str]:
    """A node's box or circle, if it has one."""
    look = LOOKS[node.role]
    if look.shape == "none":
        return
    fill = paint(style, look.fill, node.tint, "fill")
    line = f"draw={ink(style, look.line, node.tint, 'line')},{DASHES[look.dash]}"
    line += f"line width={look.width}bp"
    if look.shape == "circle":
        radius = number(node.size[0] / 2)
        yield rf"\path[{fill}{line}] {point(node.at)} circle[radius={radius}bp];"
    else:
        corner = ",rounded corners=7bp" if look.shape == "round" else ""
        yield rectangle(node.at, node.size, fill, line + corner)


def lettering(node: Node, style: Style) -> Iterator[str]:
    """A node's lines of text, as a block in its middle."""
    look = LOOKS[node.role]
    x = {"start": node.left, "middle": node.at[0], "end": node.right}[node.align]
    first = node.at[1] - (len(node.lines) - 1) * look.size * LINE / 2
    for row, line in enumerate(node.lines):
        at = (x, first + row * look.size * LINE + BASELINE * look.size)
        where = f"anchor={ANCHORS[node.align]},text={ink(style, look.ink, '', '')}"
        yield rf"\node[{where}] at {point(at)} {{{font(look)}{escape.latex(line)}}};"


def font(look: Look) -> str:
    """What sets a look's letters."""
    size = SIZES[round(look.size)]
    return rf"\fontsize{{{size}}}{{{size}}}\selectfont " + r"\bfseries " * look.bold


def rectangle(at: Point, size: Point, fill: str, line: str) -> str:
    """A box around its centre."""
    start = (at[0] - size[0] / 2, at[1] - size[1] / 2)
    end = (at[0] + size[0] / 2, at[1] + size[1] / 2)
    return rf"\path[{fill}{line}] {point(start)} rectangle {point(end)};"


def paint(style: Style, key: str, tint: str, part: str) -> str:
    """What fills an area; "" for nothing."""
    return f"fill={ink(style, key, tint, part)}," if key else ""


def ink(style: Style, key: str, tint: str, part: str) -> str:
    """The name under which the file defines a colour."""
    return f"rv{colour(style, key, tint, part)[1:].upper()}"


def points(path: Iterable[Point]) -> str:
    """Points joined by straight lines."""
    return " -- ".join(map(point, path))


def point(at: Point) -> str:
    """A position."""
    return f"({number(at[0])},{number(at[1])})"

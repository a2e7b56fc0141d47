"""A picture as marks: shapes and lines of text with their colours, the lowest first.

What every syntax without nodes and groups writes, one mark at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz.figures.drawing.elements import PlacedImage
from resviz.figures.drawing.metrics import LINE_SPACING
from resviz.figures.drawing.styles import (
    FRAMES,
    HEAT_TINTS,
    LINES,
    LOOKS,
    Dash,
    Style,
)
from resviz.figures.drawing.tapers import place_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import (
        Align,
        Edge,
        Group,
        Node,
        Picture,
        Point,
        Solid,
    )

NODE_CORNER = 7
"""Radius of the corners of a round box, in pixels."""

SHADE_OPACITY, HEAT_SHADE_OPACITY = 0.24, 0.06
"""How much of the outline's colour lies over a solid's side face, also where the fill
is an amount: a shade would be another."""


@dataclass(frozen=True, slots=True)
class Paint:
    """The fill and the outline of a shape.

    Attributes:
        fill: a colour, as "#1b6aa5"; "" for none.
        opacity: of the fill.
        line: colour of the outline; "" for none.
        width: of the outline; dash likewise.
        round_joins: whether the outline's corners are round.
    """

    fill: str = ""
    opacity: float = 1
    line: str = ""
    width: float = 1
    dash: Dash = "solid"
    round_joins: bool = False


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A box around its centre; `corner` is the radius of its corners."""

    at: Point
    size: Point
    corner: float
    paint: Paint


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle around its centre."""

    at: Point
    radius: float
    paint: Paint


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed shape with straight sides."""

    corners: tuple[Point, ...]
    paint: Paint


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through Bézier control points, 3·n + 1 of them."""

    path: tuple[Point, ...]
    paint: Paint


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text.

    Attributes:
        at: where it starts, stands or ends; its y is the middle of a capital.
        line: the text, not yet escaped.
        align: what stands at `at`.
        size: of its letters, in pixels.
        bold: whether they are.
        ink: their colour.
    """

    at: Point
    line: str
    align: Align
    size: float
    bold: bool
    ink: str


Mark = Rectangle | Circle | Polygon | Curve | Text | PlacedImage


def iter_marks(picture: Picture, style: Style) -> Iterator[Mark]:
    """Yield a picture's marks: images first, boxes with their text last."""
    yield from picture.images
    for group in picture.groups:
        yield from mark_frames(group, style)
    for solid in picture.solids:
        yield from mark_faces(solid, style)
    for edge in picture.edges:
        yield from mark_wire(edge, style)
    for node in picture.nodes:
        yield from mark_node(node, style)


def choose_ground(picture: Picture, style: Style, usual: str = "style") -> str:
    """Choose the colour of a picture's ground, the usual if none was asked for.

    "" stands for none, and so does "none" in the picture and as the usual one.
    """
    ground = picture.ground or usual
    return {"none": "", "style": style.colours["background"]}.get(ground, ground)


def mark_frames(group: Group, style: Style) -> Iterator[Mark]:
    """Yield a group's frame and those inside it."""
    frame = FRAMES[group.role]
    fill = resolve_colour(style, frame.fill, group.tint, "wash")
    line = resolve_colour(style, frame.line, group.tint, "line")
    paint = Paint(fill=fill, line=line, width=frame.width, dash=frame.dash)
    yield Rectangle(group.at, group.size, frame.corner, paint)
    for inner in group.groups:
        yield from mark_frames(inner, style)


def mark_faces(solid: Solid, style: Style) -> Iterator[Polygon]:
    """Yield a solid's faces; its top lies in the light, its side in the shade."""
    tint = style.tints[solid.tint]
    fills = tint.fill, tint.wash, tint.fill
    for face, fill in zip(solid.faces, fills, strict=True):
        yield Polygon(face, Paint(fill=fill, line=tint.line, round_joins=True))
    opacity = HEAT_SHADE_OPACITY if style.is_heat else SHADE_OPACITY
    yield Polygon(solid.faces[-1], Paint(fill=tint.line, opacity=opacity))


def mark_wire(edge: Edge, style: Style) -> Iterator[Mark]:
    """Yield an edge's path and its arrow."""
    line = LINES[edge.role]
    ink = style.colours[line.colour]
    yield Curve(edge.path, Paint(line=ink, width=line.width, dash=line.dash))
    if edge.tip:
        (x, y), tip = edge.path[-1], edge.tip
        across, down = -(tip[1] - y) * 0.36, (tip[0] - x) * 0.36
        corners = (tip, (x + across, y + down), (x - across, y - down))
        yield Polygon(corners, Paint(fill=ink))


def mark_node(node: Node, style: Style) -> Iterator[Mark]:
    """Yield a node's box or circle, if any, and its text as a block in the middle."""
    look = LOOKS[node.role]
    ink = style.colours[look.ink]
    paint = Paint(
        fill=resolve_colour(style, look.fill, node.tint, "fill"),
        line=resolve_colour(style, look.line, node.tint, "line"),
        width=look.width,
        dash=look.dash,
    )
    if node.steps:
        yield from mark_steps(node, paint, look.size, ink)
        return
    if look.shape == "circle":
        yield Circle(node.at, node.size[0] / 2, paint)
    elif look.shape != "none":
        corner = NODE_CORNER if look.shape == "round" else 0
        yield Rectangle(node.at, node.size, corner, paint)
    x = {"start": node.left, "middle": node.at[0], "end": node.right}[node.align]
    first = node.at[1] - (len(node.lines) - 1) * look.size * LINE_SPACING / 2
    for row, line in enumerate(node.lines):
        at = (x, first + row * look.size * LINE_SPACING)
        yield Text(at, line, node.align, look.size, look.bold, ink)


def mark_steps(node: Node, paint: Paint, size: float, ink: str) -> Iterator[Mark]:
    """Yield the steps of a node, each as high as its lines, and their text."""
    spacing = size * LINE_SPACING
    for step in place_steps(node, size):
        yield Polygon(step.corners, replace(paint, round_joins=True))
        first = step.middle - (len(step.lines) - 1) * spacing / 2
        for row, line in enumerate(step.lines):
            at = (node.at[0], first + spacing * row)
            yield Text(at, line, "middle", size, bold=False, ink=ink)


def resolve_colour(style: Style, key: str, tint: str, part: str) -> str:
    """Return the colour that a look's key names, "" for none.

    "tint" and "wash" ask for that part of the node's tint, "fill" for its fill. A
    share of a cost also fills what is else empty.
    """
    if key == "background" and tint in HEAT_TINTS:
        key = "tint"
    if key == "fill":
        part, key = key, "tint"
    if key in {"tint", "wash"}:
        return getattr(style.tints[tint or "stem"], part)
    return style.colours[key] if key else ""

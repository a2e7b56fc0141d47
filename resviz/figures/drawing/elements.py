"""What a picture is made of, without syntax: nodes, edges, groups and solids, placed.

A figure that is a graph has a `Chart` too, without positions, for formats that place
it themselves. Units: pixels; x grows to the right and y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from resviz.figures.drawing.ledgers import add_coverages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.ledgers import Ledger
    from resviz.readings.contraction.coverage import EdgeCoverage

Point = tuple[float, float]

Align = Literal["start", "middle", "end"]
"""Where a node's lines of text stand in its width."""


class Outlined:
    """What lies in a rectangle: `at` is its centre, `size` its width and height."""

    __slots__ = ()

    at: Point
    size: Point

    @property
    def left(self) -> float:
        """X of its left side."""
        return self.at[0] - self.size[0] / 2

    @property
    def right(self) -> float:
        """X of its right side."""
        return self.at[0] + self.size[0] / 2

    @property
    def top(self) -> float:
        """Y of its upper side."""
        return self.at[1] - self.size[1] / 2

    @property
    def bottom(self) -> float:
        """Y of its lower side."""
        return self.at[1] + self.size[1] / 2

    def span(self, axis: int) -> Point:
        """Return where it begins and ends along x, axis 0, or y, axis 1."""
        half = self.size[axis] / 2
        return self.at[axis] - half, self.at[axis] + half


class Taper(NamedTuple):
    """One of the steps that a node is stacked of, which widens or narrows.

    Attributes:
        lines: how many of the node's lines stand in it.
        above: its width at its upper side; below likewise.
    """

    lines: int
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Node(Outlined):
    """A box, a circle or bare text.

    Attributes:
        key: unique in its picture.
        role: how it looks, a key of `styles.LOOKS`.
        at: its centre.
        size: width and height.
        lines: its text.
        tint: which colours fill it, a key of `Style.tints`; "" for none.
        align: of its text.
        steps: what it is stacked of, in place of one box; () for most nodes.
    """

    key: str
    role: str
    at: Point
    size: Point
    lines: tuple[str, ...] = ()
    tint: str = ""
    align: Align = "middle"
    steps: tuple[Taper, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A wire between two nodes.

    Attributes:
        tail: key of the node or solid it leaves; "" for a line between none.
        head: key of the one it enters.
        role: how it looks, a key of `styles.LINES`.
        path: Bézier control points, 3·n + 1 of them.
        tip: where its arrow ends; None for a wire without one.
        via: key under which the layers that are on it are seated; "" for none.
        lead: corners from its tail to its path that are not drawn, as of what goes on
            in the next column; a drawing to be edited has them.
    """

    tail: str
    head: str
    role: str
    path: tuple[Point, ...]
    tip: Point | None = None
    via: str = ""
    lead: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Group(Outlined):
    """A frame around some nodes and other groups.

    Attributes:
        key: unique among the groups.
        role: how it looks, a key of `styles.FRAMES`.
        at: its centre.
        size: width and height.
        tint: which colours it takes.
        nodes: keys of the nodes and solids that lie in it and in no group inside it.
        groups: the groups inside it.
    """

    key: str
    role: str
    at: Point
    size: Point
    tint: str = ""
    nodes: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Solid(Outlined):
    """A box in oblique view.

    Attributes:
        key: unique among solids and nodes.
        faces: the corners of its front, top and side.
        tint: its colours.
        label: its sizes, for where they cannot be seen; "" for none.
        at: the centre of the rectangle around it.
        size: width and height of that.
    """

    key: str
    faces: tuple[tuple[Point, ...], ...]
    tint: str
    label: str = ""

    at: Point = field(init=False)
    size: Point = field(init=False)

    def __post_init__(self) -> None:
        spans = [
            (min(places), max(places))
            for axis in (0, 1)
            for places in [[corner[axis] for face in self.faces for corner in face]]
        ]
        (left, right), (top, bottom) = spans
        object.__setattr__(self, "at", ((left + right) / 2, (top + bottom) / 2))
        object.__setattr__(self, "size", (right - left, bottom - top))


@dataclass(frozen=True, slots=True)
class PlacedImage(Outlined):
    """An image of pixels, cropped at opposite sides until it fills its place.

    Attributes:
        at: its centre.
        size: width and height of its place.
        kind: "png" or "jpeg".
        data: the bytes of its file.
    """

    at: Point
    size: Point
    kind: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure, placed.

    Attributes:
        title: short, for a tooltip and a screen reader.
        description: a sentence or two that say the figure.
        size: width and height.
        images: below all else.
        solids: below nodes and wires; DOT has no nodes for them and draws them behind.
        chart: the figure for formats that place it themselves; None if it has none.
        ledgers: what knows where the edges of each record are in it; () for a figure
            that does not show how layers are connected.
        font: the family of its letters; "" for the usual ones.
        ground: its background, "none", "style" or a colour; "" for what each format
            has by itself.
        unit: points of one of its units where it is printed; None for a pixel on a
            screen and a point in print.
    """

    title: str
    description: str
    size: Point
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()
    solids: tuple[Solid, ...] = ()
    images: tuple[PlacedImage, ...] = ()
    chart: Chart | None = None
    ledgers: tuple[Ledger, ...] = ()
    font: str = ""
    ground: str = ""
    unit: float | None = None

    @property
    def coverage(self) -> EdgeCoverage | None:
        """Where the edges of its records are, counted off its wires."""
        return add_coverages(self.ledgers, self.edges)

    @property
    def pixels(self) -> Point:
        """Width and height on a screen, in CSS pixels."""
        scale = 1 if self.unit is None else self.unit / POINTS_PER_PIXEL
        return self.size[0] * scale, self.size[1] * scale


POINTS_PER_PIXEL = 0.75
"""Points of a CSS pixel, of which an inch has 96."""


@dataclass(frozen=True, slots=True)
class ChartBox:
    """A box, a sum, or bare text.

    Attributes:
        key: unique in its chart.
        role: how it looks, a key of `styles.LOOKS`.
        lines: its text.
        tint: a key of `Style.tints`; "" for none.
    """

    key: str
    role: str
    lines: tuple[str, ...]
    tint: str = ""


@dataclass(frozen=True, slots=True)
class ChartLink:
    """An arrow between two boxes, with the words on it.

    `role` is a key of `styles.LINES`, and `via` the key under which the layers that
    its words are about are seated.
    """

    tail: str
    head: str
    role: str = "main"
    lines: tuple[str, ...] = ()
    via: str = ""


@dataclass(frozen=True, slots=True)
class ChartFrame:
    """A titled frame around boxes and other frames, in order."""

    key: str
    lines: tuple[str, ...]
    tint: str
    parts: tuple[ChartBox | ChartFrame, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure, not placed.

    Attributes:
        direction: in which it runs, "TB" or "LR".
        parts: boxes and frames, in order.
        links: the arrows.
        figure: its name.
        ledgers: as of a picture, by the keys of its boxes.
    """

    direction: str
    parts: tuple[ChartBox | ChartFrame, ...]
    links: tuple[ChartLink, ...]
    figure: str = "overview"
    ledgers: tuple[Ledger, ...] = ()

    @property
    def coverage(self) -> EdgeCoverage | None:
        """Where the edges of its records are, counted off its links."""
        return add_coverages(self.ledgers, self.links)

    def iter_parts(self) -> Iterator[ChartBox | ChartFrame]:
        """Yield every box and frame, those in frames included, in order."""
        pending = [*reversed(self.parts)]
        while pending:
            part = pending.pop()
            yield part
            if isinstance(part, ChartFrame):
                pending += reversed(part.parts)

"""A canvas that collects the parts of a picture."""

from __future__ import annotations

from dataclasses import replace
from math import hypot
from typing import TYPE_CHECKING

from resviz.figures.declaring import declare_coverage, explain_order
from resviz.figures.drawing import metrics
from resviz.figures.drawing.elements import (
    Align,
    Edge,
    Group,
    Node,
    Picture,
    PlacedImage,
    Point,
    Solid,
    Taper,
)
from resviz.figures.drawing.ledgers import add_coverages, find_idle_wires
from resviz.figures.drawing.seats import ORDER
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.figures.drawing.ledgers import Ledger, SeatBook


SUM_SIZE = (14, 14)
"""Width and height of an addition's circle."""


MAX_TITLE_LINES = 3
"""Lines of a title at most, without the facts below it."""


class Canvas:
    """Collects nodes, edges and groups in drawing order.

    Args:
        prefix: of the keys of its nodes, where several canvases become one picture.
    """

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.solids: list[Solid] = []
        self.images: list[PlacedImage] = []
        self.books: list[SeatBook] = []
        self.ledgers: tuple[Ledger, ...] = ()

    def add_node(
        self,
        role: str,
        at: Point,
        size: Point,
        lines: Sequence[str] = (),
        *,
        tint: str = "",
        align: Align = "middle",
        steps: tuple[Taper, ...] = (),
    ) -> Node:
        """Add a node."""
        key = f"{self.prefix}n{len(self.nodes)}"
        node = Node(key, role, at, size, tuple(lines), tint, align, steps)
        self.nodes.append(node)
        return node

    def add_text(
        self,
        role: str,
        at: Point,
        line: str,
        *,
        align: Align = "middle",
        room: float | None = None,
    ) -> Node:
        """Add a line that starts, stands or ends at a point, cut to its room if any."""
        look = LOOKS[role]
        if room is not None:
            line = metrics.fit_text(line, room, look.size, bold=look.bold)
        width = metrics.text_width(line, look.size, bold=look.bold) + 2
        shift = {"start": width / 2, "middle": 0, "end": -width / 2}[align]
        size = (width, look.size * metrics.LINE_SPACING)
        return self.add_node(role, (at[0] + shift, at[1]), size, (line,), align=align)

    def add_solid(
        self, faces: tuple[tuple[Point, ...], ...], tint: str, label: str = ""
    ) -> Solid:
        """Add a solid by the corners of its front, top and side."""
        solid = Solid(f"s{len(self.solids)}", faces, tint, label)
        self.solids.append(solid)
        return solid

    def add_sum(self, at: Point, sign: str) -> Node:
        """Add an addition."""
        return self.add_node("sum", at, SUM_SIZE, (sign,))

    def add_wire(
        self,
        tail: Node | Solid,
        head: Node | Solid,
        role: str,
        *points: Point,
        arrow: bool = True,
        lead: tuple[Point, ...] = (),
    ) -> None:
        """Add an edge along `points` with round corners, its arrow at the last.

        `lead` is the way to the first of them, which is not drawn.
        """
        tip = points[-1] if arrow else None
        if tip:
            (x, y) = points[-2]
            length = hypot(tip[0] - x, tip[1] - y) or 1
            back = min(ARROW_LENGTH, length) / length
            base = (tip[0] - back * (tip[0] - x), tip[1] - back * (tip[1] - y))
            points = (*points[:-1], base)
        path = round_corners(points)
        self.edges.append(Edge(tail.key, head.key, role, path, tip, lead=lead))

    def settle_wires(self) -> None:
        """Settle what the wires stand for; those that stand for nothing show the order.

        Lines past others, which show none, are left out. Nothing may be wired
        afterwards.
        """
        ledgers = tuple(book.close() for book in self.books)
        idle = {id(edge) for edge in find_idle_wires(ledgers, self.edges)}
        self.edges[:] = [
            show_order(edge) if id(edge) in idle else edge
            for edge in self.edges
            if id(edge) not in idle or edge.role not in PASSING
        ]
        self.ledgers = ledgers

    def add_title(
        self,
        centre: float,
        name: str,
        facts: Sequence[str],
        room: float,
    ) -> float:
        """Add a title around `centre`, in lines as needed; return the y below it.

        The facts stand beside it, or in lines below.
        """
        heading = find_sheet().write_heading(name)
        if not heading:
            return 4.0
        size = LOOKS["title"].size
        bold_room = room * 0.97 / metrics.BOLD_FACTOR
        names = metrics.wrap_words(heading[0].split(" "), " ", bold_room, size)
        names = metrics.cap_lines(names, MAX_TITLE_LINES)
        fact_line = " · ".join(facts)
        name_width = metrics.text_width(names[0], size, bold=True)
        gap = 20
        total_width = name_width + gap + metrics.text_width(fact_line)
        if fact_line and len(names) == 1 and total_width <= room:
            left = centre - total_width / 2
            self.add_text("title", (left, 13), names[0], align="start")
            at = (left + name_width + gap, 13)
            self.add_text("text", at, fact_line, align="start")
            return 24
        lines = metrics.wrap_phrases(facts, " · ", room)
        for number, line in enumerate(names):
            self.add_text("title", (centre, 12 + 16 * number), line)
        below = 12.0 + 16 * len(names)
        for number, line in enumerate(lines):
            shown = line.removesuffix(" ·")
            self.add_text("text", (centre, below + 14 * number), shown)
        return below + (14 * len(lines) - 4 if lines else -6)

    def add_notes(
        self,
        centre: float,
        top: float,
        signs: Sequence[str],
        room: float,
        *,
        omissions: Sequence[str] = (),
        see: str = "",
    ) -> float:
        """Add a legend around `centre` from `top` on; return the y below it.

        It says of the connections of the record which are drawn, so it comes last.

        Args:
            centre: x of its middle.
            top: where it begins.
            signs: what the signs mean; left out where no legend is wanted.
            room: width of the picture.
            omissions: what the figure does not show, which is always said.
            see: where to look for connections that are not drawn.
        """
        if self.books:
            self.settle_wires()
            coverage = add_coverages(self.ledgers, self.edges)
            omissions = [
                *omissions,
                *explain_order(self.edges),
                *declare_coverage(coverage, see=see),
            ]
        size = LOOKS["note"].size
        shown = [*signs, *omissions] if find_sheet().has_legend else omissions
        for line in metrics.wrap_phrases(shown, " · ", room * 0.87, size):
            self.add_text("note", (centre, top + 7), line.removesuffix(" ·"))
            top += 13
        return top

    def build_picture(self, title: str, size: Point) -> Picture:
        """Return the finished picture; `draw_diagram` adds its description."""
        return Picture(
            title,
            "",
            size,
            tuple(self.nodes),
            tuple(self.edges),
            tuple(self.groups),
            tuple(self.solids),
            tuple(self.images),
            ledgers=self.ledgers,
        )


def frame_nodes(
    key: str,
    role: str,
    corners: tuple[Point, Point],
    nodes: Iterable[Node | Solid],
    *,
    tint: str = "",
    inner: Sequence[Group] = (),
) -> Group:
    """Return a frame around some nodes and solids, and the frames among them.

    `corners` are its upper left and its lower right one.
    """
    (left, top), (right, bottom) = corners
    centre = ((left + right) / 2, (top + bottom) / 2)
    size = (right - left, bottom - top)
    framed = {node for group in iter_groups(inner) for node in group.nodes}
    keys = tuple(node.key for node in nodes if node.key not in framed)
    return Group(key, role, centre, size, tint, keys, tuple(inner))


def iter_groups(groups: Iterable[Group]) -> Iterator[Group]:
    """Yield frames, each with all that lie in it."""
    for group in groups:
        yield group
        yield from iter_groups(group.groups)


def show_order(edge: Edge) -> Edge:
    """Return a wire that shows the order alone: without its arrow, up to its tip."""
    if edge.tip is None:
        return replace(edge, role=ORDER)
    path = (*edge.path, *straight_segment(edge.path[-1], edge.tip))
    return replace(edge, role=ORDER, path=path, tip=None)


PASSING = frozenset({"link", "bypass"})
"""Roles of lines that pass what stands between their ends."""

ARROW_LENGTH = 5.5
"""Length of an arrow head, in pixels; Graphviz' normal one at 0.55."""

CORNER_RADIUS = 6
"""Radius of a wire's corners, in pixels."""

KAPPA = 0.5523
"""Distance of a quarter circle's control points from its ends, in radii."""


def round_corners(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return the Bézier control points of a polyline with rounded corners."""
    path = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start = point_towards(corner, before, CORNER_RADIUS)
        stop = point_towards(corner, after, CORNER_RADIUS)
        path += straight_segment(path[-1], start)
        path += mix_points(start, corner, KAPPA), mix_points(stop, corner, KAPPA), stop
    return (*path, *straight_segment(path[-1], points[-1]))


def straight_segment(a: Point, b: Point) -> list[Point]:
    """Return the control points, but the first, of a straight piece."""
    return [mix_points(a, b, 1 / 3), mix_points(a, b, 2 / 3), b]


def point_towards(start: Point, end: Point, distance: float) -> Point:
    """Return the point `distance` on the way, or half way if that is nearer."""
    length = hypot(end[0] - start[0], end[1] - start[1])
    return mix_points(start, end, min(distance / length, 0.5)) if length else start


def mix_points(a: Point, b: Point, share: float) -> Point:
    """Return the point that lies `share` of the way from `a` to `b`."""
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))

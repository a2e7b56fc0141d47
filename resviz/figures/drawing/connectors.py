"""Connectors: the wires of a picture as lines that stay joined to its shapes.

A picture draws a wire where it is seen: a shortcut begins on the wire that it leaves.
In a drawing that people edit, each end is held by a shape, so the part that both share
is drawn twice. Which shapes are joined is told by the edge, and checked where it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING, Literal

from resviz.errors import RenderError
from resviz.figures.drawing.elements import Solid
from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.figures.drawing.elements import Edge, Node, Picture, Point

Side = Literal["top", "left", "bottom", "right"]

TOLERANCE = 2.0
"""How far from an outline or a wire an end may lie that touches it, in pixels."""

STRAIGHTNESS = 0.1
"""How far from a straight line a point on it may lie, in pixels."""

ARC_SHARE = 0.75
"""How much of the way to its control points an arc comes that leads back."""


@dataclass(frozen=True, slots=True)
class Connector:
    """A wire between two shapes.

    Attributes:
        tail: the node or solid that it leaves.
        head: the one that it enters.
        role: how it looks, a key of `styles.LINES`.
        points: from the outline of the tail to that of the head; a smooth one bends
            between them, each is where it would have a corner, or one of its joints.
        is_smooth: whether it bends in curves.
        is_arc: whether it is one arc, up and back down beside where it began.
        has_arrow: whether an arrow ends it; one longer than its line would lie in the
            box before it.
    """

    tail: Node | Solid
    head: Node | Solid
    role: str
    points: tuple[Point, ...]
    is_smooth: bool
    is_arc: bool
    has_arrow: bool

    @property
    def ends(self) -> tuple[Node | Solid, Node | Solid]:
        """What it joins."""
        return self.tail, self.head

    @property
    def corners(self) -> tuple[Point, ...]:
        """Its ends, and the points at which it turns."""
        return drop_straight_points(self.points)

    @property
    def leaving_side(self) -> Side:
        """The side of the tail on which it begins."""
        return find_side(self.corners[0], self.corners[1])

    @property
    def entering_side(self) -> Side:
        """The side of the head on which it ends."""
        return find_side(self.corners[-1], self.corners[-2])


def list_connectors(picture: Picture) -> list[Connector]:
    """List the wires of a picture, each from shape to shape.

    Raises:
        RenderError: if one begins or ends at no shape, as in a plot.
    """
    nodes = {part.key: part for part in (*picture.nodes, *picture.solids)}
    edges = [edge for edge in picture.edges if edge.tail or edge.head]
    routes = part_arcs(edges, [trace_route(edge) for edge in edges])
    connectors: list[Connector] = []
    for edge, route in zip(edges, routes, strict=True):
        lead: tuple[Point, ...] = ()
        tail = nodes.get(edge.tail)
        if tail is None or not touches(tail, route[0]):
            tail, lead = find_lead(edges, nodes, routes, edge, route[0])
        head = nodes.get(edge.head)
        if tail is None or head is None or not touches(head, route[-1]):
            raise RenderError(
                f"{picture.title}: has lines that join no two shapes, which nobody "
                "could move with them; write .svg instead, or another figure, as "
                "overview, block, lanes, layers, volumes or stack"
            )
        pieces = list_pieces(edge.path)
        is_smooth = any(map(is_bent_smoothly, pieces))
        is_arc = not lead and any(map(is_level_arc, pieces))
        points = drop_repeats((*lead, *route))
        arrow = edge.tip is not None and measure_length(points) >= MIN_ARROW_ROOM
        connectors.append(
            Connector(tail, head, edge.role, points, is_smooth, is_arc, arrow)
        )
    return connectors


def list_loose_lines(picture: Picture) -> list[Edge]:
    """List the lines of a picture that are to join nothing, as those to labels."""
    return [edge for edge in picture.edges if not edge.tail and not edge.head]


def part_arcs(
    edges: Sequence[Edge], routes: list[tuple[Point, ...]]
) -> list[tuple[Point, ...]]:
    """Part arcs beside one another, which would be one line with sharp corners.

    The longest keeps its place; those that it spans lie inside it.
    """
    arcs = [
        (number, find_rounded_corners(piece), piece[0][0])
        for number, edge in enumerate(edges)
        for piece in list_pieces(edge.path)
        if is_upright_arc(piece)
    ]
    arcs.sort(key=lambda arc: abs(arc[1][1][1] - arc[1][0][1]))
    tracks: dict[float, list[list[Point]]] = {}
    places: list[tuple[int, list[Point], float, float, int]] = []
    for number, (top, bottom), base in arcs:
        span = (min(top[1], bottom[1]), max(top[1], bottom[1]))
        taken = tracks.setdefault(round(top[0]), [])
        track = next(
            (k for k, spans in enumerate(taken) if not overlaps_any(span, spans)),
            len(taken),
        )
        if track == len(taken):
            taken.append([])
        taken[track].append(span)
        places.append((number, [top, bottom], base, top[0], track))
    parted = [*routes]
    for number, corners, base, x, track in places:
        count = len(tracks[round(x)])
        inside = (count - 1 - track) * (base - x) * ARC_ROOM / max(count - 1, 1)
        moved = {corner: (x + inside, corner[1]) for corner in corners}
        parted[number] = tuple(moved.get(point, point) for point in parted[number])
    return parted


ARC_ROOM = 0.7
"""How much of an arc's reach those inside it may take."""


def is_upright_arc(piece: Piece) -> bool:
    """Tell whether a piece leads back to the x from which it came."""
    corners = find_rounded_corners(piece)
    return (
        len(corners) == 2
        and corners[0] != piece[1]
        and abs(corners[0][0] - corners[1][0]) < STRAIGHTNESS
    )


def is_level_arc(piece: Piece) -> bool:
    """Tell whether a piece leads up and back down beside where it began."""
    a, b, c, d = piece
    is_upright = max(abs(a[0] - b[0]), abs(c[0] - d[0])) < STRAIGHTNESS
    return (
        is_upright
        and abs(a[0] - d[0]) > STRAIGHTNESS
        and (b[1] < a[1]) == (c[1] < d[1])
    )


def overlaps_any(span: Point, spans: Sequence[Point]) -> bool:
    """Tell whether a stretch has more than its end in common with another."""
    return any(span[0] < end and start < span[1] for start, end in spans)


def find_lead(
    edges: Sequence[Edge],
    nodes: Mapping[str, Node | Solid],
    routes: Sequence[tuple[Point, ...]],
    edge: Edge,
    start: Point,
) -> tuple[Node | Solid | None, tuple[Point, ...]]:
    """Find the wire on which an edge begins: its node, and its way up to there.

    That of the edge's own tail goes before any other.
    """
    leads = [
        (wire.tail != edge.tail, nodes[wire.tail], lead)
        for wire, route in zip(edges, routes, strict=True)
        if wire is not edge
        and wire.tail in nodes
        and touches(nodes[wire.tail], route[0])
        and (lead := cut_route(route, start))
    ]
    if not leads:
        return None, ()
    _, tail, lead = min(leads, key=lambda found: found[0])
    return tail, lead


def cut_route(route: tuple[Point, ...], end: Point) -> tuple[Point, ...]:
    """Return a route up to a point on it, without that; () for one that is not."""
    for number, (a, b) in enumerate(pairwise(route), start=1):
        if measure_offset(a, end, b) < STRAIGHTNESS:
            return route[:number]
    return ()


def trace_route(edge: Edge) -> tuple[Point, ...]:
    """Return the points of a wire, its round corners made sharp, its tip the last.

    What leads to it without being drawn comes before them.
    """
    points = [*edge.lead, edge.path[0]]
    for piece in list_pieces(edge.path):
        points += [*find_rounded_corners(piece), piece[3]]
    return drop_repeats((*points, *([edge.tip] if edge.tip else [])))


Piece = tuple["Point", "Point", "Point", "Point"]
"""The control points of one Bézier curve."""


def list_pieces(path: tuple[Point, ...]) -> list[Piece]:
    """Return the curves of a path, each from where the last one ends."""
    return [
        (path[k], path[k + 1], path[k + 2], path[k + 3])
        for k in range(0, len(path) - 1, 3)
    ]


def find_rounded_corners(piece: Piece) -> list[Point]:
    """Return the corners that a curve rounds: one of a turn, two of a bend or arc."""
    a, b, c, d = piece
    first, last = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1])
    turn = first[0] * last[1] - first[1] * last[0]
    if abs(turn) > TURN_LIMIT * (hypot(*first) * hypot(*last) or 1):
        along = ((d[0] - a[0]) * last[1] - (d[1] - a[1]) * last[0]) / turn
        return [(a[0] + along * first[0], a[1] + along * first[1])]
    if max(measure_offset(a, b, d), measure_offset(a, c, d)) < STRAIGHTNESS:
        return []
    if first[0] * last[0] + first[1] * last[1] >= 0:
        return [b, c]
    corners = [
        (p[0] + ARC_SHARE * (q[0] - p[0]), p[1] + ARC_SHARE * (q[1] - p[1]))
        for p, q in ((a, b), (d, c))
    ]
    if is_level_arc(piece):
        outer = min if b[1] < a[1] else max
        crest = outer(y for _, y in corners)
        return [(x, crest) for x, _ in corners]
    return corners


TURN_LIMIT = 0.01
"""The sine of the angle from which on a piece turns a corner."""


def is_bent_smoothly(piece: Piece) -> bool:
    """Tell whether a piece is a bend that goes on as it came."""
    corners = find_rounded_corners(piece)
    return len(corners) == 2 and corners[0] == piece[1]


def measure_offset(a: Point, point: Point, b: Point) -> float:
    """Measure how far a point lies off the straight line between two others."""
    across, down = b[0] - a[0], b[1] - a[1]
    length = hypot(across, down)
    x, y = point[0] - a[0], point[1] - a[1]
    if not length or not 0 <= x * across + y * down <= length * length:
        return min(hypot(x, y), hypot(point[0] - b[0], point[1] - b[1]))
    return abs(across * y - down * x) / length


MIN_ARROW_ROOM = 6
"""Pixels of a line with an arrow at least: other programs draw heads as long."""


def measure_length(points: Sequence[Point]) -> float:
    """Measure how long the straight lines between some points are in all."""
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


def drop_repeats(points: Sequence[Point]) -> tuple[Point, ...]:
    """Leave out points that are the one before."""
    kept = [points[0]]
    for point in points[1:]:
        if hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) > SMALLEST_STEP:
            kept.append(point)
    return tuple(kept)


SMALLEST_STEP = 0.01
"""Pixels between two points that are not the same."""


def drop_straight_points(points: Sequence[Point]) -> tuple[Point, ...]:
    """Leave out points at which a line does not turn."""
    kept = list(points[:1])
    for before, after in pairwise(points[1:]):
        if measure_offset(kept[-1], before, after) > STRAIGHTNESS:
            kept.append(before)
    return (*kept, points[-1])


def touches(node: Node | Solid, point: Point) -> bool:
    """Tell whether a point lies on the outline of a node, or on a solid."""
    if isinstance(node, Solid):
        return any(lies_on_face(face, point) for face in node.faces)
    x, y = abs(point[0] - node.at[0]), abs(point[1] - node.at[1])
    if LOOKS[node.role].shape == "circle":
        return abs(hypot(x, y) - node.size[0] / 2) < TOLERANCE
    beside, above = x - node.size[0] / 2, y - node.size[1] / 2
    return abs(max(beside, above)) < TOLERANCE


def lies_on_face(face: tuple[Point, ...], point: Point) -> bool:
    """Tell whether a point lies on a face, or beside it."""
    sides = [*pairwise((*face, face[0]))]
    areas = [
        (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
        for a, b in sides
    ]
    is_inside = min(areas) >= 0 or max(areas) <= 0
    return is_inside or any(measure_offset(a, point, b) < TOLERANCE for a, b in sides)


def find_side(end: Point, inner: Point) -> Side:
    """Find the side of a shape from which a line leads off, by its first stretch."""
    across, down = inner[0] - end[0], inner[1] - end[1]
    if abs(across) >= abs(down):
        return "right" if across > 0 else "left"
    return "bottom" if down > 0 else "top"

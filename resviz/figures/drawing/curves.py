"""Wires: polylines with round corners as Bézier control points."""

from __future__ import annotations

from math import hypot

from resviz.figures.drawing.elements import Edge, Point

ARROW_LENGTH = 5.5
"""Length of an arrow head, in pixels; Graphviz' normal one at 0.55."""

CORNER_RADIUS = 6
"""Radius of a wire's corners, in pixels."""

KAPPA = 0.5523
"""Distance of a quarter circle's control points from its ends, in radii."""


def build_wire(
    tail: str, head: str, role: str, *points: Point, arrow: bool = True
) -> Edge:
    """An edge along `points` with round corners, its arrow at the last of them."""
    if not arrow:
        return Edge(tail, head, role, round_corners(points))
    (x, y), tip = points[-2:]
    length = hypot(tip[0] - x, tip[1] - y) or 1
    back = min(ARROW_LENGTH, length) / length
    base = (tip[0] - back * (tip[0] - x), tip[1] - back * (tip[1] - y))
    return Edge(tail, head, role, round_corners((*points[:-1], base)), tip)


def round_corners(
    points: tuple[Point, ...], radius: float = CORNER_RADIUS
) -> tuple[Point, ...]:
    """Bézier control points of a polyline with rounded corners."""
    path = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start = point_towards(corner, before, radius)
        stop = point_towards(corner, after, radius)
        path += straight_segment(path[-1], start)
        path += [
            mix_points(start, corner, KAPPA),
            mix_points(stop, corner, KAPPA),
            stop,
        ]
    return (*path, *straight_segment(path[-1], points[-1]))


def straight_segment(a: Point, b: Point) -> list[Point]:
    """The control points, but the first, of a straight piece."""
    return [mix_points(a, b, 1 / 3), mix_points(a, b, 2 / 3), b]


def point_towards(start: Point, end: Point, distance: float) -> Point:
    """The point `distance` on the way, or half way if that is nearer."""
    length = hypot(end[0] - start[0], end[1] - start[1])
    return mix_points(start, end, min(distance / length, 0.5)) if length else start


def mix_points(a: Point, b: Point, share: float) -> Point:
    """The point that lies `share` of the way from `a` to `b`."""
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))

"""Wires: polylines with round corners as Bézier control points."""

from __future__ import annotations

from math import hypot

from resviz.figures.drawing.parts import Edge, Point

ARROW = 5.5
"""Length of an arrow head, in pixels; Graphviz' normal one at 0.55."""

RADIUS = 6
"""Of a wire's corners, in pixels."""

KAPPA = 0.5523
"""How far a quarter circle's control points lie along its tangents, in radii."""


def wire(tail: str, head: str, role: str, *points: Point, arrow: bool = True) -> Edge:
    """An edge along `points` with round corners, its arrow at the last of them."""
    if not arrow:
        return Edge(tail, head, role, rounded(points))
    (x, y), tip = points[-2:]
    length = hypot(tip[0] - x, tip[1] - y) or 1
    back = min(ARROW, length) / length
    base = (tip[0] - back * (tip[0] - x), tip[1] - back * (tip[1] - y))
    return Edge(tail, head, role, rounded((*points[:-1], base)), tip)


def rounded(points: tuple[Point, ...], radius: float = RADIUS) -> tuple[Point, ...]:
    """Bézier control points of a polyline with rounded corners."""
    path = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start = towards(corner, before, radius)
        stop = towards(corner, after, radius)
        path += straight(path[-1], start)
        path += [mix(start, corner, KAPPA), mix(stop, corner, KAPPA), stop]
    return (*path, *straight(path[-1], points[-1]))


def straight(a: Point, b: Point) -> list[Point]:
    """The control points, but the first, of a straight piece."""
    return [mix(a, b, 1 / 3), mix(a, b, 2 / 3), b]


def towards(start: Point, end: Point, most: float) -> Point:
    """The point `most` on the way, or half way if that is nearer."""
    length = hypot(end[0] - start[0], end[1] - start[1])
    return mix(start, end, min(most / length, 0.5)) if length else start


def mix(a: Point, b: Point, share: float) -> Point:
    """The point that lies `share` of the way from `a` to `b`."""
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))

"""Connectors as Office has them: pieces with at most one turn, held at sites of shapes.

An arc is two pieces, each a quarter of it.

Office has presets with more turns too, whose places are shares of their width and
height; but LibreOffice does not read those, and leads the line another way, through
boxes or along other lines. A piece with one turn can only be drawn in one way.

Source: ECMA-376, part 1, section 20.1.10.56, and the geometries of its presets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING, Any

from resviz.figures.drawing.canvas import mix_points
from resviz.figures.drawing.connectors import drop_repeats, find_side
from resviz.figures.drawing.elements import Solid
from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.connectors import Connector, Side
    from resviz.figures.drawing.elements import Node, Point

SITES: dict[Side, int] = {"top": 0, "left": 1, "bottom": 2, "right": 3}
"""Where a connector is held by a rectangle, also by one in oblique view; a circle has a
further site after each."""

OVERLAP_SITE = 4
"""Where it is held by a box whose depth lies behind what it leads to."""

QUARTER_TURN = "5400000"
"""A quarter turn clockwise, in 60,000ths of a degree."""

MAX_STUB = 48
"""Pixels of a level stretch between an end and a bend, for it to be left out."""

MIN_STEP = 6.0
"""Pixels of a straight line behind a box, for it to begin behind its depth."""

STEP = 2.0
"""Distance of the points of a line that are looked at, and from a shape, in pixels."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a connector, straight or with one turn.

    Attributes:
        corners: its ends, with its turn between them.
        sites: where what it joins holds it.
    """

    corners: tuple[Point, ...]
    sites: tuple[int, int]


def cut_into_pieces(
    connector: Connector, obstacles: Sequence[Node | Solid]
) -> list[Piece]:
    """Cut a connector into pieces, each from where the last one ends.

    Args:
        connector: with turns or bends.
        obstacles: nodes and solids that no piece shall meet.
    """
    corners = connector.corners
    tail, head = connector.ends
    sites = (
        find_site(tail, corners[0], connector.leaving_side),
        find_site(head, corners[-1], connector.entering_side),
    )
    is_near = tail.left < corners[-1][0] < tail.right + MIN_STEP
    if isinstance(tail, Solid) and is_near and len(corners) == 2:
        sites = (OVERLAP_SITE, sites[1])
    if connector.is_smooth:
        stops = straighten_bends(connector, obstacles)
        routes = [*pairwise(stops)]
    elif any(map(is_aslant, (connector.tail, connector.head), sites)):
        routes = [*pairwise(corners)]
    else:
        middles = [mix_points(a, b, 0.5) for a, b in pairwise(corners[1:-1])]
        stops = [corners[0], *middles, corners[-1]]
        turns = corners[1:-1] or (None,)
        routes = [
            (a, b) if turn is None else (a, turn, b)
            for turn, (a, b) in zip(turns, pairwise(stops), strict=True)
        ]
    return [
        Piece(
            route,
            (
                sites[0] if number == 0 else find_waypoint_site(route[0], route[1]),
                sites[1]
                if number == len(routes) - 1
                else find_waypoint_site(route[-1], route[-2]),
            ),
        )
        for number, route in enumerate(routes)
    ]


def find_site(node: Node | Solid, at: Point, side: Side) -> int:
    """Find where a shape holds a connector that meets it at a point of a side."""
    if isinstance(node, Solid) or LOOKS[node.role].shape != "circle":
        return SITES[side]
    radius = node.size[0] / 2
    return min(
        range(8),
        key=lambda site: hypot(
            node.at[0] - radius * sin(site * pi / 4) - at[0],
            node.at[1] - radius * cos(site * pi / 4) - at[1],
        ),
    )


def is_aslant(node: Node | Solid, site: int) -> bool:
    """Tell whether a site of a circle is between two sides.

    From there a line with a turn may begin across or down, as its reader likes.
    """
    if isinstance(node, Solid):
        return False
    return LOOKS[node.role].shape == "circle" and site % 2 == 1


def find_waypoint_site(end: Point, inner: Point) -> int:
    """Find where a waypoint, a circle, holds a piece that comes from a point."""
    return 2 * SITES[find_side(end, inner)]


def straighten_bends(
    connector: Connector, obstacles: Sequence[Node | Solid]
) -> list[Point]:
    """Return where a curve begins and ends to bend, to be joined by straight pieces.

    Near an end there is no such point where the line past it meets no shape.
    """
    points, corners = connector.points, connector.corners
    turns = [points.index(corner) for corner in corners[1:-1]]
    if not turns:
        return [*corners]
    enters = [points[turn - 1] for turn in turns[::2]]
    leaves = [points[turn + 1] for turn in turns[1::2]]
    begin, end = corners[0], corners[-1]
    others = [
        node
        for node in obstacles
        if not lies_in(begin, node) and not lies_in(end, node)
    ]
    if is_clear(begin, enters[0], leaves[0], others):
        enters[0] = begin
    if is_clear(end, leaves[-1], enters[-1], others):
        leaves[-1] = end
    bends = [stop for bend in zip(enters, leaves, strict=True) for stop in bend]
    return [*drop_repeats([begin, *bends, end])]


def is_clear(
    end: Point, stop: Point, inner: Point, obstacles: Sequence[Node | Solid]
) -> bool:
    """Tell whether a line may leave out a stop near its end, and go on straight."""
    steps = max(int(hypot(inner[0] - end[0], inner[1] - end[1]) / STEP), 1)
    samples = [mix_points(end, inner, step / steps) for step in range(1, steps)]
    return hypot(stop[0] - end[0], stop[1] - end[1]) <= MAX_STUB and not any(
        lies_in(sample, node) for node in obstacles for sample in samples
    )


def lies_in(point: Point, node: Node | Solid) -> bool:
    """Tell whether a point lies in a node or around a solid, or on the outline."""
    return (
        node.left - STEP < point[0] < node.right + STEP
        and node.top - STEP < point[1] < node.bottom + STEP
    )


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset connector, and how it lies.

    It runs from the upper left of its box to the lower right, at first to the right.

    Attributes:
        name: "straightConnector1", or for one with a turn "bentConnector2", where
            that is sharp, and "curvedConnector2".
        offset: of the upper left corner of its box before it is turned, in EMU, of
            which an inch has 914,400.
        extent: width and height of that box, likewise.
        is_turned: whether it is turned clockwise by a quarter around its middle.
        flips: whether it is mirrored across and down, before that.
    """

    name: str
    offset: tuple[int, int]
    extent: tuple[int, int]
    is_turned: bool
    flips: tuple[bool, bool]


def fit_preset(corners: Sequence[tuple[int, int]], *, is_curved: bool) -> Preset:
    """Fit a preset to a line, straight or with one turn, whose corners are in EMU."""
    (x, y), (x2, y2) = corners[0], corners[-1]
    across, down = x2 - x, y2 - y
    corner = (min(x, x2), min(y, y2))
    extent = (abs(across), abs(down))
    if len(corners) == 2:
        flips = (across < 0, down < 0)
        return Preset("straightConnector1", corner, extent, False, flips)
    name = "curvedConnector2" if is_curved else "bentConnector2"
    if find_side(corners[0], corners[1]) in {"left", "right"}:
        return Preset(name, corner, extent, False, (across < 0, down < 0))
    # Turned, its width leads down and its height to the left.
    width, height = extent[1], extent[0]
    offset = (
        corner[0] + (extent[0] - width) // 2,
        corner[1] + (extent[1] - height) // 2,
    )
    return Preset(name, offset, (width, height), True, (down < 0, across > 0))


def add_arrow(line: Any) -> None:
    """Add the arrow at the end of a connector, which python-pptx has no word for."""
    from pptx.oxml.ns import qn

    outline = line.get_or_add_ln()
    arrow = outline.makeelement(
        qn("a:tailEnd"), {"type": "triangle", "w": "sm", "len": "med"}
    )
    outline.append(arrow)


def place_connector(line: Any, preset: Preset) -> None:
    """Lay a connector as a preset says."""
    from pptx.oxml.ns import qn

    frame = line.element.spPr.find(qn("a:xfrm"))
    flips = zip(("flipH", "flipV"), preset.flips, strict=True)
    frame.attrib.clear()
    frame.attrib.update({name: "1" for name, is_set in flips if is_set})
    if preset.is_turned:
        frame.set("rot", QUARTER_TURN)
    x, y = map(str, preset.offset)
    frame.find(qn("a:off")).attrib.update({"x": x, "y": y})
    width, height = map(str, preset.extent)
    frame.find(qn("a:ext")).attrib.update({"cx": width, "cy": height})
    line.element.spPr.find(qn("a:prstGeom")).set("prst", preset.name)


def glue(line: Any, joined: tuple[Any, Any], sites: tuple[int, int]) -> None:
    """Join a connector to two shapes, each at one of its sites.

    python-pptx' own `begin_connect` knows the sites of rectangles alone.
    """
    ends = line.element.nvCxnSpPr.cNvCxnSpPr
    both = ends.get_or_add_stCxn(), ends.get_or_add_endCxn()
    for end, shape, site in zip(both, joined, sites, strict=True):
        end.id, end.idx = shape.shape_id, site

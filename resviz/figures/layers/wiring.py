"""Drawing the wires between rows that are placed."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING

from resviz.figures.layers.placing import BOX_HEIGHT, GUTTER
from resviz.figures.layers.routing import LANE_PITCH

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Node, Point
    from resviz.figures.layers.placing import LayersPlacing
    from resviz.figures.layers.rows import LayerPiece

FORK_DEPTH = 3
"""How far below the top of a block's frame its shortcut leaves."""

STUB_LENGTH = 10
"""How far above the first row of a column the wire from the last one begins, at least:
where the shortcut of its block leaves."""

LEAD_DEPTH = 5
"""How far below the last row of a column the way to the next one turns."""

Way = tuple["Point", ...]
"""Corners of a wire."""


class LayersWiring:
    """Draws the wires between placed rows.

    Args:
        placing: the rows, with the room below the columns for wires between them.
    """

    def __init__(self, placing: LayersPlacing) -> None:
        self.placing, self.router = placing, placing.router
        self.canvas, self.boxes = placing.canvas, placing.boxes

    def draw_wires(self) -> None:
        """Draw a wire for every connection of the rows, each once."""
        on_arcs: set[tuple[int, int]] = set()
        for piece in self.router.pieces:
            arc = self.router.shapes[piece.rows[0]].arc
            if arc:
                self.draw_shortcut(piece)
                on_arcs |= {*pairwise(arc)}
        for head, sources in self.router.graph.sources.items():
            for source in sources:
                if (source, head) not in on_arcs:
                    self.draw_link(source, head)

    def draw_shortcut(self, piece: LayerPiece) -> None:
        """Draw a block's shortcut, from what it reads to its addition."""
        shape = self.router.shapes[piece.rows[0]]
        source, *stops = shape.arc
        nodes = [self.boxes[row] for row in stops]
        join, kind = nodes[-1], piece.shortcut_kind
        centre = self.find_centre(piece.rows[0])
        x, fork = centre + shape.shift, self.find_fork(piece)
        start: tuple[Point, ...] = ((centre, fork),)
        if not shape.from_above:
            start = self.follow_trunk(source, piece.rows[0], fork)
        entry, *others = nodes
        path = (*start, (x, fork))
        if entry is join:
            path = (*path, (x, join.at[1]), (join.right, join.at[1]))
        else:
            path = (*path, (x, entry.top))
        tail = self.boxes[source]
        self.canvas.add_wire(tail, entry, kind, *path, arrow=entry is join)
        for before, after in pairwise([entry, *others]):
            points: tuple[Point, ...] = ((x, before.bottom), (x, after.top))
            if after is join:
                points = (points[0], (x, join.at[1]), (join.right, join.at[1]))
            self.canvas.add_wire(before, after, kind, *points, arrow=after is join)

    def draw_link(self, source: int, head: int) -> None:
        """Draw one connection: straight down, or along the trunk of its source."""
        tail, into = self.boxes[source], self.boxes[head]
        centre = self.find_centre(head)
        if self.router.is_straight(source, head):
            start, lead = (tail.at[0], tail.bottom), ()
            if self.router.column_of[source] != self.router.column_of[head]:
                above, y = start, into.top - STUB_LENGTH
                if self.router.enters_from_above(source, head):
                    y = min(y, self.find_fork(self.router.piece_of[head]))
                start = into.at[0], y
                lead = self.lead_to_column(above, head, start)
            end = into.at[0], into.top
            self.canvas.add_wire(tail, into, "main", start, end, lead=lead)
            return
        if self.router.enters_from_above(source, head):
            fork = self.find_fork(self.router.piece_of[head])
            way = self.follow_trunk(source, head, fork)
            points = *way, (centre, fork), (into.at[0], into.top)
        else:
            y = into.at[1] + self.router.find_port(head, source)
            points = *self.follow_trunk(source, head, y), (find_side(into, y), y)
        self.canvas.add_wire(tail, into, "link", *points)

    def follow_trunk(self, source: int, head: int, y: float) -> tuple[Point, ...]:
        """Return the corners of the way from a row to the lane before another."""
        router, tail = self.router, self.boxes[source]
        here, there = router.column_of[source], router.column_of[head]
        leaves = tail.at[1] + router.find_port(source, None)
        own = self.find_centre(source) + router.trunks[source, here].lane
        way: tuple[Point, ...] = ((find_side(tail, leaves), leaves), (own, leaves))
        if here == there:
            return (*way, (own, y))
        below = self.placing.channels_top + LANE_PITCH * router.channels[source]
        lane = self.find_centre(head) + router.trunks[source, there].lane
        return (*way, (own, below), (lane, below), (lane, y))

    def lead_to_column(self, above: Point, head: int, start: Point) -> Way:
        """Return the corners from the last row of a column to above the next one."""
        between = self.placing.column_left(self.router.column_of[head]) - GUTTER / 2
        below = above[1] + LEAD_DEPTH
        return above, (above[0], below), (between, below), (between, start[1])

    def find_centre(self, row: int) -> float:
        """Find the x of the main branch of a row's column."""
        return self.placing.column_centre(self.router.column_of[row])

    def find_fork(self, piece: LayerPiece) -> float:
        """Find the y at which a shortcut leaves, above the first row of its block."""
        return self.placing.piece_tops[piece.rows[0]] + FORK_DEPTH


def find_side(box: Node, y: float) -> float:
    """Find the x at which a box or a circle ends on the right, at some y."""
    if box.size[0] > BOX_HEIGHT:
        return box.right
    radius = box.size[0] / 2
    return box.at[0] + sqrt(max(radius**2 - (y - box.at[1]) ** 2, 0))

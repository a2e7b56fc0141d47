"""The wires of the figure "layers": down, along shortcuts, and past other rows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from resviz.figures.layers.columns import BOX, SHIFT

if TYPE_CHECKING:
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.parts import Node
    from resviz.figures.layers.rows import Piece, Row


class Wiring:
    """Draws the wires between placed rows.

    Attributes:
        canvas: with the rows on it.
        found: every row.
        boxes: the box of each row.
        column_of: the column of each row.
        skips: the blocks, each with the y at which its shortcut leaves.
        cut: whether a connection between two columns was left out.
    """

    def __init__(self, canvas: Canvas, found: list[Row]) -> None:
        self.canvas = canvas
        self.found = found
        self.boxes: dict[int, Node] = {}
        self.column_of: dict[int, int] = {}
        self.skips: list[tuple[Piece, float]] = []
        self.lanes: dict[int, list[list[tuple[int, int]]]] = {}
        self.cut = False

    def connect(self) -> None:
        """Draw every wire within a column."""
        on_skips: set[tuple[int, int]] = set()
        for piece, fork in self.skips:
            on_skips |= self.skip(piece, fork)
        main = 0
        for index, row in enumerate(self.found):
            for source in row.sources:
                if (source, index) not in on_skips:
                    self.link(source, index, straight=source == main)
            if not row.kind and row.sources:
                main = index

    def skip(self, piece: Piece, fork: float) -> set[tuple[int, int]]:
        """Draw a block's shortcut; gives the connections that it stands for."""
        join = self.boxes[piece.join or 0]
        chain = [index for index in piece.rows if self.found[index].kind]
        entry = self.boxes[chain[0]] if chain else join
        x, centre = join.at[0] + SHIFT, join.at[0]
        first = self.boxes[piece.rows[0]]
        stops = [*(self.boxes[index] for index in chain), join]
        into = (x, entry.top) if chain else (x, join.at[1])
        path = [(centre, fork), (x, fork), into]
        if not chain:
            path.append((join.right, join.at[1]))
        self.canvas.wire(first, entry, piece.kind, *path, arrow=not chain)
        for before, after in pairwise(stops):
            way = [(x, before.bottom), (x, after.top)]
            if after is join:
                way = [(x, before.bottom), (x, join.at[1]), (join.right, join.at[1])]
            self.canvas.wire(before, after, piece.kind, *way, arrow=after is join)
        return self.covered(piece, chain)

    def covered(self, piece: Piece, chain: list[int]) -> set[tuple[int, int]]:
        """The connections of a shortcut."""
        inside = {(source, k) for k in chain for source in self.found[k].sources}
        join = piece.join or 0
        ends = {source for source in self.found[join].sources if source in chain}
        if not chain:
            ends = {s for s in self.found[join].sources if s not in piece.rows}
        return inside | {(source, join) for source in ends}

    def link(self, source: int, index: int, *, straight: bool) -> None:
        """Draw one connection; of one between two columns, its end at most."""
        tail, head = self.boxes[source], self.boxes[index]
        column = self.column_of[index]
        if self.column_of[source] != column:
            if straight:
                entry = (head.at[0], head.top - 10), (head.at[0], head.top)
                self.canvas.wire(tail, head, "main", *entry)
            self.cut |= not straight
            return
        if straight:
            way = (tail.at[0], tail.bottom), (head.at[0], head.top)
            self.canvas.wire(tail, head, "main", *way)
            return
        lane = self.lane(column, source, index)
        centre = head.at[0] - (SHIFT if self.found[index].kind else 0)
        x = centre + BOX[0] / 2 + 4 + 4 * min(lane, 2)
        way = (tail.right, tail.at[1]), (x, tail.at[1]), (x, head.at[1])
        self.canvas.wire(tail, head, "link", *way, (head.right, head.at[1]))

    def lane(self, column: int, first: int, last: int) -> int:
        """The first lane beside a column that is free between two rows."""
        lanes = self.lanes.setdefault(column, [])
        for number, taken in enumerate(lanes):
            if all(last <= start or stop <= first for start, stop in taken):
                taken.append((first, last))
                return number
        lanes.append([(first, last)])
        return len(lanes) - 1

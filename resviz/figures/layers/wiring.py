"""The wires of the figure "layers": down, along shortcuts, and past other rows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from resviz.figures.layers.columns import BOX_SIZE, SHORTCUT_SHIFT

if TYPE_CHECKING:
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Node
    from resviz.figures.layers.rows import LayerPiece, LayerRow


class LayersWiring:
    """Draws the wires between placed rows.

    Attributes:
        canvas: with the rows on it.
        rows: every row.
        boxes: the box of each row.
        column_of: the column of each row.
        skips: the blocks, each with the y at which its shortcut leaves.
        has_cut_links: whether a connection between two columns was left out.
    """

    def __init__(self, canvas: Canvas, rows: list[LayerRow]) -> None:
        self.canvas = canvas
        self.rows = rows
        self.boxes: dict[int, Node] = {}
        self.column_of: dict[int, int] = {}
        self.skips: list[tuple[LayerPiece, float]] = []
        self.taken_lanes: dict[int, list[list[tuple[int, int]]]] = {}
        self.has_cut_links = False

    def draw_wires(self) -> None:
        """Draw every wire within a column."""
        on_skips: set[tuple[int, int]] = set()
        for piece, fork in self.skips:
            on_skips |= self.draw_shortcut(piece, fork)
        main = 0
        for index, row in enumerate(self.rows):
            for source in row.sources:
                if (source, index) not in on_skips:
                    self.draw_link(source, index, straight=source == main)
            if not row.shortcut_kind and row.sources:
                main = index

    def draw_shortcut(self, piece: LayerPiece, fork: float) -> set[tuple[int, int]]:
        """Draw a block's shortcut; gives the connections that it stands for."""
        join = self.boxes[piece.join or 0]
        chain = [index for index in piece.rows if self.rows[index].shortcut_kind]
        entry = self.boxes[chain[0]] if chain else join
        x, centre = join.at[0] + SHORTCUT_SHIFT, join.at[0]
        first = self.boxes[piece.rows[0]]
        stops = [*(self.boxes[index] for index in chain), join]
        into = (x, entry.top) if chain else (x, join.at[1])
        path = [(centre, fork), (x, fork), into]
        if not chain:
            path.append((join.right, join.at[1]))
        self.canvas.add_wire(first, entry, piece.shortcut_kind, *path, arrow=not chain)
        for before, after in pairwise(stops):
            points = [(x, before.bottom), (x, after.top)]
            if after is join:
                points = [(x, before.bottom), (x, join.at[1]), (join.right, join.at[1])]
            self.canvas.add_wire(
                before, after, piece.shortcut_kind, *points, arrow=after is join
            )
        return self.list_covered_links(piece, chain)

    def list_covered_links(
        self, piece: LayerPiece, chain: list[int]
    ) -> set[tuple[int, int]]:
        """The connections of a shortcut."""
        inside = {(source, k) for k in chain for source in self.rows[k].sources}
        join = piece.join or 0
        ends = {source for source in self.rows[join].sources if source in chain}
        if not chain:
            ends = {s for s in self.rows[join].sources if s not in piece.rows}
        return inside | {(source, join) for source in ends}

    def draw_link(self, source: int, index: int, *, straight: bool) -> None:
        """Draw one connection; of one between two columns, its end at most."""
        tail, head = self.boxes[source], self.boxes[index]
        column = self.column_of[index]
        if self.column_of[source] != column:
            if straight:
                entry = (head.at[0], head.top - 10), (head.at[0], head.top)
                self.canvas.add_wire(tail, head, "main", *entry)
            self.has_cut_links |= not straight
            return
        if straight:
            points = (tail.at[0], tail.bottom), (head.at[0], head.top)
            self.canvas.add_wire(tail, head, "main", *points)
            return
        lane = self.take_lane(column, source, index)
        centre = head.at[0] - (SHORTCUT_SHIFT if self.rows[index].shortcut_kind else 0)
        x = centre + BOX_SIZE[0] / 2 + 4 + 4 * min(lane, 2)
        points = (tail.right, tail.at[1]), (x, tail.at[1]), (x, head.at[1])
        self.canvas.add_wire(tail, head, "link", *points, (head.right, head.at[1]))

    def take_lane(self, column: int, first: int, last: int) -> int:
        """The first lane beside a column that is free between two rows."""
        lanes = self.taken_lanes.setdefault(column, [])
        for number, taken in enumerate(lanes):
            if all(last <= start or stop <= first for start, stop in taken):
                taken.append((first, last))
                return number
        lanes.append([(first, last)])
        return len(lanes) - 1

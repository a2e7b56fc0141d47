"""Ways of the wires between rows: which lane each takes, and where it enters a row.

All wires that leave one row beside the column share a trunk. Its lane runs right of
all that it passes; to another column it goes below them all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.figures.layers.folding import RowGraph
    from resviz.figures.layers.rows import LayerPiece, LayerRow

LANE_PITCH = 5
"""Distance of two lanes, in pixels."""

SHORTCUT_GAP = 14
"""How far right of the boxes the middle of a shortcut's own layer stands, at least."""

FRAME_REACH = 70
"""How far the frame of a block reaches right of the boxes, at least."""

PORT_REACH = 4.5
"""How far above or below the middle of a row wires leave and enter it, at most."""


class Span(NamedTuple):
    """Rows of one column, by their places in the order of all, both included."""

    column: int
    first: int
    last: int


@dataclass(slots=True)
class Trunk:
    """The wires that leave a row beside its column, or enter another column from below.

    Attributes:
        source: the row.
        column: in which this part of it runs.
        heads: the rows that it leads to here.
        lane: its x, from the main branch of the column.
        goes_below: whether it comes from below the columns, or leads there.
    """

    source: int
    column: int
    heads: list[int] = field(default_factory=list[int])
    lane: float = 0
    goes_below: bool = False


@dataclass(slots=True)
class PieceShape:
    """What the rows of a piece leave room for.

    Attributes:
        shift: x of its shortcut, from the main branch.
        right: x of the right side of its frame.
        arc: what its shortcut reads, the rows on it, and its join; () for none.
        first: the first row that is not on the shortcut.
        from_above: whether what the arc reads is what enters that row from above.
    """

    shift: float = 0
    right: float = 0
    arc: tuple[int, ...] = ()
    first: int | None = None
    from_above: bool = True


class RowRouter:
    """Routes the wires of a graph of rows that stand in columns.

    Attributes:
        graph: the rows.
        widths: of each drawn row's box, and `usual` that of most.
        column_of: the column of each drawn row.
        places: the place of each drawn row in the order of all.
        above: of each drawn row that no shortcut holds, the one that it follows.
        shapes: of each piece, by the number of its first row.
        trunks: by row and column.
        entries: of each row, those that enter it beside the column, outermost first.
        channels: the track below the columns of each row that another column reads.
        reach: how far lanes and frames reach right of the main branch.
    """

    def __init__(
        self,
        graph: RowGraph,
        rows: Sequence[LayerRow],
        columns: Sequence[Sequence[LayerPiece]],
        widths: dict[int, float],
        usual: float,
    ) -> None:
        self.graph, self.rows, self.widths = graph, rows, widths
        self.usual = usual
        self.pieces = [piece for column in columns for piece in column]
        self.piece_of = {row: piece for piece in self.pieces for row in piece.rows}
        self.order = [row for piece in self.pieces for row in piece.rows]
        self.places = {row: place for place, row in enumerate(self.order)}
        self.column_of = {
            row: number
            for number, column in enumerate(columns)
            for piece in column
            for row in piece.rows
        }
        self.last_places = {self.column_of[row]: self.places[row] for row in self.order}
        main = [row for row in self.order if not rows[row].shortcut_kind]
        self.above = {row: before for before, row in pairwise(main)}
        self.shapes = {piece.rows[0]: self.find_arc(piece) for piece in self.pieces}
        self.trunks: dict[tuple[int, int], Trunk] = {}
        self.entries: dict[int, list[int]] = defaultdict(list)
        self.channels: dict[int, int] = {}
        self.taken: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
        self.collect_trunks()
        self.assign_lanes()
        self.sort_entries()
        self.assign_channels()
        lanes = [trunk.lane for trunk in self.trunks.values()]
        rights = [shape.right for shape in self.shapes.values()]
        self.reach = max([*lanes, *rights])

    def shape_of(self, row: int) -> PieceShape:
        """Return the shape of the piece that a row is in."""
        return self.shapes[self.piece_of[row].rows[0]]

    def find_arc(self, piece: LayerPiece) -> PieceShape:
        """Find what the shortcut of a piece reads, the rows on it and where it ends."""
        if piece.join is None or not piece.shortcut_kind:
            return PieceShape()
        sources = self.graph.sources
        chain = [row for row in piece.rows if self.rows[row].shortcut_kind]
        stops = [*chain, piece.join]
        if not all(a in sources[b] for a, b in pairwise(stops)):
            return PieceShape()
        read = [row for row in sources[stops[0]] if row not in piece.rows]
        if not read:
            return PieceShape()
        first = next(row for row in piece.rows if not self.rows[row].shortcut_kind)
        straight = self.above.get(first)
        entering = sources[first]
        if straight in entering:
            entering = [straight]
        return PieceShape(
            arc=(read[0], *stops), first=first, from_above=read[0] in entering
        )

    def is_straight(self, source: int, head: int) -> bool:
        """Tell whether a wire leads from a row to that below it, also a column on."""
        return self.above.get(head) == source

    def is_branch(self, row: int) -> bool:
        """Tell whether a row outside of blocks follows one that it does not read."""
        sources, above = self.graph.sources[row], self.above.get(row)
        is_same = above is not None and self.column_of[above] == self.column_of[row]
        if not is_same or self.rows[row].shortcut_kind:
            return False
        return above not in sources and not self.piece_of[row].block

    def enters_from_above(self, source: int, head: int) -> bool:
        """Tell whether a wire enters a block above its first row, as its shortcut."""
        shape = self.shape_of(head)
        return head == shape.first and shape.arc[0] == source and shape.from_above

    def collect_trunks(self) -> None:
        """Collect the wires that need a lane, by the row that they leave."""
        for head, sources in self.graph.sources.items():
            arc = self.shape_of(head).arc
            on_arc = {*pairwise(arc)}
            for source in sources:
                if self.is_straight(source, head):
                    continue
                first = self.piece_of[head].rows[0]
                if (source, head) not in on_arc:
                    self.add_to_trunk(source, head)
                    if not self.enters_from_above(source, head):
                        self.entries[head].append(source)
                elif source == arc[0] and not self.shape_of(head).from_above:
                    self.add_to_trunk(source, first)

    def add_to_trunk(self, source: int, head: int) -> None:
        """Add a row to the trunk of another, in its column."""
        here, there = self.column_of[source], self.column_of[head]
        trunk = self.trunks.setdefault((source, there), Trunk(source, there))
        trunk.heads.append(head)
        if here != there:
            trunk.goes_below = True
            own = self.trunks.setdefault((source, here), Trunk(source, here))
            own.goes_below = True

    def span(self, trunk: Trunk) -> Span:
        """Return the rows that a trunk passes in its column."""
        ends = [self.places[row] for row in trunk.heads]
        if self.column_of[trunk.source] == trunk.column:
            ends.append(self.places[trunk.source])
        if trunk.goes_below:
            ends.append(self.last_places[trunk.column])
        return Span(trunk.column, min(ends), max(ends))

    def assign_lanes(self) -> None:
        """Assign lanes, within blocks before others, short ones before long ones."""
        spans = {key: self.span(trunk) for key, trunk in self.trunks.items()}
        inner: dict[int, list[tuple[int, int]]] = defaultdict(list)
        outer: list[tuple[int, int]] = []
        for key in spans:
            piece = self.piece_of[self.trunks[key].source]
            is_inside = piece.block and {*self.trunks[key].heads} <= {*piece.rows}
            if is_inside and not self.trunks[key].goes_below:
                inner[piece.rows[0]].append(key)
            else:
                outer.append(key)

        def length(key: tuple[int, int]) -> tuple[int, int]:
            return spans[key].last - spans[key].first, spans[key].first

        for piece in self.pieces:
            keys = sorted(inner[piece.rows[0]], key=length)
            self.shape_piece(piece, [(self.trunks[key], spans[key]) for key in keys])
        for key in sorted(outer, key=length):
            rights = [self.measure_end(row) for row in self.list_rows(spans[key])]
            self.take_lane(self.trunks[key], spans[key], max(rights))

    def shape_piece(
        self, piece: LayerPiece, inside: Iterable[tuple[Trunk, Span]]
    ) -> None:
        """Give the wires within a piece their lanes, then its shortcut and frame."""
        shape = self.shapes[piece.rows[0]]
        column = self.column_of[piece.rows[0]]
        places = [self.places[row] for row in piece.rows]
        has_boxes = any(self.rows[row].shortcut_kind for row in piece.rows)
        shape.shift = self.usual / 2 + SHORTCUT_GAP
        if shape.arc and has_boxes:
            self.taken[column].append((shape.shift, min(places), max(places)))
        lanes = [0.0]
        for trunk, span in inside:
            rights = [self.measure_box_end(row, shape) for row in self.list_rows(span)]
            lanes.append(self.take_lane(trunk, span, max(rights)))
        if shape.arc and not has_boxes:
            shape.shift = max(shape.shift, max(lanes) + LANE_PITCH + 2)
            self.taken[column].append((shape.shift, min(places), max(places)))
        rights = [self.measure_box_end(row, shape) for row in piece.rows]
        shape.right = max(
            self.usual / 2 + FRAME_REACH, max(*lanes, *rights, shape.shift) + 6
        )
        if piece.block:
            self.taken[column].append((shape.right, min(places), max(places)))

    def list_rows(self, span: Span) -> list[int]:
        """List the rows of a span."""
        return self.order[span.first : span.last + 1]

    def measure_box_end(self, row: int, shape: PieceShape) -> float:
        """Measure how far a row's box reaches right of the main branch."""
        shift = shape.shift if self.rows[row].shortcut_kind else 0
        return shift + self.widths[row] / 2

    def measure_end(self, row: int) -> float:
        """Measure how far a row reaches right, with the frame of its block."""
        if self.piece_of[row].block:
            return self.shape_of(row).right
        return self.measure_box_end(row, self.shape_of(row))

    def take_lane(self, trunk: Trunk, span: Span, least: float) -> float:
        """Take the first lane right of some x that is free along a span."""
        taken = self.taken[span.column]
        for number in count(1):
            x = least + LANE_PITCH * number
            if all(
                abs(x - other) >= LANE_PITCH - 0.1
                or last < span.first
                or span.last < first
                for other, first, last in taken
            ):
                taken.append((x, span.first, span.last))
                trunk.lane = x
                break
        return trunk.lane

    def sort_entries(self) -> None:
        """Sort what enters each row so that wires from one side do not cross."""
        for head, sources in self.entries.items():
            column = self.column_of[head]

            def rank(source: int, column: int = column) -> tuple[bool, float]:
                lane = self.trunks[source, column].lane
                is_below = self.column_of[source] != column
                return is_below, -lane if is_below else lane

            sources.sort(key=rank)
        self.leaving = {source for source, _ in self.trunks}

    def assign_channels(self) -> None:
        """Assign tracks below the columns, the short ones above."""
        reached: dict[int, list[int]] = defaultdict(list)
        for source, column in self.trunks:
            if self.column_of[source] != column:
                reached[source].append(column)
        tracks: list[list[tuple[int, int]]] = []
        for source in sorted(
            reached, key=lambda row: max(reached[row]) - self.column_of[row]
        ):
            first, last = self.column_of[source], max(reached[source])
            for number in count():
                if number == len(tracks):
                    tracks.append([])
                if all(last < a or b < first for a, b in tracks[number]):
                    tracks[number].append((first, last))
                    self.channels[source] = number
                    break

    @property
    def channel_count(self) -> int:
        """How many tracks there are below the columns."""
        return max(self.channels.values(), default=-1) + 1

    def find_port(self, row: int, source: int | None) -> float:
        """Find how far below a row's middle a wire enters it, or leaves it if None."""
        entering = self.entries[row]
        leaves = row in self.leaving
        has_arc = self.shape_of(row).arc[-1:] == (row,)
        if source is None:
            return PORT_REACH if entering or has_arc else 0
        stops = len(entering) - 1 + leaves
        if has_arc:
            return -PORT_REACH + entering.index(source)
        if not stops:
            return 0
        return -PORT_REACH + 2 * PORT_REACH * entering.index(source) / stops

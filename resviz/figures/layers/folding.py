"""Folding the rows of the figure "layers": what repeats at once is drawn once.

A unit's rows are one node of the contracted graph, any other row is one of its own, and
motifs of nodes fold as in lanes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from resviz.figures.layers.rows import PieceFold, is_no_operation
from resviz.readings.contraction import read_wiring
from resviz.readings.contraction.coverage import count_coverage, leads_to_later_turn
from resviz.readings.contraction.folds import fold_motifs
from resviz.readings.contraction.quotient import Quotient
from resviz.readings.contraction.signatures import describe_ends

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from resviz.figures.layers.rows import LayerPiece, LayerRow
    from resviz.readings.contraction import Wiring
    from resviz.readings.contraction.coverage import EdgeCoverage, Turns
    from resviz.readings.contraction.folds import FoldedQuotient
    from resviz.record import Architecture

MAX_PIECES = 80
"""Pieces of a motif at most: a module of HRNet has 60."""


@dataclass(frozen=True, slots=True)
class HeldByRow:
    """What a row holds of the record, by the numbers of the `Wiring`."""

    ends: frozenset[int]


@dataclass(frozen=True)
class RowGraph:
    """The rows as a graph, of what repeats the first turn alone.

    Attributes:
        arch: the record, and `wiring` its edges.
        nodes: what each drawn row holds, by its number.
        sources: the drawn rows that each drawn row reads, or its other turns do.
        pieces: the drawn pieces, in order, with the folds that they are in.
        owners: the row of each end.
        drawn_for: of each row, the one that is drawn for it.
        turns: of each row, in which turn of which folds it runs.
        sides: rows that stand for what is before and behind the part that is drawn.
    """

    arch: Architecture = field(repr=False)
    wiring: Wiring = field(repr=False)
    nodes: dict[int, HeldByRow]
    sources: dict[int, list[int]]
    pieces: list[LayerPiece]
    owners: dict[int, int] = field(repr=False)
    drawn_for: dict[int, int] = field(repr=False)
    turns: dict[int, Turns] = field(repr=False)
    sides: frozenset[int] = frozenset()

    @property
    def folds(self) -> list[PieceFold]:
        """What is drawn once for several turns."""
        return [*self.stages_of]

    @cached_property
    def row_coverage(self) -> EdgeCoverage:
        """Where the record's edges are if every connection of the rows is drawn."""
        return self.cover_lines(
            {(tail, head) for head, tails in self.sources.items() for tail in tails}
        )

    def find_frame(self, piece: LayerPiece, depth: int) -> PieceFold | int | None:
        """Find the frame of a piece that lies in so many others: a fold, or a stage.

        A stage is in a fold that holds other pieces too, and around all others.
        """
        frames: list[PieceFold | int] = [*piece.folds]
        if piece.stage is not None:
            outer = [fold for fold in piece.folds if len(self.stages_of[fold]) > 1]
            frames.insert(len(outer), piece.stage)
        return frames[depth] if depth < len(frames) else None

    @property
    def depth(self) -> int:
        """In how many frames a piece is at most."""
        counts = (len(p.folds) + (p.stage is not None) for p in self.pieces)
        return max(counts, default=0)

    @cached_property
    def stages_of(self) -> dict[PieceFold, set[int | None]]:
        """The stages that each fold holds pieces of."""
        found: dict[PieceFold, set[int | None]] = defaultdict(set)
        for piece in self.pieces:
            for fold in piece.folds:
                found[fold].add(piece.stage)
        return found

    def cover_lines(self, lines: Collection[tuple[int, int]]) -> EdgeCoverage:
        """Count where the record's edges are if some lines between rows are drawn."""
        coverage = count_coverage(
            self.wiring, self.owners, self.drawn_for, self.turns, lines
        )
        return coverage.set_apart(self.wiring, self.owners, self.sides)

    def list_side_boxes(self, nodes: Mapping[str, int]) -> dict[str, frozenset[int]]:
        """List the boxes that hold nothing of the part; `nodes` are their rows."""
        return {box: frozenset() for box, row in nodes.items() if row in self.sides}


def build_row_graph(
    arch: Architecture,
    rows: Sequence[LayerRow],
    row_of_layer: dict[int, int],
    pieces: Sequence[LayerPiece],
    *,
    folds: bool,
) -> RowGraph:
    """Build the graph of rows; where it `folds`, motifs are drawn once."""
    wiring = read_wiring(arch)
    owners = dict(row_of_layer)
    for end in (*wiring.ends, *range(len(arch.stored_layers))):
        if end >= len(arch.stored_layers):
            source = wiring.edges_by_reader[end][0].source
            owners[end] = owners.get(source, 0)
        elif end < 0:
            owners.setdefault(end, 0)
    drawn_for = {number: number for number in range(len(rows))}
    turns: dict[int, Turns] = dict.fromkeys(drawn_for, ())
    shown = list(pieces)
    if folds:
        shown = PieceFolding(wiring, rows, owners, pieces).fold(drawn_for, turns)
    ends: dict[int, set[int]] = defaultdict(set)
    for end, row in owners.items():
        ends[row].add(end)
    kept = [row for piece in shown for row in piece.rows]
    sources: dict[int, dict[int, None]] = {row: {} for row in kept}
    for number, row in enumerate(rows):
        head = drawn_for[number]
        for source in row.sources:
            tail = drawn_for[source]
            if tail != head and not leads_to_later_turn(turns[source], turns[number]):
                sources[head][tail] = None
    nodes = {row: HeldByRow(frozenset(ends[row])) for row in kept}
    read = {row: [*found] for row, found in sources.items()}
    return RowGraph(arch, wiring, nodes, read, shown, owners, drawn_for, turns)


class PieceFolding:
    """Folds the pieces of one record."""

    def __init__(
        self,
        wiring: Wiring,
        rows: Sequence[LayerRow],
        owners: dict[int, int],
        pieces: Sequence[LayerPiece],
    ) -> None:
        self.rows, self.pieces = rows, pieces
        piece_of = {row: n for n, piece in enumerate(pieces) for row in piece.rows}
        self.quotient = Quotient(wiring)
        ends_of: dict[int, list[int]] = defaultdict(list)
        for end in wiring.ends:
            if wiring.is_layer(end):
                ends_of[piece_of[owners[end]]].append(end)
        self.node_of: dict[int, int] = {}
        for number, ends in ends_of.items():
            self.merge_piece(number, self.leave_out_passes(ends))
        self.piece_of_node = {node: number for number, node in self.node_of.items()}
        self.reader_of = self.find_readers_of_constants(piece_of)

    def leave_out_passes(self, ends: list[int]) -> list[int]:
        """Leave out what a piece hands on alone: it differs from turn to turn."""
        wiring, inside = self.quotient.wiring, set(ends)
        layers = wiring.arch.stored_layers
        return [
            end
            for end in ends
            if not is_no_operation(layers[end])
            or not wiring.edges_by_source.get(end)
            or any(edge.reader in inside for edge in wiring.edges_by_source[end])
        ] or ends[:1]

    def merge_piece(self, number: int, ends: list[int]) -> None:
        """Make one node of a piece, which equals those that are written alike.

        One that something runs through again stays in parts that nothing equals.
        """
        quotient = self.quotient
        keys = [quotient.owners[end] for end in ends]
        into = self.node_of[number] = min(keys)
        if not quotient.is_convex(keys):
            for key in keys:
                quotient.nodes[key].signature = hash(("scattered", key))
            return
        node = quotient.merge(keys, "run", into=into)
        facts = tuple(
            (row.label, row.output, row.params, row.role, row.shortcut_kind)
            for row in (self.rows[index] for index in self.pieces[number].rows)
        )
        node.signature = hash((facts, describe_ends(quotient.wiring, node.ends)))

    def find_readers_of_constants(self, piece_of: dict[int, int]) -> dict[int, int]:
        """Find the piece that reads each piece which no input reaches."""
        readers: dict[int, int] = {}
        for number, row in reversed([*enumerate(self.rows)]):
            for source in row.sources:
                piece = piece_of[source]
                if piece not in self.node_of and piece != 0:
                    reader = piece_of[number]
                    readers[piece] = readers.get(reader, reader)
        return readers

    def fold(
        self, drawn_for: dict[int, int], turns: dict[int, Turns]
    ) -> list[LayerPiece]:
        """Fold motifs; tell of each row where it is, and return the drawn pieces."""
        folded = fold_motifs(self.quotient, most=MAX_PIECES)
        for node, number in self.piece_of_node.items():
            drawn = self.piece_of_node[folded.representatives[node]]
            own, first = self.pieces[number].rows, self.pieces[drawn].rows
            if drawn != number and len(own) == len(first):
                drawn_for |= dict(zip(own, first, strict=True))
            turns |= dict.fromkeys(own, folded.turns[node])
        hidden = {
            number
            for node, number in self.piece_of_node.items()
            if folded.representatives[node] != node
        }
        drawn_folds = self.list_folds(folded)
        shown = [
            replace(piece, folds=drawn_folds.get(self.reader_of.get(n, n), ()))
            for n, piece in enumerate(self.pieces)
            if n not in hidden and self.reader_of.get(n) not in hidden
        ]
        self.hide_constants(hidden, drawn_for, shown)
        return shown

    def hide_constants(
        self, hidden: set[int], drawn_for: dict[int, int], shown: Sequence[LayerPiece]
    ) -> None:
        """Give rows that no input reaches to the like ones of the turn that is drawn.

        They are read in a turn which is not.
        """
        kept = {row for piece in shown for row in piece.rows}
        likes: dict[tuple[str, str, int], list[int]] = defaultdict(list)
        for row in sorted(kept):
            likes[self.describe_row(row)].append(row)
        for number, reader in self.reader_of.items():
            for row in self.pieces[number].rows if reader in hidden else ():
                first = drawn_for[self.pieces[reader].rows[0]]
                alike = likes[self.describe_row(row)] or [first]
                drawn_for[row] = min(alike, key=lambda like: abs(like - first))

    def describe_row(self, number: int) -> tuple[str, str, int]:
        """Describe a row by what is written of it."""
        row = self.rows[number]
        return row.label, row.output, row.params

    def list_folds(self, folded: FoldedQuotient) -> dict[int, tuple[PieceFold, ...]]:
        """List the folds of each drawn piece, the outermost first."""
        times: dict[int, int] = {}
        members: dict[int, list[int]] = defaultdict(list)
        last: dict[int, list[int]] = {}
        for node in self.quotient.sort_nodes():
            turns = dict(folded.turns[node])
            for fold, turn in turns.items():
                is_first = sum(turns.values()) == turn  # of all other folds
                if node not in self.piece_of_node or not is_first:
                    continue
                if turn + 1 > times.get(fold, 0):
                    times[fold], last[fold] = turn + 1, []
                last[fold].append(self.piece_of_node[node])
                if not turn:
                    members[fold].append(self.piece_of_node[node])
        found: dict[int, list[PieceFold]] = defaultdict(list)
        for fold in sorted(members, key=lambda fold: -len(members[fold])):
            begin, *_ = members[fold]
            names = (
                span_names(self.name_row(begin, 0), self.name_row(piece, row))
                for piece, row in ((last[fold][-1], -1), (last[fold][0], 0))
            )
            name = next(filter(None, names), "")
            for number in members[fold]:
                found[number].append(PieceFold(fold, times[fold], name))
        return {number: tuple(folds) for number, folds in found.items()}

    def name_row(self, piece: int, place: int) -> str:
        """Name a row of a piece by its first layer."""
        return self.rows[self.pieces[piece].rows[place]].names[0]


def span_names(first: str, last: str) -> str:
    """Write the modules from one layer to another by the names of both.

    Example:
        >>> span_names("layer3.1.conv1", "layer3.5:add")
        'layer3.1–5'
    """
    before, behind = re.split(r"[.:]", first), re.split(r"[.:]", last)
    differ = [k for k, (a, b) in enumerate(zip(before, behind, strict=False)) if a != b]
    if not differ or "#" in behind[differ[0]]:
        return ""
    stop = differ[0] + 1
    old, new = before[differ[0]], behind[differ[0]]
    if old[:1] != new[:1] and not (old.isdigit() and new.isdigit()):
        return ""  # no modules of one kind
    return f"{'.'.join(before[:stop])}–{new}"

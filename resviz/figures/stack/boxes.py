"""The pieces of a stack: rows, one a convolution, that stay together."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate, islice
from math import prod
from typing import TYPE_CHECKING, Any

from resviz import units
from resviz.figures import layer_labels
from resviz.figures.drawing.styles import level_tint
from resviz.figures.legend import SIGN_VERBS
from resviz.figures.overview.outline import find_row_layers
from resviz.figures.stack.rows import (
    ShortcutArc,
    Stack,
    StackPiece,
    StackRow,
    give_layers,
    merge_attention_rows,
    settle_row_sizes,
)
from resviz.figures.stage_parts import HEAD, STEM, read_stage_part
from resviz.readings import costs
from resviz.readings.contraction import read_wiring
from resviz.readings.contraction.join_signs import find_sign_of_layer
from resviz.readings.resolution import find_level
from resviz.readings.structure import gates, read_structure
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.parallel import has_parallel_branches
from resviz.readings.structure.weights import is_weighted
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from resviz.figures.stage_parts import StagePart
    from resviz.readings.structure import Block, Stage, Unit
    from resviz.record import Architecture, Layer

CONVOLUTION_LABEL = re.compile(r"(\d+(?:×\d+)*), (\d+)")
"""A convolution as the overview labels it, "3×3, 64"; Figure 3 has "3×3 conv, 64"."""


def build_stack(
    arch: Architecture, *, plain: bool = False, stages: str | None = None
) -> Stack:
    """Return a network, or some of its stages, as a stack.

    `plain` leaves its shortcuts out.

    Raises:
        RenderError: for stages that it has not; lists those it has.
    """
    structure = read_structure(arch)
    part = read_stage_part(structure, stages)
    reader = PieceReader(arch)
    pieces = reader.read_pieces()
    if part is not None:
        pieces = (*reader.cut_out(part, pieces),)
    chained = not has_parallel_branches(structure)
    total = costs.sum_record_costs(arch)
    params, macs = arch.params, total.macs
    title = arch.label
    if plain:
        units_of_blocks = (unit for block in structure.blocks for unit in block.units)
        on_shortcuts = {
            i for unit in units_of_blocks for i in unit.shortcut.layer_indices
        }
        shortcuts = costs.sum_layer_costs(arch.layers[index] for index in on_shortcuts)
        params, macs = params - shortcuts.params, macs - shortcuts.macs
        title = f"{title}, plain"
        pieces = tuple(replace(piece, arcs=()) for piece in pieces)
    bound = "≥ " if costs.name_gaps(arch) else ""
    batch_suffix = layer_labels.format_batch_suffix(arch)
    counted = f"{bound}{units.format_count(macs)} MACs{batch_suffix}"
    facts = f"{units.format_count(params)} params · {counted}"
    return Stack(title, facts, pieces, chained, None if plain else arch, part)


def iter_folded_blocks(stage: Stage) -> Iterator[tuple[int, Block]]:
    """Yield a stage's blocks, each after the number of its fold."""
    folds = [k for k, fold in enumerate(stage.folds) for _ in range(fold.count)]
    return zip(folds, stage.blocks, strict=True)


class PieceReader:
    """Reads the pieces of one network off its record."""

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.structure = read_structure(arch)
        self.graph = build_graph(arch)
        self.ends = [block.end for block in self.structure.blocks]
        stages = enumerate(self.structure.stages)
        stage_of_end = {
            block.end: number for number, stage in stages for block in stage.blocks
        }
        self.stage_of = [stage_of_end[end] for end in self.ends]

    def read_pieces(self) -> tuple[StackPiece, ...]:
        """Return the input, every block, and every layer outside that has a word."""
        piece_at = {
            block.end: self.read_block(block, number, (number, fold))
            for number, stage in enumerate(self.structure.stages)
            for fold, block in iter_folded_blocks(stage)
        }
        inside = {
            index for block in self.structure.blocks for index in block.layer_indices
        }
        first, last = min(inside, default=0), max(piece_at, default=-1)
        for index in self.graph.before:
            if index in inside:
                continue
            part = "stem" if index < first or not inside else "head"
            if first < index < last:
                part = self.stage_of[bisect_right(self.ends, index)]
            layer = self.arch.layers[index]
            rows = tuple(self.read_rows([layer])) or tuple(self.read_addition(layer))
            if rows:
                fold_key = tuple((row.label, row.size) for row in rows)
                piece_at[index] = StackPiece(self.tint_rows(rows), (), part, fold_key)
        size = self.output_size(MODEL_INPUT)
        label = f"input {' and '.join(layer_labels.label_inputs(self.arch))}"
        row = StackRow(label, False, *size, MODEL_INPUT)
        pieces = (piece_at[index] for index in sorted(piece_at))
        return tuple(self.part_branches([StackPiece((row,)), *pieces]))

    def cut_out(
        self, part: StagePart, pieces: Sequence[StackPiece]
    ) -> Iterator[StackPiece]:
        """Yield the pieces of some stages, between a row for what is around them."""
        wiring = read_wiring(self.arch)
        layers = len(self.arch.stored_layers)
        if part.has_start:
            yield pieces[0]
        else:
            begin = part.before[-1]
            positions, size = self.output_size(begin)
            inputs = (end for end in wiring.ends if end < 0)
            row = StackRow(
                part.source,
                False,
                positions,
                size,
                begin,
                layers=(*inputs, *part.before),
            )
            yield StackPiece((row,))
        ends = {STEM} if part.has_start else set[str]()
        ends |= {HEAD} if part.has_end else set[str]()
        yield from (
            piece for piece in pieces[1:] if piece.part in {*ends, *part.numbers}
        )
        if not part.has_end:
            positions, size = self.output_size(part.after[0] - 1)
            outputs = (end for end in wiring.ends if end >= layers)
            rest = (*part.after, *outputs)
            row = StackRow(part.target, False, positions, size, layers, layers=rest)
            yield StackPiece((row,), part=HEAD)

    def part_branches(self, pieces: Sequence[StackPiece]) -> Iterator[StackPiece]:
        """Mark the rows that read others than the row above, and whether it too.

        A layer that does is never one of equal ones in a row.
        """
        numbered = [*enumerate(row for piece in pieces for row in piece.rows)]
        row_of = {layer: number for number, row in numbered for layer in row.layers}
        row_of |= {node: 0 for node in self.graph.after if node < 0}
        starts = accumulate((len(piece.rows) for piece in pieces), initial=0)
        for start, piece in zip(starts, pieces, strict=False):
            for arc in piece.arcs:  # an addition is below the last row that it spans
                row_of |= dict.fromkeys(arc.join_layers, start + arc.last)
        left = iter(numbered)
        for piece in pieces:
            own = [(number, row) for number, row in islice(left, len(piece.rows))]
            rows = tuple(
                replace(
                    row,
                    apart=bool(read) and number - 1 not in read,
                    reads=tuple(numbered[k][1].end for k in read if k != number - 1),
                )
                for number, row in own
                for read in (sorted(self.find_rows_read(row, row_of)),)
            )
            is_alone = any(row.reads for row in rows) and not piece.arcs
            yield replace(
                piece, rows=rows, fold_key=None if is_alone else piece.fold_key
            )

    def find_rows_read(self, row: StackRow, row_of: Mapping[int, int]) -> set[int]:
        """Find the rows that a row reads, by their numbers, past layers of no row."""
        pending, seen = [*row.layers], {*row.layers}
        read: set[int] = set()
        while pending:
            for node in self.graph.before.get(pending.pop(), ()):
                if node in seen:
                    continue
                seen.add(node)
                if node in row_of:
                    read.add(row_of[node])
                else:
                    pending.append(node)
        return read

    def tint_rows(self, rows: Iterable[StackRow]) -> tuple[StackRow, ...]:
        """Give rows the colours of their resolution."""
        return tuple(
            replace(row, tint=level_tint(find_level(self.arch, row.positions)))
            for row in rows
        )

    def read_block(self, block: Block, number: int, fold_key: Any) -> StackPiece:
        """Read one block as a piece."""
        rows: list[StackRow] = []
        arcs = []
        for unit in block.units:
            begin = len(rows)
            own = find_row_layers(self.graph, unit, None if rows else block)
            layers = (*own.box, *(own.join if unit.join is None else ()))
            rows += give_layers(self.read_unit(unit), layers)
            if unit.join is not None:
                kind = unit.shortcut.kind
                sign = layer_labels.find_join_sign(self.arch.layers[unit.join])
                arcs.append(
                    ShortcutArc(
                        kind,
                        unit.fork,
                        begin,
                        len(rows) - 1,
                        sign,
                        own.shortcut,
                        own.join,
                    )
                )
        joins = tuple(arc.last for arc in arcs)
        return StackPiece(self.tint_rows(rows), tuple(arcs), number, fold_key, joins)

    def read_unit(self, unit: Unit) -> list[StackRow]:
        """Read the boxes of a unit's main branch; a gate on one position is one box."""
        positions = self.output_size(unit.end)[0]
        rows: list[StackRow] = []
        for is_gate, run in gates.split_gates(unit):
            rows += [self.read_gate(run, rows)] if is_gate else self.read_rows(run)
        known = {positions, self.output_size(unit.fork)[0]}
        rows = settle_row_sizes(rows, self.output_size(unit.fork), known)
        if unit.attends:
            rows = merge_attention_rows(rows)
        if not rows:
            rows = [StackRow(unit.type, True, *self.output_size(unit.end), unit.end)]
        return [*rows[:-1], replace(rows[-1], end=unit.end)]

    def read_gate(self, gated: list[Layer], rows: list[StackRow]) -> StackRow:
        """Return the box of a gate, as large as the map that it scales."""
        end = gated[-1].index
        at = (rows[-1].positions, rows[-1].size) if rows else self.output_size(end)
        layers = tuple(layer.index for layer in gated)
        label = layer_labels.label_gate(self.graph.arch, gated)
        return StackRow(label, False, *at, end, layers=layers)

    def read_addition(self, layer: Layer) -> Iterator[StackRow]:
        """Yield a row for what adds or subtracts maps outside of blocks."""
        wiring, end = read_wiring(self.arch), layer.index
        if end in wiring.joins and find_sign_of_layer(wiring, end) in SIGN_VERBS:
            verb = SIGN_VERBS[layer_labels.find_join_sign(layer)]
            yield StackRow(verb, False, *self.output_size(end), end, layers=(end,))

    def read_rows(self, layers: Iterable[Layer]) -> Iterator[StackRow]:
        """Yield a box for each word on some layers."""
        for layer in layers:
            heavy = any(map(is_weighted, layer_labels.list_flowing_operations(layer)))
            for word in layer_labels.label_layer_briefly(layer):
                label = CONVOLUTION_LABEL.sub(r"\1 conv, \2", word)
                boxed = heavy and "pool" not in word
                size = self.output_size(layer.index)
                yield StackRow(label, boxed, *size, layer.index, layers=(layer.index,))

    def output_size(self, node: int) -> tuple[int, str]:
        """Return the positions of one sample's output, and how they are printed."""
        axis = self.graph.channel_axes.get(node)
        shape = layer_labels.arrange_axes(
            self.arch, self.graph.shape_of_node(node), axis, Source(node)
        )
        if node in self.graph.channel_axes:
            positions = self.graph.size_of_node(node)[0] // max(self.arch.batch, 1)
        else:
            positions = prod(shape[2:])
        sizes = shape[1 if axis is None else 2 :]
        if len(sizes) > 1 and prod(sizes) == positions:
            return positions, units.format_sizes(sizes)
        flat = positions == 1 and len(self.arch.input_shape) == 4
        return positions, "1×1" if flat else str(positions)

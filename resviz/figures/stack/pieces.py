"""What a stack holds: one box a convolution, in pieces that stay together."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log, prod
from typing import TYPE_CHECKING, Any

from resviz import costs, units
from resviz.figures import words
from resviz.figures.drawing.styles import stage_tint
from resviz.record import MODEL_INPUT
from resviz.structure import gates, structure
from resviz.structure.graph import Graph, dataflow, operations, weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.record import Architecture, Layer
    from resviz.structure import Block, Structure, Unit

CONVOLUTION = re.compile(r"(\d+(?:×\d+)*), (\d+)")
"""A convolution as the overview says it, "3×3, 64"."""


@dataclass(frozen=True, slots=True)
class Row:
    """One box.

    Attributes:
        label: what is written in it.
        boxed: whether it has weights; "small plain" stands for what has none.
        positions: of one sample's output, by which networks are aligned.
        size: the same, as printed.
        end: index of the layer that gives its output.
    """

    label: str
    boxed: bool
    positions: int
    size: str
    end: int


@dataclass(frozen=True, slots=True)
class Arc:
    """A shortcut: its kind, the layer it leaves, the rows of its piece it spans."""

    kind: str
    fork: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A block, or one layer outside of blocks.

    Attributes:
        rows: its boxes, in order.
        arcs: its shortcuts.
        part: "stem", "head", or the number of its stage.
        tint: its colours.
        equal: what equal pieces share, to be folded.
        count: how many equal ones it stands for.
        hidden: how many pieces it stands for that are not drawn; 0 for any other.
    """

    rows: tuple[Row, ...]
    arcs: tuple[Arc, ...] = ()
    part: str | int = "stem"
    tint: str = "stem"
    equal: Any = None
    count: int = 1
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Stack:
    """One network from top to bottom.

    Attributes:
        title: its name.
        facts: what it costs.
        pieces: in execution order, the input first.
        chained: whether the weighted boxes of every block follow one another.
    """

    title: str
    facts: str
    pieces: tuple[Piece, ...]
    chained: bool

    @property
    def rows(self) -> list[Row]:
        """The boxes of all pieces."""
        return [row for piece in self.pieces for row in piece.rows]


def is_chain(read: Structure) -> bool:
    """Whether the convolutions of each unit, or of a plain network, form one path.

    A gate over one position stands beside it.
    """
    graph = dataflow(read.arch)
    units = [unit for block in read.blocks for unit in block.units]
    runs = [unit.main for unit in units] if units else [tuple(graph.before)]
    return all(
        graph.dominates(a, b)
        for run in runs
        for a, b in pairwise(convolutions(graph, run))
    )


def convolutions(graph: Graph, nodes: Iterable[int]) -> list[int]:
    """The weighted nodes among some that give a map."""
    return [
        layer.index
        for layer in graph.layers(nodes)
        if prod(layer.output_shape[2:]) > 1 and any(map(weighted, operations([layer])))
    ]


def stack(arch: Architecture, *, plain: bool = False) -> Stack:
    """A network as a stack; `plain` leaves its shortcuts out."""
    read = structure(arch)
    made = Reader(arch).pieces()
    chained = is_chain(read)
    total = costs.whole(arch)
    params, macs = arch.params, total.macs
    title = arch.label
    if plain:
        every = {i for it in units_of(read) for i in it.shortcut.layers}
        shortcuts = costs.total(arch.layers[index] for index in every)
        params, macs = params - shortcuts.params, macs - shortcuts.macs
        title = f"{title}, plain"
        made = tuple(replace(piece, arcs=()) for piece in made)
    bound = "≥ " if costs.not_counted(arch) else ""
    counted = f"{bound}{units.count(macs)} MACs{words.for_batch(arch)}"
    facts = f"{units.count(params)} params · {counted}"
    return Stack(title, facts, made, chained)


def units_of(read: Structure) -> Iterator[Unit]:
    """The units of all blocks."""
    return (unit for block in read.blocks for unit in block.units)


class Reader:
    """Reads the pieces of one network off its record."""

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.read = structure(arch)
        self.graph = dataflow(arch)
        self.ends = [block.end for block in self.read.blocks]
        stages = enumerate(self.read.stages)
        at = {block.end: number for number, it in stages for block in it.blocks}
        self.stage_of = [at[end] for end in self.ends]

    def pieces(self) -> tuple[Piece, ...]:
        """The input, every block, and every layer outside that has a word."""
        found = dict(self.blocks())
        inside = {index for block in self.read.blocks for index in block.layers}
        first, last = min(inside, default=0), max(found, default=-1)
        for index in self.graph.before:
            if index in inside:
                continue
            part = "stem" if index < first or not inside else "head"
            if first < index < last:
                part = self.stage_after(index)
            rows = tuple(self.rows([self.arch.layers[index]]))
            if rows:
                equal = tuple((row.label, row.size) for row in rows)
                tint = self.tint(part, rows[-1])
                found[index] = Piece(rows, (), part, tint, equal)
        ordered = (found[index] for index in sorted(found))
        return (Piece((self.input(),)), *ordered)

    def stage_after(self, index: int) -> int:
        """The stage of the first block that ends after a layer outside of blocks."""
        return self.stage_of[bisect_right(self.ends, index)]

    def tint(self, part: str | int, row: Row) -> str:
        """The colours of a layer outside of blocks.

        In a network without blocks a size has those of the stage that gives it in a
        ResNet, whose conv2_x has a sixteenth of the input's positions.
        """
        if isinstance(part, int):
            return stage_tint(part)
        if self.read.stages:
            return part
        if row.positions <= 1:
            return "head"
        ratio = self.size(MODEL_INPUT)[0] / row.positions
        level = round(log(max(ratio, 1), 4))
        return stage_tint(level - 2) if level > 1 else "stem"

    def blocks(self) -> Iterator[tuple[int, Piece]]:
        """Every block as a piece, by its last layer."""
        for number, stage in enumerate(self.read.stages):
            folds = [k for k, fold in enumerate(stage.folds) for _ in range(fold.count)]
            for fold, block in zip(folds, stage.blocks, strict=True):
                yield block.end, self.block(block, number, (number, fold))

    def block(self, block: Block, number: int, equal: Any) -> Piece:
        """One block."""
        rows: list[Row] = []
        arcs = []
        for unit in block.units:
            begin = len(rows)
            rows += self.unit(unit)
            if unit.join is not None:
                kind = unit.shortcut.kind
                arcs.append(Arc(kind, unit.fork, begin, len(rows) - 1))
        return Piece(tuple(rows), tuple(arcs), number, stage_tint(number), equal)

    def unit(self, unit: Unit) -> list[Row]:
        """The boxes of a unit's main branch; a gate on one position is one box."""
        main = [self.arch.layers[index] for index in unit.main]
        positions = self.size(unit.end)[0]
        if positions == 1:
            rows = list(self.rows(main))
        else:
            rows = []
            for is_gate, run in gates.parted(main, positions):
                rows += [self.gate(run, rows)] if is_gate else self.rows(run)
        known = {positions, self.size(unit.fork)[0]}
        rows = attention(settled(rows, self.size(unit.fork), known))
        if not rows:
            rows = [Row(unit.type, True, *self.size(unit.end), unit.end)]
        return [*rows[:-1], replace(rows[-1], end=unit.end)]

    def gate(self, gated: list[Layer], rows: list[Row]) -> Row:
        """The box of a gate, as large as the map that it scales."""
        end = gated[-1].index
        at = (rows[-1].positions, rows[-1].size) if rows else self.size(end)
        return Row(words.gate_word(gated), False, *at, end)

    def rows(self, layers: Iterable[Layer]) -> Iterator[Row]:
        """A box for each word on some layers."""
        for layer in layers:
            heavy = any(map(weighted, words.flowing(layer)))
            for word in words.short(layer):
                boxed = heavy and ("pool" not in word)
                yield Row(label(word), boxed, *self.size(layer.index), layer.index)

    def input(self) -> Row:
        """The row that stands for what goes in."""
        given = " and ".join(units.feature_map(it.shape) for it in self.arch.inputs)
        return Row(f"input {given}", False, *self.size(MODEL_INPUT), MODEL_INPUT)

    def size(self, node: int) -> tuple[int, str]:
        """Positions of one sample's output, and how they are printed."""
        shape = self.graph.shape(node)
        if node in self.graph.axis:
            positions = self.graph.extent(node)[0] // max(self.arch.batch, 1)
        else:
            positions = prod(shape[2:])
        axis = self.graph.axis.get(node)
        sizes = tuple(n for k, n in enumerate(shape) if k not in {0, axis})
        if len(sizes) > 1 and prod(sizes) == positions:
            return positions, units.times(sizes)
        flat = positions == 1 and len(self.arch.input_shape) == 4
        return positions, "1×1" if flat else str(positions)


def label(word: str) -> str:
    """A word of the overview as Figure 3 of the paper writes it, "3×3 conv, 64"."""
    return CONVOLUTION.sub(r"\1 conv, \2", word)


def attention(rows: list[Row]) -> list[Row]:
    """Rows in which the two products of attention, in a row, are one."""
    found: list[Row] = []
    for row in rows:
        if row.label == "product" and found and found[-1].label == "product":
            found[-1] = replace(row, label="attention")
        else:
            found.append(row)
    return found


def settled(rows: list[Row], before: tuple[int, str], known: set[int]) -> list[Row]:
    """A unit's rows, where an inner size such as that of windows is the last known."""
    found: list[Row] = []
    for row in rows:
        if row.positions not in known:
            at = (found[-1].positions, found[-1].size) if found else before
            row = replace(row, positions=at[0], size=at[1])  # noqa: PLW2901 - settled
        found.append(row)
    return found

"""The rows of the figure "layers": every layer in one, what follows it merged in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import words
from resviz.figures.block.steps import inside
from resviz.figures.words import sign
from resviz.record import MODEL_INPUT
from resviz.structure.graph import Graph, dataflow, weighted
from resviz.vocabulary import ACTIVATIONS, NORMS

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer
    from resviz.structure import Structure

UNWEIGHTED = {"zero-padded": "pad with zeros", "subsampled": "subsample"}
"""What is written on the layers of shortcuts without weights."""


@dataclass(slots=True)
class Row:
    """One layer with the norm, activation and reshape that alone read it.

    Attributes:
        names: of its layers; the first in full.
        label: what it does.
        output: its shape as printed.
        params: of all its layers.
        role: "layer" if it has weights, "sum", or "small plain".
        kind: of the shortcut that it lies on; "" on the main branch.
        sources: the rows that it reads.
        tail: index of its last layer.
    """

    names: list[str]
    label: str
    output: str
    params: int
    role: str
    kind: str = ""
    sources: list[int] = field(default_factory=list)
    tail: int = -1


@dataclass(slots=True)
class Piece:
    """Rows that stay together in one column: a unit's, or one row outside.

    Attributes:
        rows: numbers of its rows.
        stage: its number; None outside.
        block: name of the unit's block; "" for what leads into one.
        kind: of the unit's shortcut, "" for no block.
        join: number of the row that adds; None if there is none.
    """

    rows: list[int]
    stage: int | None = None
    block: str = ""
    kind: str = ""
    join: int | None = None


def rows(read: Structure) -> tuple[list[Row], dict[int, int]]:
    """Every row, and which row each layer is in; the first is the input."""
    arch = read.arch
    graph = dataflow(arch)
    parts = [unit for block in read.blocks for unit in block.units]
    joins = {unit.join for unit in parts}
    leads = {block.lead[0] for block in read.blocks if block.lead}
    kinds = {i: unit.shortcut.kind for unit in parts for i in unit.shortcut.layers}
    given = ", ".join(units.feature_map(tensor.shape) for tensor in arch.inputs)
    found = [Row(["input"], "input", given, 0, "small", tail=MODEL_INPUT)]
    at = {MODEL_INPUT: 0}
    for layer in arch.layers:
        live = graph.before.get(layer.index, ())
        sources = list(dict.fromkeys(at[source] for source in live))
        alone = len(sources) == 1 and layer.index not in leads
        if alone and joined(graph, layer, found, sources[0]):
            merge(found[sources[0]], layer)
            at[layer.index] = sources[0]
            continue
        at[layer.index] = len(found)
        row = fresh(layer, is_join=layer.index in joins)
        row.kind, row.sources = kinds.get(layer.index, ""), sources
        row.label = UNWEIGHTED.get(row.kind, row.label)
        found.append(row)
    found += uncalled(arch)
    return found, at


def joined(graph: Graph, layer: Layer, found: list[Row], source: int) -> bool:
    """Whether a layer goes into the row that it alone reads from."""
    if source == 0 or graph.before[layer.index] != (found[source].tail,):
        return False
    names = {op.name for op in words.flowing(layer)}
    quiet = names <= NORMS | ACTIVATIONS or not words.full(layer)
    return quiet and len(graph.after[found[source].tail]) == 1


def merge(row: Row, layer: Layer) -> None:
    """Put a layer into a row."""
    row.names.append(re.split("[.:]", layer.name)[-1])
    row.params += layer.params
    row.tail = layer.index
    row.output = units.feature_map(layer.output_shape)


def fresh(layer: Layer, *, is_join: bool) -> Row:
    """A row that begins with a layer."""
    said = words.full(layer) or [layer.type]
    weighs = any(weighted(op) for op in words.flowing(layer)) or layer.params > 0
    role = "sum" if is_join else "layer" if weighs else "small plain"
    output = units.feature_map(layer.output_shape) if layer.outputs else ""
    label = sign(layer) if is_join else brief(layer) or ", ".join(said)
    return Row([layer.name], label, output, layer.params, role, tail=layer.index)


def brief(layer: Layer) -> str:
    """A convolution or linear layer without its input's width, which stands above."""
    said = words.short(layer)
    return said[0] if len(said) == 1 else ""


def uncalled(arch: Architecture) -> list[Row]:
    """A row for each module whose parameters no layer read."""
    return [
        Row(
            [group.path],
            "not called",
            "",
            sum(p.numel for p in group.parameters),
            "note",
        )
        for group in arch.uncalled
    ]


def pieces(read: Structure, found: list[Row], at: dict[int, int]) -> list[Piece]:
    """Rows in the pieces that columns are filled with, in order."""
    graph = dataflow(read.arch)
    owner: dict[int, Piece] = {}
    for number, stage in enumerate(read.stages):
        for position, block in enumerate(stage.blocks, 1):
            name = stage.block_name(position)
            before = Piece([], number)
            owner |= {at[index]: before for index in block.lead}
            for unit in block.units:
                piece = Piece([], number, name, unit.shortcut.kind)
                piece.join = None if unit.join is None else at[unit.join]
                owner |= {at[index]: piece for index in inside(graph, unit)}
    made: list[Piece] = []
    for number in range(len(found)):
        piece = owner.get(number)
        if piece is None:
            made.append(Piece([number]))
            continue
        if not piece.rows:
            made.append(piece)
        piece.rows.append(number)
    return made

"""The rows of the figure "layers": every layer in one, what follows it merged in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import ceil, log
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels
from resviz.figures.block.steps import list_unit_members
from resviz.figures.drawing import metrics
from resviz.figures.layer_labels import find_join_sign
from resviz.operations.families import ACTIVATIONS, NORMS
from resviz.readings.structure.graph import Graph, build_graph, is_weighted
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from resviz.readings.structure import Structure
    from resviz.record import Architecture, Layer


UNWEIGHTED_LABELS = {"zero-padded": "pad with zeros", "subsampled": "subsample"}
"""Labels of shortcuts without weights, by kind."""


@dataclass(slots=True)
class LayerRow:
    """One layer with the norm, activation and reshape that alone read it.

    Attributes:
        names: of its layers; the first in full.
        label: what it does.
        output: its shape as printed.
        params: of all its layers.
        role: "layer" if it has weights, "sum", or "small plain".
        shortcut_kind: of the shortcut that it lies on; "" on the main branch.
        sources: the rows that it reads.
        tail: index of its last layer.
    """

    names: list[str]
    label: str
    output: str
    params: int
    role: str
    shortcut_kind: str = ""
    sources: list[int] = field(default_factory=list)
    tail: int = -1


@dataclass(slots=True)
class LayerPiece:
    """Rows that stay together in one column: a unit's, or one row outside.

    Attributes:
        rows: numbers of its rows.
        stage: its number; None outside.
        block: name of the unit's block; "" for what leads into one.
        shortcut_kind: of the unit's shortcut, "" for no block.
        join: number of the row that adds; None if there is none.
    """

    rows: list[int]
    stage: int | None = None
    block: str = ""
    shortcut_kind: str = ""
    join: int | None = None


def build_layer_rows(structure: Structure) -> tuple[list[LayerRow], dict[int, int]]:
    """Return every row, and which row each layer is in; the first is the input."""
    arch = structure.arch
    graph = build_graph(arch)
    parts = [unit for block in structure.blocks for unit in block.units]
    joins = {unit.join for unit in parts}
    leads = {
        block.preactivation[0] for block in structure.blocks if block.preactivation
    }
    kinds = {
        i: unit.shortcut.kind for unit in parts for i in unit.shortcut.layer_indices
    }
    inputs = ", ".join(units.format_feature_map(tensor.shape) for tensor in arch.inputs)
    all_rows = [LayerRow(["input"], "input", inputs, 0, "small", tail=MODEL_INPUT)]
    row_of_layer = {MODEL_INPUT: 0}
    for layer in arch.layers:
        live = graph.before.get(layer.index, ())
        sources = list(dict.fromkeys(row_of_layer[source] for source in live))
        alone = len(sources) == 1 and layer.index not in leads
        if alone and can_merge_layer(graph, layer, all_rows, sources[0]):
            merge_layer(all_rows[sources[0]], layer)
            row_of_layer[layer.index] = sources[0]
            continue
        row_of_layer[layer.index] = len(all_rows)
        row = start_row(layer, is_join=layer.index in joins)
        row.shortcut_kind, row.sources = kinds.get(layer.index, ""), sources
        row.label = UNWEIGHTED_LABELS.get(row.shortcut_kind, row.label)
        all_rows.append(row)
    all_rows += list_uncalled_rows(arch)
    return all_rows, row_of_layer


def can_merge_layer(
    graph: Graph, layer: Layer, all_rows: list[LayerRow], source: int
) -> bool:
    """Tell whether a layer goes into the row that it alone reads from."""
    if source == 0 or graph.before[layer.index] != (all_rows[source].tail,):
        return False
    names = {op.name for op in layer_labels.list_flowing_operations(layer)}
    quiet = names <= NORMS | ACTIVATIONS or not layer_labels.label_layer_fully(layer)
    return quiet and len(graph.after[all_rows[source].tail]) == 1


def merge_layer(row: LayerRow, layer: Layer) -> None:
    """Put a layer into a row."""
    row.names.append(re.split("[.:]", layer.name)[-1])
    row.params += layer.params
    row.tail = layer.index
    row.output = units.format_feature_map(layer.output_shape)


def start_row(layer: Layer, *, is_join: bool) -> LayerRow:
    """Return a row that begins with a layer."""
    labels = layer_labels.label_layer_fully(layer) or [layer.type]
    weighs = (
        any(is_weighted(op) for op in layer_labels.list_flowing_operations(layer))
        or layer.params > 0
    )
    role = "sum" if is_join else "layer" if weighs else "small plain"
    output = units.format_feature_map(layer.output_shape) if layer.outputs else ""
    label = (
        find_join_sign(layer)
        if is_join
        else label_without_input(layer) or ", ".join(labels)
    )
    return LayerRow([layer.name], label, output, layer.params, role, tail=layer.index)


def label_without_input(layer: Layer) -> str:
    """A convolution or linear layer without its input's width, which stands above."""
    labels = layer_labels.label_layer_briefly(layer)
    return labels[0] if len(labels) == 1 else ""


def list_uncalled_rows(arch: Architecture) -> list[LayerRow]:
    """Return a row for each module whose parameters no layer read."""
    return [
        LayerRow(
            [group.path],
            "not called",
            "",
            sum(p.numel for p in group.parameters),
            "note",
        )
        for group in arch.uncalled
    ]


def group_into_pieces(
    structure: Structure, all_rows: list[LayerRow], row_of_layer: dict[int, int]
) -> list[LayerPiece]:
    """Rows in the pieces that columns are filled with, in order."""
    graph = build_graph(structure.arch)
    owner: dict[int, LayerPiece] = {}
    for number, stage in enumerate(structure.stages):
        for position, block in enumerate(stage.blocks, 1):
            name = stage.block_name(position)
            before = LayerPiece([], number)
            owner |= {row_of_layer[index]: before for index in block.preactivation}
            for unit in block.units:
                piece = LayerPiece([], number, name, unit.shortcut.kind)
                piece.join = None if unit.join is None else row_of_layer[unit.join]
                owner |= {
                    row_of_layer[index]: piece
                    for index in list_unit_members(graph, unit)
                }
    ordered: list[LayerPiece] = []
    for number in range(len(all_rows)):
        piece = owner.get(number)
        if piece is None:
            ordered.append(LayerPiece([number]))
            continue
        if not piece.rows:
            ordered.append(piece)
        piece.rows.append(number)
    return ordered


ROW_PITCH, BOX_SIZE = 17, (116, 14)
"""Distance of rows, and the size of a row's box."""

BLOCK_LEAD, BLOCK_TAIL, PIECE_GAP = 9, 3, 4
"""Above a block's first row, below its last, and between two pieces."""

STAGE_HEADER = 17
"""Height of a stage's name."""

LANE_WIDTH = 74
"""Width right of the boxes, for shortcuts and their own layers."""

SHORTCUT_SHIFT = 72
"""How far a shortcut's own layer stands right of the main branch."""

MARGIN, GUTTER = 10, 20
"""Around the picture, and between two columns."""

TARGET_ASPECT = 1.6
"""Width to height that the number of columns comes nearest to."""

MAX_NAME_WIDTH = 190
"""Greatest width of a row's names, in pixels."""


@dataclass(frozen=True, slots=True)
class TextWidths:
    """Widths of the columns of text.

    Attributes:
        name: of modules.
        output: of shapes.
        params: of parameter counts.
    """

    name: float
    output: float
    params: float

    @property
    def total_width(self) -> float:
        """Width of one column of the figure."""
        return (
            self.name
            + 8
            + BOX_SIZE[0]
            + LANE_WIDTH
            + self.output
            + 12
            + self.params
            + 8
        )


def measure_text_widths(rows: list[LayerRow]) -> TextWidths:
    """Return the widths that some rows need."""
    return TextWidths(
        max(
            metrics.max_text_width((format_row_names(row) for row in rows), 11) + 10, 90
        ),
        max(metrics.max_text_width((row.output for row in rows), 11), 36),
        max(
            metrics.max_text_width(
                (units.group_digits(row.params) for row in rows), 11
            ),
            60,
        ),
    )


def format_row_names(row: LayerRow) -> str:
    """Return the names of a row's layers, as printed."""
    return metrics.fit_text(" · ".join(row.names), MAX_NAME_WIDTH, 11)


def piece_height(piece: LayerPiece) -> float:
    """Return the height that a piece takes in a column."""
    return ROW_PITCH * len(piece.rows) + (
        BLOCK_LEAD + BLOCK_TAIL + PIECE_GAP if piece.block else 0
    )


def split_into_columns(
    pieces: list[LayerPiece], width: float
) -> list[list[LayerPiece]]:
    """Pieces in as many columns as bring the figure nearest to `TARGET_ASPECT`."""
    total = sum(map(piece_height, pieces))
    limit = min(ceil(total / 200), 24)
    counts = range(1, max(limit, 1) + 1)
    best = min(counts, key=lambda n: abs(log(n * n * width / total / TARGET_ASPECT)))
    split: list[list[LayerPiece]] = [[]]
    filled = done = 0.0
    for piece in pieces:
        full = filled + piece_height(piece) / 2 > (total - done) / (
            best - len(split) + 1
        )
        if split[-1] and full and len(split) < best:
            done += filled
            split.append([])
            filled = 0.0
        split[-1].append(piece)
        filled += piece_height(piece)
    return split

"""The rows of the figure "layers": every layer in one, what follows it merged in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resviz import units
from resviz.escape import clean_name
from resviz.figures import layer_labels, tints
from resviz.figures.attention_labels import read_attention_words
from resviz.figures.drawing import metrics
from resviz.figures.layer_labels import find_join_sign
from resviz.figures.part_names import name_block, name_layer
from resviz.operations.families import ACTIVATIONS, NORMS
from resviz.readings.contraction import read_wiring
from resviz.readings.structure.parts import list_unit_members
from resviz.readings.structure.shortcut_labels import INTERPOLATION_MODES
from resviz.readings.structure.weights import is_weighted
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from resviz.readings.structure import Structure
    from resviz.readings.structure.graph import Graph
    from resviz.record import Architecture, Layer

MAX_NAMES_WIDTH, MAX_NAME_WIDTH = 200, 400
"""Greatest width of a row's names, and of the first alone, in pixels."""

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
        head: index of the layer that it begins with.
        tail: index of its last layer.
        tint: the colours of its resolution.
        is_call: whether it stands for all that a module's call holds.
    """

    names: list[str]
    label: str
    output: str
    params: int
    role: str
    shortcut_kind: str = ""
    sources: list[int] = field(default_factory=list)
    head: int = MODEL_INPUT
    tail: int = MODEL_INPUT
    tint: str = "stem"
    is_call: bool = False

    @property
    def printed_names(self) -> str:
        """The names of its layers in one line, as many as it has room for.

        Example:
            >>> LayerRow(["layer1.0.conv1", *["norm"] * 5], "", "", 0, "").printed_names
            'layer1.0.conv1 · norm · norm · norm · +2'
        """
        for kept in range(len(self.names), 0, -1):
            left = len(self.names) - kept
            line = " · ".join([*self.names[:kept], *[f"+{left}"] * (left > 0)])
            if metrics.text_width(clean_name(line), 11) <= MAX_NAMES_WIDTH:
                return clean_name(line)
        more = f" · +{left}" if (left := len(self.names) - 1) else ""
        return f"{metrics.fit_name(self.names[0], MAX_NAME_WIDTH, 11)}{more}"

    @property
    def drawn_role(self) -> str:
        """How its box looks: as `role`, and dashed where it projects."""
        projects = self.shortcut_kind == "projection" and self.params
        return "small projected" if projects else self.role


@dataclass(frozen=True, slots=True)
class PieceFold:
    """Pieces that are drawn once for several turns.

    Attributes:
        number: its own.
        times: how many turns there are.
        names: the modules of the first and of the last turn, "layer3.1–5"; ""
            where they have no name in common.
    """

    number: int
    times: int
    names: str = ""


@dataclass(slots=True)
class LayerPiece:
    """Rows that stay together in one column: a unit's, or one row outside.

    Attributes:
        rows: numbers of its rows.
        stage: its number; None outside.
        block: name of the unit's block; "" for what leads into one.
        shortcut_kind: of the unit's shortcut, "" for no block.
        join: number of the row that adds; None if there is none.
        folds: what it is drawn once for, the outermost first.
    """

    rows: list[int]
    stage: int | None = None
    block: str = ""
    shortcut_kind: str = ""
    join: int | None = None
    folds: tuple[PieceFold, ...] = ()


def build_layer_rows(
    structure: Structure, calls: Mapping[int, int]
) -> tuple[list[LayerRow], dict[int, int]]:
    """Return every row, and which row each layer is in; the first is the input.

    No layer of one of the `calls` is in a row that begins outside of it.
    """
    arch = structure.arch
    graph = structure.graph
    parts = [unit for block in structure.blocks for unit in block.units]
    joins = {unit.join for unit in parts}
    inside = {index for block in structure.blocks for index in block.layer_indices}
    leads = {
        block.preactivation[0] for block in structure.blocks if block.preactivation
    }
    kinds = {
        i: unit.shortcut.kind for unit in parts for i in unit.shortcut.layer_indices
    }
    inputs = ", ".join(layer_labels.label_inputs(arch))
    all_rows = [LayerRow(["input"], "input", inputs, 0, "small")]
    row_of_layer = {MODEL_INPUT - number: 0 for number in range(len(arch.inputs) or 1)}
    constants = find_constants(arch)
    for layer in arch.layers:
        if layer.index in constants:
            continue
        live = graph.before.get(layer.index, ())
        read = (row_of_layer.get(source) for source in live)  # of constants, none
        sources = [row for row in dict.fromkeys(read) if row is not None]
        alone = len(sources) == 1 and layer.index not in leads
        if alone and layer.index in calls:
            alone = calls[layer.index] == calls.get(all_rows[sources[0]].head)
        if alone and can_merge_layer(graph, layer, all_rows, sources[0], inside):
            merge_layer(arch, all_rows[sources[0]], layer)
            row_of_layer[layer.index] = sources[0]
            continue
        if alone and is_no_operation(layer):
            all_rows[sources[0]].names.append(shorten_name(layer))
            row_of_layer[layer.index] = sources[0]
            continue
        row_of_layer[layer.index] = len(all_rows)
        row = start_row(arch, layer, is_join=layer.index in joins)
        row.shortcut_kind, row.sources = kinds.get(layer.index, ""), sources
        row.label = UNWEIGHTED_LABELS.get(row.shortcut_kind, row.label)
        all_rows.append(row)
    for index, reader in constants.items():
        row = row_of_layer[index] = row_of_layer[reader]
        all_rows[row].names.append(shorten_name(arch.layers[index]))
    all_rows += list_uncalled_rows(arch)
    return all_rows, row_of_layer


def find_constants(arch: Architecture) -> dict[int, int]:
    """Find layers without weights that no input reaches, each with what reads it.

    They prepare what the same values are read of for every input: the offsets of
    windows, a token for the class.
    """
    live = {*read_wiring(arch).live}
    readers: dict[int, int] = {}
    for layer in reversed(arch.layers):
        for source in layer.sources:
            readers.setdefault(source.layer, layer.index)
    constants: dict[int, int] = {}
    for layer in reversed(arch.layers):
        weighs = layer.params or any(map(is_weighted, layer.operations))
        if layer.index in live or weighs or layer.index not in readers:
            continue
        reader = readers[layer.index]
        constants[layer.index] = constants.get(reader, reader)
    return dict(reversed(constants.items()))


INTERPOLATION_MODE = re.compile(rf"^({'|'.join(INTERPOLATION_MODES)}) ")
"""How a layer interpolates, before what it is: "bilinear upsampling, ↑2"."""


def can_merge_layer(
    graph: Graph,
    layer: Layer,
    all_rows: list[LayerRow],
    source: int,
    inside: Container[int],
) -> bool:
    """Tell whether a layer goes into the row that it alone reads from.

    `inside` are the layers of blocks.
    """
    if source == 0 or graph.before[layer.index] != (all_rows[source].tail,):
        return False
    names = {op.name for op in layer_labels.list_flowing_operations(layer)}
    quiet = names <= NORMS | ACTIVATIONS or not layer_labels.label_layer_fully(layer)
    if all_rows[source].role == "sum" and names & NORMS and layer.index not in inside:
        return False  # the norm behind the last block is no part of it
    return quiet and len(graph.after[all_rows[source].tail]) == 1


def is_no_operation(layer: Layer) -> bool:
    """Tell whether a layer does nothing but maybe give its input another shape."""
    flowing = layer_labels.list_flowing_operations(layer)
    is_idle = all(
        op.name == "expand" and op.inputs[0] == op.outputs[0] for op in flowing
    )
    return not layer.params and (is_idle or not layer_labels.label_layer_fully(layer))


def shorten_name(layer: Layer) -> str:
    """Return the last part of a layer's name, or its class."""
    name = name_layer(layer)
    return re.split("[.:]", name)[-1] if name == layer.name else name


def merge_layer(arch: Architecture, row: LayerRow, layer: Layer) -> None:
    """Put a layer into a row."""
    row.names.append(shorten_name(layer))
    row.params += layer.params
    row.tail = layer.index
    row.output = units.format_feature_map(
        layer_labels.arrange_output(arch, Source(layer.index))
    )


def start_row(arch: Architecture, layer: Layer, *, is_join: bool) -> LayerRow:
    """Return a row that begins with a layer."""
    labels = layer_labels.label_layer_fully(layer) or [layer.type]
    flowing = layer_labels.list_flowing_operations(layer)
    weighs = layer.params > 0 or any(map(is_weighted, flowing))
    role = "sum" if is_join else "layer" if weighs else "small plain"
    shape = layer_labels.arrange_output(arch, Source(layer.index))
    output = units.format_feature_map(shape) if layer.outputs else ""
    # The short label leaves out the input's width, which stands above, and there is
    # no room for how positions are interpolated.
    short = layer_labels.label_layer_briefly(layer)
    label = short[0] if len(short) == 1 else ", ".join(labels)
    label = INTERPOLATION_MODE.sub("", label)
    if "↑" in label:  # which says so too
        label = label.replace(", transposed", "")
    label = label.replace("MultiheadAttention", "attention")
    label = find_join_sign(layer) if is_join else label
    (label,) = read_attention_words(arch).label_in_row(layer.index, [label])
    return LayerRow(
        [name_layer(layer)],
        label,
        output,
        layer.params,
        role,
        head=layer.index,
        tail=layer.index,
        tint=tints.choose_layers_tint(arch, [layer]),
    )


def list_uncalled_rows(arch: Architecture) -> list[LayerRow]:
    """Return a row for each module whose parameters no layer read."""
    rows: list[LayerRow] = []
    for group in arch.uncalled:
        params = sum(parameter.numel for parameter in group.parameters)
        rows.append(LayerRow([group.path], "not called", "", params, "note"))
    return rows


def group_into_pieces(
    structure: Structure, all_rows: list[LayerRow], row_of_layer: dict[int, int]
) -> list[LayerPiece]:
    """Group rows into the pieces that columns are filled with, in order."""
    graph = structure.graph
    # What a row took in may be of the block behind.
    starts = {row.head: number for number, row in enumerate(all_rows)}
    owner: dict[int, LayerPiece] = {}
    for number, stage in enumerate(structure.stages):
        for position, block in enumerate(stage.blocks, 1):
            name = name_block(stage, position)
            before = LayerPiece([], number)
            owner |= {row_of_layer[index]: before for index in block.preactivation}
            for unit in block.units:
                piece = LayerPiece([], number, name, unit.shortcut.kind)
                piece.join = None if unit.join is None else row_of_layer[unit.join]
                members = list_unit_members(graph, unit)
                numbers = {row_of_layer[k] for k in members if k in row_of_layer}
                if len(numbers) == 1 and all_rows[min(numbers)].is_call:
                    (row,) = numbers
                    known = owner.get(row)
                    is_own = known is None or known.stage == number
                    owner[row] = LayerPiece([], number if is_own else None)
                    continue
                owner |= {starts[k]: piece for k in members if k in starts}
    ordered: list[LayerPiece] = []
    for number, row in enumerate(all_rows):
        is_outside = row.head == MODEL_INPUT  # an input, or a side of a part
        piece = None if is_outside else owner.get(number)
        if piece is None:
            ordered.append(LayerPiece([number]))
            continue
        if not piece.rows:
            ordered.append(piece)
        piece.rows.append(number)
    return ordered

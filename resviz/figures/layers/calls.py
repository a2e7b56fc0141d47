"""Rows of module calls: what lies at a depth of the module tree or below is one row."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from resviz.escape import clean_name
from resviz.figures.branch_labels import label_run
from resviz.figures.drawing import metrics
from resviz.figures.layers.rows import LayerRow
from resviz.figures.part_names import name_call
from resviz.figures.tints import choose_layers_tint
from resviz.readings.contraction.forms import count_names

if TYPE_CHECKING:
    from resviz.readings.structure import Structure
    from resviz.record import Layer

MAX_LABEL_WIDTH = 150
"""Width of the words of what a call does, in pixels; of longer ones its class."""


def merge_calls(
    structure: Structure,
    rows: list[LayerRow],
    row_of_layer: dict[int, int],
    calls: dict[int, int],
) -> tuple[list[LayerRow], dict[int, int]]:
    """Merge the rows of each call; return all rows, and the row of each layer.

    `calls` has the call of each layer at the depth, of none that lies less deep. A call
    is a span of layers that reads nothing behind it, so it stands where it begins.
    """
    members: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        call = calls.get(row.head)
        members[("row", number) if call is None else ("call", call)].append(number)
    numbers = {n: own for own, inner in enumerate(members.values()) for n in inner}
    leaving = {
        source
        for number, row in enumerate(rows)
        for source in row.sources
        if numbers[source] != numbers[number]
    }
    layers: dict[int, list[Layer]] = defaultdict(list)
    for layer in structure.arch.stored_layers:
        if layer.index in row_of_layer and layer.index in calls:
            layers[numbers[row_of_layer[layer.index]]].append(layer)
    merged: list[LayerRow] = []
    for own, ((kind, call), inner) in enumerate(members.items()):
        row = rows[inner[0]]
        if kind == "call":
            row = merge_rows(structure, call, [rows[n] for n in inner], layers[own])
            row.output = write_outputs([rows[n] for n in inner if n in leaving], row)
        read = dict.fromkeys(numbers[k] for n in inner for k in rows[n].sources)
        row.sources = [source for source in read if source != own]
        merged.append(row)
    return merged, {index: numbers[row] for index, row in row_of_layer.items()}


def merge_rows(
    structure: Structure, number: int, rows: list[LayerRow], layers: list[Layer]
) -> LayerRow:
    """Return one row for those of a call."""
    arch = structure.arch
    call, last = arch.calls[number], max(rows, key=lambda row: row.tail)
    kinds = {row.shortcut_kind for row in rows}
    weighs = any(row.role == "layer" for row in rows)
    return LayerRow(
        [name_call(call)],
        label_call(structure, call.type, layers),
        last.output,
        sum(row.params for row in rows),
        "layer" if weighs else "small plain",
        shortcut_kind=kinds.pop() if len(kinds) == 1 else "",
        head=rows[0].head,
        tail=last.tail,
        tint=choose_layers_tint(arch, layers),
        is_call=True,
    )


def write_outputs(rows: list[LayerRow], whole: LayerRow) -> str:
    """Write what others read of a call, of many sizes the first and the last."""
    sizes = [*dict.fromkeys(row.output for row in rows)] or [whole.output]
    if len(sizes) <= 2:
        return ", ".join(sizes)
    return f"{sizes[0]}, … {len(sizes) - 2} more, {sizes[-1]}"


def label_call(structure: Structure, kind: str, layers: list[Layer]) -> str:
    """Label a call: its blocks, else what its layers do, else its class."""
    inside = {layer.index for layer in layers}
    blocks = [b.type for b in structure.blocks if inside.issuperset(b.layer_indices)]
    if blocks:
        return ", ".join(count_names(blocks))
    does = " → ".join(label_run(structure.arch, layers))
    fits = metrics.text_width(does, 11) <= MAX_LABEL_WIDTH
    return does if does and fits else clean_name(kind)

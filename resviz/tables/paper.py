"""Table 1 of He et al. 2015 for any residual networks: a column a network."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.operations.families import (
    AVERAGE_POOLS,
    CONVOLUTIONS,
    MAX_POOLS,
    PRODUCTS,
    SOFTMAXES,
)
from resviz.readings import costs
from resviz.readings.structure import gates, read_structure
from resviz.readings.structure.weights import is_weighted, list_live_operations
from resviz.tables.column_names import number_repeats
from resviz.tables.notes import (
    describe_bound,
    describe_inputs,
    run_mode_notes,
    trace_header,
    uncounted_notes,
    untracked_notes,
)
from resviz.tables.summary import stage_row
from resviz.tables.table import Cell, Column, LayerGroup, Table
from resviz.units import format_count, format_giga, format_per_axis, format_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.readings.structure import Block, Stage, Structure
    from resviz.record import Architecture, Layer, Operation

FLOPS_ROW = "FLOPs (multiply-adds)"
"""The paper's own words for what is a MAC everywhere else here."""

PAPER_CONVENTION = (
    "FLOPs as in the paper, one a multiply-add (MAC) of convolutions, linear layers "
    "and matrix products"
)

EXCITATION_NOTE = "fc, [a, b]: squeeze-and-excitation, its two layers a and b wide"
"""What the SENet paper's sign for a gate means."""

PaperEntry = tuple[Cell, tuple[int, ...] | None]
"""A cell and the spatial size after it."""


def paper_table(archs: Sequence[Architecture]) -> Table:
    """Return the paper's Table 1: conv1, conv2_x … head, FLOPs, parameters.

    Raises:
        SpecError: if there is no network, or one has no residual stages.
    """
    if not archs:
        raise SpecError("table: want at least one network")
    structures = [read_structure(arch) for arch in archs]
    for structure in structures:
        if not structure.stages:
            raise SpecError(
                f"{structure.arch.label}: no residual stages found, and the paper's "
                "table has a row a stage; see its layers instead"
            )
    entries = [paper_entries(structure) for structure in structures]
    macs = [costs.sum_record_costs(arch).macs for arch in archs]
    rows = [
        *(paper_row(name, entries) for name in row_names(entries)),
        {"name": FLOPS_ROW, "output": None, "cells": macs},
        {"name": "parameters", "output": None, "cells": [a.params for a in archs]},
    ]
    if any(arch.frozen_params for arch in archs):
        trainable = [arch.trainable_params for arch in archs]
        rows.append({"name": "trainable", "output": None, "cells": trainable})
    bounds = ["≥ " if describe_bound(arch) else "" for arch in archs]
    titles = number_repeats(arch.label for arch in archs)
    networks = (Column(f"c{k}", title, "cell") for k, title in enumerate(titles))
    return Table(
        "ResNet architectures",
        (Column("name", "layer", "row"), Column("output", "output"), *networks),
        tuple(display_paper_row(entry, bounds) for entry in rows),
        paper_data(archs, rows),
        notes=paper_notes(archs, rows),
        fixed=2,
    )


def paper_entries(structure: Structure) -> dict[str, PaperEntry]:
    """Return the cells of one column by row name, in order."""
    entries: dict[str, PaperEntry] = {}
    convolutions = [
        (describe_convolution(op, strided=True), layer.output_shape[2:])
        for layer in structure.stem
        for op in list_live_operations([layer])
        if is_weighted(op)
    ]
    if convolutions:
        lines = tuple(line for line, _ in convolutions)
        entries["conv1"] = Cell((LayerGroup(lines),)), convolutions[-1][1]
    pool_row = f"{structure.stages[0].name} (pool)"
    for layer in structure.stem:
        if pool := describe_pool(layer):
            entries[pool_row] = Cell((LayerGroup((pool,)),)), layer.output_shape[2:]
    for stage in structure.stages:
        entries[stage.name] = describe_stage(stage), stage.output_shape[2:]
    words = [word for layer in structure.head for word in describe_head_layer(layer)]
    if words:
        after = structure.head[-1].output_shape[2:] or (1, 1)
        entries["head"] = Cell((LayerGroup((", ".join(words),)),)), after
    return entries


def describe_pool(layer: Layer) -> str:
    """Write a pool as "3×3 max pool, stride 2"; "" for any other layer."""
    for op in layer.operations:
        for names, kind in ((MAX_POOLS, "max"), (AVERAGE_POOLS, "average")):
            if op.name in names and op.window:
                stride = format_per_axis(op.window.stride)
                return f"{format_sizes(op.window.kernel)} {kind} pool, stride {stride}"
    return ""


def describe_stage(stage: Stage) -> Cell:
    """Write the blocks of a stage; those that read alike are one group."""
    groups = groupby(map(describe_block, stage.blocks))
    return Cell(tuple(LayerGroup(lines, len(list(equal))) for lines, equal in groups))


def describe_block(block: Block) -> tuple[str, ...]:
    """Write a line a convolution of a block's main branch, and one a gate."""
    return tuple(
        text
        for is_gate, run in gates.split_gates(block)
        for text in (
            describe_gate(run)
            if is_gate
            else map(describe_convolution, gates.list_gate_weights(run))
        )
    )


def describe_gate(gate: Sequence[Layer]) -> Iterator[str]:
    """Write a gate as the SENet paper does: "fc, [16, 256]"; others in words.

    Source: Hu et al. 2018, table 1, where the brackets hold the widths of both layers.
    """
    ops = gates.list_gate_weights(gate)
    widths = [op.outputs[0][-1 if op.window is None else 1] for op in ops]
    if gates.is_squeeze_excitation(gate):
        yield f"fc, [{', '.join(map(str, widths))}]"
    elif len(ops) > 1:
        yield f"gate, fc [{', '.join(map(str, widths))}]"
    else:
        yield from (f"gate, {describe_gate_weight(op)}" for op in ops)


def describe_gate_weight(op: Operation) -> str:
    """Write a gate's only weight: "5 conv over channels", as in ECA, or "fc [64]"."""
    window = op.window
    if window is not None and prod(window.kernel) > 1:
        return f"{format_sizes(window.kernel)} conv over channels"
    return f"fc [{op.outputs[0][-1 if window is None else 1]}]"


def describe_convolution(op: Operation, *, strided: bool = False) -> str:
    """Write a convolution as the paper does: "3×3, 64", or "7×7, 64, stride 2".

    Dilation and groups are named where they are not 1, as "d2" and "32 groups".
    """
    window = op.window
    if window is None:
        return f"{op.outputs[0][-1]}-d fc"
    parts = [format_sizes(window.kernel), str(op.outputs[0][1])]
    if strided and set(window.stride) != {1}:
        parts.append(f"stride {format_per_axis(window.stride)}")
    if set(window.dilation) != {1}:
        parts.append(f"d{format_per_axis(window.dilation)}")
    if window.groups > 1:
        parts.append(f"{window.groups} groups")
    return ", ".join(parts)


def describe_head_layer(layer: Layer) -> Iterable[str]:
    """Yield what a layer after the last block adds to the head's row."""
    for op in layer.operations:
        if op.name in AVERAGE_POOLS:
            yield "average pool"
        elif op.name in MAX_POOLS:
            yield "max pool"
        elif op.name in PRODUCTS and is_weighted(op):
            yield f"{op.outputs[0][-1]}-d fc"
        elif op.name in CONVOLUTIONS:
            yield describe_convolution(op)
        elif op.name in SOFTMAXES:
            yield "softmax"


def row_names(entries: Sequence[dict[str, PaperEntry]]) -> list[str]:
    """Return all row names, each in its place also where some columns lack it."""
    names = dict.fromkeys(name for column in entries for name in column)
    return sorted(names, key=row_order)


def row_order(name: str) -> tuple[int, bool]:
    """Order rows by the stage's number, its pool first, the head last."""
    digits = "".join(filter(str.isdigit, name.partition("_")[0]))
    return (int(digits), "pool" not in name) if digits else (10**6, True)


def paper_row(name: str, entries: Sequence[dict[str, PaperEntry]]) -> dict[str, Any]:
    """Return a row over all columns; sizes go into the cells where they differ."""
    row_entries = [column.get(name) for column in entries]
    known_sizes = {entry[1] for entry in row_entries if entry and entry[1]}
    shared = list(known_sizes.pop()) if len(known_sizes) == 1 else None
    cells = []
    for entry in row_entries:
        cell, size = entry or (None, None)
        if cell and size and shared is None:
            cell = Cell(cell.groups, format_sizes(size))
        cells.append(cell)
    return {"name": name, "output": shared, "cells": cells}


def display_paper_row(entry: dict[str, Any], bounds: Sequence[str]) -> dict[str, Any]:
    """Write a row for the eye, one value a column; `bounds` stand before FLOPs."""
    columns = zip(entry["cells"], bounds, strict=True)
    cells = {
        f"c{k}": display_paper_cell(entry["name"], cell, bound)
        for k, (cell, bound) in enumerate(columns)
    }
    output = format_sizes(entry["output"]) if entry["output"] else None
    return {"name": entry["name"], "output": output, **cells}


def display_paper_cell(
    name: str, cell: Cell | int | None, bound: str
) -> Cell | str | None:
    """Write a total in the unit of the paper; leave any other cell as it is."""
    if not isinstance(cell, int):
        return cell
    if name != FLOPS_ROW:
        return format_count(cell, 4)
    return bound + (format_giga(cell) if cell >= 10**9 else format_count(cell, 4))


def paper_data(
    archs: Sequence[Architecture], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the table as JSON has it."""
    return {
        "columns": [
            {
                **trace_header(arch),
                "stages": list(map(stage_row, read_structure(arch).stages)),
                "params": arch.params,
                "trainable_params": arch.trainable_params,
                "frozen_params": arch.frozen_params,
                "macs": costs.sum_record_costs(arch).macs,
                "not_counted": [asdict(gap) for gap in costs.find_uncounted(arch)],
            }
            for arch in archs
        ],
        "rows": [
            entry
            | {"cells": [str(c) if isinstance(c, Cell) else c for c in entry["cells"]]}
            for entry in rows
        ],
        "convention": costs.MAC_CONVENTION,
    }


def paper_notes(
    archs: Sequence[Architecture], rows: Sequence[dict[str, Any]]
) -> tuple[str, ...]:
    """Say the inputs, the convention, what gates are, and what is not counted."""
    inputs = dict.fromkeys(describe_inputs(arch) for arch in archs)
    cells = [cell for entry in rows for cell in entry["cells"]]
    has_gates = any("; fc, [" in str(cell) for cell in cells)
    trace_notes = [
        f"{arch.label}: {note}" if len(archs) > 1 else note
        for arch in archs
        for notes in (run_mode_notes, uncounted_notes, untracked_notes)
        for note in notes(arch)
    ]
    return (
        f"input {', '.join(inputs)}",
        PAPER_CONVENTION,
        *[EXCITATION_NOTE] * has_gates,
        *dict.fromkeys(trace_notes),
    )

"""Table 1 of He et al. 2015 for any residual networks: a column a network."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING, Any

from resviz import costs
from resviz.errors import SpecError
from resviz.structure import Stage, Structure, gates, structure
from resviz.structure.graph import operations, weighted
from resviz.tables.head import head
from resviz.tables.notes import gaps, inputs_of, manner, unseen
from resviz.tables.summary import stage_row
from resviz.tables.table import Cell, Column, Group, Table
from resviz.units import count, giga, per_axis, times
from resviz.vocabulary import (
    AVERAGE_POOLS,
    CONVOLUTIONS,
    MAX_POOLS,
    PRODUCTS,
    SOFTMAXES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.record import Architecture, Layer, Operation

FLOPS = "FLOPs (multiply-adds)"
"""The paper's own words for what is a MAC everywhere else here."""

PARAMETERS = "parameters"

EXCITATION = "fc, [a, b]: squeeze-and-excitation, its two layers a and b wide"
"""What the SENet paper's sign for a gate means."""

Entry = tuple[Cell, tuple[int, ...] | None]
"""A cell and the spatial size after it."""


def paper_table(archs: Sequence[Architecture]) -> Table:
    """The paper's Table 1: rows conv1, conv2_x … head, FLOPs, parameters.

    Raises:
        SpecError: if there is no network, or one has no residual stages.
    """
    if not archs:
        raise SpecError("table: want at least one network")
    built = [structure(arch) for arch in archs]
    for one in built:
        if not one.stages:
            raise SpecError(
                f"{one.arch.label}: no residual stages found, and the paper's table "
                "has a row a stage; see its layers instead"
            )
    entries = [entries_of(one) for one in built]
    rows = [row(name, entries) for name in row_names(entries)]
    rows += [totals_row(FLOPS, [costs.whole(arch).macs for arch in archs])]
    rows += [totals_row(PARAMETERS, [arch.params for arch in archs])]
    return Table(
        "ResNet architectures",
        columns(archs),
        tuple(shown(entry) for entry in rows),
        data(built, rows),
        notes=notes(archs, rows),
        fixed=2,
    )


def columns(archs: Sequence[Architecture]) -> tuple[Column, ...]:
    """Layer name, output size, and a column a network."""
    networks = (Column(f"c{k}", arch.label, "cell") for k, arch in enumerate(archs))
    return Column("name", "layer", "row"), Column("output", "output"), *networks


def entries_of(built: Structure) -> dict[str, Entry]:
    """The cells of one column by row name, in order."""
    entries: dict[str, Entry] = {}
    convolutions = stem_groups(built.stem)
    if convolutions:
        entries["conv1"] = (Cell(convolutions), size_before_pool(built.stem))
    first = built.stages[0].name
    for layer in built.stem:
        if words := pool_words(layer):
            entries[f"{first} (pool)"] = (Cell((Group((words,)),)), sizes(layer))
    for stage in built.stages:
        entries[stage.name] = (stage_cell(built, stage), stage.output_shape[2:])
    words = [word for layer in built.head for word in head_words(layer)]
    if words:
        after = sizes(built.head[-1]) or (1, 1)
        entries["head"] = (Cell((Group((", ".join(words),)),)), after)
    return entries


def stem_groups(stem: Sequence[Layer]) -> tuple[Group, ...]:
    """The convolutions before the first block, as the paper writes conv1."""
    lines = [line(op, strided=True) for op in operations(stem) if weighted(op)]
    return (Group(tuple(lines)),) if lines else ()


def size_before_pool(stem: Sequence[Layer]) -> tuple[int, ...] | None:
    """The spatial size that the stem's last convolution gives."""
    after = [layer for layer in stem if any(map(weighted, operations([layer])))]
    return sizes(after[-1]) if after else None


def sizes(layer: Layer) -> tuple[int, ...]:
    """Spatial size of a layer's output."""
    return layer.output_shape[2:]


def pool_words(layer: Layer) -> str:
    """A pool as "3×3 max pool, stride 2"; "" for any other layer."""
    for op in layer.operations:
        for names, kind in ((MAX_POOLS, "max"), (AVERAGE_POOLS, "average")):
            if op.name in names and op.window:
                stride = per_axis(op.window.stride)
                return f"{times(op.window.kernel)} {kind} pool, stride {stride}"
    return ""


def stage_cell(built: Structure, stage: Stage) -> Cell:
    """The blocks of a stage; those that read alike are one group."""
    groups = groupby(block_lines(built, block.main) for block in stage.blocks)
    return Cell(tuple(Group(lines, len(list(equal))) for lines, equal in groups))


def block_lines(built: Structure, main: Iterable[int]) -> tuple[str, ...]:
    """One line a convolution of a block's main branch, and one a gate."""
    layers = [built.arch.layers[index] for index in main]
    positions = max((prod(it.output_shape[2:]) for it in layers), default=0)
    return tuple(
        said
        for is_gate, run in gates.parted(layers, positions)
        for said in (gate_lines(run) if is_gate else map(line, gates.weights_of(run)))
    )


def gate_lines(gate: Sequence[Layer]) -> Iterator[str]:
    """A gate as the SENet paper writes it: "fc, [16, 256]"; others in words.

    Source: Hu et al. 2018, table 1, where the brackets hold the widths of both layers.
    """
    ops = gates.weights_of(gate)
    widths = [op.outputs[0][-1 if op.window is None else 1] for op in ops]
    if gates.excites(gate):
        yield f"fc, [{', '.join(map(str, widths))}]"
    elif len(ops) > 1:
        yield f"gate, fc [{', '.join(map(str, widths))}]"
    else:
        yield from (f"gate, {gate_weight(op)}" for op in ops)


def gate_weight(op: Operation) -> str:
    """The only weight of a gate: "5 conv over channels", as in ECA, or "fc [64]"."""
    window = op.window
    if window is not None and prod(window.kernel) > 1:
        return f"{times(window.kernel)} conv over channels"
    return f"fc [{op.outputs[0][-1 if window is None else 1]}]"


def line(op: Operation, *, strided: bool = False) -> str:
    """A convolution as the paper writes it: "3×3, 64", or "7×7, 64, stride 2".

    Dilation and groups are named where they are not 1, as "d2" and "32 groups".
    """
    window = op.window
    if window is None:
        return f"{op.outputs[0][-1]}-d fc"
    parts = [times(window.kernel), str(op.outputs[0][1])]
    if strided and set(window.stride) != {1}:
        parts.append(f"stride {per_axis(window.stride)}")
    if set(window.dilation) != {1}:
        parts.append(f"d{per_axis(window.dilation)}")
    if window.groups > 1:
        parts.append(f"{window.groups} groups")
    return ", ".join(parts)


def head_words(layer: Layer) -> Iterable[str]:
    """What a layer after the last block adds to the head's row."""
    for op in layer.operations:
        if op.name in AVERAGE_POOLS:
            yield "average pool"
        elif op.name in MAX_POOLS:
            yield "max pool"
        elif op.name in PRODUCTS and weighted(op):
            yield f"{op.outputs[0][-1]}-d fc"
        elif op.name in CONVOLUTIONS:
            yield line(op)
        elif op.name in SOFTMAXES:
            yield "softmax"


def row_names(entries: Sequence[dict[str, Entry]]) -> list[str]:
    """All row names, each in its place also where some columns lack it."""
    names = dict.fromkeys(name for column in entries for name in column)
    return sorted(names, key=row_order)


def row_order(name: str) -> tuple[int, bool]:
    """Where a row stands: by the stage's number, its pool first, the head last."""
    digits = "".join(filter(str.isdigit, name.partition("_")[0]))
    return (int(digits), "pool" not in name) if digits else (10**6, True)


def row(name: str, entries: Sequence[dict[str, Entry]]) -> dict[str, Any]:
    """One row over all columns; sizes go into the cells where they differ."""
    found = [column.get(name) for column in entries]
    given = {entry[1] for entry in found if entry and entry[1]}
    shared = list(given.pop()) if len(given) == 1 else None
    cells = []
    for entry in found:
        cell, size = entry or (None, None)
        if cell and size and shared is None:
            cell = Cell(cell.groups, times(size))
        cells.append(cell)
    return {"name": name, "output": shared, "cells": cells}


def totals_row(name: str, numbers: list[int]) -> dict[str, Any]:
    """One of the rows of totals."""
    return {"name": name, "output": None, "cells": numbers}


def shown(entry: dict[str, Any]) -> dict[str, Any]:
    """A row for the eye, one value a column."""
    cells = {
        f"c{k}": shown_cell(entry["name"], c) for k, c in enumerate(entry["cells"])
    }
    output = times(entry["output"]) if entry["output"] else None
    return {"name": entry["name"], "output": output, **cells}


def shown_cell(name: str, cell: Cell | int | None) -> Cell | str | None:
    """A total in the unit of the paper; any other cell as it is."""
    if isinstance(cell, int):
        exact = name == FLOPS and cell >= 10**9
        return giga(cell) if exact else count(cell, 4)
    return cell


def data(built: Sequence[Structure], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The table as JSON has it."""
    return {
        "columns": [
            {
                **head(one.arch),
                "stages": [stage_row(one.arch, stage) for stage in one.stages],
                "params": one.arch.params,
                "macs": costs.whole(one.arch).macs,
                "not_counted": [asdict(gap) for gap in costs.not_counted(one.arch)],
            }
            for one in built
        ],
        "rows": [
            entry
            | {"cells": [c if isinstance(c, int) else text(c) for c in entry["cells"]]}
            for entry in rows
        ],
        "convention": costs.CONVENTION,
    }


def text(cell: Cell | None) -> str | None:
    """A cell on one line; None where a column has no such row."""
    return None if cell is None else str(cell)


def notes(
    archs: Sequence[Architecture], rows: Sequence[dict[str, Any]]
) -> tuple[str, ...]:
    """The inputs, the convention, what gates are, and what is not counted."""
    inputs = dict.fromkeys(inputs_of(arch) for arch in archs)
    said = [
        f"{arch.label}: {line}" if len(archs) > 1 else line
        for arch in archs
        for line in (*manner(arch), *gaps(arch), *unseen(arch))
    ]
    counted = "FLOPs as in the paper, one a multiply-add (MAC) of convolutions, "
    counted += "linear layers and matrix products"
    cells = [cell for entry in rows for cell in entry["cells"]]
    gated = any("; fc, [" in str(cell) for cell in cells)
    inputs_said = f"input {', '.join(inputs)}"
    return (inputs_said, counted, *[EXCITATION] * gated, *dict.fromkeys(said))

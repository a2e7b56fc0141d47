"""Table 1 of He et al. 2015 for any residual networks: a column a network."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.readings import costs
from resviz.readings.structure import read_structure
from resviz.readings.structure.parallel import has_parallel_branches
from resviz.tables.column_names import number_repeats
from resviz.tables.json_head import json_head
from resviz.tables.notes import (
    convention_notes,
    describe_bound,
    describe_inputs,
    run_mode_notes,
    trace_header,
    uncounted_notes,
    untracked_notes,
)
from resviz.tables.paper_attention import ATTENTION_NOTES
from resviz.tables.paper_cells import describe_heads, paper_entries
from resviz.tables.paper_strides import (
    DOWNSAMPLING,
    describe_downsampling,
    find_downsampling,
)
from resviz.tables.summary import stage_row
from resviz.tables.table import Cell, Column, Table
from resviz.units import format_count, format_giga, join_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.readings.structure import Structure
    from resviz.record import Architecture
    from resviz.tables.paper_cells import PaperEntry

FLOPS_ROW = "FLOPs (multiply-adds)"
"""The paper's own words for what is a MAC everywhere else here."""

COST_ROWS = (FLOPS_ROW, "parameters", "trainable")
"""The rows that are no layers."""

PAPER_CONVENTION = (
    "FLOPs as He et al. 2016 count them, one a multiply-add (MAC) of convolutions, "
    "linear layers and matrix products"
)
"""What a FLOP is here; the source is named, for the table stands in other papers."""

EXCITATION_NOTE = (
    "fc, [a, b]: squeeze-and-excitation, its two layers a and b wide, as Hu et al. "
    "2018 write it"
)
"""What the SENet paper's sign for a gate means."""


REPEATED_NAMES_NOTE = (
    "networks of one name are numbered in their order; NAME=SPEC heads one by another"
)
"""What numbers behind headings mean, and how to do without."""

TRACE_NOTES = (run_mode_notes, uncounted_notes, convention_notes, untracked_notes)
"""What is said of how each network was run, and of what is counted."""

PARALLEL_NOTE = "parallel branches stand one below the other"
"""What is said of a column whose layers do not all follow one another."""


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
                "table has a row a stage; resviz layers and resviz summary show "
                "it, resviz diagram --figure lanes draws it"
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
    are_resnets = all(structure.has_paper_names for structure in structures)
    return Table(
        "ResNet architectures" if are_resnets else "Architectures",
        (Column("name", "layer", "row"), Column("output", "output"), *networks),
        tuple(display_paper_row(entry, bounds) for entry in rows),
        paper_data(archs, rows),
        notes=paper_notes(archs, rows),
        noted_rows=tuple(downsampling_rows(structures)),
        fixed=2,
    )


def downsampling_rows(structures: Sequence[Structure]) -> Iterator[dict[str, Any]]:
    """Yield the row that says where each network strides, if one does."""
    places = {
        f"c{k}": "; ".join(
            line.removeprefix(DOWNSAMPLING)
            for line in describe_downsampling(find_downsampling(structure))
        )
        for k, structure in enumerate(structures)
    }
    if any(places.values()):
        yield {"name": "downsampling", "output": None, **places}


def row_names(entries: Sequence[dict[str, PaperEntry]]) -> list[str]:
    """Return all row names, each in its place also where some columns lack it.

    A row that earlier columns lack stands behind the one that it follows in its own,
    or else before the first one that follows it there.
    """
    names: list[str] = []
    for column in entries:
        place = min((names.index(name) for name in column if name in names), default=0)
        for name in column:
            if name in names:
                place = names.index(name)
            else:
                names.insert(place, name)
            place += 1
    return names


def paper_row(name: str, entries: Sequence[dict[str, PaperEntry]]) -> dict[str, Any]:
    """Return a row over all columns; sizes go into the cells where they differ."""
    row_entries = [column.get(name) for column in entries]
    extents = {entry[1] for entry in row_entries if entry and entry[1].sizes}
    shared = extents.pop() if len(extents) == 1 else None
    cells = []
    for entry in row_entries:
        cell, extent = entry or (None, None)
        if cell and extent and extent.sizes and shared is None:
            cell = Cell(cell.groups, str(extent))
        cells.append(cell)
    return {"name": name, "output": shared, "cells": cells}


def display_paper_row(entry: dict[str, Any], bounds: Sequence[str]) -> dict[str, Any]:
    """Write a row for the eye, one value a column; `bounds` stand before FLOPs."""
    columns = zip(entry["cells"], bounds, strict=True)
    cells = {
        f"c{k}": display_paper_cell(entry["name"], cell, bound)
        for k, (cell, bound) in enumerate(columns)
    }
    output = entry["output"]
    return {"name": entry["name"], "output": output and str(output), **cells}


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
                "downsampling": [
                    each.to_dict() for each in find_downsampling(read_structure(arch))
                ],
                "not_counted": [asdict(gap) for gap in costs.find_uncounted(arch)],
            }
            for arch in archs
        ],
        "rows": [
            {
                **entry,
                "output": entry["output"] and list(entry["output"].sizes),
                "cells": [str(c) if isinstance(c, Cell) else c for c in entry["cells"]],
            }
            for entry in rows
        ],
        "convention": costs.MAC_CONVENTION,
    } | json_head("table")


def paper_notes(
    archs: Sequence[Architecture], rows: Sequence[dict[str, Any]]
) -> tuple[str, ...]:
    """Say the inputs, the strides, the convention, what signs mean, what is missing."""
    inputs = dict.fromkeys(describe_inputs(arch) for arch in archs)
    cells = [cell for entry in rows for cell in entry["cells"]]
    lines = [
        line
        for cell in cells
        if isinstance(cell, Cell)
        for group in cell.groups
        for line in group.lines
    ]
    signs = [
        note
        for sign, note in ATTENTION_NOTES.items()
        if any(line.partition(",")[0] == sign for line in lines)
    ]
    strides = {
        arch.label: describe_downsampling(find_downsampling(read_structure(arch)))
        for arch in archs
    }
    parallel = {
        arch.label: [PARALLEL_NOTE] * has_lines_side_by_side(read_structure(arch))
        for arch in archs
    }
    trace_notes = [
        f"{arch.label}: {note}" if len(archs) > 1 else note
        for arch in archs
        for notes in TRACE_NOTES
        for note in notes(arch)
    ]
    labels = [arch.label for arch in archs]
    are_repeated = len({*labels}) < len(labels)
    return (
        f"input {', '.join(inputs)}",
        *[REPEATED_NAMES_NOTE] * are_repeated,
        *merge_network_notes(strides),
        PAPER_CONVENTION,
        *[EXCITATION_NOTE] * any(line.startswith("fc, [") for line in lines),
        *signs,
        *merge_network_notes(parallel),
        *dict.fromkeys(trace_notes),
    )


def has_lines_side_by_side(structure: Structure) -> bool:
    """Tell whether some lines of a column do not follow those above them."""
    return has_parallel_branches(structure) or len(describe_heads(structure)) > 1


def merge_network_notes(notes: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the notes on several networks, each once, behind the names it holds for.

    What holds for all is headed by none.
    """
    for note in dict.fromkeys(note for lines in notes.values() for note in lines):
        labels = [label for label, lines in notes.items() if note in lines]
        head = "" if len(labels) == len(notes) else f"{join_words(labels)}: "
        yield f"{head}{note}"

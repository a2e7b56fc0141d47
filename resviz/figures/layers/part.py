"""Rows of some stages alone, between one for all before them and one for the rest.

A row begins behind all that it reads, so those that begin before some layer read
nothing behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.figures.layers.calls import merge_calls
from resviz.figures.layers.rows import LayerRow, build_layer_rows
from resviz.readings.contraction.module_depth import find_calls_at_depth
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from resviz.figures.stage_parts import StagePart
    from resviz.readings.structure import Structure


@dataclass(frozen=True, slots=True)
class ShownRows:
    """The rows of a network, or of a part of it.

    Attributes:
        rows: each behind those that it reads.
        row_of_layer: the number of the row that each layer and input is in.
        sides: numbers of the rows that stand for what is before and behind the part.
    """

    rows: list[LayerRow]
    row_of_layer: dict[int, int]
    sides: frozenset[int] = frozenset()


def build_shown_rows(
    structure: Structure, part: StagePart | None, depth: int | None = None
) -> ShownRows:
    """Build the rows of a network, or of some stages between a row for each side.

    With a `depth` what lies there in the module tree is a row a call.
    """
    rows, row_of_layer = build_rows_to_depth(structure, depth, part)
    if part is None:
        return ShownRows(rows, row_of_layer)
    sides = part.graph_part
    before, after = sorted(sides.before), sorted(sides.after)
    numbers: dict[int, int] = {}
    shown: list[LayerRow] = []
    behind: list[int] = []
    for number, row in enumerate(rows):
        is_input = number == 0
        if before and (is_input or MODEL_INPUT < row.head <= before[-1]):
            numbers[number] = 0
            if is_input:
                shown.append(LayerRow([""], sides.source, "", 0, "small plain"))
        elif after and (row.head >= after[0] or row.role == "note"):
            behind.append(number)
        elif row.role != "note" or not after:
            numbers[number] = len(shown)
            shown.append(row)
    if behind:
        numbers |= dict.fromkeys(behind, len(shown))
        shown.append(LayerRow([""], sides.target, "", 0, "small plain"))
    entering = read_across(rows, numbers)
    if before:
        shown[0].output = find_output(rows, numbers)
    for own, row in enumerate(shown):
        row.sources = [source for source in entering[own] if source != own]
    last = {len(shown) - 1} if behind else set[int]()
    return ShownRows(
        shown,
        {layer: numbers[row] for layer, row in row_of_layer.items()},
        frozenset({0} | last if before else last),
    )


def build_rows_to_depth(
    structure: Structure, depth: int | None, part: StagePart | None
) -> tuple[list[LayerRow], dict[int, int]]:
    """Build every row, and the row of each layer; with a depth a row a call there.

    Of a call that is in a part only partly, the row holds what is.
    """
    calls = {} if depth is None else find_calls_at_depth(structure.arch, depth)
    if part is not None:
        calls = {index: calls[index] for index in calls.keys() & part.scope}
    rows, row_of_layer = build_layer_rows(structure, calls)
    return merge_calls(structure, rows, row_of_layer, calls)


def read_across(rows: list[LayerRow], numbers: dict[int, int]) -> dict[int, list[int]]:
    """Find which shown rows each of them reads, itself included."""
    entering: dict[int, dict[int, None]] = {own: {} for own in numbers.values()}
    for number, row in enumerate(rows):
        entering[numbers[number]] |= {numbers[source]: None for source in row.sources}
    return {own: [*found] for own, found in entering.items()}


def find_output(rows: list[LayerRow], numbers: dict[int, int]) -> str:
    """Find the shape of the last that is read of the rows before a part."""
    read = {
        source
        for number, row in enumerate(rows)
        for source in row.sources
        if numbers[number] and not numbers[source]
    }
    return rows[max(read)].output if read else ""

"""Equal rows of layers that follow each other, shown once with their count.

A row says under `times` for how many it stands, and under `in_turn` whether its block
takes turns with others.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from resviz.readings.structure import read_structure
from resviz.readings.structure.repeats import find_repeated_blocks, find_repeats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.record import Architecture

LayerEntry = dict[str, Any]

NAMING_KEYS = {"index", "name", "path"}
"""What tells equal rows from each other."""


def fold_equal_blocks(
    arch: Architecture, rows: Sequence[LayerEntry]
) -> list[LayerEntry]:
    """Return rows of layers without those of blocks that equal the block before."""
    by_index = {entry["index"]: entry for entry in rows}
    repeats_by_layer = count_block_repeats(arch, by_index)
    counted = [
        (entry, repeats_by_layer.get(entry["index"], NOT_REPEATED)) for entry in rows
    ]
    return [
        entry | repeat_values
        for entry, repeat_values in counted
        if repeat_values["times"]
    ]


NOT_REPEATED = {"times": 1, "in_turn": False}
"""What a row that comes once has besides."""

FOLDED_AWAY = {"times": 0}
"""What a row has for which another stands."""


def count_block_repeats(
    arch: Architecture, rows: Mapping[int, LayerEntry]
) -> dict[int, dict[str, Any]]:
    """Count for how many equal layers each stands, by index; 0 for those left out.

    Blocks that differ in anything but names, as in parameters that they share, do not
    come again, nor do those that run in turns with blocks of another branch.
    """
    repeats_by_layer: dict[int, dict[str, Any]] = {}
    for start, length, times, blocks in find_repeated_blocks(read_structure(arch)):
        starts = range(start, start + length * times, length)
        turns = [range(first, first + length) for first in starts]
        equal_runs = groupby(
            turns, key=lambda turn: [without_names(rows.get(k, {})) for k in turn]
        )
        for _, run in equal_runs:
            first, *others = run
            covered = range(first.start, first.stop + length * len(others))
            if others and repeats_by_layer.keys().isdisjoint(covered):
                repeat_values = {"times": 1 + len(others), "in_turn": blocks > 1}
                repeats_by_layer |= dict.fromkeys(covered, FOLDED_AWAY)
                repeats_by_layer |= dict.fromkeys(first, repeat_values)
    return repeats_by_layer


def fold_equal_rows(rows: Sequence[LayerEntry]) -> list[LayerEntry]:
    """Return rows without those that equal the rows before, alone or in turns."""
    numbers: dict[str, int] = {}
    keys = [
        numbers.setdefault(repr(without_names(entry)), len(numbers)) for entry in rows
    ]
    shown: list[LayerEntry] = []
    position = 0
    for turn, times in find_repeats(keys):
        repeat_values = {"times": times, "in_turn": times > 1 and len(turn) > 1}
        shown += [
            entry | repeat_values for entry in rows[position : position + len(turn)]
        ]
        position += len(turn) * times
    return shown


def without_names(entry: LayerEntry) -> LayerEntry:
    """Return a row without the keys that name it."""
    return {key: value for key, value in entry.items() if key not in NAMING_KEYS}

"""Rows of layers that come again at once, shown once with their number.

A row says under `times` for how many it stands, and under `in_turn` whether its block
takes turns with others.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from resviz.structure import structure
from resviz.structure.repeats import repeated, repeats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.record import Architecture

Row = dict[str, Any]

NAMED = {"index", "name", "path"}
"""What tells equal rows from each other."""


def equal_blocks_once(arch: Architecture, rows: Sequence[Row]) -> list[Row]:
    """Rows of layers without those of blocks that came at once before."""
    by_index = {entry["index"]: entry for entry in rows}
    standing = stands_for(arch, by_index)
    counted = [(entry, standing.get(entry["index"], ONE)) for entry in rows]
    return [entry | said for entry, said in counted if said["times"]]


ONE = {"times": 1, "in_turn": False}
"""What is said of a row that comes once."""

NONE = {"times": 0}
"""What is said of one that another stands for."""


def stands_for(
    arch: Architecture, rows: Mapping[int, Row]
) -> dict[int, dict[str, Any]]:
    """For how many each layer stands that comes again, by index; the later for none.

    Blocks that differ in anything but names, as in parameters that they share, do not
    come again, nor do those that run in turns with blocks of another branch.
    """
    found: dict[int, dict[str, Any]] = {}
    for start, length, times, blocks in repeated(structure(arch)):
        starts = range(start, start + length * times, length)
        turns = [range(first, first + length) for first in starts]
        same = groupby(turns, key=lambda turn: [facts(rows.get(k, {})) for k in turn])
        for _, run in same:
            first, *others = run
            every = range(first.start, first.stop + length * len(others))
            if others and found.keys().isdisjoint(every):
                said = {"times": 1 + len(others), "in_turn": blocks > 1}
                found |= dict.fromkeys(every, NONE)
                found |= dict.fromkeys(first, said)
    return found


def equal_rows_once(rows: Sequence[Row]) -> list[Row]:
    """Rows without those that came at once before, alone or in turns."""
    numbers: dict[str, int] = {}
    keys = [numbers.setdefault(repr(facts(entry)), len(numbers)) for entry in rows]
    shown: list[Row] = []
    done = 0
    for turn, times in repeats(keys):
        said = {"times": times, "in_turn": times > 1 and len(turn) > 1}
        shown += [entry | said for entry in rows[done : done + len(turn)]]
        done += len(turn) * times
    return shown


def facts(entry: Row) -> Row:
    """A row without what names it."""
    return {key: value for key, value in entry.items() if key not in NAMED}

"""The shortcuts of a network, equal ones in a row as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from resviz.pages.report.head import as_sentence
from resviz.pages.report.parts import find_part_tint
from resviz.readings import costs
from resviz.readings.structure.remarks import find_remarks
from resviz.tables.shortcuts import shortcut_table, summarize_shortcuts

if TYPE_CHECKING:
    from resviz.readings.structure import Structure

ShortcutRow = Mapping[str, Any]
"""One row of the shortcut table."""

MERGED_NAME_KEYS = ("block", "name")
"""What equal shortcuts are named for."""

DISTINGUISHING_KEYS = (*MERGED_NAME_KEYS, "unit")
"""What tells equal shortcuts apart."""

SUMMED_KEYS = ("params", "macs", "params_share", "macs_share")
"""What equal shortcuts cost together."""


@dataclass(frozen=True, slots=True)
class ShortcutList:
    """The table of shortcuts: its rows, and what is said of them in sentences."""

    rows: list[dict[str, Any]]
    notes: tuple[str, ...]


def build_shortcut_list(built: Structure) -> ShortcutList:
    """The shortcuts of a network; no rows if it has none."""
    table = shortcut_table(built.arch)
    rows = [
        merge_shortcuts(run) | {"tint": find_part_tint(built, run[0]["stage"])}
        for run in group_equal_shortcuts(table.rows)
    ]
    if not rows:
        return ShortcutList([], ())
    total = costs.sum_record_costs(built.arch)
    notes = (*summarize_shortcuts(table.data, total), *find_remarks(built))
    return ShortcutList(rows, tuple(map(as_sentence, notes)))


def group_equal_shortcuts(rows: Iterable[ShortcutRow]) -> Iterable[list[ShortcutRow]]:
    """Rows one after the other that differ in their names alone."""
    for _, run in groupby(
        rows, lambda row: {**row, **dict.fromkeys(DISTINGUISHING_KEYS)}
    ):
        yield list(run)


def merge_shortcuts(run: list[ShortcutRow]) -> dict[str, Any]:
    """Equal shortcuts as one row, with what they cost together."""
    first, last = run[0], run[-1]
    ends = [first] if len(run) == 1 else [first, last]
    return {
        **first,
        **{key: sum(row[key] for row in run) for key in SUMMED_KEYS},
        **{key: " – ".join(row[key] for row in ends) for key in MERGED_NAME_KEYS},
        "count": len(run),
        "members": [row["name"] for row in run],
    }

"""The shortcuts of a network, equal ones in a row as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from resviz import costs
from resviz.formats.report.parts import tint_of
from resviz.formats.report.totals import sentence
from resviz.structure.remarks import remarks
from resviz.tables.shortcuts import overall, shortcuts

if TYPE_CHECKING:
    from resviz.structure import Structure

Row = Mapping[str, Any]
"""One row of the shortcut table."""

NAMES = ("block", "name")
"""What equal shortcuts are named for."""

APART = (*NAMES, "unit")
"""What tells equal shortcuts apart."""

SUMS = ("params", "macs", "params_share", "macs_share")
"""What equal shortcuts cost together."""


@dataclass(frozen=True, slots=True)
class ShortcutList:
    """The table of shortcuts: its rows, and what is said of them in sentences."""

    rows: list[dict[str, Any]]
    notes: tuple[str, ...]


def shortcut_list(built: Structure) -> ShortcutList:
    """The shortcuts of a network; no rows if it has none."""
    table = shortcuts(built.arch)
    found = [
        folded(run) | {"tint": tint_of(built, run[0]["stage"])}
        for run in equal_runs(table.rows)
    ]
    if not found:
        return ShortcutList([], ())
    total = costs.whole(built.arch)
    notes = (*overall(table.data, total), *remarks(built))
    return ShortcutList(found, tuple(map(sentence, notes)))


def equal_runs(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """Rows one after the other that differ in their names alone."""
    for _, run in groupby(rows, lambda row: {**row, **dict.fromkeys(APART)}):
        yield list(run)


def folded(run: list[Row]) -> dict[str, Any]:
    """Equal shortcuts as one row, with what they cost together."""
    first, last = run[0], run[-1]
    ends = [first] if len(run) == 1 else [first, last]
    return {
        **first,
        **{key: sum(row[key] for row in run) for key in SUMS},
        **{key: " – ".join(row[key] for row in ends) for key in NAMES},
        "count": len(run),
        "members": [row["name"] for row in run],
    }

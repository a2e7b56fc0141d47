"""Rows that repeat at once in a table, so that the first of them stands for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.readings.structure.repeats import find_repeats
from resviz.tables.table import Column

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    Row = Mapping[str, Any]

TIMES_COLUMN = Column("times", "×", "times")
"""How often what stands once comes, in a table in which equal rows do."""


def fold_equal_rows(
    rows: Sequence[Row], naming_keys: Collection[str]
) -> list[dict[str, Any]]:
    """Leave out the rows that equal the rows before, alone or in turns.

    The others say under `times` for how many they stand, and under `in_turn` whether
    they take turns with others.

    Example:
        >>> [r["times"] for r in fold_equal_rows([{"name": 1}, {"name": 2}], {"name"})]
        [2]
    """
    numbers: dict[str, int] = {}
    keys = [
        numbers.setdefault(repr(without_names(row, naming_keys)), len(numbers))
        for row in rows
    ]
    shown: list[dict[str, Any]] = []
    position = 0
    for turn, times in find_repeats(keys):
        repeat_values = {"times": times, "in_turn": times > 1 and len(turn) > 1}
        shown += [
            {**row, **repeat_values} for row in rows[position : position + len(turn)]
        ]
        position += len(turn) * times
    return shown


def without_names(row: Row, naming_keys: Collection[str]) -> dict[str, Any]:
    """Return a row without the keys that name it."""
    return {key: value for key, value in row.items() if key not in naming_keys}


def have_repeats(rows: Sequence[Row]) -> bool:
    """Whether some row stands for several."""
    return any(row.get("times", 1) > 1 for row in rows)


def describe_repeats(rows: Sequence[Row], noun: str = "blocks") -> tuple[str, ...]:
    """Say below a table in which rows stand for several what that means."""
    note = (
        f"×: so many equal {noun} in a row, or so many turns, the first of them shown"
    )
    return (note,) if have_repeats(rows) else ()


def display_times(row: Row) -> dict[str, Any]:
    """Write for the eye how often a row stands, "12 in turn"."""
    turns = {"times": f"{row['times']} in turn"} if row.get("in_turn") else {}
    return {**row, **turns}

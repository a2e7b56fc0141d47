"""The Pareto front of a sweep: variants that no other beats in all that is aimed at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import le
from typing import Any, NamedTuple

from resviz.errors import SpecError
from resviz.sweeps.rows import mark_lower_bounds
from resviz.units import AtLeast


class Objective(NamedTuple):
    """A column, and whether less of it is better, or more."""

    name: str
    minimize: bool = True

    def __str__(self) -> str:
        return self.name if self.minimize else f"-{self.name}"

    @property
    def in_words(self) -> str:
        """Say it as a sentence has it."""
        return f"{'less' if self.minimize else 'more'} {self.name}"


DEFAULT_OBJECTIVES = (Objective("params"), Objective("macs"))
"""The front that pages and pictures mark where none was asked for."""


def parse_objectives(
    text: str | Sequence[str], columns: Sequence[str]
) -> tuple[Objective, ...]:
    """Read what is aimed at: `params,-depth`, less of the one and more of the other.

    Raises:
        SpecError: if there is no such column, or no text.
    """
    parts = text.split(",") if isinstance(text, str) else text
    is_text = isinstance(parts, Iterable) and all(isinstance(p, str) for p in parts)
    if not is_text:
        raise SpecError(f"pareto: got {text!r}, want columns, as 'params,-depth'")
    objectives = []
    for part in map(str.strip, parts):
        objective = Objective(part.removeprefix("-"), not part.startswith("-"))
        if objective.name not in columns:
            listed = ", ".join(columns)
            raise SpecError(
                f"pareto: no column {objective.name!r}, want some of {listed}"
            )
        objectives.append(objective)
    return tuple(objectives)


def pareto_front(
    rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective]
) -> list[int]:
    """Find the rows on the front, by number; rows without a number are not on it.

    Neither are those with a number that is only known to be at least so large. Rows
    that are equal in all that is aimed at are on it together.
    """
    points = {
        number: point
        for number, row in enumerate(rows)
        if (point := objective_point(row, objectives)) is not None
    }
    best: list[tuple[float, ...]] = []
    front_rows: list[int] = []
    for number in sorted(points, key=points.__getitem__):
        point = points[number]
        # In this order nothing that follows is better than what is kept.
        if any(known != point and all(map(le, known, point)) for known in best):
            continue
        if not best or best[-1] != point:
            best.append(point)
        front_rows.append(number)
    return sorted(front_rows)


def objective_point(
    row: Mapping[str, Any], objectives: Sequence[Objective]
) -> tuple[float, ...] | None:
    """Make a row a point, less of which is better; None if something is not known.

    That a count is at least so large does not tell whether it is better.
    """
    marked = mark_lower_bounds(row)
    values = [marked.get(aim.name) for aim in objectives]
    if any(isinstance(value, AtLeast) for value in values):
        return None
    if not all(isinstance(value, (int, float)) for value in values):
        return None
    signs = (1 if aim.minimize else -1 for aim in objectives)
    return tuple(sign * (value or 0) for sign, value in zip(signs, values, strict=True))


def find_undecided_rows(
    rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective]
) -> list[int]:
    """Find the rows with something aimed at that is only known to be at least so large.

    Those of which another count is not known at all are none of them.
    """
    return [
        number
        for number, row in enumerate(rows)
        for marked in [mark_lower_bounds(row)]
        if any(isinstance(marked.get(aim.name), AtLeast) for aim in objectives)
    ]

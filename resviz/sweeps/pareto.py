"""The Pareto front: rows than which no other is better in one thing, worse in none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Objective(NamedTuple):
    """A column, and whether less of it is better, or more."""

    name: str
    minimize: bool = True

    def __str__(self) -> str:
        return self.name if self.minimize else f"-{self.name}"

    @property
    def in_words(self) -> str:
        """As a sentence has it."""
        return f"{'less' if self.minimize else 'more'} {self.name}"


def parse_objectives(
    text: str | Iterable[str], columns: Sequence[str]
) -> tuple[Objective, ...]:
    """Read what is aimed at: `params,-depth`, less of the one and more of the other.

    Raises:
        SpecError: if there is no such column.
    """
    parts = text.split(",") if isinstance(text, str) else text
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
    """The numbers of the rows on the front; rows without a number are not on it.

    Rows that are equal in all that is aimed at are on it together.
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
        if any(
            earlier != point and is_nowhere_worse(earlier, point) for earlier in best
        ):
            continue
        if not best or best[-1] != point:
            best.append(point)
        front_rows.append(number)
    return sorted(front_rows)


def objective_point(
    row: Mapping[str, Any], objectives: Sequence[Objective]
) -> tuple[float, ...] | None:
    """A row as a point, less of which is better; None if something is not known."""
    values = [row.get(aim.name) for aim in objectives]
    if not all(isinstance(value, (int, float)) for value in values):
        return None
    signs = (1 if aim.minimize else -1 for aim in objectives)
    return tuple(sign * (value or 0) for sign, value in zip(signs, values, strict=True))


def is_nowhere_worse(point: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether a point is nowhere worse than another."""
    return all(a <= b for a, b in zip(point, other, strict=True))

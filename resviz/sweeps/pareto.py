"""The Pareto front: rows than which no other is better in one thing, worse in none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Aim(NamedTuple):
    """A column, and whether less of it is better, or more."""

    name: str
    less: bool = True

    def __str__(self) -> str:
        return self.name if self.less else f"-{self.name}"

    @property
    def words(self) -> str:
        """As a sentence has it."""
        return f"{'less' if self.less else 'more'} {self.name}"


def aims(text: str | Iterable[str], columns: Sequence[str]) -> tuple[Aim, ...]:
    """Read what is aimed at: `params,-depth`, less of the one and more of the other.

    Raises:
        SpecError: if there is no such column.
    """
    parts = text.split(",") if isinstance(text, str) else text
    found = []
    for part in map(str.strip, parts):
        aim = Aim(part.removeprefix("-"), not part.startswith("-"))
        if aim.name not in columns:
            listed = ", ".join(columns)
            raise SpecError(f"pareto: no column {aim.name!r}, want some of {listed}")
        found.append(aim)
    return tuple(found)


def front(rows: Sequence[Mapping[str, Any]], wanted: Sequence[Aim]) -> list[int]:
    """The numbers of the rows on the front; rows without a number are not on it.

    Rows that are equal in all that is aimed at are on it together.
    """
    points = {
        number: point
        for number, row in enumerate(rows)
        if (point := aimed(row, wanted)) is not None
    }
    best: list[tuple[float, ...]] = []
    found: list[int] = []
    for number in sorted(points, key=points.__getitem__):
        point = points[number]
        # In this order nothing that follows is better than what is kept.
        if any(one != point and covers(one, point) for one in best):
            continue
        if not best or best[-1] != point:
            best.append(point)
        found.append(number)
    return sorted(found)


def aimed(row: Mapping[str, Any], wanted: Sequence[Aim]) -> tuple[float, ...] | None:
    """A row as a point, less of which is better; None if something is not known."""
    values = [row.get(aim.name) for aim in wanted]
    if not all(isinstance(value, (int, float)) for value in values):
        return None
    signs = (1 if aim.less else -1 for aim in wanted)
    return tuple(sign * (value or 0) for sign, value in zip(signs, values, strict=True))


def covers(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether a point is nowhere worse than another."""
    return all(a <= b for a, b in zip(one, other, strict=True))

"""Gaps: operations that a total leaves out because no rule knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Gap:
    """An operation without a rule: how often it ran, and in which layer first."""

    operation: str
    count: int
    first: str


def gaps(places: Mapping[str, Sequence[str]]) -> tuple[Gap, ...]:
    """The gaps of some operations, by the names of the layers in which each ran.

    Example:
        >>> gaps({"sinc": ["wave", "wave#2"]})
        (Gap(operation='sinc', count=2, first='wave'),)
    """
    return tuple(Gap(name, len(at), at[0]) for name, at in places.items())

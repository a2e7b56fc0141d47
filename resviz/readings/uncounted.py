"""Gaps: operations that a total leaves out because no rule knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class UncountedOperation:
    """An operation without a rule: how often it ran, and in which layer first."""

    operation: str
    count: int
    first: str


def list_uncounted(
    places: Mapping[str, Sequence[str]],
) -> tuple[UncountedOperation, ...]:
    """List uncounted operations from the layer names in which each ran.

    Example:
        >>> list_uncounted({"sinc": ["wave", "wave#2"]})
        (UncountedOperation(operation='sinc', count=2, first='wave'),)
    """
    return tuple(
        UncountedOperation(name, len(at), at[0]) for name, at in places.items()
    )

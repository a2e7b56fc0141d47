"""The lines below a table that say how it counts and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import costs

if TYPE_CHECKING:
    from resviz.record import Architecture


def counting(arch: Architecture) -> tuple[str, ...]:
    """The convention, and each operation that no total includes."""
    return (costs.CONVENTION, *gaps(arch))


def gaps(arch: Architecture) -> tuple[str, ...]:
    """One line for each operation that no rule counts."""
    return tuple(
        f"not counted: {gap.operation}, {gap.count}×, first at {gap.first}"
        for gap in costs.not_counted(arch)
    )

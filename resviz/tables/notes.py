"""The lines below a table that say how it counts and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import costs

if TYPE_CHECKING:
    from resviz.record import Architecture


def counting(arch: Architecture, *units: str) -> tuple[str, ...]:
    """The convention, further units, how it was run, and what no total includes."""
    return (costs.CONVENTION, *units, *manner(arch), *gaps(arch))


def manner(arch: Architecture) -> tuple[str, ...]:
    """A line for a forward that was run for real, since values may decide its way."""
    said = "run for real on one seeded input, another may take another way"
    return (said,) if arch.mode == "run" else ()


def batch_note(arch: Architecture) -> str:
    """What shapes without their first axis stand for."""
    return f"shapes of one sample, C×H×W; counted for a batch of {batch(arch)}"


def batch(arch: Architecture) -> int:
    """How many samples the record was traced with."""
    return arch.inputs[0].shape[0]


def gaps(arch: Architecture) -> tuple[str, ...]:
    """One line for each operation that no rule counts."""
    return tuple(
        f"not counted: {gap.operation}, {gap.count}×, first at {gap.first}"
        for gap in costs.not_counted(arch)
    )

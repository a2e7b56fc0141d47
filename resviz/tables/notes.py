"""The lines below a table that say how it counts and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings import costs
from resviz.units import format_sizes

if TYPE_CHECKING:
    from resviz.record import Architecture, Tensor


def counting_notes(arch: Architecture, *units: str) -> tuple[str, ...]:
    """The convention, further units, how it was run, and what no total includes."""
    return (
        costs.MAC_CONVENTION,
        *units,
        *run_mode_notes(arch),
        *uncounted_notes(arch),
        *untracked_notes(arch),
    )


def run_mode_notes(arch: Architecture) -> tuple[str, ...]:
    """A line for a forward that was run for real, since values may decide its way."""
    note = "run for real on one seeded input, another may take another way"
    return (note,) if arch.mode == "run" else ()


def batch_note(arch: Architecture) -> str:
    """What shapes without their first axis stand for."""
    shapes = "shapes of one sample, C×H×W"
    if arch.batch_size is not None:
        shapes = "shapes without their first axis, which is not the batch"
    return f"{shapes}; counted for a batch of {arch.batch}"


def describe_inputs(arch: Architecture) -> str:
    """The model's inputs: names where they have them, sizes, dtypes but float32."""
    return ", ".join(describe_input(*named) for named in arch.named_inputs) or "none"


def describe_input(name: str, tensor: Tensor) -> str:
    """One input, as "ids 1×128 int64"."""
    dtype = "" if tensor.dtype == "float32" else tensor.dtype
    return " ".join(filter(None, (name, format_sizes(tensor.shape) or "scalar", dtype)))


def untracked_notes(arch: Architecture) -> tuple[str, ...]:
    """A line for work that was done where nothing can be followed."""
    if not arch.unseen:
        return ()
    first = ", ".join(arch.unseen[:3])
    return (
        (
            f"not counted: what made an operand of {first}, out of sight as in another "
            "thread"
        ),
    )


def uncounted_notes(arch: Architecture) -> tuple[str, ...]:
    """One line for each operation that no rule counts."""
    return tuple(
        f"not counted: {gap.operation}, {gap.count}×, first at {gap.first}"
        for gap in costs.find_uncounted(arch)
    )

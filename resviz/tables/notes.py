"""The lines below a table that say how it counts and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import costs
from resviz.units import times

if TYPE_CHECKING:
    from resviz.record import Architecture, Tensor


def counting(arch: Architecture, *units: str) -> tuple[str, ...]:
    """The convention, further units, how it was run, and what no total includes."""
    return (costs.CONVENTION, *units, *manner(arch), *gaps(arch), *unseen(arch))


def manner(arch: Architecture) -> tuple[str, ...]:
    """A line for a forward that was run for real, since values may decide its way."""
    said = "run for real on one seeded input, another may take another way"
    return (said,) if arch.mode == "run" else ()


def batch_note(arch: Architecture) -> str:
    """What shapes without their first axis stand for."""
    shapes = "shapes of one sample, C×H×W"
    if arch.batch_size is not None:
        shapes = "shapes without their first axis, which is not the batch"
    return f"{shapes}; counted for a batch of {arch.batch}"


def inputs_of(arch: Architecture) -> str:
    """The model's inputs: names where they have them, sizes, dtypes but float32."""
    return ", ".join(one_input(*one) for one in arch.named_inputs) or "none"


def one_input(name: str, tensor: Tensor) -> str:
    """One input, as "ids 1×128 int64"."""
    dtype = "" if tensor.dtype == "float32" else tensor.dtype
    return " ".join(filter(None, (name, times(tensor.shape) or "scalar", dtype)))


def unseen(arch: Architecture) -> tuple[str, ...]:
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


def gaps(arch: Architecture) -> tuple[str, ...]:
    """One line for each operation that no rule counts."""
    return tuple(
        f"not counted: {gap.operation}, {gap.count}×, first at {gap.first}"
        for gap in costs.not_counted(arch)
    )

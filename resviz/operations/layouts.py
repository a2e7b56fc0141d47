"""What the axes of a tensor run over: the layouts that rules of fields rewrite."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.record import Shape

NO_AXIS = -1
"""In place of an input axis: batch, channels, all that are no positions."""

AxisRun = tuple[tuple[int, int], ...]
"""What one axis of a tensor runs over, slowest first: how many, of which input axis.

The 196 tokens of a 14×14 map are ((14, 0), (14, 1)).
"""


def list_input_axes(run: AxisRun) -> tuple[int, ...]:
    """List the input axes whose positions a run goes over."""
    if len(run) == 1:  # as nearly everywhere
        k = run[0][1]
        return () if k == NO_AXIS else (k,)
    return tuple(k for _, k in run if k != NO_AXIS)


def make_plain_run(size: int) -> AxisRun:
    """Make the run of an axis without positions."""
    return ((size, NO_AXIS),)


def make_plain_layout(shape: Shape) -> tuple[AxisRun, ...]:
    """Make the layout of a tensor without positions."""
    return tuple(((size, NO_AXIS),) for size in shape)


def clear_run(run: AxisRun, lost: set[int]) -> AxisRun:
    """Return a run in which some input axes are no positions any more."""
    if not lost or lost.isdisjoint(list_input_axes(run)):
        return run
    return tuple((size, NO_AXIS if k in lost else k) for size, k in run)

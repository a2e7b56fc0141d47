"""What the axes of a tensor run over: the layouts that rules of fields rewrite."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.record import Shape

NO_AXIS = -1
"""In place of an input axis: batch, channels, all that are no positions."""

RunPart = tuple[int, "int | JoinedRuns"]
"""A number of positions, and the input axis along which they lie."""

AxisRun = tuple[RunPart, ...]
"""What one axis of a tensor runs over, slowest first: how many, of which input axis.

The 196 tokens of a 14×14 map are ((14, 0), (14, 1)).
"""


@dataclass(frozen=True, slots=True)
class JoinedRuns:
    """Runs that were put one behind the other, as a class token before 196 patches."""

    runs: tuple[AxisRun, ...]


def list_input_axes(run: AxisRun) -> tuple[int, ...]:
    """List the input axes whose positions a run goes over."""
    if len(run) == 1:  # as nearly everywhere
        k = run[0][1]
        if isinstance(k, JoinedRuns):
            return list_joined_axes(k)
        return () if k == NO_AXIS else (k,)
    return tuple(
        axis
        for _, k in run
        if k != NO_AXIS
        for axis in (list_joined_axes(k) if isinstance(k, JoinedRuns) else (k,))
    )


def list_joined_axes(joined: JoinedRuns) -> tuple[int, ...]:
    """List the input axes of runs that were joined, each once."""
    return tuple(dict.fromkeys(k for run in joined.runs for k in list_input_axes(run)))


def count_run_positions(run: AxisRun, k: int) -> int:
    """Count a run's positions along input axis `k`, 1 where it has none.

    Of runs that were joined, those of the longest.
    """
    return prod(
        max(count_run_positions(part, k) for part in axis.runs)
        if isinstance(axis, JoinedRuns)
        else size
        for size, axis in run
        if axis == k or isinstance(axis, JoinedRuns)
    )


def join_runs(runs: list[AxisRun]) -> AxisRun:
    """Join runs one behind the other; what was joined before is taken apart."""
    flat: list[AxisRun] = []
    for run in runs:
        axis = run[0][1]
        if len(run) == 1 and isinstance(axis, JoinedRuns):
            flat += axis.runs
        else:
            flat.append(run)
    return ((sum(map(count_run, runs)), JoinedRuns(tuple(flat))),)


def cut_joined_run(run: AxisRun, start: int, size: int) -> AxisRun | None:
    """Cut `size` positions from `start` on out of joined runs, None within one."""
    axis = run[0][1]
    if len(run) > 1 or not isinstance(axis, JoinedRuns):
        return None
    kept: list[AxisRun] = []
    first = 0
    for part in axis.runs:
        end = first + count_run(part)
        if start <= first and end <= start + size:
            kept.append(part)
        first = end
    if sum(map(count_run, kept)) != size:
        return None
    return kept[0] if len(kept) == 1 else join_runs(kept)


def count_run(run: AxisRun) -> int:
    """Count all that a run goes over: the length of its axis."""
    return prod(size for size, _ in run)


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
    return tuple((size, clear_axis(k, lost)) for size, k in run)


def clear_axis(k: int | JoinedRuns, lost: set[int]) -> int | JoinedRuns:
    """Return what a part of a run goes over without some input axes."""
    if not isinstance(k, JoinedRuns):
        return NO_AXIS if k in lost else k
    left = JoinedRuns(tuple(clear_run(run, lost) for run in k.runs))
    return left if list_joined_axes(left) else NO_AXIS

"""Times of operations on this machine, taken while a forward is run for real."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.benchmark import Timer

from resviz.tracing.recorder import Recorder
from resviz.tracing.tensors import map_leaves

if TYPE_CHECKING:
    from resviz.tracing.clone import Clone
    from resviz.tracing.events import TraceStep

MIN_SECONDS = 0.02
"""How long an operation is run again and again, at least."""


class TimingRecorder(Recorder):
    """A recorder of a real run that times each operation before it is run.

    Attributes:
        durations: of the last run, each recorded operation's name, shapes of operands,
            and seconds, in order; kept with the class, as a trace frees its recorder.
    """

    durations: list[tuple[str, Any, float]]

    def __init__(self, clone: Clone) -> None:
        super().__init__(clone)
        self.durations.clear()
        self.last_seconds = 0.0

    def run_operation(
        self,
        func: Any,
        operands: list[torch.Tensor],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Time an operation, on copies where it writes to its operands; then run it."""
        if not any(operand.is_meta for operand in operands):
            taken: Any = (args, kwargs)
            if func._schema.is_mutable:  # noqa: SLF001 - torch says so nowhere else
                taken = map_leaves(taken, "", copy_leaf)
            self.last_seconds = time_median(func, *taken)
        return super().run_operation(func, operands, args, kwargs)

    def append_step(self, step: TraceStep, results: list[torch.Tensor]) -> None:
        """Add a step, and its time."""
        super().append_step(step, results)
        operation = step.operation
        self.durations.append((operation.name, operation.inputs, self.last_seconds))


def make_timing_recorder() -> type[TimingRecorder]:
    """Return a class of recorders, which holds the durations of its last run."""

    class OwnTimingRecorder(TimingRecorder):
        durations: list[tuple[str, Any, float]] = []  # noqa: RUF012 - of this class

    return OwnTimingRecorder


def copy_leaf(value: Any, _name: str) -> Any:
    """Return a copy of a tensor, and anything else as it is."""
    return value.clone() if isinstance(value, torch.Tensor) else value


def make_timer(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Timer:
    """Return a timer of a call, on all threads that torch has."""
    return Timer(
        "func(*args, **kwargs)",
        globals={"func": func, "args": args, "kwargs": kwargs},
        num_threads=torch.get_num_threads(),
    )


def time_median(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> float:
    """Return the median time of a call, in seconds."""
    return (
        make_timer(func, args, kwargs)
        .blocked_autorange(min_run_time=MIN_SECONDS)
        .median
    )


def time_least(func: Any, *args: Any, seconds: float) -> float:
    """Return the least time of a call that is run again and again for some seconds.

    Single calls are timed, so that one beside no other work is found.
    """
    timer = make_timer(func, args, {})
    end = perf_counter() + seconds
    least = timer.timeit(1).mean
    while perf_counter() < end:
        least = min(least, timer.timeit(1).mean)
    return least

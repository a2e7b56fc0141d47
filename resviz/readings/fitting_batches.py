"""The largest batch that fits into so much memory, by closed form of a record.

Every storage of a forward grows with the batch or stays, so bytes at each operation are
a + b · N. Both are read off the record at three batches, of which the third has to lie
on the line. Which operation holds most may change with the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import ResizeError
from resviz.readings.autocast import cast_record
from resviz.readings.memory import (
    build_timeline,
    count_gradient_bytes,
    count_parameter_bytes,
    find_peak,
)
from resviz.readings.recomputation import find_checkpoint_units, make_plan
from resviz.readings.resized import TRACE_AGAIN, explain_no_resize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from resviz.record import Architecture

OPTIMISERS = {"sgd": 0, "momentum": 1, "adam": 2}
"""How many values each keeps for one that gets a gradient."""


@dataclass(frozen=True, slots=True)
class BatchLine:
    """Bytes that grow with the batch: `start` + `each` · N."""

    start: int
    each: int

    def bytes(self, batch: int) -> int:
        """Return the bytes at a batch."""
        return self.start + self.each * batch

    def largest(self, room: int) -> int | None:
        """Return the largest batch that has room, 0 for none, None for any."""
        if self.start > room:
            return 0
        return (room - self.start) // self.each if self.each else None


@dataclass(frozen=True, slots=True)
class BatchLines:
    """Bytes of which the most counts, as those at each operation of a forward."""

    lines: tuple[BatchLine, ...]

    def bytes(self, batch: int) -> int:
        """Return the most bytes at a batch."""
        return max(line.bytes(batch) for line in self.lines)

    def largest(self, room: int) -> int | None:
        """Return the largest batch that has room, 0 for none, None for any."""
        limits = [line.largest(room) for line in self.lines]
        return min((limit for limit in limits if limit is not None), default=None)

    def find_bound(self, room: int) -> BatchLine:
        """Find the line that ends the room first."""

        def order_by_end(line: BatchLine) -> tuple[bool, int, int]:
            largest = line.largest(room)
            return largest is None, largest or 0, -line.start

        return min(self.lines, key=order_by_end)


class BatchFit:
    """A record at three batches.

    Args:
        arch: the record.
        autocast: the dtype of autocast, None for the trace's own.

    Raises:
        ResizeError: if the record cannot be followed at other batches.
        SpecError: if it is not known what autocast does to it.
    """

    def __init__(self, arch: Architecture, autocast: str | None = None) -> None:
        n = arch.batch
        try:
            self.archs = (arch, *(arch.resized(batch=k * n) for k in (2, 3)))
        except ResizeError as error:
            other = "what single batches take, --batch 8"
            if n == 1 and not explain_no_resize(arch):
                other = "what two samples tell, --batch 2"
            raise ResizeError(
                f"{str(error).removesuffix(f'; {TRACE_AGAIN}')}; so one trace does not "
                f"tell what fits: see {other}"
            ) from error
        if autocast is not None:
            self.archs = tuple(cast_record(each, autocast) for each in self.archs)
        self.arch = self.archs[0]
        weights = count_parameter_bytes(arch).values()
        self.weight_bytes = sum(weights) + sum(arch.buffers.values())
        self.gradient_bytes = sum(count_gradient_bytes(arch).values())

    def draw_lines(
        self, measure: Callable[[Architecture], Iterable[int]], more: int
    ) -> BatchLines:
        """Return the lines of some bytes over the batch, with as many more each.

        Raises:
            ResizeError: if some do not lie on one.
        """
        lines: set[BatchLine] = set()
        for first, second, third in zip(*map(measure, self.archs), strict=True):
            each, rest = divmod(second - first, self.arch.batch)
            if rest or third - second != second - first:
                raise ResizeError(
                    f"{self.arch.name}: memory does not grow evenly with the batch, so "
                    "that no largest batch can be told from a record: trace it at "
                    "several"
                )
            start = first - each * self.arch.batch
            lines.add(BatchLine(start + more, each))
        return BatchLines(tuple(lines))

    def fit_inference(self) -> BatchLines:
        """Return the bytes of a forward without gradients, with all weights."""

        def measure(arch: Architecture) -> Iterable[int]:
            return build_timeline(arch).live_bytes or [find_peak(arch).bytes]

        return self.draw_lines(measure, self.weight_bytes)

    def fit_training(self, numbers: Sequence[int], optimiser: str) -> BatchLines:
        """Return the bytes of training with some units checkpointed.

        Weights, gradients, what the optimiser keeps, and what is kept for backward;
        with it each unit that is computed again.
        """

        def measure(arch: Architecture) -> Iterable[int]:
            units, _ = find_checkpoint_units(arch)
            chosen = [units[k] for k in numbers]
            kept = make_plan(arch, chosen).kept_bytes
            return [kept, *(kept + unit.saved_bytes for unit in chosen)]

        states = (1 + OPTIMISERS[optimiser]) * self.gradient_bytes
        return self.draw_lines(measure, self.weight_bytes + states)

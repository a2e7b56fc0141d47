"""The largest batch that fits into so much memory, by closed form of a record.

Every storage of a forward grows with the batch or stays, so bytes are a + b · N. Both
are read off the record at three batches, of which the third has to lie on the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import ResizeError
from resviz.readings.checkpoints import find_checkpoint_units, make_plan
from resviz.readings.memory import (
    count_gradient_bytes,
    count_parameter_bytes,
    find_peak,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


class BatchFit:
    """A record at three batches.

    Args:
        arch: the record.

    Raises:
        ResizeError: if the record cannot be followed at other batches.
    """

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        n = arch.batch
        self.archs = (arch, *(arch.resized(batch=k * n) for k in (2, 3)))
        weights = count_parameter_bytes(arch).values()
        self.weight_bytes = sum(weights) + sum(arch.buffers.values())
        self.gradient_bytes = sum(count_gradient_bytes(arch).values())

    def draw_line(self, measure: Callable[[Architecture], int]) -> BatchLine:
        """Return the line of bytes over the batch.

        Raises:
            ResizeError: if they do not lie on one.
        """
        first, second, third = map(measure, self.archs)
        each, rest = divmod(second - first, self.arch.batch)
        if rest or third - second != second - first:
            raise ResizeError(
                f"{self.arch.name}: memory does not grow evenly with the batch, so "
                "that no largest batch can be told from a record: trace it at several"
            )
        return BatchLine(first - each * self.arch.batch, each)

    def fit_inference(self) -> BatchLine:
        """Return the bytes of a forward without gradients, with all weights."""
        line = self.draw_line(lambda arch: find_peak(arch).bytes)
        return BatchLine(line.start + self.weight_bytes, line.each)

    def fit_training(self, numbers: Sequence[int], optimiser: str) -> BatchLine:
        """Return the bytes of training with some units checkpointed.

        Weights, gradients, what the optimiser keeps, and what is kept for backward;
        with it the largest unit that is computed again.
        """

        def measure(arch: Architecture) -> int:
            units, _ = find_checkpoint_units(arch)
            return make_plan(arch, [units[k] for k in numbers]).peak_bytes

        line = self.draw_line(measure)
        states = (1 + OPTIMISERS[optimiser]) * self.gradient_bytes
        return BatchLine(line.start + self.weight_bytes + states, line.each)

"""What one tensor sees of the input, and on which of its axes the positions lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Final, Literal

from resviz.operations.layouts import (
    NO_AXIS,
    JoinedRuns,
    clear_run,
    count_run,
    count_run_positions,
    list_input_axes,
    make_plain_layout,
)
from resviz.operations.windows import IDENTITY_TAPS
from resviz.readings.receptive.axis import Axis, apply_taps, covers_input

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.operations.layouts import AxisRun
    from resviz.operations.windows import Taps
    from resviz.record import Shape

WHOLE: Final = "whole"
"""What is seen by what was gathered from all positions, as by a global pool."""

Seen = Axis | Literal["whole"] | None
"""What is seen along one axis of the input; None if no rule tells."""


@dataclass(frozen=True)
class FieldMap:
    """What one tensor sees of the input, and how its axes are laid out.

    Attributes:
        layout: what each of its axes runs over.
        seen: what is seen along each axis of the input.
        pixels: sizes of the input, without batch and channels.
    """

    layout: tuple[AxisRun, ...]
    seen: tuple[Seen, ...]
    pixels: Shape

    @cached_property
    def position_axes(self) -> frozenset[int]:
        """Input axes whose positions are told apart in this tensor."""
        return frozenset([k for run in self.layout for k in list_input_axes(run)])

    @cached_property
    def is_distinct(self) -> bool:
        """Tell whether each input axis lies on one of its axes, and is known there.

        Such a map comes out of what works position by position as it went in.
        """
        places = [k for run in self.layout for _, k in run if k != NO_AXIS]
        is_alone = len(places) == len(set(places))
        return is_alone and all(
            not isinstance(k, JoinedRuns) and isinstance(self.seen[k], Axis)
            for k in places
        )

    @cached_property
    def shape(self) -> Shape:
        """Shape of the tensor."""
        return tuple([
            run[0][0] if len(run) == 1 else count_run(run)
            for run in self.layout
        ])  # fmt: skip

    def with_seen(self, k: int, seen: Seen) -> FieldMap:
        """Return a copy with another field along input axis `k`."""
        known = (*self.seen[:k], seen, *self.seen[k + 1 :])
        return FieldMap(self.layout, known, self.pixels)

    def with_layout(self, layout: Iterable[AxisRun]) -> FieldMap:
        """Return a copy with another layout."""
        return FieldMap(tuple(layout), self.seen, self.pixels)

    def with_run(self, place: int, run: AxisRun) -> FieldMap:
        """Return a copy with another run on one axis."""
        return self.with_layout((*self.layout[:place], run, *self.layout[place + 1 :]))

    def without_axis(self, place: int) -> FieldMap:
        """Return a copy without one axis."""
        return self.with_layout((*self.layout[:place], *self.layout[place + 1 :]))

    def forget_positions(self, ks: Iterable[int]) -> FieldMap:
        """Return a copy that forgets the positions along some input axes."""
        lost = set(ks)
        known: tuple[Seen, ...] = tuple(
            None if k in lost else seen for k, seen in enumerate(self.seen)
        )
        layout = tuple(clear_run(run, lost) for run in self.layout)
        return FieldMap(layout, known, self.pixels)

    def as_unknown(self, shape: Shape) -> FieldMap:
        """Return a copy of a given shape, after an operation without a rule."""
        return self.forget_positions(self.position_axes).with_layout(
            make_plain_layout(shape)
        )

    def gather_positions(self, ks: Iterable[int]) -> FieldMap:
        """Return a copy in which all positions along some input axes are merged.

        That is the whole input, unless the map was cut to a part of it before.
        """
        result, ks = self, sorted(ks)
        if not ks:
            return self
        for k in ks:
            size, seen = self.count_positions(k), self.seen[k]
            if isinstance(seen, Axis) and covers_input(seen, size, self.pixels[k]):
                result = result.with_seen(k, WHOLE)
            elif size > 1:
                result = result.with_seen(k, None)
        return result.with_layout(clear_run(run, set(ks)) for run in result.layout)

    def count_positions(self, k: int) -> int:
        """Count positions along input axis `k`; 1 if they are told apart no more."""
        return prod(count_run_positions(run, k) for run in self.layout)

    def find_leading_axes(self, count: int) -> set[int]:
        """Find the input axes whose positions lie along the first `count` axes."""
        runs = self.layout[: max(count, 0)]
        return {k for run in runs for k in list_input_axes(run)}

    def slide_taps(
        self, first: int, taps: Iterable[Taps | None], shape: Shape
    ) -> FieldMap:
        """Return the map of an operation that reads `taps` from axis `first` on.

        What is seen there is lost where no rule tells; `shape` is that of the result.
        """
        layout = [*self.layout]
        lost: set[int] = set()
        seen: list[Seen] = [*self.seen]
        for place, axis_taps in enumerate(taps, first):
            run, size = layout[place], shape[place]
            run_axes = list_input_axes(run)
            if run_axes and axis_taps == IDENTITY_TAPS and size == count_run(run):
                continue
            is_plain = len(run) == 1 and run[0][1] in run_axes
            before = seen[run_axes[0]] if is_plain else None
            after = (
                apply_taps(before, axis_taps)
                if isinstance(before, Axis) and axis_taps
                else None
            )
            if after:
                seen[run_axes[0]] = after
            else:
                lost.update(run_axes)
            layout[place] = ((size, run_axes[0] if after else NO_AXIS),)
        slid_map = FieldMap(tuple(layout), tuple(seen), self.pixels)
        return slid_map.forget_positions(lost) if lost else slid_map

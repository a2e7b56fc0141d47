"""What positions along one axis see of the input, and what windows make of it.

Source: Araujo, Norris and Sim 2019, Computing Receptive Fields of Convolutional
Neural Networks, distill.pub/2019/computing-receptive-fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, gcd, lcm
from typing import TYPE_CHECKING

from resviz.operations.windows import CACHE_SIZE, LONGEST_PERIOD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.windows import Taps

PixelInterval = tuple[int, int] | None
"""First and last pixel of an interval; None if nothing is seen."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The fields of all positions along one axis of a map.

    They repeat: `period` positions later, the same lies `advance` pixels further.
    The period is 1 but after upsampling, where neighbours see unlike things.

    Attributes:
        period: positions after which the pattern repeats.
        advance: pixels between a position and the one a period later.
        intervals: of the first `period` positions; negative pixels and those beyond
            the last are padding.

    Units: pixels of the model's input, its first one 0.
    """

    period: int
    advance: int
    intervals: tuple[PixelInterval, ...]

    @property
    def size(self) -> int:
        """Receptive field; the largest, where it differs from one to the next.

        0 if all positions lie in gaps that a transposed convolution leaves.
        """
        return max((e[1] - e[0] + 1 for e in self.intervals if e), default=0)

    @property
    def stride(self) -> Fraction:
        """Total stride: pixels from one position to the next, on average."""
        return Fraction(self.advance, self.period)

    @property
    def padding(self) -> int:
        """Effective padding: pixels by which the first field leaves the input."""
        return -next((e[0] for e in self.intervals if e), 0)

    @property
    def offset(self) -> Fraction:
        """Centre of the first field.

        Where fields repeat after several positions, that of the line through all
        centres: position p is centred at offset + p · stride on average.
        """
        centres = [
            Fraction(e[0] + e[1], 2) - place * self.stride
            for place, e in enumerate(self.intervals)
            if e
        ]
        return sum(centres, Fraction()) / max(len(centres), 1)

    def interval_at(self, position: int) -> PixelInterval:
        """Return the first and last pixel that one position sees, exactly."""
        turns, place = divmod(position, self.period)
        interval = self.intervals[place]
        shift = turns * self.advance
        return interval and (interval[0] + shift, interval[1] + shift)


INPUT_PIXELS = Axis(1, 1, ((0, 0),))
"""The input itself."""


@lru_cache(maxsize=CACHE_SIZE)
def apply_taps(axis: Axis, taps: Taps) -> Axis | None:
    """Return the fields of what reads `taps` of a map with the fields `axis`.

    None if the pattern is too long to follow.
    """
    turns = axis.period // gcd(axis.period, taps.advance)
    period = taps.period * turns
    if period > LONGEST_PERIOD:
        return None
    advance = axis.advance * (taps.advance * turns // axis.period)
    intervals = (
        span_of_reads(
            axis, taps.reads[place % taps.period], place // taps.period * taps.advance
        )
        for place in range(period)
    )
    return Axis(period, advance, tuple(intervals))


def span_of_reads(axis: Axis, reads: Sequence[int], shift: int) -> PixelInterval:
    """Return the interval that evenly spaced positions see together.

    A period later all lies further on, so the ends are among the first and last.
    """
    ends = (*reads[: axis.period], *reads[-axis.period :])
    intervals = [extent for read in ends if (extent := axis.interval_at(read + shift))]
    if not intervals:
        return None
    return min(first for first, _ in intervals), max(last for _, last in intervals)


@lru_cache(maxsize=CACHE_SIZE)
def unite_axes(a: Axis, b: Axis) -> Axis | None:
    """Return the fields of positions that see what both see, where branches meet.

    None if they move on at different rates: the union then differs from one
    position to the next, without end.
    """
    if a == b:
        return a
    period = lcm(a.period, b.period)
    if a.stride != b.stride or period > LONGEST_PERIOD:
        return None
    intervals = (
        unite_intervals(a.interval_at(place), b.interval_at(place))
        for place in range(period)
    )
    return Axis(period, a.advance * (period // a.period), tuple(intervals))


@lru_cache(maxsize=CACHE_SIZE)
def measure_centre_distance(a: Axis, b: Axis) -> Fraction:
    """Return the distance of two axes' first centres, in pixels."""
    return abs(a.offset - b.offset)


def unite_intervals(a: PixelInterval, b: PixelInterval) -> PixelInterval:
    """Return the interval that holds both."""
    if a is None or b is None:
        return a or b
    return min(a[0], b[0]), max(a[1], b[1])


def covers_input(axis: Axis, positions: int, pixels: int) -> bool:
    """Tell whether a number of positions together see the whole input.

    What a last stride leaves over at an end does not count.
    """
    interval = span_of_reads(axis, range(positions), 0)
    margin = ceil(axis.stride)
    return (
        interval is not None
        and interval[0] < margin
        and interval[1] > pixels - 1 - margin
    )

"""What positions along one axis see of the input, and what windows make of it.

Source: Araujo, Norris and Sim 2019, Computing Receptive Fields of Convolutional
Neural Networks, distill.pub/2019/computing-receptive-fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, gcd, lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Window

LONGEST_PERIOD = 4096
"""Positions after which a pattern must repeat; beyond, it is not followed."""

CACHE_SIZE = 256
"""Answers that are kept: blocks of a network, and networks, are much alike."""

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
        """First and last pixel that one position sees; exact at every position."""
        turns, place = divmod(position, self.period)
        interval = self.intervals[place]
        shift = turns * self.advance
        return interval and (interval[0] + shift, interval[1] + shift)


INPUT_PIXELS = Axis(1, 1, ((0, 0),))
"""The input itself."""


@dataclass(frozen=True, slots=True)
class Taps:
    """What each position of an operation's output reads of its input.

    Attributes:
        period: positions after which the pattern repeats.
        advance: positions of the input that it has moved on by then.
        reads: positions read by each of the first `period` outputs, ascending.
    """

    period: int
    advance: int
    reads: tuple[Sequence[int], ...]


IDENTITY_TAPS = Taps(1, 1, (range(1),))
"""The taps of what reads each position where it is."""


@lru_cache(maxsize=CACHE_SIZE)
def taps_of_window(window: Window, axis: int) -> Taps | None:
    """The taps of a convolution or a pool; None for one of absurd size.

    A transposed convolution gives input i to the outputs i · s − p + d · k.
    """
    k, s, p, d = (
        numbers[axis]
        for numbers in (window.kernel, window.stride, window.padding, window.dilation)
    )
    reach = d * (k - 1)
    if min(k, s, d) < 1 or max(s, reach) > LONGEST_PERIOD:
        return None
    if not window.transposed:
        return Taps(1, s, (range(-p, -p + reach + 1, d),))
    reads = (
        tuple(i for i in range(-((reach - q) // s), q // s + 1) if (q - s * i) % d == 0)
        for q in range(p, p + s)
    )
    return Taps(s, 1, tuple(reads))


def taps_of_slice(start: int, step: int = 1) -> Taps:
    """The taps of a slice, or of padding with `start` below zero."""
    return Taps(1, step, (range(start, start + 1),))


def taps_of_adaptive_pool(size: int, count: int) -> Taps:
    """The taps of an adaptive pool from `size` positions to `count`.

    Source: torch, start_index and end_index of AdaptivePooling.h.
    """
    shared = gcd(size, count)
    period, advance = count // shared, size // shared
    reads = (
        range(place * size // count, -(-(place + 1) * size // count))
        for place in range(min(period, LONGEST_PERIOD))
    )
    return Taps(period, advance, tuple(reads))


def taps_of_interpolation(
    scale: Fraction, shift: Fraction, reach: tuple[int, int]
) -> Taps:
    """The taps of an interpolation that reads around scale · position + shift.

    `reach` says how far around the position before it; what falls on a position
    reads that one alone.
    """
    reads = []
    for place in range(min(scale.denominator, LONGEST_PERIOD)):
        centre = scale * place + shift
        first, last = reach if centre.denominator > 1 else (0, 0)
        reads.append(range(floor(centre) + first, floor(centre) + last + 1))
    return Taps(scale.denominator, scale.numerator, tuple(reads))


@lru_cache(maxsize=CACHE_SIZE)
def apply_taps(axis: Axis, taps: Taps) -> Axis | None:
    """The fields of what reads `taps` of a map with the fields `axis`.

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
    """The fields of positions that see what both see, as where branches meet.

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
    """The interval that holds both."""
    if a is None or b is None:
        return a or b
    return min(a[0], b[0]), max(a[1], b[1])


def covers_input(axis: Axis, positions: int, pixels: int) -> bool:
    """Whether a number of positions together see the whole input.

    What a last stride leaves over at an end does not count.
    """
    interval = span_of_reads(axis, range(positions), 0)
    margin = ceil(axis.stride)
    return (
        interval is not None
        and interval[0] < margin
        and interval[1] > pixels - 1 - margin
    )

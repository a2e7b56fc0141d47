"""Sliding windows: how arguments give them, and which positions an output reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from resviz.units import format_per_axis, format_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.receptive.maps import FieldMap
    from resviz.record import Shape, Window

LONGEST_PERIOD = 4096
"""Positions after which a pattern must repeat; beyond, it is not followed."""

CACHE_SIZE = 256
"""Answers that are kept: blocks of a network, and networks, are much alike."""


def expand_per_axis(value: Any, axes: int) -> tuple[int, ...]:
    """Repeat one number for each axis: 2 and [2] both mean (2, 2) in 2d."""
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return numbers * axes if len(numbers) == 1 else numbers


def compute_window_sizes(
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> list[int] | None:
    """Compute output sizes of a window: ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1.

    None where the window does not fit, or an argument is not given per axis.
    Source: torch.nn.Conv2d and torch.nn.MaxPool2d, their "Shape" sections.
    """
    axes = len(sizes)
    if not len(kernel) == len(stride) == len(padding) == len(dilation) == axes:
        return None
    numbers = zip(sizes, kernel, stride, padding, dilation, strict=True)
    output_sizes = [(i + 2 * p - d * (k - 1) - 1) // s + 1 for i, k, s, p, d in numbers]
    return output_sizes if all(size > 0 for size in output_sizes) else None


def compute_sizes_by_window(sizes: Sequence[int], window: Window) -> list[int] | None:
    """Compute the sizes that a window gives, rounded up where it says so.

    None where it does not fit. What would begin in the padding at the end is left out.
    Source: torch, pooling_output_shape_pad_lr of Pool.h.
    """
    numbers = window.kernel, window.stride, window.padding, window.dilation
    if not window.ceil_mode:
        return compute_window_sizes(sizes, *numbers)
    output_sizes: list[int] = []
    for i, k, s, p, d in zip(sizes, *numbers, strict=True):
        size = -(-(i + 2 * p - d * (k - 1) - 1) // s) + 1
        output_sizes.append(size - ((size - 1) * s >= i + p))
    return output_sizes if all(size > 0 for size in output_sizes) else None


def describe_misfit(sizes: Sequence[int], window: Window) -> str:
    """Say that a window is larger than its map."""
    kernel, padding = format_per_axis(window.kernel), format_per_axis(window.padding)
    return (
        f"a window of {kernel} does not fit into a map of {format_sizes(sizes)}, "
        f"padded by {padding}"
    )


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
    """Return the taps of a convolution or a pool; None for one of absurd size.

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
    """Return the taps of a slice, or of padding with `start` below zero."""
    return Taps(1, step, (range(start, start + 1),))


def slide_last_axes(
    field_map: FieldMap, taps: Sequence[Taps | None], shape: Shape
) -> FieldMap:
    """Return a map after windows along its last axes, one each."""
    return field_map.slide_taps(len(shape) - len(taps), taps, shape)


def slide_window(field_map: FieldMap, window: Window, shape: Shape) -> FieldMap:
    """Return a map after one window over its last axes."""
    taps = [taps_of_window(window, axis) for axis in range(len(window.kernel))]
    return slide_last_axes(field_map, taps, shape)

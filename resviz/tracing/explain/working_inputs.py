"""Looking for an input size near the given one that a model takes."""

from __future__ import annotations

from collections.abc import Callable

Shape = tuple[int, ...]
AcceptsShape = Callable[[Shape], bool]

LARGEST_SIDE = 2048
"""Side in pixels above which no working input is looked for."""

ROUNDING_FACTORS = (2, 4, 8, 16, 32, 64, 128)
"""By how much networks that halve and double their maps make them smaller."""


def find_working_sizes(shape: Shape, accepts_shape: AcceptsShape) -> str | None:
    """Describe the square inputs near `shape` that work; None if none do.

    Assumes that those that work form one range, as for any stack of windows.
    """
    if len(shape) != 4:
        return None
    batch, channels, *sides = shape

    def accepts_side(side: int) -> bool:
        return accepts_shape((batch, channels, side, side))

    candidates = [224, 32, *(2**k for k in range(3, 12) if 2**k <= LARGEST_SIDE)]
    inside = next((side for side in candidates if accepts_side(side)), None)
    if inside is None:
        return None
    least = find_last_working_side(0, inside, accepts_side)
    largest = (
        None
        if accepts_side(LARGEST_SIDE)
        else find_last_working_side(LARGEST_SIDE, inside, accepts_side)
    )
    if least == largest:
        return f"the only square input that works is {least}×{least}"
    if min(sides) < least or largest is None:
        return f"the least input that works is {least}×{least}"
    return f"inputs from {least}×{least} to {largest}×{largest} work"


def find_rounded_size(shape: Shape, accepts_shape: AcceptsShape) -> str | None:
    """Describe the nearest larger input whose sides halve evenly enough."""
    if len(shape) != 4:
        return None
    for factor in ROUNDING_FACTORS:
        sides = [-(-side // factor) * factor for side in shape[2:]]
        if accepts_shape((*shape[:2], *sides)):
            return f"{'×'.join(map(str, sides))} works, multiples of {factor}"
    return None


def find_last_working_side(
    outside: int, inside: int, accepts_side: Callable[[int], bool]
) -> int:
    """Return the last side that works on the way from inside to outside."""
    while abs(inside - outside) > 1:
        middle = (inside + outside) // 2
        if accepts_side(middle):
            inside = middle
        else:
            outside = middle
    return inside

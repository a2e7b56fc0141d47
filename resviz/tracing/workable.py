"""Looking for an input size near the given one that a model takes."""

from __future__ import annotations

from collections.abc import Callable

Shape = tuple[int, ...]
Runs = Callable[[Shape], bool]

LARGEST = 2048
"""Side in pixels above which no working input is looked for."""

FACTORS = (2, 4, 8, 16, 32, 64, 128)
"""By how much networks that halve and double their maps make them smaller."""


def working_sizes(shape: Shape, runs: Runs) -> str | None:
    """Which square inputs near `shape` the model takes, in words; None if none.

    Assumes that those that work form one range, as for any stack of windows.
    """
    if len(shape) != 4:
        return None
    batch, channels, *given = shape

    def works(side: int) -> bool:
        return runs((batch, channels, side, side))

    candidates = [224, 32, *(2**k for k in range(3, 12) if 2**k <= LARGEST)]
    inner = next((side for side in candidates if works(side)), None)
    if inner is None:
        return None
    least = edge(0, inner, works)
    largest = None if works(LARGEST) else edge(LARGEST, inner, works)
    if least == largest:
        return f"the only square input that works is {least}×{least}"
    if min(given) < least or largest is None:
        return f"the least input that works is {least}×{least}"
    return f"inputs from {least}×{least} to {largest}×{largest} work"


def rounded_size(shape: Shape, runs: Runs) -> str | None:
    """The nearest larger input whose sides halve evenly often enough, in words."""
    if len(shape) != 4:
        return None
    for factor in FACTORS:
        sides = [-(-side // factor) * factor for side in shape[2:]]
        if runs((*shape[:2], *sides)):
            return f"{'×'.join(map(str, sides))} works, multiples of {factor}"
    return None


def edge(outside: int, inside: int, works: Callable[[int], bool]) -> int:
    """The last side that works on the way from `inside` to `outside`."""
    while abs(inside - outside) > 1:
        middle = (inside + outside) // 2
        if works(middle):
            inside = middle
        else:
            outside = middle
    return inside

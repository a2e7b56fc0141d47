"""Sizes near those that a forward refused, with other axes, channels or sides.

They are of one input, its batch first; nothing is known here of what failed.
"""

from __future__ import annotations

from math import isqrt, prod
from typing import TYPE_CHECKING

from resviz.tracing.explain.lacking_inputs import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

Sizes = tuple[int | None, ...]

FRAMES = 16
"""Frames of a clip, or slices of a volume, whose number nothing tells."""

SIDE = 224
"""Side of a picture whose size nothing tells."""

SIDES = (224, 32, 28, 64, 128, 256, 299, 512)
"""Sides that pictures often have."""

LENGTHS = (64, 32, 16, 8, 1024, 16000)
"""Lengths to try where one does not do."""

PLAIN_CHANNELS = (3, 1)
"""Channels of pictures, in colour and in grey."""


def propose_ranks(sizes: Sizes, rank: int) -> Iterator[Sizes]:
    """Propose sizes of another number of axes: a length, a picture, a clip."""
    batch, *rest = sizes or (None,)
    last, first = (rest[-1], rest[0]) if rest else (SIDE, 3)
    picture = tuple(rest) if len(rest) == 3 else (3, SIDE, SIDE)
    by_rank: dict[int, list[Sizes]] = {
        1: [()],
        2: [(last,)],
        3: [(first, last), (TOKENS, last)],
        4: [picture],
        5: [(picture[0], FRAMES, *picture[1:]), (FRAMES, *picture)],
        6: [(1, picture[0], FRAMES, *picture[1:]), (1, FRAMES, *picture)],
    }
    for others in by_rank.get(rank, ()):
        yield (batch, *others)


def propose_maps(
    channels: int, axes: int, sizes: Sizes, shape: tuple[int, ...]
) -> Iterator[Sizes]:
    """Propose sizes that have some channels and so many axes, first or last.

    Args:
        channels: how many.
        axes: of a map, without the channels.
        sizes: with which that failed.
        shape: what arrived there; if that is the input itself, channels are first.
    """
    batch, *rest = sizes or (None,)
    sides = rest[-axes:] if len(rest) >= axes else [*rest[1:], *[SIDE] * axes][-axes:]
    if len(rest) == axes + 1:
        sides = rest[1:]
    if axes == 3 and len(rest) != 4:
        sides = [FRAMES, *sides[1:]]
    yield (batch, channels, *sides)
    if shape[1:] == sizes[1:]:
        return
    if len(shape) == len(sizes) > 2:  # of others are joined to it, or it is parted
        given, arrived = sizes[1] or 1, max(shape[1], 1)
        for size in (given + channels - arrived, channels * -(-given // arrived)):
            if size > 0:
                yield replace_size(sizes, 1, size)
    yield (batch, *sides, channels)
    for axis in range(1, len(sizes)):
        yield replace_size(sizes, axis, channels)


def propose_sides(sizes: Sizes) -> Iterator[Sizes]:
    """Propose sizes of the same channels, with other sides or another length."""
    if len(sizes) == 4:
        for side in SIDES:
            yield (*sizes[:2], side, side)
    elif len(sizes) == 3:
        for length in sorted(LENGTHS):
            yield (*sizes[:2], length)


def propose_features(
    features: int,
    sizes: Sizes,
    shape: tuple[int, ...] = (),
    *,
    reads_sequence: bool = False,
) -> Iterator[Sizes]:
    """Propose sizes with which so many values arrive on the last axis.

    Args:
        features: how many.
        sizes: with which that failed.
        shape: what arrived there, if known.
        reads_sequence: whether the model has layers that read sequences.
    """
    batch, *rest = sizes or (None,)
    is_flat = len(shape) == 2 < len(sizes)
    if is_flat:
        for channels in dict.fromkeys((*(rest[:1] if rest else ()), *PLAIN_CHANNELS)):
            side = isqrt(features // (channels or 1))
            if channels and channels * side * side == features:
                yield batch, channels, side, side
        yield from propose_flat_sides(features / max(prod(shape[1:]), 1), sizes)
    if len(sizes) == 3:
        yield (*sizes[:2], features)
    vector, tokens = (batch, features), (batch, TOKENS, features)
    yield from (tokens, vector) if reads_sequence else (vector, tokens)
    for axis in range(len(sizes) - 1, 0, -1):
        yield replace_size(sizes, axis, features)


def propose_flat_sides(ratio: float, sizes: Sizes) -> Iterator[Sizes]:
    """Propose sizes with `ratio` times as many positions."""
    if len(sizes) == 4 and sizes[-1]:
        near = round(sizes[-1] * ratio**0.5)
        sides = (near, 32, 28, *(near + step for step in (1, 2, 3, 4, -1, -2)))
        for side in (*sides, *SIDES):
            if side > 0:
                yield (*sizes[:2], side, side)
    elif len(sizes) == 3 and sizes[-1]:
        for axis in (2, 1):
            near = round((sizes[axis] or 1) * ratio)
            for step in (0, 1, 2, 3, 4, -1, -2):
                if near + step > 0:
                    yield replace_size(sizes, axis, near + step)


def replace_size(sizes: Sizes, axis: int, size: int) -> Sizes:
    """Return sizes with another one on an axis."""
    return (*sizes[:axis], size, *sizes[axis + 1 :])

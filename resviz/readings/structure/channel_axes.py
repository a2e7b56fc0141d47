"""Where the channels lie: the axis of each live tensor that counts its width.

A map keeps them in axis 1, tokens and a channels-last map in the last one, and windows
of a map spread their positions over the batch. With the axis known, one stream reads
alike in all these forms: so many positions of such a width.
"""

from __future__ import annotations

from itertools import accumulate
from math import prod
from operator import mul
from typing import TYPE_CHECKING

from resviz.operations.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.operations.kind import AxisRule, ChannelRule
    from resviz.record import Operation, Shape

SETS_AXIS: dict[str, ChannelRule] = {
    row.name: row.sets_axis for row in OPERATIONS.values() if row.sets_axis
}
"""Operations that lay their channels out anew, and where."""

MOVES_AXIS: dict[str, AxisRule] = {
    row.name: row.moves_axis for row in OPERATIONS.values() if row.moves_axis
}
"""Operations that move axes, and how; all others keep them."""

MapSize = tuple[int, int]
"""Positions, those of the whole batch, and width."""


def size_of_tensor(shape: Shape, axis: int | None) -> MapSize:
    """Return the positions and the width of a tensor.

    Where the axis is not known, tokens (N, L, C) end with it, and others begin.
    """
    if not shape:
        return 1, 1
    if axis is None or axis >= len(shape):
        axis = 2 if len(shape) == 3 else min(1, len(shape) - 1)
    width = shape[axis]
    return prod(shape) // max(width, 1), width


def to_channels_first(shape: Shape, axis: int | None) -> Shape:
    """Return the shape of a map as (N, C, H, W), also where its channels lie last."""
    if len(shape) != 4 or axis != 3:
        return shape
    n, h, w, c = shape
    return n, c, h, w


def follow_axis(ops: Iterable[Operation], axis: int | None) -> int | None:
    """Find the channel axis of a layer's first output, from that of its first input.

    None where its operations mixed the channels with other axes.
    """
    for op in ops:
        if op.name in SETS_AXIS:
            axis = SETS_AXIS[op.name](op)
        elif axis is not None and axis < len(op.inputs[0]):
            axis = MOVES_AXIS.get(op.name, find_kept_axis)(op, axis)
        else:
            axis = None
    return axis


def find_kept_axis(op: Operation, axis: int) -> int | None:
    """Find the output axis with the same length and as many values before it.

    An operation that changes the number of elements and no rank keeps the axis.
    """
    before, after = op.inputs[0], op.outputs[0]
    if before == after or (len(before) == len(after) and prod(before) != prod(after)):
        return axis
    leading = prod(before[:axis])
    products = accumulate(after, mul, initial=1)
    for place, (leading_after, size) in enumerate(zip(products, after, strict=False)):
        if leading_after == leading and size == before[axis]:
            return place
    return None

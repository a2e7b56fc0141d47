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

from resviz.operations.families import AVERAGE_POOLS, CONVOLUTIONS, PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.record import Layer, Operation, Shape

MapSize = tuple[int, int]
"""Positions, those of the whole batch, and width."""


def size_of_tensor(shape: Shape, axis: int | None) -> MapSize:
    """Positions and width of a tensor.

    Where the axis is not known, tokens (N, L, C) end with it, and others begin.
    """
    if not shape:
        return 1, 1
    if axis is None or axis >= len(shape):
        axis = 2 if len(shape) == 3 else min(1, len(shape) - 1)
    width = shape[axis]
    return prod(shape) // max(width, 1), width


def to_channels_first(shape: Shape, axis: int | None) -> Shape:
    """The shape of a map as (N, C, H, W), also where its channels lie last."""
    if len(shape) != 4 or axis != 3:
        return shape
    n, h, w, c = shape
    return n, c, h, w


def follow_layer_axis(layer: Layer, axis: int | None) -> int | None:
    """The channel axis of a layer's first output, from that of its first input.

    None where operations mixed the channels with other axes.
    """
    for op in layer.operations:
        if any(op.flowing):
            axis = follow_operation_axis(op, axis)
    return axis


def follow_operation_axis(op: Operation, axis: int | None) -> int | None:
    """Return the channel axis of an operation's output, from that of its input."""
    rank = len(op.outputs[0])
    if op.name in CONVOLUTIONS and op.window:
        return max(rank - len(op.window.kernel) - 1, 0)
    if op.name == "embedding":
        return rank - 1
    if op.name in PRODUCTS and rank:
        return rank - (1 if op.flowing[-2] or rank == 1 else 2)
    if axis is None or axis >= len(op.inputs[0]):
        return None
    for names, rule in AXIS_RULES:
        if op.name in names:
            return rule(op, axis)
    return find_kept_axis(op, axis)


def axis_after_permute(op: Operation, axis: int) -> int | None:
    """Return the axis's place after a permutation."""
    dims = [dim % len(op.inputs[0]) for dim in op.arguments.get("dims", ())]
    return dims.index(axis) if axis in dims else None


def axis_after_transpose(op: Operation, axis: int) -> int:
    """Return the axis's place after a transposition of two axes."""
    rank = len(op.inputs[0])
    first = op.arguments.get("dim0", 0) % rank
    second = op.arguments.get("dim1", 1) % rank
    return {first: second, second: first}.get(axis, axis)


def axis_after_reduction(op: Operation, axis: int) -> int | None:
    """Return the axis's place after other axes were averaged or summed."""
    dims = op.arguments.get("dim") or range(len(op.inputs[0]))
    reduced_dims = {dim % len(op.inputs[0]) for dim in dims}
    if axis in reduced_dims:
        return None
    dropped = len(op.outputs[0]) < len(op.inputs[0])
    return axis - sum(dim < axis for dim in reduced_dims) if dropped else axis


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


AXIS_RULES: tuple[
    tuple[frozenset[str], Callable[[Operation, int], int | None]], ...
] = (
    (frozenset({"permute"}), axis_after_permute),
    (frozenset({"transpose", "t"}), axis_after_transpose),
    (AVERAGE_POOLS | {"sum"}, axis_after_reduction),
)
"""Operations that move axes, and how; adding one is a row."""

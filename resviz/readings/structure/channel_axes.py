"""Channel axes: in which axis of each tensor its channels lie.

A map keeps its channels in axis 1, tokens and a channels-last map in the last one, and
windows of a map spread their positions over the batch.
"""

from __future__ import annotations

from itertools import accumulate
from math import prod
from operator import mul
from typing import TYPE_CHECKING

from resviz.operations.families import PRODUCTS
from resviz.operations.table import OPERATIONS
from resviz.readings.structure.fixed_filters import FIXED_FILTER
from resviz.readings.structure.weights import (
    is_recurrent,
    is_weighted,
    list_live_operations,
)
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.operations.kind import AxisRule, ChannelRule
    from resviz.record import Architecture, Layer, Operation, Shape

LAYER_INPUT = Source(MODEL_INPUT)
"""What an operation of a layer reads that reads what the layer reads first."""

SETS_AXIS: dict[str, ChannelRule] = {
    row.name: row.sets_axis for row in OPERATIONS.values() if row.sets_axis
}
SETS_AXIS[FIXED_FILTER] = SETS_AXIS["convolution"]
"""Operations that lay their channels out anew, and where."""

MOVES_AXIS: dict[str, AxisRule] = {
    row.name: row.moves_axis for row in OPERATIONS.values() if row.moves_axis
}
"""Operations that move axes, and how; all others keep them."""


def find_input_axis(arch: Architecture, number: int) -> int | None:
    """Find the channel axis of an input; of rows, linear layers read the last axis.

    The weighted operation that it reaches first decides, also where axes are moved on
    the way; axis 1 if there is none. A map without a batch axis has them in axis 0.
    Rows that are moved before a linear layer have their channels last all the same.
    Source: Tolstikhin et al. 2021, whose MLP-Mixer mixes the rows first.
    """
    rank = len(arch.inputs[number].shape)
    places: dict[tuple[int, int], list[int | None]] = {
        (MODEL_INPUT, number): [*range(rank)]
    }
    for layer in arch.stored_layers:
        sources = ((source.layer, source.output) for source in layer.sources)
        axes = next((places[source] for source in sources if source in places), None)
        if axes is None:
            continue
        for op in list_live_operations([layer]):
            if is_weighted(op):
                behind = len(op.window.kernel) if op.window else 0
                axis = len(op.inputs[op.flowing.index(True)]) - behind - 1
                is_moved = axis in axes and (behind or rank > 3)
                return axes.index(axis) if is_moved else max(rank - behind - 1, 0)
            axes = [follow_axis([op], axis) for axis in axes]
        places |= {(layer.index, k): axes for k in range(len(layer.outputs))}
    return 1


def to_channels_first(shape: Shape, axis: int | None) -> Shape:
    """Return the shape of a map as (N, C, H, W), also where its channels lie last."""
    if len(shape) != 4 or axis != 3:
        return shape
    n, h, w, c = shape
    return n, c, h, w


def find_output_axis(
    layer: Layer, ops: Sequence[Operation], axis: int | None
) -> int | None:
    """Find the channel axis of a layer's first output, from that of its first input.

    The operations of a recurrent layer are no chain along which it could be followed:
    its features lie last.
    """
    if len(ops) == 1:  # the usual cases, which are quick to see
        (op,) = ops
        if op.name in SETS_AXIS:
            if op.name not in PRODUCTS:
                return SETS_AXIS[op.name](op)
        elif op.name not in MOVES_AXIS and axis is not None:
            before = op.inputs[0]
            if before == op.outputs[0] and axis < len(before):
                return axis
    if layer.parameters and mixes_rows(layer, ops, axis):
        return axis
    rank = len(layer.output_shape)
    is_row = rank in {2, 3} and not any(op.window for op in ops)
    if is_row and is_recurrent(layer):
        return rank - 1
    return follow_axis(ops, axis)


def follow_axis(ops: Iterable[Operation], axis: int | None) -> int | None:
    """Find the channel axis of a layer's first output, from that of its first input.

    None where its operations mixed the channels with other axes. One that reads the
    input again, as a norm of a mean does, starts anew.
    """
    first = axis
    for op in ops:
        name = op.name
        if axis is None and op.sources[:1] == (LAYER_INPUT,):
            axis = first
        if name in SETS_AXIS:
            axis = SETS_AXIS[name](op)
        elif axis is None or axis >= len(op.inputs[0]):
            axis = None
        elif name in MOVES_AXIS:
            axis = MOVES_AXIS[name](op, axis)
        elif op.inputs[0] != op.outputs[0]:
            axis = find_kept_axis(op, axis)
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


def mixes_rows(layer: Layer, ops: Sequence[Operation], axis: int | None) -> bool:
    """Tell whether a linear layer reads another axis of rows than their channels'.

    The axes of windows may be taken for others, so of maps none is told so. Source:
    Tolstikhin et al. 2021, whose MLP-Mixer transposes rows for it.
    """
    if axis != 1 or not len(layer.inputs[0].shape) == len(layer.output_shape) == 3:
        return False
    return any(op.name in PRODUCTS and is_weighted(op) for op in ops)

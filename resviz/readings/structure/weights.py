"""What an operation weighs: whether it has weights, sees positions, or attends."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import (
    ATTENTIONS,
    CONVOLUTIONS,
    PRODUCTS,
    WEIGHT_COUNTS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Layer, Operation


def is_weighted(op: Operation) -> bool:
    """Tell whether an operation combines what flows with a weight: conv or linear."""
    if op.name in CONVOLUTIONS or op.name in WEIGHT_COUNTS:
        return True
    return op.name in PRODUCTS and sum(op.flowing[-2:]) == 1


def count_weighted(layer: Layer) -> int:
    """Count the weighted operations of a layer that follow one another.

    One weight may act many times, as in an LSTM, whose every step takes it up.
    """
    weighted_count = sum(
        WEIGHT_COUNTS.get(op.name, 1)
        for op in layer.operations
        if is_weighted(op) and any(op.flowing)
    )
    if weighted_count < 2:
        return weighted_count
    matrices = sum(len(parameter.shape) > 1 for parameter in layer.parameters)
    return min(weighted_count, max(matrices, 1))


def is_recurrent(layer: Layer) -> bool:
    """Tell whether a layer takes its weights up again at every step, as an LSTM."""
    weighted_count = sum(map(is_weighted, list_live_operations([layer])))
    return weighted_count > 1 and weighted_count > count_weighted(layer)


def is_live_product(op: Operation) -> bool:
    """Tell whether an operation multiplies two matrices that flow, as attention's."""
    if op.name in ATTENTIONS:
        return sum(op.flowing) > 1
    return op.name in PRODUCTS and all(op.flowing[-2:])


def is_spatial(op: Operation) -> bool:
    """Tell whether an operation is a convolution that sees more than one position."""
    window = op.window
    return op.name in CONVOLUTIONS and window is not None and prod(window.kernel) > 1


def is_depthwise(op: Operation) -> bool:
    """Tell whether an operation is a convolution of each channel by itself."""
    window = op.window
    if window is None or window.groups == 1:
        return False
    return window.groups == op.inputs[0][1]


def list_live_operations(layers: Iterable[Layer]) -> list[Operation]:
    """List the operations of some layers that something flows through, in order."""
    return [op for layer in layers for op in layer.operations if True in op.flowing]


def is_upsampling(op: Operation) -> bool:
    """Tell whether an operation makes more positions out of fewer."""
    is_transposed = op.window is not None and op.window.transposed
    return is_transposed or op.name.startswith(
        ("upsample", "_upsample", "pixel_shuffle")
    )

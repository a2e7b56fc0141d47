"""Weights that a forward multiplies with and that are no parameters of the model.

As a plain tensor, `self.weight = torch.randn(8, 4)`, or a buffer: no total has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import CONVOLUTIONS
from resviz.readings.structure.fixed_filters import (
    Operand,
    filters_each_channel,
    is_constant,
    list_frozen_sizes,
)
from resviz.readings.structure.weights import is_depthwise, is_weighted
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Layer, Operation


@cache_reading
def find_constant_weights(arch: Architecture) -> tuple[str, ...]:
    """Find the layers that have weights of which none is made of a parameter.

    A fixed filter of each channel by itself, as a blur, is no weight. A tensor as large
    as a frozen parameter may be one.
    """
    frozen = list_frozen_sizes(arch)
    return tuple(
        layer.name
        for layer in arch.stored_layers
        if any(
            is_constant(arch, weight, frozen)
            for op in layer.operations
            if op.reads and any(op.flowing) and is_weighted(op)
            if not is_depthwise(op) and not filters_each_channel(op)
            for weight in iter_weights(layer, op)
        )
    )


def iter_weights(layer: Layer, op: Operation) -> Iterator[Operand]:
    """Iterate over the weights of an operation; a bias has one axis, and is none."""
    first = 1 if op.name in CONVOLUTIONS else max(len(op.inputs) - 2, 0)
    for position in range(first, min(first + 2, len(op.inputs))):
        if not op.flowing[position] and len(op.inputs[position]) > 1:
            yield Operand(layer, op, position)

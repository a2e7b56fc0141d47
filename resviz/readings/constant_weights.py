"""Weights that a forward multiplies with and that are no parameters of the model.

As a plain tensor, `self.weight = torch.randn(8, 4)`, or a buffer: no total has them.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import CONVOLUTIONS
from resviz.readings.structure.weights import is_depthwise, is_weighted
from resviz.record import CONSTANT, MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Layer, Operation


class Operand(NamedTuple):
    """An operand of an operation, by its position."""

    layer: Layer
    operation: Operation
    position: int


@cache_reading
def find_constant_weights(arch: Architecture) -> tuple[str, ...]:
    """Find the layers that have weights of which none is made of a parameter.

    A fixed filter of each channel by itself, as a blur, is no weight. A tensor as large
    as a frozen parameter may be one.
    """
    frozen = {p.numel for la in arch.stored_layers for p in la.parameters if p.frozen}
    return tuple(
        layer.name
        for layer in arch.stored_layers
        if any(
            is_constant(arch, weight, frozen)
            for op in layer.operations
            if op.reads and any(op.flowing) and is_weighted(op) and not is_depthwise(op)
            for weight in iter_weights(layer, op)
        )
    )


def iter_weights(layer: Layer, op: Operation) -> Iterator[Operand]:
    """Iterate over the weights of an operation; a bias has one axis, and is none."""
    first = 1 if op.name in CONVOLUTIONS else max(len(op.inputs) - 2, 0)
    for position in range(first, min(first + 2, len(op.inputs))):
        if not op.flowing[position] and len(op.inputs[position]) > 1:
            yield Operand(layer, op, position)


def is_constant(arch: Architecture, operand: Operand, frozen: set[int]) -> bool:
    """Tell whether an operand is a constant that the forward did not make, or of such.

    Args:
        arch: the record.
        operand: what is multiplied with.
        frozen: the numbers of values of frozen parameters, which read like constants.
    """
    pending, has_constant, seen = [operand], False, set[tuple[int, int]]()
    while pending:
        layer, op, k = pending.pop()
        source = op.sources[k] if op.sources else None
        if source is None:
            if op.reads[k] != CONSTANT or prod(op.inputs[k]) in frozen:
                return False
            has_constant = True
            continue
        if source.layer == MODEL_INPUT:
            source = layer.sources[source.output]
            if source.layer == MODEL_INPUT:
                return False
            layer = arch.stored_layers[source.layer]
            last = Source(len(layer.operations) - 1)
            source = layer.ends[source.output] if layer.ends else last
            if source is None:
                return False
        maker = (layer.index, source.layer)
        if maker not in seen:
            seen.add(maker)
            op = layer.operations[source.layer]
            pending += [Operand(layer, op, number) for number in range(len(op.inputs))]
    return has_constant

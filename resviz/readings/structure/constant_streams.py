"""Constant streams: rows of a parameter or of noughts to which blocks add.

The queries of a decoder and the latents of a Perceiver start so; what is added to them
first is made of the input or of themselves. Source: Carion et al. 2020, DETR, section
3.2; Touvron et al. 2021, CaiT, equation 4; Jaegle et al. 2021, Perceiver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from resviz.operations.families import (
    ACTIVATIONS,
    CREATIONS,
    ELEMENTWISE,
    JOINS,
    NORMS,
    RESHAPES,
)
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.record import Layer, Operation


def find_constant_streams(
    layers: Sequence[Layer],
) -> tuple[Sequence[Layer], tuple[int, ...]]:
    """Find the layers at which constant streams start.

    Returns:
        The layers, those anew to which such a stream flows, and the numbers of those
        at which one starts.
    """
    candidates = [
        layer.index
        for layer in layers
        if len(layer.sources) == 2 and may_add_to_constant(layer)
    ]
    if not candidates:
        return layers, ()
    starts: list[int] = []
    flowing = [*layers]
    live = {layer.index for layer in layers if flows(layer)}
    for number in candidates:
        for source in find_equal_sources(flowing[number]):
            if source not in live and leads_to_sum(flowing, live, source, number):
                start = climb_constant_stream(flowing, live, source)
                below = let_flow(flowing, live, start)
                starts = [start, *(n for n in starts if n not in below)]
    return flowing, tuple(starts)


def may_add_to_constant(layer: Layer) -> bool:
    """Tell whether a layer of two sources adds what flows to what does not."""
    if len(layer.operations) != 1:
        return False
    (op,) = layer.operations
    return op.name in JOINS and sum(op.flowing) == 1


def find_equal_sources(layer: Layer) -> list[int]:
    """Find the sources of a layer whose tensors have the shape of its output."""
    tensors = zip(layer.sources, layer.inputs, strict=True)
    shape = layer.output_shape
    numbers = (source.layer for source, tensor in tensors if tensor.shape == shape)
    return [number for number in dict.fromkeys(numbers) if number > MODEL_INPUT]


def flows(layer: Layer) -> bool:
    """Tell whether a layer depends on the model's input."""
    return any(True in op.flowing for op in layer.operations)


def leads_to_sum(layers: Sequence[Layer], live: set[int], start: int, end: int) -> bool:
    """Tell whether both operands of a sum descend from a constant, or are it.

    What is added to another stream, as a position, does not; nor does what only has the
    shape of something.
    """
    descending = {start}
    for layer in layers[start + 1 : end]:
        sources = {source.layer for source in layer.sources}
        if not descending.isdisjoint(sources) and not is_creation(layer):
            others = sources - descending
            if not adds(layer) or all(n >= 0 and n not in live for n in others):
                descending.add(layer.index)
    operands = find_equal_sources(layers[end])
    return len(operands) > 1 and descending.issuperset(operands)


def is_creation(layer: Layer) -> bool:
    """Tell whether a layer makes a tensor anew."""
    return CREATIONS.issuperset([op.name for op in layer.operations])


def adds(layer: Layer) -> bool:
    """Tell whether a layer is an addition."""
    return len(layer.operations) == 1 and layer.operations[0].name in JOINS


def climb_constant_stream(layers: Sequence[Layer], live: set[int], number: int) -> int:
    """Climb a constant stream to where it starts, past what it adds to itself."""
    start = number
    while True:
        layer = layers[number]
        sources = {source.layer for source in layer.sources}
        names = {op.name for op in layer.operations}
        if adds(layer) and len(sources) == 2:
            first = min(sources)
            if first < 0 or not leads_to_sum(layers, live, first, number):
                return start
            start = number = first
        elif len(sources) == 1 and names <= LIGHT_OPERATIONS:
            (number,) = sources
        else:
            return start


LIGHT_OPERATIONS = NORMS | ACTIVATIONS | RESHAPES | ELEMENTWISE
"""Operations between the sums of a stream."""


def let_flow(layers: list[Layer], live: set[int], start: int) -> set[int]:
    """Say of what descends from a constant that it flows, and is live; return it."""
    live.add(start)
    carrying = {start}
    for layer in layers[start + 1 :]:
        if carrying.isdisjoint([source.layer for source in layer.sources]):
            continue
        ops = tuple(let_operations_flow(layer, live))
        if any(True in op.flowing for op in ops) and not is_creation(layer):
            carrying.add(layer.index)
            live.add(layer.index)
            layers[layer.index] = msgspec.structs.replace(layer, operations=ops)
    return carrying


def let_operations_flow(layer: Layer, live: set[int]) -> Iterator[Operation]:
    """Yield the operations of a layer, those with operands that flow said to be so."""
    inputs = [source.layer < 0 or source.layer in live for source in layer.sources]
    given: list[bool] = []
    for op in layer.operations:
        flowing = op.flowing
        if op.sources:
            flowing = tuple(
                source is not None
                and (
                    inputs[source.output]
                    if source.layer == MODEL_INPUT
                    else given[source.layer]
                )
                for source in op.sources
            )
        given.append(True in flowing and op.name not in CREATIONS)
        yield msgspec.structs.replace(op, flowing=flowing)

"""Fixed filters: convolutions that weigh nothing, since nothing in them is learned.

A blur of each channel by itself is a pool by another name. Source: Zhang 2019, Making
convolutional networks shift-invariant again; Karras et al. 2020, StyleGAN2, who fold
the channels into the batch for it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from resviz.operations.families import CONVOLUTIONS
from resviz.readings.structure.weights import is_depthwise
from resviz.record import CONSTANT, LEARNED, MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.record import Architecture, Layer, Operation

FIXED_FILTER = "fixed_filter"
"""What a graph calls the operation of a fixed filter, so that it weighs nothing."""


class Operand(NamedTuple):
    """An operand of an operation, by its position."""

    layer: Layer
    operation: Operation
    position: int


def mark_fixed_filters(arch: Architecture, layers: Sequence[Layer]) -> Sequence[Layer]:
    """Call the operations of fixed filters by their own name.

    Returns:
        The layers, those anew that hold such filters.
    """
    marked: list[Layer] | None = None
    frozen: set[int] | None = None
    for layer in layers:
        for op in layer.operations:
            if op.window is None or not filters_each_channel(op):
                continue
            if frozen is None:
                frozen = list_frozen_sizes(arch)
            if not is_constant(arch, Operand(layer, op, 1), frozen):
                continue
            if marked is None:
                marked = [*layers]
            ops = marked[layer.index].operations
            window = msgspec.structs.replace(op.window, groups=1)  # for each channel
            filtering = msgspec.structs.replace(op, name=FIXED_FILTER, window=window)
            marked[layer.index] = msgspec.structs.replace(
                marked[layer.index],
                operations=tuple(filtering if each is op else each for each in ops),
            )
    return layers if marked is None else marked


def filters_each_channel(op: Operation) -> bool:
    """Tell whether a convolution filters each channel by itself with what is given.

    Where the channels are folded into the batch there is one alone. One of integers has
    its weights packed, which nobody reads.
    """
    if op.name not in CONVOLUTIONS or op.reads[1:2] in {(), (LEARNED,)}:
        return False
    if op.flowing[1] or not op.flowing[0] or any(op.flowing[2:]):
        return False
    channels, channels_after = op.inputs[0][1:2], op.outputs[0][1:2]
    return channels == channels_after and (channels == (1,) or is_depthwise(op))


def list_frozen_sizes(arch: Architecture) -> set[int]:
    """List the numbers of values of frozen parameters, which read like constants."""
    return {p.numel for la in arch.stored_layers for p in la.parameters if p.frozen}


def is_constant(arch: Architecture, operand: Operand, frozen: set[int]) -> bool:
    """Tell whether an operand is a constant that the forward did not make, or of such.

    Args:
        arch: the record.
        operand: what is multiplied with.
        frozen: the numbers of values of frozen parameters.
    """
    pending, has_constant, seen = [operand], False, set[tuple[int, int]]()
    while pending:
        layer, op, k = pending.pop()
        source = op.sources[k] if op.sources else None
        if source is None and op.reads[k] < 0:
            if op.reads[k] != CONSTANT or prod(op.inputs[k]) in frozen:
                return False
            has_constant = True
            continue
        maker = find_maker(arch, layer, op, k)
        if maker is None:
            return False
        layer, number = maker
        if (layer.index, number) not in seen:
            seen.add((layer.index, number))
            op = layer.operations[number]
            pending += [Operand(layer, op, k) for k in range(len(op.inputs))]
    return has_constant


def find_maker(
    arch: Architecture, layer: Layer, op: Operation, k: int
) -> tuple[Layer, int] | None:
    """Find the operation that made an operand, by its layer and number in it.

    Where sources are left out, the memory tells in which it lies.
    """
    source = op.sources[k] if op.sources else None
    if source is None:
        return find_writer(arch.stored_layers[layer.index :: -1], op.reads[k])
    if source.layer != MODEL_INPUT:
        return layer, source.layer
    source = layer.sources[source.output]
    if source.layer == MODEL_INPUT:
        return None
    layer = arch.stored_layers[source.layer]
    end = layer.ends[source.output] if layer.ends else None
    if layer.ends and end is None:
        return None
    return layer, end.layer if end else len(layer.operations) - 1


def find_writer(layers: Iterable[Layer], storage: int) -> tuple[Layer, int] | None:
    """Find the first layer with an operation that writes to a storage, and which."""
    for layer in layers:
        for number, op in enumerate(layer.operations):
            if storage in op.writes:
                return layer, number
    return None

"""Where channels lie in tensors of which structure does not know it.

A split attention cuts the channels of a map into parts, a window or an unfold lays them
beside positions: their axis is followed here by how far neighbours of it lie apart. It
serves the eye alone; structure reads what `channel_axes` knows.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import CONVOLUTIONS, LOOKUPS, PRODUCTS
from resviz.readings.batch_axes import (
    VIEWS,
    find_axis_move,
    follow_layer,
    list_ends,
    move_axis_by_growth,
)
from resviz.readings.structure.graph import build_graph
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer, Operation, Shape

LEAST_MAP_AXES = 2
"""Axes behind the channels of what is shown as a map; heads of attention have one."""


class ChannelPlace(NamedTuple):
    """Where channels lie: in an axis whose values go over (…, channels, faster)."""

    axis: int
    faster: int = 1


def find_shown_channel_axis(arch: Architecture, source: Source) -> int | None:
    """Find in which axis the channels of a tensor lie, None where it is no map.

    What structure knows is so, but behind a product of two activations, where it takes
    the last axis of what may be a map of other axes. Where channels were shuffled, what
    is beside tells.
    """
    axis = build_graph(arch).find_channel_axis(source)
    place = find_channel_places(arch).get(source)
    if place is None or place.faster > 1:
        is_known = axis is not None or source.layer == MODEL_INPUT
        return axis if is_known else find_axis_beside(arch, source)
    shape = arch.stored_layers[source.layer].outputs[source.output].shape
    is_map = len(shape) - place.axis > LEAST_MAP_AXES
    return place.axis if is_map else axis


MAX_STEPS = 4
"""Layers between a tensor and a convolution that tells where its channels lie."""


def find_axis_beside(arch: Architecture, source: Source) -> int | None:
    """Find in which axis channels lie by what reads a tensor, or is put together in it.

    A convolution tells, also behind layers that keep the number of axes, as a split in
    two halves does; and so does another part of a concatenation.
    """
    graph, layers = build_graph(arch), arch.stored_layers
    pending: list[int] = [source.layer]
    rank = len(layers[source.layer].outputs[source.output].shape)
    if any(op.name == "cat" for op in layers[source.layer].operations):
        axes = (graph.channel_axes.get(k) for k in graph.before.get(source.layer, ()))
        known = next((axis for axis in axes if axis is not None), None)
        if known is not None:
            return known
    for _ in range(MAX_STEPS):
        readers = [node for layer in pending for node in graph.after.get(layer, ())]
        pending.clear()
        for layer in graph.select_layers(readers):
            ranks = {len(shape) for op in layer.operations for shape in op.outputs}
            first = layer.operations[0] if layer.operations else None
            if first is None or len(first.inputs[0]) != rank or ranks != {rank}:
                continue
            if first.name in CONVOLUTIONS and first.window:
                return rank - len(first.window.kernel) - 1
            pending.append(layer.index)
    return None


@cache_reading
def find_channel_places(arch: Architecture) -> dict[Source, ChannelPlace]:
    """Find where channels lie in what layers give, where structure is not sure."""
    graph = build_graph(arch)
    places: dict[Source, ChannelPlace] = {}
    found: dict[Source, ChannelPlace] = {}
    for number in range(len(arch.inputs)):
        axis = graph.find_channel_axis(Source(MODEL_INPUT, number))
        if axis is not None:
            places[Source(MODEL_INPUT, number)] = ChannelPlace(axis)
    for layer in arch.stored_layers:
        axis = graph.find_channel_axis(Source(layer.index))
        is_sure = axis is not None and (
            bool(layer.parameters)
            or not (found.keys() & layer.sources or multiplies_activations(layer))
        )
        inner = {} if is_sure else follow_layer(layer, places, move_place)
        for number, end in enumerate(list_ends(layer)):
            source = Source(layer.index, number)
            if end in inner:
                places[source] = found[source] = inner[end]
            elif axis is not None:
                places[source] = ChannelPlace(axis)
    return found


def multiplies_activations(layer: Layer) -> bool:
    """Tell whether a layer has a product of which no operand is a weight."""
    return any(op.name in PRODUCTS and all(op.flowing) for op in layer.operations)


def move_place(
    op: Operation, operand: int, place: ChannelPlace, after: Shape
) -> ChannelPlace | None:
    """Find where channels lie in an output, given where they do in an operand."""
    before = op.inputs[operand]
    axis: int | None = place.axis
    if op.name in VIEWS:
        return locate_channels(before, place, after)
    move = find_axis_move(op, operand)
    if move:
        axis = move(place.axis)
    elif operand and op.name in LOOKUPS:
        axis = None
    elif op.name == "im2col":  # (N, C, H, W) to (N, C·R·S, positions)
        return ChannelPlace(1, after[-2] // before[1]) if place == (1, 1) else None
    elif len(after) > len(before):
        axis = move_axis_by_growth(op, before, place.axis, after)
    elif len(after) < len(before):
        return None
    if axis is None or axis >= len(after) or after[axis] % place.faster:
        return None
    return place._replace(axis=axis)


def locate_channels(
    before: Shape, place: ChannelPlace, after: Shape
) -> ChannelPlace | None:
    """Find channels in the same values under another shape, by how far they lie apart.

    Example:
        >>> locate_channels((1, 128, 56, 56), ChannelPlace(1), (1, 2, 64, 56, 56))
        ChannelPlace(axis=2, faster=1)
    """
    apart = prod(before[place.axis + 1 :]) * place.faster
    below = 1
    for axis in reversed(range(len(after))):
        faster, rest = divmod(apart, max(below, 1))
        if rest or 0 in after:
            return None
        if after[axis] > faster:
            return None if after[axis] % faster else ChannelPlace(axis, faster)
        below *= after[axis]
    return None

"""Resolution levels: how often a map was halved since the finest of its network."""

from __future__ import annotations

from math import log2, prod
from typing import TYPE_CHECKING

from resviz.operations.families import CONVOLUTIONS
from resviz.readings.batch_axes import put_batch_first
from resviz.readings.structure.graph import build_graph
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.record import Architecture, Shape


@cache_reading
def find_finest_map(arch: Architecture) -> tuple[int, int]:
    """Return the positions of a network's finest map, and how many axes they span.

    It is an input, or what a convolution gives where a network enlarges its input.
    """
    given = [
        put_batch_first(arch, tensor.shape, axis, Source(MODEL_INPUT, number))
        for number, (tensor, axis) in enumerate(
            zip(arch.inputs, build_graph(arch).input_axes, strict=True)
        )
    ]
    found = [
        (measure_positions(shape, axis), max(len(shape) - 2, 1))
        for shape, axis in given
    ]
    found += [
        (prod(op.outputs[0][-len(op.window.kernel) :]), len(op.window.kernel))
        for layer in arch.stored_layers
        for op in layer.operations
        if op.name in CONVOLUTIONS and op.window and op.outputs
    ]
    return max(found, default=(1, 1))


def measure_positions(shape: Shape, axis: int | None) -> int:
    """Return the positions of one sample; an axis that is not known has none."""
    channels = shape[axis] if axis is not None and axis < len(shape) else 1
    return prod(shape[1:]) // max(channels, 1)


def find_level(arch: Architecture, positions: int) -> int | None:
    """Return how often a map was halved along each axis; None for a vector.

    Example:
        >>> import resviz
        >>> arch = resviz.trace("resnet50")
        >>> [find_level(arch, side * side) for side in (224, 112, 56, 7, 1)]
        [0, 1, 2, 5, None]
    """
    finest, axes = find_finest_map(arch)
    if positions <= 1 < finest:
        return None
    return max(round(log2(finest / max(positions, 1)) / axes), 0)

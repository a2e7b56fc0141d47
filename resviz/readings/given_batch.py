"""Which axis of given tensors holds the samples, if any does.

Of sizes the user says where the batch is; a tensor may be a lone sample, as a picture
(C, H, W) or a sentence (L, D). Samples are apart from each other: an axis over which a
layer slides, multiplies by weights or attends is none of samples.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import ATTENTIONS, CONVOLUTIONS, PRODUCTS, REDUCTIONS
from resviz.operations.reductions import list_reduced_dims
from resviz.readings.batch_axes import (
    find_batch_axis,
    follow_batch,
    follow_layer,
    iter_flowing,
    list_ends,
    move_axis_by_product,
    move_place,
)
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.readings.batch_axes import BatchPlace, Places
    from resviz.record import Architecture, Layer, Operation

BatchAxes = tuple[int | None, ...]


class AxisUse(NamedTuple):
    """What a layer does along an axis, so that its values are no samples.

    Attributes:
        layer: its name.
        words: what it does, as "slides along".
        stays: whether all that is made of it is mixed; else only what has no samples.
    """

    layer: str
    words: str
    stays: bool = True


Uses = dict[Source, AxisUse]
"""What mixed an axis, by what gives the mixture."""


@cache_reading
def find_given_batch(arch: Architecture) -> tuple[int | None, BatchAxes]:
    """Find the batch of tensors that were given, and the axis of each that holds it.

    Returns:
        What the record has of both, unless an axis that it takes for samples is none.
    """
    axis = find_batch_axis(arch)
    axes: list[int | None] = [*(arch.batch_axes or [axis] * len(arch.inputs))]
    before = [*axes]
    for number, tensor in enumerate(arch.inputs):
        if axes[number] != 0 or tensor.shape[:1] != (arch.batch,):
            continue
        if find_axis_use(arch, number, 0) is not None:
            axes[number] = 1 if holds_samples_second(arch, number) else None
    if axes == before:
        return arch.batch_size, arch.batch_axes
    sizes = [
        tensor.shape[axis]
        for tensor, axis in zip(arch.inputs, axes, strict=True)
        if axis is not None and axis < len(tensor.shape)
    ]
    return sizes[0] if sizes else 1, tuple(axes)


def holds_samples_second(arch: Architecture, number: int) -> bool:
    """Tell whether an input is a sequence of (L, N, D), up to every output."""
    shape = arch.inputs[number].shape
    if len(shape) < 3 or shape[1] < 2 or find_axis_use(arch, number, 1) is not None:
        return False
    axes = [1 if k == number else None for k in range(len(arch.inputs))]
    places = follow_batch(arch, axes, shape[1])
    return all(source in places for source in arch.outputs)


def find_axis_use(arch: Architecture, number: int, axis: int) -> AxisUse | None:
    """Find the first layer that uses an axis of an input as samples never are."""
    batch = arch.inputs[number].shape[axis]
    if batch < 2:
        return None
    axes = [axis if k == number else None for k in range(len(arch.inputs))]
    places = follow_batch(arch, axes, batch)
    mixed: Uses = {}
    move = partial(move_place, batch=batch)
    for layer in arch.stored_layers:
        inner = follow_layer(layer, places, move)
        found = {
            Source(MODEL_INPUT, k): mixed[source]
            for k, source in enumerate(layer.sources)
            if source in mixed
        }
        for k, op in enumerate(layer.operations):
            use = find_operation_use(layer, k, op, inner, found)
            if use is not None:
                return use
        for k, end in enumerate(list_ends(layer)):
            if end in found:
                mixed[Source(layer.index, k)] = found[end]
    return None


def find_operation_use(
    layer: Layer,
    number: int,
    op: Operation,
    inner: Places,
    found: dict[Source, AxisUse],
) -> AxisUse | None:
    """Find what an operation of a layer does along the axis, if weights are in it.

    Args:
        layer: the layer.
        number: of the operation in it.
        op: the operation.
        inner: where the axis lies within the layer.
        found: what mixed it, without weights so far, by what gives the mixture.
    """
    met = [*iter_flowing(layer, number, op)]
    uses = [found[source] for _, source in met if source in found]
    if uses and is_weighted_here(op):
        return uses[0]
    for operand, source in met:
        place = inner.get(source)
        if place is None or place.slower > 1:
            continue
        words = tell_weighted_use(layer, op, operand, place)
        if words:
            return AxisUse(layer.name, words)
        words, stays = tell_mixing(op, operand, place)
        if words:
            uses.append(AxisUse(layer.name, words, stays))
    outputs = [Source(number, k) for k in range(len(op.outputs))]
    has_samples = not inner.keys().isdisjoint(outputs)
    kept = [use for use in uses if use.stays or not has_samples]
    if kept:
        found.update(dict.fromkeys(outputs, kept[0]))
    return None


def is_weighted_here(op: Operation) -> bool:
    """Tell whether an operation multiplies what flows by something that does not."""
    return op.name in PRODUCTS | CONVOLUTIONS and False in op.flowing


def tell_weighted_use(
    layer: Layer, op: Operation, operand: int, place: BatchPlace
) -> str:
    """Tell what an operation with weights does along an axis, "" if nothing."""
    shape, axis = op.inputs[operand], place.axis
    words = ""
    if op.window is not None and operand == 0:
        first = len(shape) - len(op.window.kernel)
        if axis >= first:
            words = "slides along"
        elif op.name in CONVOLUTIONS and axis == first - 1:
            words = "has its channels in"
    elif op.name == "native_layer_norm" and operand == 0 and len(op.inputs) > 1:
        words = "normalises along" if axis >= len(shape) - len(op.inputs[1]) else ""
    elif op.name in PRODUCTS and is_weighted_here(op):
        is_factor = op.name == "linear" or operand >= len(op.inputs) - 2
        if is_factor and move_axis_by_product(op, operand, axis) is None:
            words = "multiplies by weights along"
    elif op.name == "mkldnn_rnn_layer" and operand == axis == 0:
        words = "steps along"
    elif op.name == "unbind" and len(op.outputs) > 1 and axis == op.arguments["dim"]:
        words = "steps along" if any(map(is_weighted_here, layer.operations)) else ""
    return words


def tell_mixing(op: Operation, operand: int, place: BatchPlace) -> tuple[str, bool]:
    """Tell how an operation mixes what lies along an axis, "" if it does not.

    Returns:
        The words, and whether also what keeps the axis beside it is mixed.
    """
    shape, axis = op.inputs[operand], place.axis
    if op.name in ATTENTIONS:
        return "attends along" if axis == len(shape) - 2 else "", True
    if op.name in PRODUCTS and operand >= len(op.inputs) - 2:
        is_summed = move_axis_by_product(op, operand, axis) is None
        return "sums products along" if is_summed else "", True
    if op.name in REDUCTIONS and "dim" in op.arguments and len(op.inputs) == 1:
        return "pools along" if axis in list_reduced_dims(op) else "", False
    return "", False

"""Resizes: what a layer does to the positions of a map, and the arithmetic of it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import (
    AVERAGE_POOLS,
    EDGE_PADDINGS,
    MAX_POOLS,
    REDUCTIONS,
)
from resviz.units import format_sizes

if TYPE_CHECKING:
    from resviz.record import Layer, Operation, Shape


def is_pad_or_crop(layer: Layer, before: Shape, after: Shape) -> bool:
    """Tell whether a layer only pads a map, or cuts off less than half of it."""
    ops = [op for op in layer.operations if op.name in RESIZING_OPERATIONS]
    if not ops or layer.window is not None:
        return False
    is_crop = all(2 * b > a for a, b in zip(before, after, strict=True))
    return all(
        op.name in PADS
        or (op.name == "slice" and op.arguments.get("step", 1) == 1 and is_crop)
        for op in ops
    )


def changes_resolution(layer: Layer) -> bool:
    """Tell whether a layer works on positions, not on how values lie.

    A permutation or a linear layer changes the last axes too, and no resolution.
    """
    names = {op.name for op in layer.operations}
    scaled = any(name.startswith(("upsample", "pixel_")) for name in names)
    return layer.window is not None or scaled or bool(names & RESIZING_OPERATIONS)


GATHERING_OPERATIONS = AVERAGE_POOLS | REDUCTIONS
"""Operations that may make one position of a map."""

REGROUPED = ", regrouped before it"
"""What is said of a map whose values lie otherwise than in the one before."""

PADS = {"constant_pad_nd"} | EDGE_PADDINGS
"""Operations that add borders to a map."""

RESIZING_OPERATIONS = GATHERING_OPERATIONS | MAX_POOLS | PADS | {"slice"}
"""Operations that give a map of another size; so do windows and interpolation."""


def spatial_size_after(layer: Layer, before: Shape, axis: int | None) -> Shape:
    """Return the spatial size of a layer's output; () if it has none.

    The channels lie in `axis`, the second one unless it is known to be another. What
    gathers the axes of a map of size `before`, all at once or after they were made one,
    leaves one position.
    """
    axes, shape, read = len(before), layer.output_shape, layer.input_shape
    size = spatial_size(shape, axes, 1 if axis is None else axis)
    if len(size) == axes:
        is_map = axis is not None or before in list_sizes(read)
        return size if is_map or not is_cut_or_padded(layer) else ()
    gathers = any(op.name in GATHERING_OPERATIONS for op in layer.operations)
    other_axes = 1 if axis == 0 else 2  # a map without a batch has one
    drops_axes = len(read) == axes + other_axes
    drops_last = (
        len(read) == 1 + other_axes
        and shape == read[:-1]
        and read[-1] in {prod(before), before[0]}
    )
    gone = gathers and not size and (drops_axes or drops_last)
    return (1,) * axes if gone else ()


def list_sizes(shape: Shape) -> list[Shape]:
    """List what sizes a map may have, wherever its channels lie behind the batch."""
    return [shape[1:axis] + shape[axis + 1 :] for axis in range(1, len(shape))]


def is_cut_or_padded(layer: Layer) -> bool:
    """Tell whether a layer pads or slices what it reads, be it a map or not."""
    return any(op.name in PADS or op.name == "slice" for op in layer.operations)


def spatial_size(shape: Shape, axes: int, channels: int = 1) -> Shape:
    """Return a map's sizes but for the batch and the channels.

    Where the channels lie in axis 0, there is no batch.
    A line that is a map of one row, as torch pools it, is a line.
    """
    size = shape[1:channels] + shape[channels + 1 :]
    return size[1:] if axes == 1 and len(size) == 2 and size[0] == 1 else size


def explain_resize(layer: Layer, before: Shape, after: Shape) -> str:
    """Explain one change of size, as "floor((224 + 2·3 − 7)/2) + 1 = 112"."""
    window = layer.window
    slides = window and len(window.kernel) == len(before) == len(after)
    padded = find_padded_size(layer, before)
    read = layer.input_shape
    is_read = spatial_size(read, len(before)) == before or (
        padded == before == find_window_size(layer)
    )
    if window and slides and not window.transposed and is_read:
        numbers = window.kernel, window.stride, window.padding, window.dilation
        padded = find_window_size(layer) or padded
        slid = find_slid_size(layer) or after
        axes = zip(*numbers, padded, slid, strict=True)
        lines = [
            format_window_arithmetic(*axis, ceil=window.ceil_mode) for axis in axes
        ]
        arithmetic = "; ".join(dict.fromkeys(lines))
        if slid != after:
            arithmetic += f", then {explain_cut(layer, slid, after)}"
        if padded == before:
            return arithmetic
        sizes = f"{format_sizes(padded)} of {format_sizes(before)}"
        pads = any(op.name in PADS for op in layer.operations)
        return f"{'pad makes ' if pads else ''}{sizes}, then {arithmetic}"
    is_regrouped = not is_cut_or_padded(layer) or before not in list_sizes(read)
    if after in list_sizes(read) and is_regrouped:
        return f"{format_sizes(after)} of {format_sizes(before)}{REGROUPED}"
    names = [op.name for op in layer.operations if op.name in GATHERING_OPERATIONS]
    if names and set(after) == {1}:
        word = "mean" if names[0] in AVERAGE_POOLS else names[0].rpartition("_")[2]
        return f"{word} over {format_sizes(before)} = 1"
    cut = explain_cut(layer, before, after)
    return cut if find_slice_step(layer) else f"{layer.type} makes {cut}"


def explain_cut(layer: Layer, before: Shape, after: Shape) -> str:
    """Explain how fewer positions are left, as "every 2nd of 24×24 = 12×12"."""
    if step := find_slice_step(layer):
        nth = {2: "2nd", 3: "3rd"}.get(step, f"{step}th")
        return f"every {nth} of {format_sizes(before)} = {format_sizes(after)}"
    return f"{format_sizes(after)} of {format_sizes(before)}"


def find_slice_step(layer: Layer) -> int:
    """Return of how many positions a layer takes one, as `x[:, ::2]`; 0 if of all."""
    steps = (
        op.arguments.get("step", 1) for op in layer.operations if op.name == "slice"
    )
    return next((step for step in steps if step > 1), 0)


def find_padded_size(layer: Layer, before: Shape) -> Shape:
    """Find the size of the map that a layer's window slides over.

    It is that which the layer reads, unless it pads it first.
    """
    pads = [op for op in layer.operations if op.name in PADS]
    return pads[-1].outputs[0][-len(before) :] if pads else before


def find_windowed_operation(layer: Layer) -> Operation | None:
    """Find the operation of a layer whose window is the layer's."""
    windowed = (op for op in layer.operations if op.window)
    return next((op for op in windowed if op.window == layer.window), None)


def find_window_size(layer: Layer) -> Shape:
    """Find the sizes of what a layer's window slides over; () if it has no window."""
    op = find_windowed_operation(layer)
    return op.inputs[0][-len(op.window.kernel) :] if op and op.window else ()


def find_slid_size(layer: Layer) -> Shape:
    """Find the sizes of what a layer's window gives; () if it has no window."""
    op = find_windowed_operation(layer)
    return op.outputs[0][-len(op.window.kernel) :] if op and op.window else ()


def format_window_arithmetic(
    k: int, s: int, p: int, d: int, before: int, after: int, *, ceil: bool
) -> str:
    """Format the arithmetic of a window along one axis.

    Source: torch.nn.Conv2d and torch.nn.MaxPool2d, their "Shape" sections.
    """
    reach = str(k) if d == 1 else f"({d}·({k} − 1) + 1)"
    rounding = "ceil" if ceil else "floor"
    return f"{rounding}(({before} + 2·{p} − {reach})/{s}) + 1 = {after}"

"""The shape flow of a network: where its resolution changes, and by what arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import AVERAGE_POOLS, MAX_POOLS, REDUCTIONS
from resviz.readings.structure import read_structure
from resviz.record.cached import cache_reading
from resviz.units import format_sizes

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer, Shape


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One change of resolution on the main path.

    Attributes:
        name: of the layer, "input" for the first.
        size: spatial size after it, (H, W).
        output_shape: (N, C, H, W).
        arithmetic: how the size comes about, one line for each different axis;
            "" for the input.
    """

    name: str
    size: Shape
    output_shape: Shape
    arithmetic: str


@cache_reading
def read_flow(arch: Architecture) -> tuple[FlowStep, ...]:
    """Read the steps from the input to the last map, along the main path.

    () for a network that slides no window, whose sizes are no resolutions.
    """
    structure = read_structure(arch)
    path = [arch.stored_layers[index] for index in structure.main_path]
    shape = arch.input_shape
    windows = [layer.window for layer in path if layer.window]
    if len(shape) < 3 or not windows:
        return ()
    axes = len(windows[0].kernel)  # of a video, frame by frame
    size = shape[-axes:] if len(shape) > axes + 2 else shape[2:]
    steps = [FlowStep("input", size, shape, "")]
    for layer in path:
        axis = structure.channel_axes.get(layer.index)
        before = steps[-1].size
        after = spatial_size_after(layer, before, axis)
        if after and before != after and changes_resolution(layer):
            arithmetic = explain_resize(layer, before, after)
            steps.append(FlowStep(layer.name, after, layer.output_shape, arithmetic))
    return tuple(steps)


def changes_resolution(layer: Layer) -> bool:
    """Tell whether a layer works on positions, not on how values lie.

    A permutation or a linear layer changes the last axes too, and no resolution.
    """
    names = {op.name for op in layer.operations}
    scaled = any(name.startswith(("upsample", "pixel_")) for name in names)
    return layer.window is not None or scaled or bool(names & RESIZING_OPERATIONS)


GATHERING_OPERATIONS = AVERAGE_POOLS | REDUCTIONS
"""Operations that may make one position of a map."""

RESIZING_OPERATIONS = (
    GATHERING_OPERATIONS | MAX_POOLS | {"slice", "constant_pad_nd", "reflection_pad2d"}
)
"""Operations that give a map of another size; so do windows and interpolation."""


def spatial_size_after(layer: Layer, before: Shape, axis: int | None) -> Shape:
    """Return the spatial size of a layer's output; () if it has none.

    The channels lie in `axis`, the second one unless it is known to be another. What
    gathers the axes of a map of size `before`, all at once or after they were made one,
    leaves one position.
    """
    axes, shape, read = len(before), layer.output_shape, layer.input_shape
    size = spatial_size(shape, axes, axis or 1)
    if len(size) == axes:
        return size
    gathers = any(op.name in GATHERING_OPERATIONS for op in layer.operations)
    drops_axes = len(read) == axes + 2
    drops_last = len(read) == 3 and shape == read[:2] and read[2] in {
        prod(before), before[0]
    }  # fmt: skip
    gone = gathers and not size and (drops_axes or drops_last)
    return (1,) * axes if gone else ()


def spatial_size(shape: Shape, axes: int, channels: int = 1) -> Shape:
    """Return a map's sizes but for the batch and the channels.

    A line that is a map of one row, as torch pools it, is a line.
    """
    size = shape[1:channels] + shape[channels + 1 :]
    return size[1:] if axes == 1 and len(size) == 2 and size[0] == 1 else size


def explain_resize(layer: Layer, before: Shape, after: Shape) -> str:
    """Explain one change of size, as "floor((224 + 2·3 − 7)/2) + 1 = 112"."""
    window = layer.window
    slides = window and len(window.kernel) == len(before) == len(after)
    is_read = spatial_size(layer.input_shape, len(before)) == before
    if window and slides and not window.transposed and is_read:
        numbers = window.kernel, window.stride, window.padding, window.dilation
        axes = zip(*numbers, before, after, strict=True)
        lines = [
            format_window_arithmetic(*axis, ceil=window.ceil_mode) for axis in axes
        ]
        return "; ".join(dict.fromkeys(lines))
    names = [op.name for op in layer.operations if op.name in GATHERING_OPERATIONS]
    if names and set(after) == {1}:
        word = "mean" if names[0] in AVERAGE_POOLS else names[0].rpartition("_")[2]
        return f"{word} over {format_sizes(before)} = 1"
    return f"{layer.type} makes {format_sizes(after)} of {format_sizes(before)}"


def format_window_arithmetic(
    k: int, s: int, p: int, d: int, before: int, after: int, *, ceil: bool
) -> str:
    """Format the arithmetic of a window along one axis.

    Source: torch.nn.Conv2d and torch.nn.MaxPool2d, their "Shape" sections.
    """
    reach = str(k) if d == 1 else f"({d}·({k} − 1) + 1)"
    rounding = "ceil" if ceil else "floor"
    return f"{rounding}(({before} + 2·{p} − {reach})/{s}) + 1 = {after}"

"""The shape flow of a network: where its resolution changes, and by what arithmetic."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from resviz.operations.families import ELEMENTWISE, RESHAPES
from resviz.readings.batch_axes import find_batch_places, find_sample_shape
from resviz.readings.resizes import (
    REGROUPED,
    changes_resolution,
    explain_resize,
    find_slice_step,
    find_window_size,
    find_windowed_operation,
    is_cut_or_padded,
    is_pad_or_crop,
    spatial_size_after,
)
from resviz.readings.structure import read_structure
from resviz.readings.structure.channel_axes import find_input_axis
from resviz.readings.structure.unit_types import ATTENTION_TYPES
from resviz.readings.structure.weights import is_upsampling
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.readings.structure import Structure
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

    () for a network that slides no window, whose sizes are no resolutions. What is
    padded before a window, or cropped after one, is no step of its own.
    """
    structure = read_structure(arch)
    path = leave_out_parts([arch.stored_layers[index] for index in structure.main_path])
    first = next((k for k, layer in enumerate(path) if layer.window), None)
    if first is None:
        return ()
    start, number = find_first_map(structure, path[: first + 1])
    if start is None:
        return ()
    axes = find_map_axes(structure, path[first])
    return tuple(
        follow_sizes(path, number, start, axes, find_attention_layers(structure))
    )


def leave_out_parts(path: Sequence[Layer]) -> list[Layer]:
    """Leave out of a path what writes to a part of a tensor, and the views of the part.

    What is read behind it is the whole tensor, as a volume that a loop fills.
    """
    kept: list[Layer] = []
    for layer, reader in zip_longest(path, path[1:]):
        kept.append(layer)
        if reader and WRITERS.issuperset(op.name for op in layer.operations):
            read = (each.output for each in reader.sources if each.layer == layer.index)
            if any(read):  # its first output is the part
                while kept and VIEWS.issuperset(op.name for op in kept[-1].operations):
                    kept.pop()
    return kept


WRITERS = ELEMENTWISE | {"copy"}
"""Operations of one result, which have another where they write to a part of one."""

VIEWS = WRITERS | RESHAPES | {"select", "slice"}
"""Operations that say to which part something is written, and what writes it."""


def follow_sizes(
    path: Sequence[Layer],
    number: int,
    start: FlowStep,
    axes: Mapping[int, int | None],
    inner: set[int],
) -> list[FlowStep]:
    """List the steps along a path.

    Args:
        path: layers.
        number: of the first that reads the map of `start`.
        start: the first step.
        axes: in which axis of each layer's output the channels lie.
        inner: layers of attention, which change no resolution.
    """
    steps, size = [start], start.size
    padded: list[FlowStep] = []
    last = number - 1  # the number of the layer of the last step
    for place, layer in enumerate(path[number:], start=number):
        if layer.window and layer.index in inner:
            continue
        after = spatial_size_after(layer, size, axes.get(layer.index))
        if not after or size == after or not changes_resolution(layer):
            continue
        step = make_step(layer, size, after, axes, path[last + 1 : place])
        if last == place - 1 and len(steps) > 1 and follows_slice(layer, path[last]):
            step = join_slices(layer, steps[-2].size, after, steps.pop().name)
        run = path[max(last, 0) : place + 1]
        if not padded and join_crop(run, steps, step):
            size = after
            continue
        size, last = after, place
        if is_pad_or_crop(layer, steps[-1].size, after):
            padded.append(step)
            if len(steps) > 1 and after == steps[-2].size:  # what it grew is cropped
                steps.pop()
                padded = []
            continue
        if layer.window is None:
            steps += padded
        else:
            words = [each.arithmetic for each in (*padded, step)]
            step = replace(step, arithmetic=", then ".join(words))
        padded = []
        if after != steps[-1].size:
            steps.append(step)
    return steps + padded


def make_step(
    layer: Layer,
    before: Shape,
    after: Shape,
    axes: Mapping[int, int | None],
    run: Sequence[Layer],
) -> FlowStep:
    """Make the step at a layer; where a map was regrouped in the run before it, there.

    That is the layer that regroups it, not the one that reads it.
    """
    arithmetic = explain_resize(layer, before, after)
    if not arithmetic.endswith(REGROUPED):
        return FlowStep(layer.name, after, layer.output_shape, arithmetic)
    regrouping = None
    for each in run:
        size = spatial_size_after(each, before, axes.get(each.index))
        if size == before:  # what was grouped before are windows
            regrouping = None
        elif size == after and regrouping is None:
            regrouping = each
    if regrouping is not None:
        layer, arithmetic = regrouping, arithmetic.removesuffix(" before it")
    return FlowStep(layer.name, after, layer.output_shape, arithmetic)


def join_crop(run: Sequence[Layer], steps: list[FlowStep], crop: FlowStep) -> bool:
    """Join a crop to the last step, if that only grew what it cuts off.

    As what a transposed convolution gives at its ends, which is no size of its own.

    Args:
        run: the layers from that of the last step to that which crops.
        steps: all so far; one that is undone altogether is removed.
        crop: the step of the crop.

    Returns:
        Whether it was joined.
    """
    if len(steps) < 2:
        return False
    *between, layer = run[1:]
    before, grown, after = steps[-2].size, steps[-1].size, crop.size
    is_crop = any(op.name == "slice" for op in layer.operations)
    if not (
        any(map(is_upsampling, run[0].operations))
        and is_crop
        and layer.window is None
        and find_slice_step(layer) == 0
        and all(each.window is None for each in between)
        and all(b <= a <= g for b, a, g in zip(before, after, grown, strict=True))
    ):
        return False
    grower = steps.pop()
    if after != before:
        words = f"{grower.arithmetic}, then {crop.arithmetic}"
        steps.append(replace(crop, name=grower.name, arithmetic=words))
    return True


def join_slices(layer: Layer, before: Shape, after: Shape, name: str) -> FlowStep:
    """Make one step of slices along two axes, by the name of the first."""
    arithmetic = explain_resize(layer, before, after)
    return FlowStep(name, after, layer.output_shape, arithmetic)


def follows_slice(layer: Layer, before: Layer) -> bool:
    """Tell whether a layer takes every so many positions, as the one before it."""
    return 0 < find_slice_step(layer) == find_slice_step(before)


def find_attention_layers(structure: Structure) -> set[int]:
    """Find the layers of attention that gives a map of the size it is given.

    That it makes keys of a smaller map is no change of resolution.
    """
    return {
        index
        for block in structure.blocks
        for unit in block.units
        if unit.type in ATTENTION_TYPES and unit.shortcut.kind == "identity"
        for index in unit.main_indices
    }


def find_map_axes(structure: Structure, first: Layer) -> Mapping[int, int | None]:
    """Find in which axis of each layer's output the channels lie.

    It may be the first where the first layer with a window tells that no batch is.
    """
    axes = structure.channel_axes
    if lacks_batch(first):
        return axes
    return {index: 1 if axis == 0 else axis for index, axis in axes.items()}


def lacks_batch(layer: Layer) -> bool:
    """Tell whether what a layer with a window gives is a map without a batch."""
    shape, windowed = layer.output_shape, find_windowed_operation(layer)
    return bool(
        windowed
        and windowed.window
        and len(shape) == len(windowed.window.kernel) + 1
        and shape == windowed.outputs[0][-len(shape) :]
    )


def find_first_map(
    structure: Structure, path: Sequence[Layer]
) -> tuple[FlowStep | None, int]:
    """Find the map that the first window sees, and the number of the layer behind it.

    It is the input, or what was made of it by laying its values otherwise: channels
    first, one channel that it lacked, frames one by one.

    Args:
        structure: of the record.
        path: the main path up to the first layer with a window.
    """
    window = path[-1].window
    axes = len(window.kernel) if window else 0
    arch = structure.arch
    sample = find_sample_shape(arch, arch.input_shape, Source(MODEL_INPUT)).sample
    other_axes = 2
    if lacks_batch(path[-1]):
        sample, other_axes = arch.input_shape, 1
    for number in reversed(range(len(path) - 1)):
        layer = path[number]
        names = {op.name for op in layer.operations}
        if names & RESHAPES and len(layer.output_shape) == axes + other_axes:
            size = layer.output_shape[other_axes:]
            is_input = not Counter(size) - Counter(sample)
            if not is_input and is_padded_input(
                arch, path[:number], len(layer.output_shape)
            ):
                continue
            name, shape = "input", arch.input_shape
            if not is_input:
                name, shape = layer.name, layer.output_shape
            return FlowStep(name, size, shape, ""), number + 1
    size = find_window_size(path[-1])
    if Counter(size) - Counter(sample) or any(map(changes_resolution, path[:-1])):
        size = find_input_size(arch, axes)
    step = FlowStep("input", size, arch.input_shape, "") if size else None
    return step, 0


def is_padded_input(arch: Architecture, run: Sequence[Layer], rank: int) -> bool:
    """Tell whether a map of so many axes is the input, padded or cut in a run."""
    return len(arch.input_shape) == rank and any(map(is_cut_or_padded, run))


def find_input_size(arch: Architecture, axes: int) -> Shape:
    """Find the sizes of the input along so many axes; () if it has fewer.

    They are the last ones that are neither that of the batch nor that of the channels.
    """
    if not arch.inputs:
        return ()
    places = find_batch_places(arch)
    batch_place = places.get(Source(MODEL_INPUT))
    others = {find_input_axis(arch, 0), batch_place and batch_place.axis}
    sizes = [n for k, n in enumerate(arch.input_shape) if k not in others]
    return tuple(sizes[-axes:]) if len(sizes) >= axes else ()

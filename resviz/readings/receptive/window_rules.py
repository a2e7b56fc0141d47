"""Rules of what slides, pads, cuts or scales along the axes of a map."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from resviz.readings.receptive.axis import (
    LONGEST_PERIOD,
    Taps,
    taps_of_adaptive_pool,
    taps_of_interpolation,
    taps_of_slice,
    taps_of_window,
)
from resviz.readings.receptive.maps import NO_AXIS, FieldMap, list_input_axes
from resviz.readings.receptive.rule_table import FieldStep, OutputMaps, field_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Shape


def slide_last_axes(
    field_map: FieldMap, taps: Sequence[Taps | None], shape: Shape
) -> FieldMap:
    """A map after windows along its last axes, one each."""
    return field_map.slide_taps(len(shape) - len(taps), taps, shape)


@field_rule("convolution")
def convolution(step: FieldStep) -> OutputMaps | None:
    """A window over the last axes that reads all channels of its group.

    Shapes: input (N, C, *spatial), weight (K, C/G, *kernel), output (N, K, …).
    """
    field_map, *weights = step.maps
    kernel_window = step.op.window
    if (
        field_map is None
        or kernel_window is None
        or any(w.position_axes for w in weights if w)
    ):
        return None
    # A weight that is made of the whole input, as a dynamic one, is a factor.
    step.gated = any(weights)
    place = len(step.shape) - len(kernel_window.kernel) - 1
    channels = list_input_axes(field_map.layout[place])
    if channels and kernel_window.groups > 1:
        return None
    field_map = field_map.gather_positions(channels).with_run(
        place, ((step.shape[place], NO_AXIS),)
    )
    taps = [
        taps_of_window(kernel_window, axis) for axis in range(len(kernel_window.kernel))
    ]
    return [slide_last_axes(field_map, taps, step.shape)]


@field_rule(
    "avg_pool2d", "avg_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices"
)
def pool(step: FieldStep) -> OutputMaps | None:
    """A window over the last axes, each channel for itself."""
    field_map, kernel_window = step.seeing_maps[0], step.op.window
    if kernel_window is None:
        return None
    taps = [
        taps_of_window(kernel_window, axis) for axis in range(len(kernel_window.kernel))
    ]
    slid_map = slide_last_axes(field_map, taps, step.shape)
    return [slid_map] * len(step.op.outputs)


@field_rule(
    "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d",
    "adaptive_max_pool3d",
)  # fmt: skip
def adaptive_pool(step: FieldStep) -> OutputMaps:
    """Adaptive pool: one window an output; a single output sees all."""
    field_map = step.seeing_maps[0]
    count = int(step.op.name[-2])
    for place in range(len(step.shape) - count, len(step.shape)):
        before, after = step.op.inputs[0][place], step.shape[place]
        if after == 1:
            gathered_axes = list_input_axes(field_map.layout[place])
            field_map = field_map.gather_positions(gathered_axes).with_run(
                place, ((1, NO_AXIS),)
            )
        else:
            field_map = field_map.slide_taps(
                place, [taps_of_adaptive_pool(before, after)], step.shape
            )
    return [field_map] * len(step.op.outputs)


@field_rule("constant_pad_nd")
def pad(step: FieldStep) -> OutputMaps | None:
    """Pad with positions at both ends of an axis; negative padding cuts.

    `pad` begins with the last axis: before and after it, before and after the next.
    """
    pads = step.arguments.get("pad")
    return None if pads is None else [pad_last_axes(step, pads)]


@field_rule(
    *(f"{how}_pad{d}d" for how in ("reflection", "replication") for d in (1, 2, 3)),
)
def mirror(step: FieldStep) -> OutputMaps | None:
    """Mirror padding: repeated values lie inside the input."""
    pads = step.arguments.get("padding")
    return None if pads is None else [pad_last_axes(step, pads)]


def pad_last_axes(step: FieldStep, pads: Sequence[int]) -> FieldMap:
    """Pad the last axes of a map."""
    before = pads[::2][::-1]
    return slide_last_axes(
        step.seeing_maps[0], [taps_of_slice(-n) for n in before], step.shape
    )


@field_rule("slice")
def cut(step: FieldStep) -> OutputMaps | None:
    """Slice: every `step`-th position from `start` on."""
    field_map, shape = step.seeing_maps[0], step.op.inputs[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(shape)
    start, stride = step.arguments.get("start") or 0, step.arguments.get("step") or 1
    start = max(start + shape[place], 0) if start < 0 else start
    return [field_map.slide_taps(place, [taps_of_slice(start, stride)], step.shape)]


@field_rule("pixel_shuffle", "pixel_unshuffle")
def pixel_shuffle(step: FieldStep) -> OutputMaps | None:
    """Channels to positions, or back: r positions read one, or one reads r."""
    field_map, before, after = step.seeing_maps[0], step.op.inputs[0], step.shape
    if list_input_axes(field_map.layout[-3]):
        return None
    taps = []
    for small, large in zip(before[-2:], after[-2:], strict=True):
        if large >= small:
            ratio = max(large // small, 1) if small else 1
            taps.append(Taps(ratio, 1, (range(1),) * ratio))
        else:
            ratio = small // large if large else 1
            taps.append(Taps(1, ratio, (range(ratio),)))
    field_map = field_map.with_run(len(after) - 3, ((after[-3], NO_AXIS),))
    return [slide_last_axes(field_map, taps, after)]


SAMPLE_REACH = {
    "upsample_nearest": (0, 0),
    "_upsample_nearest_exact": (0, 0),
    "upsample_linear": (0, 1),
    "upsample_bilinear": (0, 1),
    "upsample_trilinear": (0, 1),
    "upsample_bicubic": (-1, 2),
}
"""How far interpolations read around the position before a point."""


SCALE_ARGUMENTS = ("scales_w", "scales_h", "scales_d")
"""Arguments that hold the `scale_factor` of an axis, the last axis first."""


@field_rule(*(f"{name}{d}d" for name in SAMPLE_REACH for d in (1, 2, 3)))
def upsample(step: FieldStep) -> OutputMaps | None:
    """Interpolation between the positions of a map, to more or fewer of them."""
    if "scales" not in step.arguments and SCALE_ARGUMENTS[0] not in step.arguments:
        return None  # a record that does not say how
    count = int(step.op.name[-2])
    places = range(len(step.shape) - count, len(step.shape))
    return [
        slide_last_axes(
            step.seeing_maps[0], [taps_of_sampling(step, p) for p in places], step.shape
        )
    ]


def taps_of_sampling(step: FieldStep, place: int) -> Taps | None:
    """The taps of an interpolation along one axis.

    Source: torch, area_pixel_compute_source_index of UpSample.h.
    """
    kind = step.op.name[:-2]
    before, after = step.op.inputs[0][place], step.shape[place]
    if not before or not after:
        return None
    if step.arguments.get("align_corners"):
        scale, shift = Fraction(before - 1, max(after - 1, 1)), Fraction(0)
    else:
        scale = find_requested_scale(step, place) or Fraction(before, after)
        shift = (scale - 1) / 2
        if kind == "_upsample_nearest_exact":
            shift = scale / 2
        elif kind == "upsample_nearest":
            shift = Fraction(0)
    return taps_of_interpolation(scale, shift, SAMPLE_REACH[kind]) if scale else None


def find_requested_scale(step: FieldStep, place: int) -> Fraction | None:
    """Return input positions per output position if a `scale_factor` was given."""
    name = SCALE_ARGUMENTS[len(step.shape) - 1 - place]
    factor = step.arguments.get(name, step.arguments.get("scales"))
    return 1 / Fraction(factor).limit_denominator(LONGEST_PERIOD) if factor else None

"""Interpolations: a map with more or fewer positions, or sampled on a grid."""

from __future__ import annotations

from functools import partial
from math import floor
from typing import TYPE_CHECKING

from resviz.operations.kind import INTERPOLATION, SELECTION, OperationKind
from resviz.operations.shared_rules import save_nothing, save_two_operands
from resviz.operations.size_rules import (
    BY_CODE,
    SizesDisagree,
    SizeUnknown,
    refuse_always,
)
from resviz.operations.windows import LONGEST_PERIOD, Taps, slide_last_axes

if TYPE_CHECKING:
    from fractions import Fraction

    from resviz.operations.kind import OutputMaps
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Shape

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

ARGUMENTS = ("align_corners", "scales", *SCALE_ARGUMENTS[::-1])


def follow_upsample(step: FieldStep) -> OutputMaps | None:
    """Follow fields between the positions of a map, to more or fewer of them."""
    if "scales" not in step.arguments and SCALE_ARGUMENTS[0] not in step.arguments:
        return None  # a record that does not say how
    count = int(step.op.name[-2])
    places = range(len(step.shape) - count, len(step.shape))
    taps = [taps_of_sampling(step, place) for place in places]
    return [slide_last_axes(step.seeing_maps[0], taps, step.shape)]


def taps_of_sampling(step: FieldStep, place: int) -> Taps | None:
    """Return the taps of an interpolation along one axis.

    Source: torch, area_pixel_compute_source_index of UpSample.h.
    """
    from fractions import Fraction

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
    from fractions import Fraction

    name = SCALE_ARGUMENTS[len(step.shape) - 1 - place]
    factor = step.arguments.get(name, step.arguments.get("scales"))
    return 1 / Fraction(factor).limit_denominator(LONGEST_PERIOD) if factor else None


def taps_of_interpolation(
    scale: Fraction, shift: Fraction, reach: tuple[int, int]
) -> Taps:
    """Return the taps of an interpolation that reads around scale · position + shift.

    `reach` says how far around the position before it; what falls on a position
    reads that one alone.
    """
    reads = []
    for place in range(min(scale.denominator, LONGEST_PERIOD)):
        centre = scale * place + shift
        first, last = reach if centre.denominator > 1 else (0, 0)
        reads.append(range(floor(centre) + first, floor(centre) + last + 1))
    return Taps(scale.denominator, scale.numerator, tuple(reads))


def resize_upsampled(step: SizeStep) -> list[Shape]:
    """Scale the map by the factors that were given.

    Source: torch, upsample::compute_output_size of UpSample.h.
    """
    axes = int(step.op.name[-2])
    names = SCALE_ARGUMENTS[:axes][::-1]
    arguments = step.arguments
    factors = [arguments.get(name, arguments.get("scales")) for name in names]
    scales = [factor for factor in factors if factor]
    if len(scales) < axes:
        raise SizeUnknown("it interpolates to a size and by no factor; " + BY_CODE)
    sizes = [floor(n * s) for n, s in zip(step.shape[-axes:], scales, strict=True)]
    if any(size < 1 for size in sizes):
        raise SizesDisagree(f"nothing is left of {step.shape}")
    return [(*step.shape[:-axes], *sizes)]


upsampling = partial(
    OperationKind,
    arguments=ARGUMENTS,
    field=follow_upsample,
    sizes=resize_upsampled,
)
nearest = partial(upsampling, family=SELECTION)
linear = partial(upsampling, family=INTERPOLATION)
interpolation = partial(OperationKind, family=INTERPOLATION, sizes=refuse_always)

ROWS = (
    nearest("upsample_nearest1d"),
    nearest("upsample_nearest2d", saved=save_nothing),
    nearest("upsample_nearest3d"),
    nearest("_upsample_nearest_exact2d"),
    linear("upsample_bilinear2d", saved=save_nothing),
    linear("upsample_bicubic2d", saved=save_nothing),
    linear("upsample_linear1d"),
    linear("upsample_trilinear3d"),
    nearest("_upsample_nearest_exact1d"),
    nearest("_upsample_nearest_exact3d"),
    interpolation("_upsample_bilinear2d_aa"),
    interpolation("_upsample_bicubic2d_aa"),
    interpolation("grid_sampler_2d", is_lookup=True, saved=save_two_operands),
    interpolation("grid_sampler_3d", is_lookup=True),
)

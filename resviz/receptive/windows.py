"""Rules of what slides, pads, cuts or scales along the axes of a map."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from resviz.receptive.axis import LONGEST, Taps, blocks, resampled, shifted, window
from resviz.receptive.maps import PLAIN, Map, axes
from resviz.receptive.steps import Given, Step, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Shape


def slid(it: Map, taps: Sequence[Taps | None], shape: Shape) -> Map:
    """A map after windows along its last axes, one each."""
    return it.slide(len(shape) - len(taps), taps, shape)


@rule("convolution")
def convolution(step: Step) -> Given | None:
    """A window over the last axes that reads all channels of its group.

    Shapes: input (N, C, *spatial), weight (K, C/G, *kernel), output (N, K, …).
    """
    it, *weights = step.maps
    seen = step.op.window
    if it is None or seen is None or any(w.carried for w in weights if w):
        return None
    # A weight that is made of the whole input, as a dynamic one, is a factor.
    step.gated = any(weights)
    place = len(step.shape) - len(seen.kernel) - 1
    channels = axes(it.layout[place])
    if channels and seen.groups > 1:
        return None
    it = it.gather(channels).put(place, ((step.shape[place], PLAIN),))
    taps = [window(seen, axis) for axis in range(len(seen.kernel))]
    return [slid(it, taps, step.shape)]


@rule("avg_pool2d", "avg_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices")
def pool(step: Step) -> Given | None:
    """A window over the last axes, each channel for itself."""
    it, seen = step.seeing[0], step.op.window
    if seen is None:
        return None
    taps = [window(seen, axis) for axis in range(len(seen.kernel))]
    after = slid(it, taps, step.shape)
    return [after] * len(step.op.outputs)


@rule(
    "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d",
    "adaptive_max_pool3d",
)  # fmt: skip
def adaptive_pool(step: Step) -> Given:
    """So many windows as there are outputs, side by side; one sees all there is."""
    it = step.seeing[0]
    count = int(step.op.name[-2])
    for place in range(len(step.shape) - count, len(step.shape)):
        before, after = step.op.inputs[0][place], step.shape[place]
        if after == 1:
            gone = axes(it.layout[place])
            it = it.gather(gone).put(place, ((1, PLAIN),))
        else:
            it = it.slide(place, [blocks(before, after)], step.shape)
    return [it] * len(step.op.outputs)


@rule("constant_pad_nd")
def pad(step: Step) -> Given | None:
    """Positions before the first and after the last; below zero it cuts.

    `pad` begins with the last axis: before and after it, before and after the next.
    """
    pads = step.arguments.get("pad")
    return None if pads is None else [padded(step, pads)]


@rule(
    *(f"{how}_pad{d}d" for how in ("reflection", "replication") for d in (1, 2, 3)),
)
def mirror(step: Step) -> Given | None:
    """As padding; what is repeated at the border lies inside of the input."""
    pads = step.arguments.get("padding")
    return None if pads is None else [padded(step, pads)]


def padded(step: Step, pads: Sequence[int]) -> Map:
    """A map with so many positions before and after its last axes."""
    before = pads[::2][::-1]
    return slid(step.seeing[0], [shifted(-n) for n in before], step.shape)


@rule("slice")
def cut(step: Step) -> Given | None:
    """Every `step`-th position from `start` on."""
    it, shape = step.seeing[0], step.op.inputs[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(shape)
    start, by = step.arguments.get("start") or 0, step.arguments.get("step") or 1
    start = max(start + shape[place], 0) if start < 0 else start
    return [it.slide(place, [shifted(start, by)], step.shape)]


@rule("pixel_shuffle", "pixel_unshuffle")
def pixel_shuffle(step: Step) -> Given | None:
    """Channels to positions, or back: r positions read one, or one reads r."""
    it, before, after = step.seeing[0], step.op.inputs[0], step.shape
    if axes(it.layout[-3]):
        return None
    taps = []
    for small, large in zip(before[-2:], after[-2:], strict=True):
        if large >= small:
            ratio = max(large // small, 1) if small else 1
            taps.append(Taps(ratio, 1, (range(1),) * ratio))
        else:
            ratio = small // large if large else 1
            taps.append(Taps(1, ratio, (range(ratio),)))
    it = it.put(len(after) - 3, ((after[-3], PLAIN),))
    return [slid(it, taps, after)]


SAMPLED = {
    "upsample_nearest": (0, 0),
    "_upsample_nearest_exact": (0, 0),
    "upsample_linear": (0, 1),
    "upsample_bilinear": (0, 1),
    "upsample_trilinear": (0, 1),
    "upsample_bicubic": (-1, 2),
}
"""How far interpolations read around the position before a point."""


SCALES = ("scales_w", "scales_h", "scales_d")
"""Arguments that hold the `scale_factor` of an axis, the last axis first."""


@rule(*(f"{name}{d}d" for name in SAMPLED for d in (1, 2, 3)))
def upsample(step: Step) -> Given | None:
    """Interpolation between the positions of a map, to more or fewer of them."""
    if "scales" not in step.arguments and SCALES[0] not in step.arguments:
        return None  # a record that does not say how
    count = int(step.op.name[-2])
    places = range(len(step.shape) - count, len(step.shape))
    return [slid(step.seeing[0], [sampled(step, p) for p in places], step.shape)]


def sampled(step: Step, place: int) -> Taps | None:
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
        scale = asked_scale(step, place) or Fraction(before, after)
        shift = (scale - 1) / 2
        if kind == "_upsample_nearest_exact":
            shift = scale / 2
        elif kind == "upsample_nearest":
            shift = Fraction(0)
    return resampled(scale, shift, SAMPLED[kind]) if scale else None


def asked_scale(step: Step, place: int) -> Fraction | None:
    """Positions before for one after, where a `scale_factor` was asked for."""
    name = SCALES[len(step.shape) - 1 - place]
    factor = step.arguments.get(name, step.arguments.get("scales"))
    return 1 / Fraction(factor).limit_denominator(LONGEST) if factor else None

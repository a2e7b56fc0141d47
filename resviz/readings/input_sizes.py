"""How inputs of other sizes suit a network: its last map, its costs, what is wasted.

Where a stride does not divide the side of a map, the last window of a row either lies
partly beyond the map, and is paid for all the same, or leaves positions unread.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import prod
from typing import TYPE_CHECKING, cast

from resviz.errors import ResizeError, SpecError, TraceError
from resviz.readings.resized import TRACE_AGAIN, resize_record
from resviz.readings.resizes import (
    find_slice_step,
    find_slid_size,
    find_window_size,
    spatial_size,
)
from resviz.readings.shape_flow import read_flow
from resviz.readings.structure import read_structure
from resviz.readings.structure.channel_axes import find_input_axis
from resviz.units import format_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from resviz.record import Architecture, Layer, Shape

WRITTEN_SIZES = "160, 320x480, or 128..512:32"
"""How sizes are written: a side of all axes, one an axis, or from..to:step."""

DEFAULT_ROWS = 12
"""About how many sizes are tried where none are named."""

MAX_ROWS = 4096
"""How many sizes may be asked for at once."""


@dataclass(frozen=True, slots=True)
class UnevenStep:
    """A change of resolution whose stride does not divide the side of its map.

    Attributes:
        name: of the layer.
        before: sizes of the map that it reads, (H, W).
        after: of the map that it gives.
        reads_padding: whether its last windows read padding.
        cut: positions along each axis that none of its windows reads.
    """

    name: str
    before: Shape
    after: Shape
    reads_padding: bool
    cut: Shape


@dataclass(frozen=True, slots=True)
class SizeFit:
    """How one size of the input suits a network.

    Attributes:
        size: of the input, (H, W).
        arch: the record at this size; None where it does not work or is not known.
        why: the reason for that, "" where there is a record.
        fails: whether it is known not to work.
        last_map: sizes of the last map before it is pooled; () if there is none.
        beyond: of its area, the share that lies beyond the input.
        cut: of the input's area, the share that no window reads at some resolution.
        uneven: the steps where that comes about, from the input on.
    """

    size: Shape
    arch: Architecture | None
    why: str = ""
    fails: bool = False
    last_map: Shape = ()
    beyond: Fraction = Fraction(0)
    cut: Fraction = Fraction(0)
    uneven: tuple[UnevenStep, ...] = ()

    @property
    def strides(self) -> tuple[Fraction, ...]:
        """Pixels of the input for each position of the last map, along each axis."""
        pairs = zip(self.size, self.last_map, strict=False)
        return tuple(Fraction(side, positions) for side, positions in pairs)


def fit_sizes(
    arch: Architecture,
    sizes: Iterable[Shape],
    trace_at: Callable[[Shape], Architecture] | None = None,
) -> Iterator[SizeFit]:
    """Yield how each size of the only input suits a network.

    Args:
        arch: the record.
        sizes: of the positions of the input, (H, W) of an image.
        trace_at: what traces the network for a sample of another size; if left out,
            each is worked out from the record.

    Raises:
        SpecError: as `find_side_axes`.
    """
    find_record = trace_at or partial(resize_record, arch, batch=arch.batch)
    sides = find_side_axes(arch)
    steps = find_map_steps(arch)
    for size in sizes:
        sample = [*arch.input_shape]
        for axis, side in zip(sides, size, strict=True):
            sample[axis] = side
        if tuple(sample) == arch.input_shape:
            yield measure_fit(arch, size, steps)
            continue
        try:
            resized = find_record(tuple(sample[1:]))
        except (ResizeError, TraceError) as error:
            words = str(error).partition("\n")[0].removeprefix(f"{arch.name}")
            words = words.partition(": ")[2].removesuffix(f"; {TRACE_AGAIN}")
            fails = isinstance(error, TraceError) or error.fails
            yield SizeFit(size, None, words, fails=fails)
        else:
            yield measure_fit(resized, size, steps)


def find_side_axes(arch: Architecture) -> tuple[int, ...]:
    """Find the axes of the input that hold positions, those of a map but for channels.

    Raises:
        SpecError: if there is not one input, or it is no batch of maps.
    """
    if len(arch.inputs) != 1:
        count = len(arch.inputs)
        raise SpecError(f"{arch.name}: sizes of one input are tried, it has {count}")
    shape, channels = arch.input_shape, find_input_axis(arch, 0)
    if len(shape) < 3 or channels in {0, None} or "int" in arch.inputs[0].dtype:
        raise SpecError(
            f"{arch.name}: sizes are tried of maps, (N, C, H, W), its input is "
            f"{format_sizes(shape)}"
        )
    return tuple(axis for axis in range(1, len(shape)) if axis != channels)


def find_map_steps(arch: Architecture) -> tuple[tuple[int, int], ...]:
    """Find the layers that change the resolution, up to that of the last map.

    It is the last that leaves more than a single position. Each is the number of a
    layer, and in which axis the channels of its output lie.
    """
    steps = read_flow(arch)[1:]
    while steps and prod(steps[-1].size) == 1:
        steps = steps[:-1]
    numbers = {layer.name: layer.index for layer in arch.stored_layers}
    axes = read_structure(arch).channel_axes
    found = [numbers[step.name] for step in steps]
    return tuple((number, axes.get(number) or 1) for number in found)


def measure_fit(
    arch: Architecture, size: Shape, steps: Sequence[tuple[int, int]]
) -> SizeFit:
    """Measure how a size suits a network, of whose record there it is.

    Args:
        arch: the record at this size.
        size: of its input.
        steps: as `find_map_steps` gives them.
    """
    before, covered, read = size, Fraction(1), Fraction(1)
    uneven: list[UnevenStep] = []
    for number, channels in steps:
        layer = arch.stored_layers[number]
        after = spatial_size(layer.output_shape, len(size), channels)
        strides = find_strides(layer, before, after)
        cut = count_unread(layer, before)
        sides = zip(strides, before, after, strict=True)
        ratios = [Fraction(a * s, b) for s, b, a in sides if s > 1]
        ratio = prod(max(ratio, Fraction(1)) for ratio in ratios)
        if ratio > 1 or any(cut):
            pads = reads_far_padding(layer, before)
            uneven.append(UnevenStep(layer.name, before, after, pads, cut))
        covered *= ratio
        read *= prod(1 - Fraction(c, b) for c, b in zip(cut, before, strict=True))
        before = after
    last_map = before if steps else ()
    return SizeFit(
        size,
        arch,
        last_map=last_map,
        beyond=1 - 1 / covered,
        cut=1 - read,
        uneven=tuple(uneven),
    )


def reads_far_padding(layer: Layer, before: Shape) -> bool:
    """Tell whether the last windows of a layer reach beyond the map that it reads."""
    if layer.window is None:
        return False
    paddings = layer.window.padding
    spans = zip(measure_spans(layer), paddings, before, strict=False)
    return any(span - padding > side for span, padding, side in spans)


def find_strides(layer: Layer, before: Shape, after: Shape) -> Shape:
    """Find over how many positions a layer steps along each axis; 1 where it grows."""
    if layer.window and len(layer.window.stride) == len(before):
        is_growing = layer.window.transposed
        return (1,) * len(before) if is_growing else layer.window.stride
    step = find_slice_step(layer)
    pairs = zip(before, after, strict=True)
    return tuple(step or max(round(b / max(a, 1)), 1) for b, a in pairs)


def measure_spans(layer: Layer) -> Shape:
    """Measure how many positions all windows of a layer span, from the first padded."""
    window = layer.window
    if window is None or window.transposed:
        return ()
    axes = zip(
        window.kernel,
        window.stride,
        window.dilation,
        find_slid_size(layer),
        strict=False,
    )
    return tuple((n - 1) * s + (k - 1) * d + 1 for k, s, d, n in axes)


def count_unread(layer: Layer, before: Shape) -> Shape:
    """Count the positions along each axis behind the last window of a layer.

    What a layer pads before its window slides is not counted among them.
    """
    spans, window = measure_spans(layer), layer.window
    if window is None or len(spans) != len(before):
        return (0,) * len(before)
    read = [min(own, b) for own, b in zip(find_window_size(layer), before, strict=True)]
    return tuple(
        max(side + padding - span, 0)
        for side, padding, span in zip(read, window.padding, spans, strict=True)
    )


def read_sizes(arch: Architecture, written: object = None) -> list[Shape]:
    """Read the sizes that are asked for; the usual ones, if none are.

    Args:
        arch: the record.
        written: several, each a side, sides as (H, W), or text as in `WRITTEN_SIZES`;
            or one of these, or text of several between commas.

    Raises:
        SpecError: if one cannot be read; as `find_side_axes`.
    """
    axes = len(find_side_axes(arch))
    if written is None:
        return list_usual_sizes(arch)
    if isinstance(written, str):
        written = [word.strip() for word in written.split(",")]
    entries = cast("list[object]", written) if isinstance(written, list) else [written]
    if isinstance(written, (tuple, range)):
        entries = [*cast("tuple[object, ...]", written)]
    sizes: list[Shape] = []
    for entry in entries:
        sizes += read_size(entry, axes)
        if len(sizes) > MAX_ROWS:
            raise SpecError(f"sizes: more are named, want at most {MAX_ROWS}")
    if not sizes:
        raise SpecError(f"sizes: got none, want {WRITTEN_SIZES}")
    return [*dict.fromkeys(sizes)]


def read_size(entry: object, axes: int) -> list[Shape]:
    """Read one entry, which may be a range, as sizes along so many axes.

    Raises:
        SpecError: if it is none.
    """
    wanted = f"sizes: got {entry!r}, want {WRITTEN_SIZES}, each from 1 on"
    text = entry if isinstance(entry, str) else ""
    first, dots, rest = text.partition("..")
    if dots:
        last, _, step = rest.partition(":")
        numbers = [word.strip() for word in (first, last, step or "1")]
        if not all(word.isascii() and word.isdecimal() for word in numbers):
            raise SpecError(wanted)
        low, high, by = map(int, numbers)
        if not 0 < low <= high or not by:
            raise SpecError(wanted)
        return [(side,) * axes for side in range(low, high + 1, by)[: MAX_ROWS + 1]]
    sides = [word.strip() for word in text.replace("×", "x").split("x")]
    if text and all(side.isascii() and side.isdecimal() for side in sides):
        entry = [*map(int, sides)]
    numbers = cast("list[object]", entry) if isinstance(entry, list) else [entry]
    if isinstance(entry, tuple):
        numbers = [*cast("tuple[object, ...]", entry)]
    size = tuple(n for n in numbers if isinstance(n, int) and not isinstance(n, bool))
    if len(size) < len(numbers) or not size or min(size) < 1:
        raise SpecError(wanted)
    if len(size) == 1:
        return [size * axes]
    if len(size) != axes:
        raise SpecError(f"{wanted}; of its input {axes} axes hold positions")
    return [size]


def list_usual_sizes(arch: Architecture) -> list[Shape]:
    """List sizes around the recorded one in steps of the total stride, and one odd."""
    recorded = tuple(arch.input_shape[axis] for axis in find_side_axes(arch))
    (fit,) = fit_sizes(arch, [recorded])
    longest = max(recorded)
    stride = round(max(fit.strides, default=Fraction(1)))
    step = stride * max(round(Fraction(3 * longest, 2 * stride * DEFAULT_ROWS)), 1)
    first = -(-longest // (2 * step)) * step
    lengths = {longest, longest + 1, *range(first, 2 * longest + 1, step)}
    return [
        tuple(max(round(Fraction(side * length, longest)), 1) for side in recorded)
        for length in sorted(lengths)
    ]

"""Pools: the mean or the maximum of a window, or of a share of a map."""

from __future__ import annotations

from functools import partial
from math import gcd
from typing import TYPE_CHECKING

from resviz.operations.kind import AVERAGE_POOL, MAX_POOL, OperationKind
from resviz.operations.layouts import list_input_axes, make_plain_run
from resviz.operations.shared_rules import (
    save_nothing,
    save_operand,
    save_operand_and_rest,
)
from resviz.operations.size_rules import (
    BY_CODE,
    SizesDisagree,
    SizeUnknown,
    refuse_change,
)
from resviz.operations.windows import (
    LONGEST_PERIOD,
    Taps,
    compute_sizes_by_window,
    describe_misfit,
    expand_per_axis,
    slide_window,
)

if TYPE_CHECKING:
    from resviz.operations.kind import (
        NamedArguments,
        OutputMaps,
        WindowNumbers,
        WindowReader,
    )
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Shape


def make_window_reader(axes: int) -> WindowReader:
    """Make the reader of a pool's window over `axes` spatial axes."""

    def read_pool_window(bound: NamedArguments) -> WindowNumbers:
        kernel = expand_per_axis(bound["kernel_size"], axes)
        return (
            kernel,
            expand_per_axis(bound["stride"] or kernel, axes),
            expand_per_axis(bound["padding"], axes),
            expand_per_axis(bound.get("dilation", 1), axes),
            1,
            False,
            bound["ceil_mode"],
        )

    return read_pool_window


def follow_pool(step: FieldStep) -> OutputMaps | None:
    """Follow fields through a window over the last axes, each channel for itself."""
    window = step.op.window
    if window is None:
        return None
    slid_map = slide_window(step.seeing_maps[0], window, step.shape)
    return [slid_map] * len(step.op.outputs)


def follow_adaptive_pool(step: FieldStep) -> OutputMaps:
    """Follow fields through one window an output; a single output sees all."""
    field_map = step.seeing_maps[0]
    count = int(step.op.name[-2])
    for place in range(len(step.shape) - count, len(step.shape)):
        before, after = step.op.inputs[0][place], step.shape[place]
        if after == 1:
            gathered_axes = list_input_axes(field_map.layout[place])
            field_map = field_map.gather_positions(gathered_axes).with_run(
                place, make_plain_run(1)
            )
        else:
            field_map = field_map.slide_taps(
                place, [taps_of_adaptive_pool(before, after)], step.shape
            )
    return [field_map] * len(step.op.outputs)


def taps_of_adaptive_pool(size: int, count: int) -> Taps:
    """Return the taps of an adaptive pool from `size` positions to `count`.

    Source: torch, start_index and end_index of AdaptivePooling.h.
    """
    shared = gcd(size, count)
    period, advance = count // shared, size // shared
    reads = (
        range(place * size // count, -(-(place + 1) * size // count))
        for place in range(min(period, LONGEST_PERIOD))
    )
    return Taps(period, advance, tuple(reads))


def name_modules(*kinds: str) -> frozenset[str]:
    """Name torch's own modules of some kinds, for lines, maps and volumes."""
    return frozenset(f"{kind}{axes}d" for kind in kinds for axes in (1, 2, 3))


POOL_MODULES = name_modules("AvgPool", "MaxPool", "QuantizedMaxPool")
"""Modules that were given the size of their window when they were made."""

ADAPTIVE_MODULES = name_modules("AdaptiveAvgPool", "AdaptiveMaxPool")
"""Modules that were given the size of their output likewise."""


def resize_pool(step: SizeStep) -> list[Shape]:
    """Slide the window over another map.

    A window as large as the map, of no module, may have been given the map's size.
    """
    window = step.op.window
    if window is None:
        return refuse_change(step)
    axes = len(window.kernel)
    sizes = step.shape[-axes:]
    before = step.before[-axes:]
    is_whole = any(k == n > 1 for k, n in zip(window.kernel, before, strict=True))
    if is_whole and sizes != before and step.module not in POOL_MODULES:
        raise SizeUnknown("its window is as large as the map, and may be so again")
    output_sizes = compute_sizes_by_window(sizes, window)
    if output_sizes is None:
        raise SizesDisagree(describe_misfit(sizes, window))
    return [(*step.shape[:-axes], *output_sizes)] * len(step.op.outputs)


def resize_adaptive_pool(step: SizeStep) -> list[Shape]:
    """Give as many positions as were asked for.

    Of a module, an axis may be left as it is beside one that is not, by None.
    """
    axes = int(step.op.name[-2])
    wanted = step.op.outputs[0][-axes:]
    sizes = zip(step.before[-axes:], step.shape[-axes:], wanted, strict=True)
    changing = [(old, size) for old, now, size in sizes if old != now and size != 1]
    is_asked = step.module in ADAPTIVE_MODULES
    may_follow = any(old == size for old, size in changing)
    if changing and (not is_asked or (may_follow and wanted != step.before[-axes:])):
        raise SizeUnknown(BY_CODE)
    return [(*step.shape[:-axes], *wanted)] * len(step.op.outputs)


max_pool = partial(OperationKind, family=MAX_POOL, saved=save_operand_and_rest)
average_pool = partial(OperationKind, family=AVERAGE_POOL, saved=save_operand)

ROWS = (
    max_pool(
        "max_pool2d_with_indices",
        aliases=("quantized_max_pool2d",),
        display_name="max_pool2d",
        tool_kind="max pool",
        window=make_window_reader(2),
        field=follow_pool,
        sizes=resize_pool,
    ),
    max_pool(
        "max_pool3d_with_indices",
        aliases=("quantized_max_pool3d",),
        window=make_window_reader(3),
        field=follow_pool,
        sizes=resize_pool,
    ),
    max_pool(
        "quantized_max_pool1d",
        window=make_window_reader(1),
        field=follow_pool,
        sizes=resize_pool,
    ),
    max_pool(
        "adaptive_max_pool2d", field=follow_adaptive_pool, sizes=resize_adaptive_pool
    ),
    max_pool(
        "adaptive_max_pool3d", field=follow_adaptive_pool, sizes=resize_adaptive_pool
    ),
    OperationKind("avg_pool1d", AVERAGE_POOL, saved=save_nothing),
    average_pool(
        "avg_pool2d",
        tool_kind="average pool",
        window=make_window_reader(2),
        field=follow_pool,
        sizes=resize_pool,
    ),
    average_pool(
        "avg_pool3d", window=make_window_reader(3), field=follow_pool, sizes=resize_pool
    ),
    average_pool(
        "_adaptive_avg_pool2d",
        display_name="adaptive_avg_pool2d",
        tool_kind="global pool",
        field=follow_adaptive_pool,
        sizes=resize_adaptive_pool,
    ),
    average_pool(
        "_adaptive_avg_pool3d", field=follow_adaptive_pool, sizes=resize_adaptive_pool
    ),
)

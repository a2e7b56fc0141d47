"""Rules of what lays values out anew: views, permutations, pieces, joins of pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.receptive.axis import taps_of_slice
from resviz.readings.receptive.maps import NO_AXIS, AxisRun, FieldMap, list_input_axes
from resviz.readings.receptive.rule_table import (
    FieldStep,
    OutputMaps,
    field_rule,
    merge_maps,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Shape


@field_rule(
    "view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "squeeze",
    "unsqueeze",
)  # fmt: skip
def view(step: FieldStep) -> OutputMaps | None:
    """Reshape: the same values in the same order along other axes."""
    field_map = step.seeing_maps[0]
    layout = reshape_layout(field_map.layout, step.op.inputs[0], step.shape)
    if layout is None:
        step.why = "a map is cut into pieces"
        return None
    return [field_map.with_layout(layout)]


def reshape_layout(
    layout: Sequence[AxisRun], before: Shape, after: Shape
) -> list[AxisRun] | None:
    """A layout under another shape; None if an axis of positions is cut.

    Axes that stay at either end are kept as they are, those between are cut up and
    put together.
    """
    head = 0
    shorter = min(len(before), len(after))
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    stop = len(layout) - tail
    parts = [part for run in layout[head:stop] for part in run if part[0] != 1]
    middle = regroup_parts(parts, after[head : len(after) - tail])
    if middle is None:
        return None
    return [*layout[:head], *middle, *layout[stop:]]


def regroup_parts(
    parts: Sequence[tuple[int, int]], shape: Shape
) -> list[AxisRun] | None:
    """Regroup parts in order into runs of given sizes; None if positions are cut."""
    pending = merge_plain_parts(parts)[::-1]
    runs: list[AxisRun] = []
    for size in shape:
        run: list[tuple[int, int]] = []
        need = size
        while need > 1 and pending:
            n, k = pending.pop()
            if need % n == 0:
                run.append((n, k))
                need //= n
            elif k == NO_AXIS and n % need == 0:
                run.append((need, k))
                pending.append((n // need, k))
                need = 1
            else:
                return None
        if need != 1:
            return None
        runs.append(tuple(run) or ((1, NO_AXIS),))
    return runs


def merge_plain_parts(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge neighbouring parts that carry no positions."""
    merged_parts: list[tuple[int, int]] = []
    for n, k in parts:
        if k == NO_AXIS and merged_parts and merged_parts[-1][1] == NO_AXIS:
            merged_parts[-1] = (merged_parts[-1][0] * n, NO_AXIS)
        else:
            merged_parts.append((n, k))
    return merged_parts


@field_rule("permute", "transpose", "t")
def permute(step: FieldStep) -> OutputMaps | None:
    """Permute or transpose: the same axes in another order."""
    field_map = step.seeing_maps[0]
    rank = len(field_map.layout)
    order = list(range(rank))
    if step.op.name == "permute":
        order = [d % rank for d in step.arguments.get("dims", ())]
    elif step.op.name == "t":
        order.reverse()
    elif "dim0" in step.arguments:
        a, b = step.arguments["dim0"] % rank, step.arguments["dim1"] % rank
        order[a], order[b] = b, a
    else:
        return None
    if sorted(order) != list(range(rank)):
        return None
    return [field_map.with_layout(field_map.layout[d] for d in order)]


@field_rule("select", "unbind")
def select(step: FieldStep) -> OutputMaps | None:
    """One of the values along an axis, which goes; or each of them."""
    field_map = step.seeing_maps[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(field_map.layout)
    if step.op.inputs[0][place] > 1 and list_input_axes(field_map.layout[place]):
        step.why = "one position is singled out"
        return None
    return [field_map.without_axis(place)] * len(step.op.outputs)


@field_rule("split", "split_with_sizes", "unsafe_split", "chunk")
def split(step: FieldStep) -> OutputMaps | None:
    """Split an axis into consecutive pieces."""
    field_map = step.seeing_maps[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(field_map.layout)
    pieces: list[FieldMap] = []
    start = 0
    for shape in step.op.outputs:
        pieces.append(field_map.slide_taps(place, [taps_of_slice(start)], shape))
        start += shape[place]
    return pieces


@field_rule("cat")
def cat(step: FieldStep) -> OutputMaps | None:
    """Concatenate operands: a union if that is along channels."""
    place = step.arguments.get("dim")
    if place is None:
        return None
    maps = [it for it in step.seeing_maps if len(it.layout) == len(step.shape)]
    place %= len(step.shape)
    if any(list_input_axes(it.layout[place]) for it in maps):
        step.why = "positions are put one behind the other"
        return None
    size = step.shape[place]
    return [
        merge_maps(
            step, [it.with_run(place, ((size, NO_AXIS),)) for it in maps], step.shape
        )
    ]


@field_rule("stack")
def stack(step: FieldStep) -> OutputMaps | None:
    """Stack operands along a new axis: a union."""
    place = step.arguments.get("dim")
    if place is None:
        return None
    place %= len(step.shape)
    new: AxisRun = ((step.shape[place], NO_AXIS),)
    stacked = (
        field_map.with_layout(
            (*field_map.layout[:place], new, *field_map.layout[place:])
        )
        for field_map in step.seeing_maps
    )
    return [merge_maps(step, list(stacked), step.shape)]


@field_rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(step: FieldStep) -> OutputMaps | None:
    """Shuffle the channels, which keeps the fields."""
    field_map = step.seeing_maps[0]
    return None if list_input_axes(field_map.layout[1]) else [field_map]


@field_rule("glu")
def glu(step: FieldStep) -> OutputMaps | None:
    """Multiply one half of an axis by a gate of the other half."""
    field_map = step.seeing_maps[0]
    sizes = zip(step.op.inputs[0], step.shape, strict=True)
    place = next(d for d, (before, after) in enumerate(sizes) if before != after)
    return [field_map.slide_taps(place, [None], step.shape)]

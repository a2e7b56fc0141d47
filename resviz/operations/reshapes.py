"""Reshapes: views, permutations, copies, which change how values lie."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import RESHAPE, OperationKind
from resviz.operations.layouts import NO_AXIS, make_plain_run
from resviz.operations.shared_rules import follow_pointwise, save_nothing
from resviz.operations.size_rules import keep_size
from resviz.operations.view_sizes import (
    resize_copied,
    resize_expanded,
    resize_permuted,
    resize_squeeze,
    resize_strided,
    resize_unsqueeze,
    resize_view,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.kind import OutputMaps
    from resviz.operations.layouts import AxisRun, RunPart
    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape


def follow_view(step: FieldStep) -> OutputMaps | None:
    """Follow fields where the same values in the same order lie along other axes."""
    field_map = step.seeing_maps[0]
    layout = reshape_layout(field_map.layout, step.op.inputs[0], step.shape)
    if layout is None:
        step.why = "a map is cut into pieces, as into windows of attention"
        return None
    return [field_map.with_layout(layout)]


def reshape_layout(
    layout: Sequence[AxisRun], before: Shape, after: Shape
) -> list[AxisRun] | None:
    """Bring a layout under another shape; None if an axis of positions is cut.

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


def regroup_parts(parts: Sequence[RunPart], shape: Shape) -> list[AxisRun] | None:
    """Regroup parts in order into runs of given sizes; None if positions are cut."""
    pending = merge_plain_parts(parts)[::-1]
    runs: list[AxisRun] = []
    for size in shape:
        run: list[RunPart] = []
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
        runs.append(tuple(run) or make_plain_run(1))
    return runs


def merge_plain_parts(parts: Sequence[RunPart]) -> list[RunPart]:
    """Merge neighbouring parts that carry no positions."""
    merged_parts: list[RunPart] = []
    for n, k in parts:
        if k == NO_AXIS and merged_parts and merged_parts[-1][1] == NO_AXIS:
            merged_parts[-1] = (merged_parts[-1][0] * n, NO_AXIS)
        else:
            merged_parts.append((n, k))
    return merged_parts


def follow_permute(step: FieldStep) -> OutputMaps | None:
    """Follow fields where the same axes lie in another order."""
    rank = len(step.seeing_maps[0].layout)
    dims = step.arguments.get("dims", ())
    return reorder_axes(step, [d % rank for d in dims])


def follow_transpose(step: FieldStep) -> OutputMaps | None:
    """Follow fields where two axes change places."""
    rank = len(step.seeing_maps[0].layout)
    order = list(range(rank))
    if "dim0" not in step.arguments:
        return None
    a, b = step.arguments["dim0"] % rank, step.arguments["dim1"] % rank
    order[a], order[b] = b, a
    return reorder_axes(step, order)


def follow_matrix_transpose(step: FieldStep) -> OutputMaps | None:
    """Follow fields where rows become columns."""
    rank = len(step.seeing_maps[0].layout)
    return reorder_axes(step, list(range(rank))[::-1])


def reorder_axes(step: FieldStep, order: Sequence[int]) -> list[FieldMap] | None:
    """Put the axes of a map into an order; None if that leaves one out."""
    field_map = step.seeing_maps[0]
    if sorted(order) != list(range(len(field_map.layout))):
        return None
    return [field_map.with_layout(field_map.layout[d] for d in order)]


def follow_copy(step: FieldStep) -> OutputMaps | None:
    """Follow the fields of the second operand, which is copied over the first."""
    written_map = step.maps[-1]
    return [None if written_map is None else step.merge_maps([written_map], step.shape)]


def move_axis_by_permute(op: Operation, axis: int) -> int | None:
    """Return the axis's place after a permutation."""
    dims = [dim % len(op.inputs[0]) for dim in op.arguments.get("dims", ())]
    return dims.index(axis) if axis in dims else None


def move_axis_by_transpose(op: Operation, axis: int) -> int:
    """Return the axis's place after a transposition of two axes."""
    rank = len(op.inputs[0])
    first = op.arguments.get("dim0", 0) % rank
    second = op.arguments.get("dim1", 1) % rank
    return {first: second, second: first}.get(axis, axis)


reshape = partial(OperationKind, family=RESHAPE, saved=save_nothing)

ROWS = (
    reshape("view", field=follow_view, sizes=resize_view),
    reshape("_unsafe_view", field=follow_view, sizes=resize_view),
    reshape("reshape", field=follow_view, sizes=resize_view),
    reshape("_reshape_alias", field=follow_view, sizes=resize_view),
    reshape("flatten", field=follow_view, sizes=resize_view),
    reshape("squeeze", arguments=("dim",), field=follow_view, sizes=resize_squeeze),
    reshape("unsqueeze", arguments=("dim",), field=follow_view, sizes=resize_unsqueeze),
    reshape(
        "permute",
        arguments=("dims",),
        field=follow_permute,
        sizes=resize_permuted,
        moves_axis=move_axis_by_permute,
    ),
    reshape(
        "transpose",
        arguments=("dim0", "dim1"),
        field=follow_transpose,
        sizes=resize_permuted,
        moves_axis=move_axis_by_transpose,
    ),
    reshape(
        "t",
        field=follow_matrix_transpose,
        moves_axis=move_axis_by_transpose,
        sizes=resize_permuted,
    ),
    reshape("clone", field=follow_pointwise, sizes=keep_size),
    reshape("alias", field=follow_pointwise, sizes=keep_size),
    reshape("detach", field=follow_pointwise, sizes=keep_size),
    reshape("_to_copy", field=follow_pointwise, sizes=keep_size),
    reshape("contiguous", field=follow_pointwise, sizes=keep_size),
    reshape("lift_fresh", field=follow_pointwise, sizes=keep_size),
    reshape("expand", field=follow_pointwise, sizes=resize_expanded),
    reshape("copy", pads_channels=True, field=follow_copy, sizes=resize_copied),
    reshape("as_strided", sizes=resize_strided),
    reshape("unfold"),
    reshape("view_as_real"),
    reshape("view_as_complex"),
    reshape("diagonal"),
)

"""Reductions: one value of all along some axes, or running ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import AVERAGE_POOL, ELEMENTWISE, OperationKind
from resviz.operations.layouts import list_input_axes, make_plain_run
from resviz.operations.shared_rules import (
    follow_pointwise,
    save_nothing,
    save_operand,
    save_operand_and_result,
    save_rest,
)
from resviz.operations.size_rules import SizeUnknown, broadcast_sizes, keep_size

if TYPE_CHECKING:
    from resviz.operations.kind import OperandLearns, OutputMaps, SavedTensors
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape

ARGUMENTS = ("dim", "keepdim")


def save_extreme(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the indices along an axis; else the operand and the result."""
    whole = len(op.writes) == 1
    return save_operand_and_result(op, learns) if whole else save_rest(op, learns)


def follow_reduction(step: FieldStep) -> OutputMaps | None:
    """Follow fields to one value along some axes, which sees what all of them see."""
    rank = len(step.op.inputs[0])
    if len(step.maps) > 1:
        return follow_pointwise(step)  # the larger of two
    dims = find_reduced_axes(step, rank)
    if dims is None:
        return None
    step.why = "a part of the input is gathered"
    field_map = step.seeing_maps[0]
    field_map = field_map.gather_positions(
        k for d in dims for k in list_input_axes(field_map.layout[d])
    )
    keep = len(step.shape) == rank and rank > 0
    for d in sorted(dims, reverse=True):
        field_map = (
            field_map.with_run(d, make_plain_run(1))
            if keep
            else field_map.without_axis(d)
        )
    return [field_map] * len(step.op.outputs)


def find_reduced_axes(step: FieldStep, rank: int) -> set[int] | None:
    """Find the axes that a reduction gathers; None if the record does not say."""
    if not step.shape:
        return set(range(rank))
    if "dim" not in step.arguments:
        return None
    dim = step.arguments["dim"]
    dims = range(rank) if dim is None or dim == [] else dim
    return {d % rank for d in ([dims] if isinstance(dims, int) else dims)}


def move_axis_by_reduction(op: Operation, axis: int) -> int | None:
    """Return the axis's place after a mean or a sum; None if it is gone."""
    if len(op.outputs[0]) == len(op.inputs[0]):
        return axis
    reduced_dims = list_reduced_dims(op)
    if axis in reduced_dims:
        return None
    return axis - sum(dim < axis for dim in reduced_dims)


def list_reduced_dims(op: Operation) -> set[int]:
    """List the axes that a reduction gathers, all where it names none."""
    rank, dims = len(op.inputs[0]), op.arguments.get("dim")
    listed = [dims] if isinstance(dims, int) else dims or range(rank)
    return {dim % rank for dim in listed}


def resize_reduction(step: SizeStep) -> list[Shape]:
    """Leave the reduced axes out, or keep them with one value."""
    if len(step.shapes) > 1:
        return broadcast_sizes(step)  # the larger of two
    if not step.op.outputs[0] or not step.is_changed:
        return [*step.op.outputs]
    if "dim" not in step.arguments:
        raise SizeUnknown("the record does not say along which axis")
    dims, shape = list_reduced_dims(step.op), step.shape
    keeps = len(step.op.outputs[0]) == len(step.before)
    sizes = [(1 if d in dims else n) for d, n in enumerate(shape)]
    kept = [n for d, n in enumerate(sizes) if keeps or d not in dims]
    return [tuple(kept)] * len(step.op.outputs)


reduction = partial(
    OperationKind,
    family=ELEMENTWISE,
    arguments=ARGUMENTS,
    field=follow_reduction,
    sizes=resize_reduction,
)
running = partial(OperationKind, family=ELEMENTWISE, sizes=keep_size)
"""What has a value for each that it reads."""

ROWS = (
    OperationKind(
        "mean",
        AVERAGE_POOL,
        arguments=ARGUMENTS,
        saved=save_nothing,
        field=follow_reduction,
        sizes=resize_reduction,
        moves_axis=move_axis_by_reduction,
    ),
    reduction(
        "sum",
        is_quiet=True,
        is_linear=True,
        saved=save_nothing,
        moves_axis=move_axis_by_reduction,
    ),
    reduction("max", saved=save_extreme),
    reduction("min", saved=save_extreme),
    reduction("var", saved=save_operand),
    reduction("var_mean", saved=save_operand),
    reduction("median", saved=save_extreme),
    reduction("nanmedian", saved=save_extreme),
    reduction("amax", saved=save_operand_and_result),
    reduction("amin", saved=save_operand_and_result),
    reduction("linalg_vector_norm", saved=save_operand_and_result),
    reduction("logsumexp", saved=save_operand_and_result),
    reduction("prod", saved=save_operand_and_result),
    reduction("std", saved=save_operand_and_result),
    OperationKind("all", ELEMENTWISE),
    OperationKind("any", ELEMENTWISE),
    OperationKind("std_mean", ELEMENTWISE),
    OperationKind("argmax", ELEMENTWISE, is_differentiable=False),
    OperationKind("argmin", ELEMENTWISE, is_differentiable=False),
    running("cumsum", saved=save_nothing),
    running("cumprod", saved=save_operand_and_result),
    running("cummax"),
    running("cummin"),
    running("logcumsumexp"),
    OperationKind("aminmax", ELEMENTWISE),
    OperationKind("nansum", ELEMENTWISE),
    OperationKind("trace", ELEMENTWISE),
)

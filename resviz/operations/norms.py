"""Normalisation of activations, and of weights."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, NORM, OperationKind, SavedTensors
from resviz.operations.shared_rules import (
    follow_pointwise,
    save_always,
    save_operand_and_rest,
)
from resviz.operations.size_rules import (
    BY_CODE,
    SizesDisagree,
    SizeUnknown,
    check_weight_size,
)
from resviz.units import format_sizes

if TYPE_CHECKING:
    from resviz.operations.kind import OperandLearns
    from resviz.operations.size_rules import SizeStep
    from resviz.record import Operation, Shape


def save_norm(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operand, the statistics, and the weight if it was computed."""
    return save_operand_and_rest(op, learns)._replace(operands=(0, 1)[: len(op.reads)])


def is_instance_norm(op: Operation) -> bool:
    """Tell whether a batch norm is an instance norm, as torch runs that.

    It folds the samples into the channels of one, for which weights and statistics are
    repeated where there are any; a batch norm reads its own.
    """
    if "batch_norm" not in op.name or op.inputs[0][:1] != (1,):
        return False
    repeated = [storage >= 0 for storage in op.reads[1:]]
    return len(op.inputs) == 1 or (len(repeated) > 0 and all(repeated))


def resize_norm(step: SizeStep) -> list[Shape]:
    """Give the operand's size, if it has the channels of the weights.

    A batch norm in training wants more than one value of each channel.
    """
    op, shape = step.op, step.shape
    if len(shape) != len(step.before):
        raise SizeUnknown(BY_CODE)
    if is_instance_norm(op) and step.changes_along(0):
        raise SizeUnknown("samples are folded into the channels of one")
    if op.name in {"native_layer_norm", "_fused_rms_norm"}:
        weights = step.shapes[1] if len(step.shapes) > 1 else ()
        if weights and shape[-len(weights) :] != weights:
            got, wanted = format_sizes(shape), format_sizes(weights)
            raise SizesDisagree(f"its weights take {wanted}, {got} arrives")
        return [shape]
    if len(step.shapes) > 1:
        check_weight_size(step.shapes[1][0], shape[1])
    if "batch_norm" in op.name and len(op.writes) > 1 and prod(shape) == shape[1]:
        raise SizesDisagree("in training it wants more than one value a channel")
    return [shape]


norm = partial(
    OperationKind,
    family=NORM,
    saved=save_norm,
    field=follow_pointwise,
    sizes=resize_norm,
)

ROWS = (
    norm(
        "native_batch_norm",
        aliases=tuple(f"quantized.batch_norm{axes}" for axes in ("", "1d", "2d", "3d")),
        display_name="batch_norm",
        label="BN",
        tool_kind="batch norm",
    ),
    norm("_native_batch_norm_legit", label="BN"),
    norm("_native_batch_norm_legit_no_training", label="BN"),
    norm("_batch_norm_with_update", label="BN"),
    norm("_batch_norm_no_update", label="BN"),
    norm("cudnn_batch_norm", label="BN"),
    norm(
        "native_layer_norm",
        aliases=("quantized.layer_norm",),
        label="LN",
        tool_kind="layer norm",
    ),
    norm("native_group_norm", aliases=("quantized.group_norm",), label="GN"),
    norm("_fused_rms_norm", label="RMSNorm"),
    OperationKind(
        "_weight_norm_interface", ELEMENTWISE, saved=save_always((0, 1), (1,))
    ),
)

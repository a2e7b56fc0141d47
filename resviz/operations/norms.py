"""Normalisation of activations, and of weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, NORM, OperationKind, SavedTensors
from resviz.operations.shared_rules import (
    follow_pointwise,
    save_always,
    save_operand_and_rest,
)

if TYPE_CHECKING:
    from resviz.operations.kind import OperandLearns
    from resviz.record import Operation


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


norm = partial(OperationKind, family=NORM, saved=save_norm, field=follow_pointwise)

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

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


norm = partial(OperationKind, family=NORM, saved=save_norm, field=follow_pointwise)

ROWS = (
    norm(
        "native_batch_norm",
        display_name="batch_norm",
        label="BN",
        tool_kind="batch norm",
    ),
    norm("_native_batch_norm_legit", label="BN"),
    norm("_native_batch_norm_legit_no_training", label="BN"),
    norm("_batch_norm_with_update", label="BN"),
    norm("_batch_norm_no_update", label="BN"),
    norm("cudnn_batch_norm", label="BN"),
    norm("native_layer_norm", label="LN", tool_kind="layer norm"),
    norm("native_group_norm", label="GN"),
    norm("_fused_rms_norm", label="RMSNorm"),
    OperationKind(
        "_weight_norm_interface", ELEMENTWISE, saved=save_always((0, 1), (1,))
    ),
)

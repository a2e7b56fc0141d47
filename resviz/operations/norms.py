"""Normalisation of activations, and of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, NORM, OperationKind, SavedTensors
from resviz.operations.shared_rules import follow_pointwise, save_operand_and_rest

if TYPE_CHECKING:
    from resviz.operations.kind import OperandLearns
    from resviz.record import Operation


def save_norm(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operand, the statistics, and the weight if it was computed."""
    return save_operand_and_rest(op, learns)._replace(operands=(0, 1)[: len(op.reads)])


def save_weight_norm(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save direction, length and norms."""
    del op, learns
    return SavedTensors((0, 1), (1,))


ROWS = (
    OperationKind(
        "native_batch_norm",
        NORM,
        display_name="batch_norm",
        label="BN",
        tool_kind="batch norm",
        saved=save_norm,
        field=follow_pointwise,
    ),
    *(
        OperationKind(name, NORM, label="BN", saved=save_norm, field=follow_pointwise)
        for name in (
            "_native_batch_norm_legit",
            "_native_batch_norm_legit_no_training",
            "_batch_norm_with_update",
            "_batch_norm_no_update",
            "cudnn_batch_norm",
        )
    ),
    OperationKind(
        "native_layer_norm",
        NORM,
        label="LN",
        tool_kind="layer norm",
        saved=save_norm,
        field=follow_pointwise,
    ),
    OperationKind(
        "native_group_norm",
        NORM,
        label="GN",
        saved=save_norm,
        field=follow_pointwise,
    ),
    OperationKind(
        "_fused_rms_norm",
        NORM,
        label="RMSNorm",
        saved=save_norm,
        field=follow_pointwise,
    ),
    OperationKind("_weight_norm_interface", ELEMENTWISE, saved=save_weight_norm),
)

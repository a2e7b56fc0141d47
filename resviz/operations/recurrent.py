"""Recurrent layers as one operation, and the fused gates of their cells."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, OperationKind

if TYPE_CHECKING:
    from resviz.record import Operation


def count_lstm_macs(op: Operation) -> int:
    """Count the MACs of one LSTM layer in one direction, over all steps.

    Shapes: input (T, N, I), weights (4·H, I) and (4·H, H).
    Units: T · N · 4 · H · (I + H).
    """
    steps = prod(op.inputs[0][:-1])
    return steps * (prod(op.inputs[1]) + prod(op.inputs[2]))


def count_recurrent_macs(op: Operation) -> int:
    """Count the MACs of all layers and directions of an RNN: each matrix once a step.

    Shapes: input (T, N, I), or (T·N, I) if packed; weights (G·H, I), (G·H, H) …,
    which alone have two axes; biases have one, states three.
    """
    steps = prod(op.inputs[0][:-1])
    return steps * sum(prod(shape) for shape in op.inputs[1:] if len(shape) == 2)


ROWS = (
    OperationKind("mkldnn_rnn_layer", min_operands=3, macs=count_lstm_macs),
    OperationKind("_cudnn_rnn", min_operands=2, macs=count_recurrent_macs),
    OperationKind("miopen_rnn", min_operands=2, macs=count_recurrent_macs),
    OperationKind("_thnn_fused_lstm_cell", ELEMENTWISE),
    OperationKind("_thnn_fused_gru_cell", ELEMENTWISE),
)

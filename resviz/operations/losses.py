"""Losses inside a forward: work on values one by one, and their sum."""

from __future__ import annotations

from functools import partial

from resviz.operations.kind import ELEMENTWISE, OperationKind

loss = partial(OperationKind, family=ELEMENTWISE)

ROWS = (
    loss("mse_loss"),
    loss("huber_loss"),
    loss("smooth_l1_loss"),
    loss("soft_margin_loss"),
    loss("multi_margin_loss"),
    loss("multilabel_margin_loss_forward"),
    loss("binary_cross_entropy"),
    loss("binary_cross_entropy_with_logits"),
    loss("nll_loss_forward"),
    loss("nll_loss2d_forward"),
    loss("_ctc_loss"),
    loss("_cudnn_ctc_loss"),
    loss("miopen_ctc_loss"),
)

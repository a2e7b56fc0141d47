"""Operations of torchvision on regions and windows that move."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import (
    AVERAGE_POOL,
    INTERPOLATION,
    MAX_POOL,
    SELECTION,
    OperationKind,
)

if TYPE_CHECKING:
    from resviz.record import Operation


def count_deformable_macs(op: Operation) -> int:
    """Count the MACs of a convolution whose window is sampled; the sampling is not.

    Shapes: input (N, C, H, W), weight (K, C/G, R, S), output (N, K, H', W').
    """
    return prod(op.outputs[0]) * prod(op.inputs[1][1:])


ROWS = (
    OperationKind("torchvision.nms", SELECTION, label="NMS", is_differentiable=False),
    OperationKind(
        "torchvision.roi_align", INTERPOLATION, label="RoIAlign", is_lookup=True
    ),
    OperationKind("torchvision.roi_pool", MAX_POOL, label="RoIPool", is_lookup=True),
    OperationKind("torchvision.ps_roi_align", INTERPOLATION, is_lookup=True),
    OperationKind("torchvision.ps_roi_pool", AVERAGE_POOL, is_lookup=True),
    OperationKind(
        "torchvision.deform_conv2d",
        label="conv",
        weights=1,
        min_operands=2,
        macs=count_deformable_macs,
        sets_axis=lambda op: len(op.outputs[0]) - 3,
    ),
)

"""Gradients that a forward takes, as of an energy or for a penalty."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, OperationKind

if TYPE_CHECKING:
    from resviz.record import Operation


def count_convolution_gradient_macs(op: Operation) -> int:
    """Count the MACs of a convolution's gradients, one forward for each of the two.

    Shapes: gradient of the output, input and weight; the output mask says which of
    input, weight and bias have one. Source: torch.utils.flop_counter.
    """
    visited = op.inputs[1] if op.arguments.get("transposed") else op.inputs[0]
    wanted = op.arguments.get("output_mask", (True, True))[:2]
    return sum(map(bool, wanted)) * prod(visited) * prod(op.inputs[2][1:])


def count_attention_gradient_macs(op: Operation) -> int:
    """Count the MACs of attention's gradients: five products, the scores once more.

    Shapes: gradient (N, H, T, E), query (N, H, T, D), key (N, H, S, D), value
    (N, H, S, E). Units: N · H · T · S · (3 · D + 2 · E).
    Source: torch.utils.flop_counter.
    """
    _, query, key, value = op.inputs[:4]
    pairs = prod(query[:-1]) * prod(key[-2:-1])
    return pairs * (3 * query[-1] + 2 * value[-1])


convolution_gradient = partial(
    OperationKind,
    min_operands=3,
    arguments=("transposed", "output_mask"),
    macs=count_convolution_gradient_macs,
)
attention_gradient = partial(
    OperationKind, min_operands=4, macs=count_attention_gradient_macs
)

FREE = (
    "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "_ctc_loss", "_embedding_bag",
    "_embedding_bag_dense", "_fake_quantize_learnable_per_channel_affine",
    "_fake_quantize_learnable_per_tensor_affine", "_fused_rms_norm",
    "_grid_sampler_2d_cpu_fallback", "_masked_softmax", "_prelu_kernel",
    "_segment_reduce", "_sparse_sum", "_thnn_fused_gru_cell",
    "_upsample_bicubic2d_aa", "_upsample_bilinear2d_aa", "_upsample_lanczos2d_aa",
    "_upsample_nearest_exact1d", "_upsample_nearest_exact2d",
    "_upsample_nearest_exact3d", "_weight_norm_interface", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "avg_pool2d", "avg_pool3d", "batch_norm",
    "binary_cross_entropy", "cudnn_batch_norm", "cudnn_grid_sampler", "diagonal", "elu",
    "embedding_dense", "fractional_max_pool2d", "fractional_max_pool3d", "gelu", "glu",
    "grid_sampler_2d", "grid_sampler_3d", "hardshrink", "hardsigmoid", "hardswish",
    "hardtanh", "huber_loss", "leaky_relu", "log_sigmoid", "logit", "masked_scatter",
    "max_pool2d", "max_pool2d_with_indices", "max_pool3d_with_indices",
    "miopen_batch_norm", "mkldnn_adaptive_avg_pool2d", "mkldnn_max_pool2d",
    "mkldnn_max_pool3d", "mse_loss", "multi_margin_loss", "multilabel_margin_loss",
    "native_batch_norm", "native_dropout", "native_group_norm", "native_layer_norm",
    "nll_loss", "nll_loss2d", "reflection_pad1d", "reflection_pad2d",
    "reflection_pad3d", "replication_pad1d", "replication_pad2d", "replication_pad3d",
    "rrelu_with_noise", "select", "sigmoid", "slice", "smooth_l1_loss",
    "soft_margin_loss", "softplus", "softshrink", "tanh", "threshold", "unfold",
    "upsample_bicubic2d", "upsample_bilinear2d", "upsample_linear1d",
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d",
    "upsample_trilinear3d",
)  # fmt: skip
"""What has no MACs, and no more has its gradient."""

OTHER_FREE = (
    "_log_softmax_backward_data", "_softmax_backward_data",
    "_sparse_log_softmax_backward_data", "_sparse_softmax_backward_data",
    "_thnn_fused_lstm_cell_backward_impl", "batch_norm_backward_elemt",
    "batch_norm_backward_reduce", "glu_backward_jvp",
)  # fmt: skip
"""The same of names that end otherwise."""

ROWS = (
    convolution_gradient("convolution_backward"),
    convolution_gradient("convolution_backward_overrideable"),
    attention_gradient("_scaled_dot_product_cudnn_attention_backward"),
    attention_gradient("_scaled_dot_product_efficient_attention_backward"),
    attention_gradient("_scaled_dot_product_flash_attention_backward"),
    attention_gradient("_scaled_dot_product_flash_attention_for_cpu_backward"),
    attention_gradient("_scaled_dot_product_fused_attention_overrideable_backward"),
    *(OperationKind(f"{name}_backward", ELEMENTWISE) for name in FREE),
    *(OperationKind(name, ELEMENTWISE) for name in OTHER_FREE),
)

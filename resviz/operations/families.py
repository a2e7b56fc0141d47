"""ATen names by what the operations mean to a residual network."""

from __future__ import annotations

CONVOLUTIONS = frozenset({"convolution"})

PRODUCTS = frozenset({
    "addmm", "mm", "bmm", "baddbmm", "addbmm", "mv", "addmv", "dot",
    "_addmm_activation",
})  # fmt: skip
"""Matrix products; with one operand that is a parameter, a linear layer."""

ATTENTIONS = frozenset({
    "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention",
    "_scaled_dot_product_fused_attention_overrideable",
    "_scaled_dot_product_attention_math", "_scaled_dot_product_attention_math_for_mps",
})  # fmt: skip
"""The two products of attention, and the softmax between them, as one operation."""

JOINS = frozenset({"add", "sub", "rsub", "addcmul", "lerp"})
"""Operations by which a shortcut meets its main branch."""

CREATIONS = frozenset({
    "empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like",
    "new_empty", "new_zeros", "new_ones", "new_full", "new_empty_strided",
})  # fmt: skip
"""Operations that read only the shape of their operand: nothing flows through."""

AVERAGE_POOLS = frozenset({
    "avg_pool2d", "avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "mean",
})  # fmt: skip

MAX_POOLS = frozenset({
    "max_pool2d_with_indices", "max_pool3d_with_indices", "adaptive_max_pool2d",
    "adaptive_max_pool3d",
})  # fmt: skip

NORMS = frozenset({
    "native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm",
    "_native_batch_norm_legit_no_training", "_batch_norm_with_update",
    "_batch_norm_no_update", "native_layer_norm", "native_group_norm",
    "_fused_rms_norm",
})  # fmt: skip

ACTIVATIONS = frozenset({
    "relu", "sigmoid", "silu", "gelu", "tanh", "hardswish", "hardsigmoid",
    "hardtanh", "leaky_relu", "elu", "softplus", "mish", "_prelu_kernel", "clamp",
    "clamp_min", "clamp_max", "threshold", "log_sigmoid_forward", "prelu", "glu",
    "hardshrink", "softshrink", "rrelu_with_noise",
})  # fmt: skip

SOFTMAXES = frozenset({"_softmax", "_safe_softmax", "_log_softmax"})

RESHAPES = frozenset({
    "view", "_unsafe_view", "reshape", "_reshape_alias", "squeeze", "unsqueeze",
    "permute", "transpose", "t", "expand", "alias", "detach", "clone", "copy",
    "_to_copy", "contiguous", "flatten", "lift_fresh", "as_strided", "unfold",
    "view_as_real", "view_as_complex", "diagonal",
})  # fmt: skip
"""Operations that change how values lie, and none of them."""

SELECTIONS = frozenset({
    "slice", "select", "split", "split_with_sizes", "unsafe_split", "unbind", "cat",
    "stack", "chunk", "embedding", "im2col", "col2im", "constant_pad_nd", "index",
    "index_select", "gather", "narrow", "pixel_shuffle", "pixel_unshuffle",
    "channel_shuffle", "native_channel_shuffle", "roll", "flip", "repeat",
    "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d",
    "replication_pad2d", "replication_pad3d", "upsample_nearest1d",
    "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact2d", "tril",
    "triu",
})  # fmt: skip
"""Operations that copy some of the values, and none of them."""

INTERPOLATIONS = frozenset({
    "upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d",
    "upsample_trilinear3d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
    "grid_sampler_2d", "grid_sampler_3d",
})  # fmt: skip
"""Operations that weigh a few neighbours by where they lie."""

ELEMENTWISE = frozenset({
    "add", "sub", "mul", "div", "rsub", "neg", "pow", "sqrt", "rsqrt", "exp", "log",
    "abs", "sum", "amax", "amin", "max", "min", "var_mean", "var", "std", "erf",
    "addcmul", "addcdiv", "lerp", "where", "masked_fill", "maximum", "minimum",
    "bernoulli", "native_dropout", "fill", "zero", "eq", "ne", "gt", "lt", "ge", "le",
    "reciprocal", "square", "floor", "ceil", "round", "trunc", "sign", "sin", "cos",
    "tan", "atan", "exp2", "expm1", "log2", "log1p", "logsumexp", "remainder", "fmod",
    "floor_divide", "logical_not", "logical_and", "logical_or", "bitwise_not",
    "bitwise_and", "bitwise_or", "isnan", "isinf", "any", "all", "prod", "argmax",
    "argmin", "std_mean", "addr", "linalg_vector_norm",
    "_weight_norm_interface", "_thnn_fused_lstm_cell", "_thnn_fused_gru_cell",
})  # fmt: skip

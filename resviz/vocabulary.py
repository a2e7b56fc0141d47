"""ATen names by what the operations mean to a residual network."""

from __future__ import annotations

CONVOLUTIONS = frozenset({"convolution"})

PRODUCTS = frozenset({"addmm", "mm", "bmm", "baddbmm", "addbmm", "mv", "addmv", "dot"})
"""Matrix products; with one operand that is a parameter, a linear layer."""

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
    "clamp_min", "clamp_max", "threshold", "log_sigmoid_forward",
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
    "stack", "chunk", "embedding", "im2col", "col2im", "upsample_bilinear2d",
    "upsample_bicubic2d",
    "constant_pad_nd", "index", "gather", "narrow", "pixel_shuffle",
    "pixel_unshuffle", "channel_shuffle", "roll", "flip", "repeat",
    "reflection_pad2d", "replication_pad2d", "upsample_nearest2d",
})  # fmt: skip

ELEMENTWISE = frozenset({
    "add", "sub", "mul", "div", "rsub", "neg", "pow", "sqrt", "rsqrt", "exp", "log",
    "abs", "sum", "amax", "amin", "max", "min", "var_mean", "var", "std", "erf",
    "addcmul", "addcdiv", "lerp", "where", "masked_fill", "maximum", "minimum",
    "bernoulli", "native_dropout", "fill", "zero", "eq", "gt", "lt", "ge", "le",
    "reciprocal", "square", "floor", "round", "sin", "cos", "linalg_vector_norm",
})  # fmt: skip

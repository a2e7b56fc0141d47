"""Operations of torch that no rule counts, and why.

They have no row, so that a record keeps all their numbers for a rule of one's own.
"""

from __future__ import annotations

VALUES = "how many steps it takes is told by its values"
DRIVER = "what it runs is told by its driver, and by the rank of its values"
SPARSE = "how much of a sparse matrix is not zero is told by its values"
LENGTHS = "its sequences may be packed, their lengths values"
PACKED = "the size of its weights is packed with them"
GRADIENT = "a gradient of what is counted only forwards"
NESTED = "nested tensors are refused"

NAMES: dict[str, tuple[str, ...]] = {
    VALUES: (
        "_linalg_eigh", "_linalg_eigvals", "_linalg_svd", "linalg_eig",
        "linalg_matrix_exp", "linalg_pinv",
    ),
    DRIVER: ("linalg_lstsq",),
    SPARSE: (
        "_cslt_sparse_mm", "_sparse_addmm", "_sparse_mm", "_sparse_mm_reduce_impl",
        "_sparse_semi_structured_addmm", "_sparse_semi_structured_linear",
        "_sparse_semi_structured_mm", "_sparse_sparse_matmul", "_spsolve", "hspmm",
        "sparse_sampled_addmm",
    ),
    LENGTHS: (
        "_cudnn_attention_forward", "_efficient_attention_forward",
        "_flash_attention_forward", "_flash_attention_forward_no_dropout_inplace",
    ),
    PACKED: (
        "quantized_gru", "quantized_lstm",
    ),
    GRADIENT: (
        "_cdist_backward", "_cudnn_attention_backward", "_cudnn_rnn_backward",
        "_efficient_attention_backward", "_embedding_bag_per_sample_weights_backward",
        "_flash_attention_backward", "_pdist_backward", "_slow_conv2d_backward",
        "_sparse_mm_reduce_impl_backward", "cudnn_affine_grid_generator_backward",
        "linear_backward", "lstm_mps_backward", "matmul_backward",
        "miopen_rnn_backward", "mkldnn_linear_backward",
        "mkldnn_linear_backward_input", "mkldnn_linear_backward_weights",
        "mkldnn_rnn_layer_backward", "mps_convolution_backward",
        "mps_convolution_transpose_backward",
    ),
}  # fmt: skip
"""Their names, by the reason."""

REASONS = {name: reason for reason, names in NAMES.items() for name in names}
"""The reason of each."""


def explain_gap(name: str) -> str:
    """Say why no rule counts one of torch's operations; "" where it is not known.

    Example:
        >>> explain_gap("linalg_pinv"), explain_gap("mylib.scan")
        ('how many steps it takes is told by its values', '')
    """
    return NESTED if "nested" in name else REASONS.get(name, "")

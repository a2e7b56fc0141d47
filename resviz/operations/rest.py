"""Operations of torch of which no more need be known than that they have no MACs.

They are rare in forwards. What has rules of its own stands in the file of its kind.
"""

from __future__ import annotations

from resviz.operations.kind import (
    ACTIVATION,
    AVERAGE_POOL,
    CREATION,
    ELEMENTWISE,
    INTERPOLATION,
    MAX_POOL,
    NORM,
    RESHAPE,
    SELECTION,
    SOFTMAX,
    OperationKind,
)

FUNCTIONS = (
    "_add_relu", "_conj_physical", "_dirichlet_grad", "_masked_scale",
    "_sample_dirichlet", "_standard_gamma", "_standard_gamma_grad",
    "_transform_bias_rescale_qkv", "binomial", "dist", "glu_jvp", "poisson",
    "special_airy_ai", "special_bessel_j0", "special_bessel_j1", "special_bessel_y0",
    "special_bessel_y1", "special_chebyshev_polynomial_t",
    "special_chebyshev_polynomial_u", "special_chebyshev_polynomial_v",
    "special_chebyshev_polynomial_w", "special_hermite_polynomial_h",
    "special_hermite_polynomial_he", "special_laguerre_polynomial_l",
    "special_legendre_polynomial_p", "special_modified_bessel_i0",
    "special_modified_bessel_i1", "special_modified_bessel_k0",
    "special_modified_bessel_k1", "special_scaled_modified_bessel_k0",
    "special_scaled_modified_bessel_k1", "special_shifted_chebyshev_polynomial_t",
    "special_shifted_chebyshev_polynomial_u", "special_shifted_chebyshev_polynomial_v",
    "special_shifted_chebyshev_polynomial_w", "special_spherical_bessel_j0",
    "special_zeta",
)  # fmt: skip
"""Functions of each value."""

SUMS = (
    "_cummax_helper", "_cummin_helper", "_is_all_true", "_is_any_true",
    "_logcumsumexp", "_sparse_csr_prod", "_sparse_csr_sum", "_sparse_sum",
    "_unsafe_masked_index_put_accumulate", "embedding_renorm", "hash_tensor",
    "linalg__powsum", "native_norm", "norm", "renorm", "segment_reduce",
    "_aminmax",
)  # fmt: skip
"""What reduces values, or adds them to places."""

HISTOGRAMS = (
    "_histogramdd_bin_edges", "_histogramdd_from_bin_cts",
    "_histogramdd_from_bin_tensors", "bincount", "bucketize", "histc", "histogram",
    "searchsorted",
)  # fmt: skip
"""What compares values with others, and counts them."""

WHOLE_NUMBERS = ("__ilshift__", "__irshift__")

QUANTISED = (
    "_fake_quantize_learnable_per_channel_affine",
    "_fake_quantize_learnable_per_tensor_affine",
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
    "_fused_moving_avg_obs_fq_helper", "_fused_moving_avg_obs_fq_helper_functional",
    "_make_per_channel_quantized_tensor", "_make_per_tensor_quantized_tensor",
    "fake_quantize_per_channel_affine_cachemask",
    "fake_quantize_per_tensor_affine_cachemask", "int_repr",
)  # fmt: skip
"""Rounding of values to few bits."""

LISTED_FUNCTIONS = (
    "_foreach_abs", "_foreach_acos", "_foreach_add", "_foreach_addcdiv",
    "_foreach_addcmul", "_foreach_asin", "_foreach_atan", "_foreach_ceil",
    "_foreach_clamp_max", "_foreach_clamp_min", "_foreach_cos", "_foreach_cosh",
    "_foreach_div", "_foreach_erf", "_foreach_erfc", "_foreach_exp",
    "_foreach_expm1", "_foreach_floor", "_foreach_frac", "_foreach_lerp",
    "_foreach_lgamma", "_foreach_log", "_foreach_log10", "_foreach_log1p",
    "_foreach_log2", "_foreach_max", "_foreach_maximum", "_foreach_minimum",
    "_foreach_mul", "_foreach_neg", "_foreach_norm", "_foreach_pow",
    "_foreach_powsum", "_foreach_reciprocal", "_foreach_round", "_foreach_rsqrt",
    "_foreach_sigmoid", "_foreach_sign", "_foreach_sin", "_foreach_sinh",
    "_foreach_sqrt", "_foreach_sub", "_foreach_tan", "_foreach_tanh",
    "_foreach_trunc", "_foreach_zero",
)  # fmt: skip
"""Functions of the values of a list of tensors."""

STEPS = (
    "_amp_foreach_non_finite_check_and_unscale", "_amp_update_scale", "_fused_adagrad",
    "_fused_adam", "_fused_adamw", "_fused_sgd",
)  # fmt: skip
"""Steps of optimisers."""

WRITTEN_OVER = (
    "_fill_mem_eff_dropout_mask", "_philox_normal", "_philox_uniform", "cauchy",
    "exponential", "geometric", "log_normal", "multinomial", "normal_functional",
    "random",
)  # fmt: skip
"""Random values."""

MADE = (
    "_empty_per_channel_affine_quantized", "_new_zeros_with_same_feature_meta",
    "_philox_key_fold_in", "_philox_key_split", "empty_quantized", "linspace",
    "logspace", "randint_like",
)  # fmt: skip
"""Values out of a shape, or of ends."""

VIEWS = (
    "_conj", "_conj_copy", "_fw_primal", "_fw_primal_copy", "_indices",
    "_indices_copy", "_lazy_clone", "_make_dual", "_make_dual_copy",
    "_mkldnn_reshape", "_mkldnn_transpose", "_neg_view", "_neg_view_copy",
    "_pin_memory", "_reshape_alias_copy", "_reshape_copy", "_resize_output",
    "_sparse_broadcast_to", "_sparse_broadcast_to_copy", "_values", "_values_copy",
    "alias_copy", "as_strided_copy", "ccol_indices", "ccol_indices_copy",
    "col_indices", "col_indices_copy", "crow_indices", "crow_indices_copy",
    "detach_copy", "diagonal_copy", "expand_copy", "indices", "indices_copy", "lift",
    "lift_fresh_copy", "narrow_copy", "permute_copy", "q_per_channel_scales",
    "q_per_channel_zero_points", "record_stream", "resize", "resize_as",
    "resize_as_sparse", "row_indices", "row_indices_copy", "select_copy", "set",
    "slice_copy", "sparse_resize", "sparse_resize_and_clear", "split_copy",
    "split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy",
    "unbind_copy", "unfold_copy", "unsqueeze_copy", "values", "values_copy",
    "view_as_complex_copy", "view_as_real_copy", "view_copy",
)  # fmt: skip
"""Views, and copies of what they see."""

LAYOUTS = (
    "_coalesce", "_coalesced", "_convert_indices_from_coo_to_csr",
    "_convert_indices_from_csr_to_coo", "_convert_weight_to_int4pack",
    "_convert_weight_to_int4pack_for_cpu", "_copy_from", "_copy_from_and_resize",
    "_cslt_compress", "_cudnn_rnn_flatten_weight", "_dyn_quant_pack_4bit_weight",
    "_jagged_to_padded_dense_forward", "_padded_dense_to_jagged_forward",
    "_sparse_coo_tensor_with_dims_and_tensors", "_sparse_mask_projection",
    "_sparse_semi_structured_apply", "_sparse_semi_structured_apply_dense",
    "_sparse_semi_structured_tile", "_spdiags", "_to_dense", "_to_sparse",
    "_to_sparse_bsc", "_to_sparse_bsr", "_to_sparse_csc", "_to_sparse_csr",
    "_to_sparse_semi_structured", "copy_sparse_to_sparse", "lu_unpack",
    "mkldnn_reorder_conv2d_weight", "mkldnn_reorder_conv3d_weight",
    "sparse_compressed_tensor", "sparse_mask", "to_mkldnn", "to_padded_tensor",
)  # fmt: skip
"""Values that are laid out otherwise, packed or spread."""

PICKS = (
    "_chunk_cat", "_foreach_clone", "_foreach_copy", "_functional_assert_async",
    "_functional_assert_scalar", "_functional_sym_constrain_range",
    "_functional_sym_constrain_range_for_size", "_index_put_impl", "_stack",
    "_unique", "_unsafe_masked_index", "as_strided_scatter", "block_diag",
    "max_unpool2d", "max_unpool3d", "nonzero_static", "rot90",
    "slice_inverse", "unique_dim_consecutive", "unsafe_split_with_sizes",
)  # fmt: skip
"""What picks values or puts them together; and what only checks them."""

FAMILIES = {
    ELEMENTWISE: (
        *FUNCTIONS, *SUMS, *HISTOGRAMS, *WHOLE_NUMBERS, *QUANTISED, *LISTED_FUNCTIONS,
        *STEPS, *WRITTEN_OVER, "_fused_dropout",
    ),
    CREATION: MADE,
    RESHAPE: (*VIEWS, *LAYOUTS),
    SELECTION: PICKS,
    ACTIVATION: ("rrelu_with_noise_functional",),
    SOFTMAX: ("_masked_softmax", "_sparse_log_softmax", "_sparse_softmax"),
    NORM: (
        "_batch_norm_with_update_functional", "_native_batch_norm_legit_functional",
        "batch_norm_elemt", "batch_norm_gather_stats",
        "batch_norm_gather_stats_with_counts", "batch_norm_stats",
        "batch_norm_update_stats", "miopen_batch_norm", "quantized_batch_norm",
    ),
    MAX_POOL: (
        "fractional_max_pool2d", "fractional_max_pool3d", "mkldnn_max_pool2d",
        "mkldnn_max_pool3d",
    ),
    AVERAGE_POOL: ("mkldnn_adaptive_avg_pool2d",),
    INTERPOLATION: (
        "_grid_sampler_2d_cpu_fallback", "_upsample_lanczos2d_aa", "cudnn_grid_sampler",
    ),
}  # fmt: skip
"""Their names, by family."""

ROWS = tuple(
    OperationKind(
        name,
        family,
        label="BN" if family is NORM else "",
        is_differentiable=family is not CREATION,
    )
    for family, names in FAMILIES.items()
    for name in names
)

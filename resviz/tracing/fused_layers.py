"""Layers that torch runs as one operation, taken apart into what they add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

aten = torch.ops.aten


def run_encoder_layer(
    src: torch.Tensor,
    embed_dim: int,
    num_heads: int,
    qkv_weight: torch.Tensor,
    qkv_bias: torch.Tensor,
    proj_weight: torch.Tensor,
    proj_bias: torch.Tensor,
    use_gelu: bool,
    norm_first: bool,
    eps: float,
    norm_weight_1: torch.Tensor,
    norm_bias_1: torch.Tensor,
    norm_weight_2: torch.Tensor,
    norm_bias_2: torch.Tensor,
    ffn_weight_1: torch.Tensor,
    ffn_bias_1: torch.Tensor,
    ffn_weight_2: torch.Tensor,
    ffn_bias_2: torch.Tensor,
    mask: torch.Tensor | None = None,
    mask_type: int | None = None,
) -> torch.Tensor:
    """Run an encoder layer by its attention, its MLP, two norms and two sums.

    Shapes: `src` and what it gives (N, T, E).
    Source: torch, aten/src/ATen/native/transformers/transformer.cpp, whose names of
    arguments these are.
    """

    def normalise_first(x: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(
            x, (embed_dim,), norm_weight_1, norm_bias_1, eps
        )

    def normalise_second(x: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(
            x, (embed_dim,), norm_weight_2, norm_bias_2, eps
        )

    read = normalise_first(src) if norm_first else src
    attended, _ = aten._native_multi_head_attention(  # noqa: SLF001 - ATen names
        read, read, read, embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight,
        proj_bias, mask, need_weights=False, mask_type=mask_type,
    )  # fmt: skip
    x = attended.add_(src)
    x = x if norm_first else normalise_first(x)
    read = normalise_second(x) if norm_first else x
    wide = nn.functional.linear(read, ffn_weight_1, ffn_bias_1)
    wide = nn.functional.gelu(wide) if use_gelu else nn.functional.relu(wide)
    x = nn.functional.linear(wide, ffn_weight_2, ffn_bias_2).add_(x)
    return x if norm_first else normalise_second(x)


FUSED_LAYERS: dict[Any, Callable[..., torch.Tensor]] = {
    aten._transformer_encoder_layer_fwd.default: run_encoder_layer,  # noqa: SLF001
}
"""Fused layers of torch, and what runs them by their parts."""

"""Checks that torch's kernels make and its meta kernels leave out.

Without them a trace would give shapes that no run gives. Each raises what the kernel
does; that other operations agree, tests/tracing/test_meta_checks.py compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    OperandCheck: TypeAlias = Callable[..., None]

aten = torch.ops.aten


def check_convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: list[int],
    _padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
) -> None:
    """Check channels, groups and bias, which only plain convolutions are asked for."""
    if transposed and x.shape[1] != weight.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input "
            f"{list(x.shape)} to have {weight.shape[0]} channels, but got {x.shape[1]}"
        )
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at "
            f"dimension 0, but got weight of size {list(weight.shape)}"
        )
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and bias.shape != (channels,):
        raise RuntimeError(
            f"expected bias to be 1-dimensional with {channels} elements, but got "
            f"bias of size {list(bias.shape)}"
        )
    steps = zip(output_padding, stride, dilation, strict=False)
    if transposed and any(more >= max(s, d) for more, s, d in steps):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding {output_padding}, stride {stride}, dilation {dilation}"
        )


def check_axis(x: torch.Tensor, axis: int = -1, *_: Any, **__: Any) -> None:
    """Check that a tensor has an axis."""
    rank = max(x.dim(), 1)
    if not -rank <= axis < rank:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}]"
            f", but got {axis})"
        )


def check_interpolation(
    x: torch.Tensor, output_size: list[int], *_: Any, **__: Any
) -> None:
    """Check that a map has positions, and that some are made of them."""
    sizes = [*x.shape[2:]]
    if min([*sizes, *output_size], default=1) < 1:
        raise RuntimeError(
            "Input and output sizes should be greater than 0, but got input "
            f"{sizes} output {list(output_size)}"
        )


INTERPOLATIONS = (
    aten.upsample_linear1d, aten.upsample_bilinear2d, aten.upsample_trilinear3d,
    aten.upsample_bicubic2d,
    aten._upsample_bilinear2d_aa, aten._upsample_bicubic2d_aa,  # noqa: SLF001
)  # fmt: skip
"""Those that average; the nearest ones' meta kernels check it."""

META_CHECKS: dict[Any, OperandCheck] = {
    aten.convolution.default: check_convolution,
    aten._softmax.default: check_axis,  # noqa: SLF001 - ATen names
    aten.sort.default: check_axis,
    **{each.default: check_interpolation for each in INTERPOLATIONS},
}
"""The check of each operation that wants one."""

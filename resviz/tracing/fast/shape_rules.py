"""Shape rules: the hot operations answered without running a kernel.

torch's meta kernels are Python and cost about as much as a real forward. A rule
gives the result of the operations that a residual network is made of as empty
meta tensors of the right shape, or None where its preconditions do not hold:
torch then answers itself, and raises its own error if there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from resviz.operations.windows import compute_window_sizes
from resviz.tracing.tensors import META_DEVICE

Tensor = torch.Tensor
ShapeRule = Callable[..., Any]

SHAPE_RULES: dict[Any, ShapeRule] = {}
"""Rule of each overload; the keys are what a dispatch mode is handed."""


def shape_rule(*overloads: Any) -> Callable[[ShapeRule], ShapeRule]:
    """Make the decorated function the rule of overloads.

    Raises:
        RuntimeError: when it decorates, if one of them has a rule already.
    """

    def register(rule: ShapeRule) -> ShapeRule:
        for overload in overloads:
            if overload in SHAPE_RULES:
                raise RuntimeError(f"{overload}: a second shape rule")
            SHAPE_RULES[overload] = rule
        return rule

    return register


def make_meta_tensor(shape: tuple[int, ...] | list[int], like: Tensor) -> Tensor:
    """Return an empty meta tensor of a shape, with the dtype of `like`."""
    return torch.empty(shape, dtype=like.dtype, device=META_DEVICE)


def check_same_dtype(x: Tensor, weight: Tensor) -> None:
    """Check that both operands have one dtype, as torch's kernels do.

    Raises:
        RuntimeError: if a product of two dtypes is asked for.
    """
    if x.dtype != weight.dtype:
        raise RuntimeError(
            f"input type {x.dtype} and weight type {weight.dtype} should be the same"
        )


def is_alike(x: Tensor, y: Tensor | float) -> bool:
    """Tell whether an operation on both gives their common shape and dtype."""
    if not isinstance(y, Tensor) or x.dtype != y.dtype:
        return False
    return x.shape == y.shape and x.stride() == y.stride()


def make_meta_like(x: Tensor) -> Tensor | None:
    """Return an empty tensor with shape, strides and dtype of `x`, if that is dense."""
    is_dense = x.is_contiguous() or (
        x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last)
    )
    if not is_dense:
        return None
    return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=META_DEVICE)


aten = torch.ops.aten


@shape_rule(aten.convolution.default)
def convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
) -> Tensor | None:
    """Return (N, K, *spatial') for (N, C, *spatial) and weight (K, C/G, *kernel)."""
    del output_padding
    check_same_dtype(x, weight)
    is_plain = x.is_contiguous() and weight.is_contiguous() and not transposed
    if not is_plain or not 3 <= x.dim() == weight.dim():
        return None
    n, c, *sizes = x.shape
    k, c_per_group, *kernel = weight.shape
    if c != c_per_group * groups or k % groups:
        return None
    if bias is not None and bias.shape != (k,):
        return None
    output_sizes = compute_window_sizes(sizes, kernel, stride, padding, dilation)
    return None if output_sizes is None else make_meta_tensor((n, k, *output_sizes), x)


@shape_rule(aten.native_batch_norm.default)
def native_batch_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor] | None:
    """Return the input's shape, and saved statistics: (C,) in training, else (0,)."""
    del momentum, eps
    output = make_meta_like(x)
    if output is None or x.dim() < 2:
        return None
    c = x.shape[1]
    operands = (t for t in (weight, bias, mean, variance) if t is not None)
    if any(t.shape != (c,) or t.dtype != x.dtype for t in operands):
        return None
    saved = (c,) if training else (0,)
    return output, make_meta_tensor(saved, x), make_meta_tensor(saved, x)


@shape_rule(aten.relu.default, aten.sigmoid.default, aten.silu.default)
def activation(x: Tensor) -> Tensor | None:
    """Return the input's shape."""
    return make_meta_like(x) if x.dtype.is_floating_point else None


@shape_rule(aten.relu_.default, aten.sigmoid_.default, aten.silu_.default)
def activation_in_place(x: Tensor) -> Tensor | None:
    """Return the input itself."""
    return x if x.dtype.is_floating_point else None


@shape_rule(aten._softmax.default, aten._log_softmax.default)  # noqa: SLF001 - ATen names
def softmax(x: Tensor, dim: int, half_to_float: bool) -> Tensor | None:
    """Return the input's shape, always in the usual order in memory."""
    if half_to_float or not -x.dim() <= dim < x.dim():
        return None
    return make_meta_tensor(x.shape, x)


@shape_rule(aten.mul.Tensor)
def multiply(x: Tensor, y: Tensor) -> Tensor | None:
    """Return the shape of both; what broadcasts is left to torch."""
    return make_meta_like(x) if is_alike(x, y) else None


@shape_rule(aten.add.Tensor)
def add(x: Tensor, y: Tensor, *, alpha: float = 1) -> Tensor | None:
    """Return the shape of both; what broadcasts is left to torch."""
    del alpha
    return make_meta_like(x) if is_alike(x, y) else None


@shape_rule(aten.add_.Tensor)
def add_in_place(x: Tensor, y: Tensor, *, alpha: float = 1) -> Tensor | None:
    """Return the first input itself."""
    del alpha
    return x if is_alike(x, y) else None


@shape_rule(aten.max_pool2d_with_indices.default)
def max_pool2d(
    x: Tensor,
    kernel: list[int],
    stride: list[int] | tuple[()] = (),
    padding: list[int] | tuple[int, int] = (0, 0),
    dilation: list[int] | tuple[int, int] = (1, 1),
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor] | None:
    """Return maxima (N, C, H', W') of an input (N, C, H, W), and their indices."""
    if x.dim() != 4 or ceil_mode or not x.is_contiguous():
        return None
    if any(2 * p > k for p, k in zip(padding, kernel, strict=False)):
        return None
    n, c, *sizes = x.shape
    output_sizes = compute_window_sizes(
        sizes, kernel, [*stride] or kernel, [*padding], [*dilation]
    )
    if output_sizes is None:
        return None
    shape = (n, c, *output_sizes)
    return make_meta_tensor(shape, x), torch.empty(
        shape, dtype=torch.int64, device=META_DEVICE
    )


@shape_rule(aten.mean.dim)
def mean(
    x: Tensor,
    dim: list[int] | None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor | None:
    """Return the shape with reduced axes of size 1 if kept, without them if not."""
    if dtype is not None or not dim or not x.dtype.is_floating_point:
        return None
    if not all(-x.dim() <= axis < x.dim() for axis in dim):
        return None
    axes = {axis % x.dim() for axis in dim}
    if len(axes) < len(dim):
        return None
    axis_sizes = enumerate(x.shape)
    if keepdim:
        return make_meta_tensor(
            [1 if axis in axes else size for axis, size in axis_sizes], x
        )
    return make_meta_tensor([size for axis, size in axis_sizes if axis not in axes], x)


@shape_rule(aten.addmm.default)
def addmm(
    bias: Tensor, x: Tensor, y: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor | None:
    """Add a bias (M,) to (N, K) times (K, M), which gives (N, M)."""
    del beta, alpha
    check_same_dtype(x, y)
    is_product = x.dim() == y.dim() == 2 and x.shape[1] == y.shape[0]
    if not is_product or bias.shape != y.shape[1:]:
        return None
    return make_meta_tensor((x.shape[0], y.shape[1]), x)

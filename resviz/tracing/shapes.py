"""Shape rules: the hot operations answered without running a kernel.

torch's meta kernels are Python and cost about as much as a real forward. A rule
gives the result of the operations that a residual network is made of as empty
meta tensors of the right shape, or None where its preconditions do not hold:
torch then answers itself, and raises its own error if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from resviz.registry import registrar
from resviz.tracing.values import META

Tensor = torch.Tensor
Rule = Callable[..., Any]

RULES: dict[Any, Rule] = {}
"""Rule of each overload; the keys are what a dispatch mode is handed."""

rule = registrar(RULES, "shape rule")
"""Makes the decorated function the rule of overloads."""


def empty(shape: tuple[int, ...] | list[int], like: Tensor) -> Tensor:
    """An empty meta tensor with the dtype of `like`."""
    return torch.empty(shape, dtype=like.dtype, device=META)


def of_one_dtype(x: Tensor, weight: Tensor) -> None:
    """Check what torch's own kernels check, and its meta kernels do not.

    Raises:
        RuntimeError: if a product of two dtypes is asked for.
    """
    if x.dtype != weight.dtype:
        raise RuntimeError(
            f"input type {x.dtype} and weight type {weight.dtype} should be the same"
        )


def alike(x: Tensor, y: Tensor | float) -> bool:
    """Whether an operation on both gives their common shape and dtype."""
    if not isinstance(y, Tensor) or x.dtype != y.dtype:
        return False
    return x.shape == y.shape and x.stride() == y.stride()


def like(x: Tensor) -> Tensor | None:
    """An empty tensor with the shape, strides and dtype of `x`, if it is dense."""
    dense = x.is_contiguous() or (
        x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last)
    )
    if not dense:
        return None
    return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=META)


def slid(
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> list[int] | None:
    """Output sizes of a sliding window: ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1.

    None where the window does not fit, or an argument is not given per axis.
    Source: torch.nn.Conv2d and torch.nn.MaxPool2d, their "Shape" sections.
    """
    axes = len(sizes)
    if not len(kernel) == len(stride) == len(padding) == len(dilation) == axes:
        return None
    numbers = zip(sizes, kernel, stride, padding, dilation, strict=True)
    given = [(i + 2 * p - d * (k - 1) - 1) // s + 1 for i, k, s, p, d in numbers]
    return given if min(given) > 0 else None


aten = torch.ops.aten


@rule(aten.convolution.default)
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
    """Input (N, C, *spatial), weight (K, C/G, *kernel) to (N, K, *spatial')."""
    del output_padding
    of_one_dtype(x, weight)
    plain = x.is_contiguous() and weight.is_contiguous() and not transposed
    if not plain or not 3 <= x.dim() == weight.dim():
        return None
    n, c, *sizes = x.shape
    k, c_per_group, *kernel = weight.shape
    if c != c_per_group * groups or k % groups:
        return None
    if bias is not None and bias.shape != (k,):
        return None
    given = slid(sizes, kernel, stride, padding, dilation)
    return None if given is None else empty((n, k, *given), x)


@rule(aten.native_batch_norm.default)
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
    """The input's shape, and the saved statistics: (C,) in training, else (0,)."""
    del momentum, eps
    output = like(x)
    if output is None or x.dim() < 2:
        return None
    c = x.shape[1]
    given = (t for t in (weight, bias, mean, variance) if t is not None)
    if any(t.shape != (c,) or t.dtype != x.dtype for t in given):
        return None
    saved = (c,) if training else (0,)
    return output, empty(saved, x), empty(saved, x)


@rule(aten.relu.default, aten.sigmoid.default, aten.silu.default)
def activation(x: Tensor) -> Tensor | None:
    """The input's shape."""
    return like(x) if x.dtype.is_floating_point else None


@rule(aten.relu_.default, aten.sigmoid_.default, aten.silu_.default)
def activation_in_place(x: Tensor) -> Tensor | None:
    """The input itself."""
    return x if x.dtype.is_floating_point else None


@rule(aten._softmax.default, aten._log_softmax.default)  # noqa: SLF001 - ATen names
def softmax(x: Tensor, dim: int, half_to_float: bool) -> Tensor | None:
    """The input's shape."""
    return None if half_to_float or not -x.dim() <= dim < x.dim() else like(x)


@rule(aten.mul.Tensor)
def multiply(x: Tensor, y: Tensor) -> Tensor | None:
    """The shape of both; what broadcasts is left to torch."""
    return like(x) if alike(x, y) else None


@rule(aten.add.Tensor)
def add(x: Tensor, y: Tensor, *, alpha: float = 1) -> Tensor | None:
    """The shape of both; what broadcasts is left to torch."""
    del alpha
    return like(x) if alike(x, y) else None


@rule(aten.add_.Tensor)
def add_in_place(x: Tensor, y: Tensor, *, alpha: float = 1) -> Tensor | None:
    """The first input itself."""
    del alpha
    return x if alike(x, y) else None


@rule(aten.max_pool2d_with_indices.default)
def max_pool2d(
    x: Tensor,
    kernel: list[int],
    stride: list[int] | tuple[()] = (),
    padding: list[int] | tuple[int, int] = (0, 0),
    dilation: list[int] | tuple[int, int] = (1, 1),
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor] | None:
    """Input (N, C, H, W) to (N, C, H', W'), and the indices of the maxima."""
    if x.dim() != 4 or ceil_mode or not x.is_contiguous():
        return None
    if any(2 * p > k for p, k in zip(padding, kernel, strict=False)):
        return None
    n, c, *sizes = x.shape
    given = slid(sizes, kernel, [*stride] or kernel, [*padding], [*dilation])
    if given is None:
        return None
    shape = (n, c, *given)
    return empty(shape, x), torch.empty(shape, dtype=torch.int64, device=META)


@rule(aten.mean.dim)
def mean(
    x: Tensor,
    dim: list[int] | None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor | None:
    """The reduced axes become 1 if kept, and go otherwise."""
    if dtype is not None or not dim or not x.dtype.is_floating_point:
        return None
    if not all(-x.dim() <= axis < x.dim() for axis in dim):
        return None
    axes = {axis % x.dim() for axis in dim}
    if len(axes) < len(dim):
        return None
    kept = enumerate(x.shape)
    if keepdim:
        return empty([1 if axis in axes else size for axis, size in kept], x)
    return empty([size for axis, size in kept if axis not in axes], x)


@rule(aten.addmm.default)
def addmm(
    bias: Tensor, x: Tensor, y: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor | None:
    """A bias (M,) and (N, K) times (K, M) to (N, M)."""
    del beta, alpha
    of_one_dtype(x, y)
    fits = x.dim() == y.dim() == 2 and x.shape[1] == y.shape[0]
    if not fits or bias.shape != y.shape[1:]:
        return None
    return empty((x.shape[0], y.shape[1]), x)

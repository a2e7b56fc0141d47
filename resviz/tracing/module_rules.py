"""Rules of modules: the one operation that a usual one runs, by its shapes alone.

Nine in ten operations of a residual network are those of a convolution, a batch norm
or an activation, and torch takes longer to get to their kernels than the shapes take to
work out. A rule reads one module and tells the operation that its forward dispatches,
or gives None where that is more than one, or not as usual: the module is run then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import prod
from typing import Any

import torch
from msgspec import Struct
from torch import nn

from resviz.record import Operation, Shape, Tensor, Window
from resviz.registry import registrar
from resviz.tracing.shapes import slid
from resviz.tracing.storages import dtype_name

MOST = 4096
"""Answers that are kept: modules alike give the same for inputs alike."""


class Answer(Struct, frozen=True):
    """What a module runs for an input, the same for all that are alike.

    Attributes:
        operation: as it is recorded, but for storages.
        output: what it gives.
        strides: of that in memory.
        in_place: whether that is the input itself.
    """

    operation: Operation
    output: Tensor
    strides: tuple[int, ...]
    in_place: bool = False


def answer(
    name: str,
    inputs: tuple[Shape, ...],
    output: Shape,
    dtype: torch.dtype,
    window: Window | None = None,
    *,
    in_place: bool = False,
) -> Answer:
    """The answer of an operation of which the first operand alone flows.

    Args:
        name: its ATen name.
        inputs: shapes of its operands.
        output: shape of what it gives, which lies in memory in the usual order.
        dtype: of all of them.
        window: of a convolution.
        in_place: whether it writes to its first operand.
    """
    flowing = (True, *(False,) * (len(inputs) - 1))
    operation = Operation(name, inputs, flowing, (output,), window)
    strides = tuple(prod(output[axis + 1 :]) for axis in range(len(output)))
    return Answer(operation, Tensor(output, dtype_name(dtype)), strides, in_place)


Attributes = Mapping[str, Any]
"""Those of a module."""

Tensors = Mapping[str, torch.Tensor | None]
"""Its parameters and buffers, by name."""

Found = tuple[Answer, tuple[torch.Tensor, ...]]
"""An answer, and what the operation reads beside the input."""

Rule = Callable[[Attributes, Tensors, Shape, torch.dtype], Found | None]
"""Given a module's attributes and tensors, and the shape and dtype of its input."""

RULES: dict[type[nn.Module], Rule] = {}
"""Rule of each class; a subclass may do otherwise, and has none."""

rule = registrar(RULES, "rule of modules")
"""Makes the decorated function the rule of classes of modules."""


@rule(nn.Conv2d)
def convolution(
    state: Attributes, tensors: Tensors, shape: Shape, dtype: torch.dtype
) -> Found | None:
    """Input (N, C, H, W) to (N, K, H', W'); kernel and bias are read."""
    weight, bias = tensors.get("weight"), tensors.get("bias")
    if weight is None or state["padding_mode"] != "zeros" or not dense(weight):
        return None
    kernel = tuple(weight.shape)
    if bias is not None and bias.shape != kernel[:1]:
        return None
    stride, padding, dilation = state["stride"], state["padding"], state["dilation"]
    if not type(stride) is type(padding) is type(dilation) is tuple:
        return None  # padding by name, or a list that somebody has set
    numbers = (stride, padding, dilation, state["groups"])
    found = convolved(shape, kernel, bias is not None, *numbers, dtype)
    if found is None:
        return None
    return found, (weight,) if bias is None else (weight, bias)


def dense(weight: torch.Tensor) -> bool:
    """Whether a tensor lies in memory in the usual order."""
    return weight.layout is torch.strided and weight.is_contiguous()


@lru_cache(MOST)
def convolved(
    shape: Shape,
    weight: Shape,
    biased: bool,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    dtype: torch.dtype,
) -> Answer | None:
    """What a convolution runs; None where it fits no map."""
    if len(shape) != 4 or len(weight) != 4:
        return None
    n, c, *sizes = shape
    k, c_per_group, *kernel = weight
    after = slid(sizes, kernel, stride, padding, dilation)
    if after is None or c != c_per_group * groups or k % groups:
        return None
    inputs = (shape, weight, (k,)) if biased else (shape, weight)
    window = Window(tuple(kernel), stride, padding, dilation, groups)
    return answer("convolution", inputs, (n, k, *after), dtype, window)


NORM_TENSORS = ("weight", "bias", "running_mean", "running_var")
"""What a batch norm reads, in order."""


@rule(nn.BatchNorm2d)
def batch_norm(
    state: Attributes, tensors: Tensors, shape: Shape, dtype: torch.dtype
) -> Found | None:
    """The input's shape (N, C, H, W), in evaluation, with all that it can read."""
    if state["training"] or len(shape) != 4:
        return None
    operands: list[torch.Tensor] = []
    for name in NORM_TENSORS:
        operand = tensors.get(name)
        if operand is None or operand.shape != shape[1:2]:
            return None
        operands.append(operand)
    return normed(shape, dtype), tuple(operands)


@lru_cache(MOST)
def normed(shape: Shape, dtype: torch.dtype) -> Answer:
    """What a batch norm runs."""
    inputs = (shape, *(shape[1:2],) * len(NORM_TENSORS))
    return answer("native_batch_norm", inputs, shape, dtype)


def activation(name: str) -> Rule:
    """The rule of an activation: the input's shape, or the input itself."""

    @lru_cache(MOST)
    def activated(shape: Shape, dtype: torch.dtype, in_place: bool) -> Answer:
        return answer(name, (shape,), shape, dtype, in_place=in_place)

    def activation(
        state: Attributes, tensors: Tensors, shape: Shape, dtype: torch.dtype
    ) -> Found | None:
        del tensors
        return activated(shape, dtype, state["inplace"]), ()

    return activation


rule(nn.ReLU)(activation("relu"))
rule(nn.SiLU)(activation("silu"))

"""Modules of torch's own that are answered whole: what each would run, by its shapes.

Nine in ten calls of a residual network are those of a convolution, a batch norm or an
activation, and torch takes longer to get to their kernels than the shapes take to work
out. A rule reads one module and tells the operation that its forward dispatches, or
gives None where that is more than one, or not as usual: the module is run then.
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
from resviz.tracing.storages import name

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

    @classmethod
    def of(
        cls,
        kind: str,
        inputs: tuple[Shape, ...],
        output: Tensor,
        window: Window | None = None,
        in_place: bool = False,
    ) -> Answer:
        """The answer of an operation whose input alone flows."""
        flowing = (True, *(False,) * (len(inputs) - 1))
        operation = Operation(kind, inputs, flowing, (output.shape,), window)
        return cls(operation, output, dense_strides(output.shape), in_place)


State = Mapping[str, Any]
"""The attributes of a module."""

Tensors = Mapping[str, torch.Tensor | None]
"""Its parameters and buffers, by name."""

Given = tuple[Answer, tuple[torch.Tensor, ...]]
"""An answer, and what the operation reads beside the input."""

Rule = Callable[[State, Tensors, Shape, torch.dtype], Given | None]
"""Given a module's attributes and tensors, and the shape and dtype of its input."""

ANSWERS: dict[type[nn.Module], Rule] = {}
"""Rule of each class; a subclass may do otherwise, and has none."""

answers = registrar(ANSWERS, "rule of modules")
"""Makes the decorated function the rule of classes of modules."""


@answers(nn.Conv2d)
def convolution(
    state: State, held: Tensors, shape: Shape, dtype: torch.dtype
) -> Given | None:
    """Input (N, C, H, W) to (N, K, H', W'); kernel and bias are read."""
    weight, bias = held.get("weight"), held.get("bias")
    if weight is None or state["padding_mode"] != "zeros" or not dense(weight):
        return None
    kernel = tuple(weight.shape)
    if bias is not None and bias.shape != kernel[:1]:
        return None
    numbers = state["stride"], state["padding"], state["dilation"], state["groups"]
    try:
        given = convolved(shape, kernel, bias is not None, *numbers, dtype)
    except TypeError:  # a list, as somebody may have set it
        return None
    if given is None:
        return None
    return given, (weight,) if bias is None else (weight, bias)


def dense_strides(shape: Shape) -> tuple[int, ...]:
    """How far apart neighbours along each axis lie in the usual order.

    Example:
        >>> dense_strides((1, 64, 7, 7))
        (3136, 49, 7, 1)
    """
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def dense(weight: torch.Tensor) -> bool:
    """Whether a tensor lies in memory in the usual order."""
    return weight.layout is torch.strided and weight.is_contiguous()


@lru_cache(MOST)
def convolved(
    shape: Shape,
    weight: Shape,
    biased: bool,
    stride: tuple[int, ...],
    padding: tuple[int, ...] | str,
    dilation: tuple[int, ...],
    groups: int,
    dtype: torch.dtype,
) -> Answer | None:
    """What a convolution runs.

    None where it fits no map, or its padding depends on the map.
    """
    if len(shape) != 4 or len(weight) != 4 or isinstance(padding, str):
        return None
    n, c, *sizes = shape
    k, c_per_group, *kernel = weight
    given = slid(sizes, kernel, stride, padding, dilation)
    if given is None or c != c_per_group * groups or k % groups:
        return None
    inputs = (shape, weight, (k,)) if biased else (shape, weight)
    window = Window(tuple(kernel), stride, padding, dilation, groups)
    return Answer.of("convolution", inputs, Tensor((n, k, *given), name(dtype)), window)


@answers(nn.BatchNorm2d)
def batch_norm(
    state: State, held: Tensors, shape: Shape, dtype: torch.dtype
) -> Given | None:
    """The input's shape (N, C, H, W), in evaluation, with all that it can read."""
    if state["training"] or len(shape) != 4:
        return None
    channels = shape[1:2]
    operands = tuple(map(held.get, NORM))
    for operand in operands:
        if operand is None or operand.shape != channels:
            return None
    return normed(shape, dtype), operands  # type: ignore[return-value]


NORM = ("weight", "bias", "running_mean", "running_var")
"""What a batch norm reads, in order."""


@lru_cache(MOST)
def normed(shape: Shape, dtype: torch.dtype) -> Answer:
    """What a batch norm runs."""
    inputs = (shape, *(shape[1:2],) * len(NORM))
    return Answer.of("native_batch_norm", inputs, Tensor(shape, name(dtype)))


def activation(kind: str) -> Rule:
    """The rule of an activation: the input's shape, or the input itself."""

    @lru_cache(MOST)
    def activated(shape: Shape, dtype: torch.dtype, in_place: bool) -> Answer:
        output = Tensor(shape, name(dtype))
        return Answer.of(kind, (shape,), output, in_place=in_place)

    def rule(
        state: State, held: Tensors, shape: Shape, dtype: torch.dtype
    ) -> Given | None:
        del held
        return activated(shape, dtype, state["inplace"]), ()

    return rule


answers(nn.ReLU)(activation("relu"))
answers(nn.SiLU)(activation("silu"))

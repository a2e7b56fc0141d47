"""Rules of modules: the one operation that a usual one runs, by its shapes alone.

Nine in ten operations of a residual network are those of a convolution, a batch norm
or an activation, and torch takes longer to get to their kernels than the shapes take to
work out. A rule reads one module and tells the operation that its forward dispatches,
or gives None where that is more than one, or not as usual: the module is run then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import torch
from msgspec import Struct
from torch import nn
from torch.nn.modules.activation import ReLU, SiLU
from torch.nn.modules.batchnorm import BatchNorm2d
from torch.nn.modules.conv import Conv2d

from resviz.record import Operation, Shape, Tensor, Window
from resviz.registry import registrar
from resviz.tracing.shapes import slid
from resviz.tracing.values import dtype_name

MOST = 4096
"""Answers that are kept: modules alike give the same for inputs alike."""


class Answer(Struct, frozen=True):
    """What a module runs for an input, the same for all that are alike.

    Attributes:
        operation: as it is recorded, but for storages.
        output: what it gives, in the usual order in memory.
        in_place: whether that is the input itself.
    """

    operation: Operation
    output: Tensor
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
        output: shape of what it gives.
        dtype: of all of them.
        window: of a convolution.
        in_place: whether it writes to its first operand.
    """
    flowing = (True, *(False,) * (len(inputs) - 1))
    operation = Operation(name, inputs, flowing, (output,), window)
    return Answer(operation, Tensor(output, dtype_name(dtype)), in_place)


Attributes = Mapping[str, Any]
"""Those of a module."""

Tensors = Mapping[str, torch.Tensor | None]
"""Its parameters and buffers, by name."""

Found = tuple[Answer, tuple[torch.Tensor, ...]]
"""An answer, and what the operation reads beside the input."""

Rule = Callable[[Attributes, Tensors, Shape, torch.dtype], Found | None]
"""Given a module's attributes and tensors, and the shape and dtype of its input."""

RULES: dict[type[nn.Module], Rule] = {}
"""Rule of each class, torch's own also where `torch.nn` holds another under its name; a
subclass may do otherwise, and has none."""

rule = registrar(RULES, "rule of modules")
"""Makes the decorated function the rule of classes of modules."""


INT = frozenset({int})

CONV_TENSORS = ("weight", "bias")
"""What a convolution reads, in order; its bias may be None."""

SLIDES = ("stride", "padding", "dilation")
"""Numbers of its window, one per axis."""


@rule(Conv2d)
def convolution(
    state: Attributes, tensors: Tensors, shape: Shape, dtype: torch.dtype
) -> Found | None:
    """Input (N, C, H, W) to (N, K, H', W'); kernel and bias are read."""
    if tuple(tensors) != CONV_TENSORS or state.get("padding_mode") != "zeros":
        return None
    weight, bias = tensors["weight"], tensors["bias"]
    if weight is None or not dense(weight):
        return None
    kernel = tuple(weight.shape)
    if bias is not None and bias.shape != kernel[:1]:
        return None
    every: list[Any] = [state.get("groups")]
    for name in SLIDES:
        numbers = state.get(name)
        if type(numbers) is not tuple or len(numbers) != 2:  # padding may have a name
            return None
        every += numbers
    found = convolved(shape, kernel, dtype, bias is not None, *every)
    if found is None:
        return None
    return found, (weight,) if bias is None else (weight, bias)


def dense(weight: torch.Tensor) -> bool:
    """Whether a tensor lies in memory in the usual order."""
    return weight.layout is torch.strided and weight.is_contiguous()


@lru_cache(MOST, typed=True)
def convolved(
    shape: Shape,
    weight: Shape,
    dtype: torch.dtype,
    biased: bool,
    groups: int,
    *slides: int,
) -> Answer | None:
    """What a convolution runs; None where it fits no map, or a number is unusual.

    1.0, True and a number of NumPy are equal to 1, but to torch something else.
    """
    if not INT.issuperset(map(type, (groups, *slides))):
        return None
    if len(shape) != 4 or len(weight) != 4:
        return None
    stride, padding, dilation = slides[:2], slides[2:4], slides[4:]
    if min(*stride, *dilation, groups) < 1 or min(padding, default=0) < 0:
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

NORM_HOLDS = (*NORM_TENSORS, "num_batches_tracked")
"""What it holds: those, and a counter that training reads."""


@rule(BatchNorm2d)
def batch_norm(
    state: Attributes, tensors: Tensors, shape: Shape, dtype: torch.dtype
) -> Found | None:
    """The input's shape (N, C, H, W), in evaluation, with all that it can read."""
    if state["training"] or len(shape) != 4:
        return None
    usual = type(state.get("eps")) is type(state.get("momentum")) is float
    if not usual or tuple(tensors) != NORM_HOLDS:
        return None
    channels, operands = shape[1:2], []
    for operand in islice(tensors.values(), len(NORM_TENSORS)):
        if operand is None or operand.shape != channels:
            return None
        operands.append(operand)
    return normed(shape, dtype), tuple(operands)


@lru_cache(MOST)
def normed(shape: Shape, dtype: torch.dtype) -> Answer:
    """What a batch norm runs."""
    inputs = (shape, *(shape[1:2],) * len(NORM_TENSORS))
    return answer("native_batch_norm", inputs, shape, dtype)


def activation(name: str) -> Rule:
    """The rule of an activation: the input's shape, if it has one, or itself."""

    @lru_cache(MOST)
    def activated(shape: Shape, dtype: torch.dtype, in_place: bool) -> Answer:
        return answer(name, (shape,), shape, dtype, in_place=in_place)

    def activation(
        state: Attributes, tensors: Tensors, shape: Shape, dtype: torch.dtype
    ) -> Found | None:
        in_place = state.get("inplace")
        if tensors or type(in_place) is not bool or not shape:
            return None
        return activated(shape, dtype, in_place), ()

    return activation


rule(ReLU)(activation("relu"))
rule(SiLU)(activation("silu"))

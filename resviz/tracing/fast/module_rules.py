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

from resviz.operations.windows import compute_window_sizes
from resviz.record import Operation, Shape, Tensor, Window
from resviz.tracing.tensors import dtype_name

MAX_CACHED_ANSWERS = 4096
"""Answers that are kept: modules alike give the same for inputs alike."""


class ModuleAnswer(Struct, frozen=True):
    """What a module runs for an input, the same for all that are alike.

    Attributes:
        operation: as it is recorded, but for storages.
        output: what it gives, in the usual order in memory.
        in_place: whether that is the input itself.
    """

    operation: Operation
    output: Tensor
    in_place: bool = False


def make_answer(
    name: str,
    inputs: tuple[Shape, ...],
    output: Shape,
    dtype: torch.dtype,
    window: Window | None = None,
    *,
    in_place: bool = False,
) -> ModuleAnswer:
    """Build the answer of an operation whose first operand alone flows."""
    flowing = (True, *(False,) * (len(inputs) - 1))
    operation = Operation(name, inputs, flowing, (output,), window)
    return ModuleAnswer(operation, Tensor(output, dtype_name(dtype)), in_place)


Attributes = Mapping[str, Any]
"""Those of a module."""

NamedTensors = Mapping[str, torch.Tensor | None]
"""Its parameters and buffers, by name."""

AnswerAndOperands = tuple[ModuleAnswer, tuple[torch.Tensor, ...]]
"""An answer, and what the operation reads beside the input."""

ModuleRule = Callable[
    [Attributes, NamedTensors, Shape, torch.dtype], AnswerAndOperands | None
]
"""Given a module's attributes and tensors, and the shape and dtype of its input."""

INT_ONLY = frozenset({int})

CONV_TENSORS = ("weight", "bias")
"""What a convolution reads, in order; its bias may be None."""

WINDOW_ATTRIBUTES = ("stride", "padding", "dilation")
"""Numbers of its window, one per axis."""


def convolution(
    state: Attributes, tensors: NamedTensors, shape: Shape, dtype: torch.dtype
) -> AnswerAndOperands | None:
    """Map (N, C, H, W) to (N, K, H', W'), and read kernel and bias."""
    if tuple(tensors) != CONV_TENSORS or state.get("padding_mode") != "zeros":
        return None
    weight, bias = tensors["weight"], tensors["bias"]
    if weight is None or not is_dense(weight):
        return None
    kernel = tuple(weight.shape)
    if bias is not None and bias.shape != kernel[:1]:
        return None
    arguments: list[Any] = [state.get("groups")]
    for name in WINDOW_ATTRIBUTES:
        numbers = state.get(name)
        if type(numbers) is not tuple or len(numbers) != 2:  # padding may have a name
            return None
        arguments += numbers
    convolution_answer = answer_convolution(
        shape, kernel, dtype, bias is not None, *arguments
    )
    if convolution_answer is None:
        return None
    return convolution_answer, (weight,) if bias is None else (weight, bias)


def is_dense(weight: torch.Tensor) -> bool:
    """Tell whether a tensor lies in memory in the usual order."""
    return weight.layout is torch.strided and weight.is_contiguous()


@lru_cache(MAX_CACHED_ANSWERS, typed=True)
def answer_convolution(
    shape: Shape,
    weight: Shape,
    dtype: torch.dtype,
    biased: bool,
    groups: int,
    *window_numbers: int,
) -> ModuleAnswer | None:
    """Answer a convolution by its shapes; None where a number is unusual.

    1.0, True and a number of NumPy are equal to 1, but to torch something else.
    """
    if not INT_ONLY.issuperset(map(type, (groups, *window_numbers))):
        return None
    if len(shape) != 4 or len(weight) != 4:
        return None
    stride, padding = window_numbers[:2], window_numbers[2:4]
    dilation = window_numbers[4:]
    if min(*stride, *dilation, groups) < 1 or min(padding, default=0) < 0:
        return None
    n, c, *sizes = shape
    k, c_per_group, *kernel = weight
    output_sizes = compute_window_sizes(sizes, kernel, stride, padding, dilation)
    if output_sizes is None or c != c_per_group * groups or k % groups:
        return None
    inputs = (shape, weight, (k,)) if biased else (shape, weight)
    window = Window(tuple(kernel), stride, padding, dilation, groups)
    return make_answer("convolution", inputs, (n, k, *output_sizes), dtype, window)


NORM_TENSORS = ("weight", "bias", "running_mean", "running_var")
"""What a batch norm reads, in order."""

NORM_STATE = (*NORM_TENSORS, "num_batches_tracked")
"""What it holds: those, and a counter that training reads."""


def batch_norm(
    state: Attributes, tensors: NamedTensors, shape: Shape, dtype: torch.dtype
) -> AnswerAndOperands | None:
    """Keep the input's shape (N, C, H, W), in evaluation, and read all tensors."""
    if state["training"] or len(shape) != 4:
        return None
    has_float_options = type(state.get("eps")) is type(state.get("momentum")) is float
    if not has_float_options or tuple(tensors) != NORM_STATE:
        return None
    channels, operands = shape[1:2], []
    for operand in islice(tensors.values(), len(NORM_TENSORS)):
        if operand is None or operand.shape != channels:
            return None
        operands.append(operand)
    return answer_batch_norm(shape, dtype), tuple(operands)


@lru_cache(MAX_CACHED_ANSWERS)
def answer_batch_norm(shape: Shape, dtype: torch.dtype) -> ModuleAnswer:
    """Answer a batch norm by its input's shape."""
    inputs = (shape, *(shape[1:2],) * len(NORM_TENSORS))
    return make_answer("native_batch_norm", inputs, shape, dtype)


def make_activation_rule(name: str) -> ModuleRule:
    """Make the rule of an activation, which keeps its input's shape."""

    @lru_cache(MAX_CACHED_ANSWERS)
    def answer_activation(
        shape: Shape, dtype: torch.dtype, in_place: bool
    ) -> ModuleAnswer:
        return make_answer(name, (shape,), shape, dtype, in_place=in_place)

    def activation_rule(
        state: Attributes, tensors: NamedTensors, shape: Shape, dtype: torch.dtype
    ) -> AnswerAndOperands | None:
        in_place = state.get("inplace")
        if tensors or type(in_place) is not bool or not shape:
            return None
        return answer_activation(shape, dtype, in_place), ()

    return activation_rule


MODULE_RULES: dict[type[nn.Module], ModuleRule] = {
    Conv2d: convolution,
    BatchNorm2d: batch_norm,
    ReLU: make_activation_rule("relu"),
    SiLU: make_activation_rule("silu"),
}
"""Rule of each class, torch's own also where `torch.nn` holds another under its name; a
subclass may do otherwise, and has none."""

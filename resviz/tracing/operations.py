"""What is kept of an operation that torch dispatches: name, window, arguments."""

from __future__ import annotations

import gc
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.parameter import is_lazy

from resviz.record import Window
from resviz.tracing.values import EAGER, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = dict[str, Any]


class Kind(NamedTuple):
    """What is known of one ATen overload.

    Attributes:
        name: "convolution", in-place twins share it.
        schema: names of its arguments, in order.
        tensors: positions of those that may hold tensors.
        defaults: of those that have one.
        window: reads the sliding window off its arguments, if it has one.
        kept: names of the arguments that the record keeps.
        writes: whether it writes to one of its operands.
    """

    name: str
    schema: tuple[str, ...]
    tensors: tuple[int, ...]
    defaults: Arguments
    window: Callable[[Arguments], Window] | None
    kept: tuple[str, ...]
    writes: bool

    def operands(self, args: tuple[Any, ...], kwargs: Arguments) -> list[torch.Tensor]:
        """The tensors among its arguments, in order, but for lazy ones."""
        found: list[torch.Tensor] = []
        for position in self.tensors:
            if position >= len(args):
                break
            value = args[position]
            if type(value) in EAGER:
                found.append(value)
            elif value is not None:
                collect(value, found)
        for value in kwargs.values():
            if type(value) not in PLAIN:
                collect(value, found)
        if EAGER.issuperset(map(type, found)):
            return found
        return [one for one in found if not is_lazy(one)]

    def bind(self, args: tuple[Any, ...], kwargs: Arguments) -> Arguments:
        """Arguments by name, defaults filled in."""
        named = dict(zip(self.schema, args, strict=False))
        return (
            named
            if len(named) == len(self.schema)
            else {**self.defaults, **named, **kwargs}
        )


@cache
def kind(overload: Any) -> Kind:
    """What is known of an overload, as `torch.ops.aten.add_.Tensor`."""
    schema = overload._schema  # noqa: SLF001 - torch names no other way
    space, _, name = str(schema.name).partition("::")
    if name.endswith("_") and not name.startswith("__"):
        name = name[:-1]
    name = SAME.get(name, name)
    return Kind(
        name if space == "aten" else f"{space}.{name}",
        tuple(argument.name for argument in schema.arguments),
        tuple(n for n, a in enumerate(schema.arguments) if holds_tensors(str(a.type))),
        {a.name: a.default_value for a in schema.arguments if a.has_default_value()},
        WINDOWS.get(name),
        KEPT.get(name, ()),
        schema.is_mutable,
    )


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors in a nest of tuples, lists and dictionaries, in order."""
    if type(value) is tuple and EAGER.issuperset(map(type, value)):
        return list(value)
    found: list[torch.Tensor] = []
    collect(value, found)
    return found


def collect(value: Any, found: list[torch.Tensor]) -> None:
    """Append the tensors in a nest of tuples, lists and dictionaries to `found`."""
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif isinstance(value, (tuple, list)):
        for member in value:
            if type(member) not in PLAIN:
                collect(member, found)
    elif isinstance(value, dict):
        for member in value.values():
            collect(member, found)


NUMBERS = frozenset({"Optional", "List", "int", "float", "bool", "number", "str"})
"""What types of arguments are made of that hold no tensor."""


def holds_tensors(type_name: str) -> bool:
    """Whether an argument may hold tensors, by its type, as "Optional[Tensor]"."""
    return not NUMBERS.issuperset(re.findall(r"\w+", type_name))


def per_axis(value: Any, axes: int) -> tuple[int, ...]:
    """One number per spatial axis: 2 and [2] both mean (2, 2) in two dimensions."""
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return numbers * axes if len(numbers) == 1 else numbers


def convolution_window(bound: Arguments) -> Window:
    """Window of aten.convolution; the kernel is read off the weight's shape."""
    kernel = tuple(bound["weight"].shape)[2:]
    axes = len(kernel)
    return Window(
        kernel,
        per_axis(bound["stride"], axes),
        per_axis(bound["padding"], axes),
        per_axis(bound["dilation"], axes),
        groups=bound["groups"],
        transposed=bound["transposed"],
    )


def pool_window(axes: int) -> Callable[[Arguments], Window]:
    """Reader of the window of a pool over `axes` spatial axes."""

    def window(bound: Arguments) -> Window:
        kernel = per_axis(bound["kernel_size"], axes)
        return Window(
            kernel,
            per_axis(bound["stride"] or kernel, axes),
            per_axis(bound["padding"], axes),
            per_axis(bound.get("dilation", 1), axes),
            ceil_mode=bound["ceil_mode"],
        )

    return window


SAME = {"_convolution": "convolution"}
"""What an operation is another name of; traced graphs of torch hold such."""

WINDOWS: dict[str, Callable[[Arguments], Window]] = {
    "convolution": convolution_window,
    "max_pool2d_with_indices": pool_window(2),
    "max_pool3d_with_indices": pool_window(3),
    "avg_pool2d": pool_window(2),
    "avg_pool3d": pool_window(3),
}
"""Operations with a sliding window, and how it is read."""

DIMS = ("dim", "keepdim")

MIRRORS = ("reflection", "replication")

INTERPOLATIONS = (
    "upsample_nearest", "_upsample_nearest_exact", "upsample_linear",
    "upsample_bilinear", "upsample_trilinear", "upsample_bicubic",
)  # fmt: skip

SCALES = ("align_corners", "scales", "scales_d", "scales_h", "scales_w")

KEPT: dict[str, tuple[str, ...]] = {
    "mean": DIMS,
    "sum": DIMS,
    "slice": ("dim", "start", "end", "step"),
    "select": ("dim", "index"),
    "constant_pad_nd": ("pad", "value"),
    "permute": ("dims",),
    "transpose": ("dim0", "dim1"),
    "cat": ("dim",),
    "stack": ("dim",),
    "split": ("split_size", "dim"),
    "unbind": ("dim",),
    "split_with_sizes": ("dim",),
    **dict.fromkeys(("amax", "amin", "max", "min", "prod", "logsumexp"), DIMS),
    **dict.fromkeys(("var", "var_mean", "std", "linalg_vector_norm"), DIMS),
    **dict.fromkeys(("_softmax", "_safe_softmax", "_log_softmax"), ("dim",)),
    **{f"{how}_pad{d}d": ("padding",) for how in MIRRORS for d in (1, 2, 3)},
    **{f"{how}{d}d": SCALES for how in INTERPOLATIONS for d in (1, 2, 3)},
}
"""Arguments without which an operation's shapes cannot be read."""


def run_by_torch(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What torch makes of an operation.

    Some of its meta kernels import torch._dynamo when they first run. Errors that are
    caught in an import leave frames behind, which hold the operands: they are collected
    at once, or it would seem that the forward never lets go of those.
    """
    loaded = len(sys.modules)
    output = func(*args, **kwargs)
    if len(sys.modules) > loaded:
        gc.collect()
    return output


def something(tensor: torch.Tensor) -> bool:
    """Whether a tensor made of nothing is more than the empty reserve of a norm."""
    return tensor.dtype.is_floating_point or tensor.numel() > 0


def idle_norm(known: Kind, args: tuple[Any, ...]) -> bool:
    """Whether this is a batch norm in evaluation, which gives no statistics.

    Kernels leave them empty; torch's meta kernel says otherwise.
    """
    return known.name == "native_batch_norm" and len(args) > 5 and not args[5]

"""Operators of ONNX that compute or reshape, each by functions that a trace sees.

A value is a tensor, or a constant of NumPy that is known. An operator without a row is
refused by its name, never left out; those with windows and norms are in `onnx_layers`.
Source: onnx.ai/onnx/operators, of the default domain.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - the whole field's name for it

from resviz.errors import TraceError

if TYPE_CHECKING:
    from collections.abc import Callable

    OnnxAttributes = dict[str, Any]
    OnnxOperator = Callable[..., Any]

REMEDY = "want what builds the network in torch, net.py:build"
"""What to give where a file cannot be followed."""


class UnfollowedError(TraceError):
    """A node wants of its operator what no function here does."""


OPERATORS: dict[str, OnnxOperator] = {}
"""Each takes the attributes of a node, then its inputs; None where one is left out."""


def onnx_operator(*names: str) -> Callable[[OnnxOperator], OnnxOperator]:
    """Note a function as what operators of these names do."""

    def note(function: OnnxOperator) -> OnnxOperator:
        OPERATORS.update(dict.fromkeys(names, function))
        return function

    return note


def as_operand(value: Any, like: torch.Tensor) -> Any:
    """Return a constant as a tensor beside another; a lone number as a number."""
    if value is None or isinstance(value, torch.Tensor):
        return value
    if value.ndim == 0:
        return value.item()
    dtype = getattr(torch, str(value.dtype))
    return torch.tensor(value.tolist(), device=like.device, dtype=dtype)


def as_sizes(value: Any) -> list[int]:
    """Return whole numbers that have to be known.

    Raises:
        UnfollowedError: if they hang on values.
    """
    if value is None or isinstance(value, torch.Tensor):
        raise UnfollowedError("sizes that hang on values are not followed")
    return [int(each) for each in value.reshape(-1).tolist()]


def choose_axes(attributes: OnnxAttributes, axes: Any) -> list[int] | None:
    """Return axes from an input, as newer files have them, or from an attribute."""
    return attributes.get("axes") if axes is None else as_sizes(axes)


def make_elementwise(function: OnnxOperator) -> OnnxOperator:
    """Return an operator that takes tensors and numbers alike."""

    def apply(_: OnnxAttributes, *inputs: Any) -> Any:
        like = next(each for each in inputs if isinstance(each, torch.Tensor))
        return function(*(as_operand(each, like) for each in inputs))

    return apply


OPERATORS |= {
    name: make_elementwise(function)
    for name, function in {
        "Relu": torch.relu, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh,
        "HardSwish": F.hardswish, "Mish": F.mish, "Softplus": F.softplus,
        "Erf": torch.erf, "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt,
        "Abs": torch.abs, "Neg": torch.neg, "Reciprocal": torch.reciprocal,
        "Floor": torch.floor, "Ceil": torch.ceil, "Pow": torch.pow,
        "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div,
        "MatMul": torch.matmul, "Where": torch.where, "Equal": torch.eq,
        "Greater": torch.gt, "Less": torch.lt,
    }.items()
}  # fmt: skip


@onnx_operator("Identity", "Dropout")
def keep(_: OnnxAttributes, x: Any, *_rest: Any) -> Any:
    """Return the input: in inference nothing is dropped."""
    return x


@onnx_operator("PRelu")
def slope_below_zero(_: OnnxAttributes, x: Any, slopes: Any) -> Any:
    """Multiply what is below 0 by a slope a channel, (C, 1, 1), or one for all.

    Raises:
        UnfollowedError: for slopes along other axes.
    """
    slopes = as_operand(slopes, x)
    slopes = torch.as_tensor(slopes, device=x.device)
    if slopes.numel() > 1:
        sizes = (1,) * (x.ndim - slopes.ndim) + tuple(slopes.shape)
        if sizes != (1, x.shape[1]) + (1,) * (x.ndim - 2):
            raise UnfollowedError("PRelu with a slope a position is not followed")
    return F.prelu(x, slopes.reshape(-1))


@onnx_operator("Clip")
def clip(attributes: OnnxAttributes, x: Any, low: Any = None, high: Any = None) -> Any:
    """Clip to bounds; to those of ReLU6 by its own function."""
    bounds = [
        value.item() if hasattr(value, "item") else value
        for value in (attributes.get("min", low), attributes.get("max", high))
    ]
    return F.relu6(x) if bounds == [0, 6] else torch.clamp(x, *bounds)


@onnx_operator("HardSigmoid")
def hard_sigmoid(attributes: OnnxAttributes, x: Any) -> Any:
    """Apply a clipped line; that of torch by its own function."""
    alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-4:
        return F.hardsigmoid(x)
    return torch.clamp(x * alpha + beta, 0, 1)


OPERATORS |= {
    "LeakyRelu": lambda attributes, x: F.leaky_relu(x, attributes.get("alpha", 0.01)),
    "Elu": lambda attributes, x: F.elu(x, attributes.get("alpha", 1.0)),
    "Gelu": lambda attributes, x: F.gelu(
        x, approximate=attributes.get("approximate", "none")
    ),
    "Softmax": lambda attributes, x: torch.softmax(x, attributes.get("axis", -1)),
    "Transpose": lambda attributes, x: x.permute(
        attributes.get("perm", [*range(x.ndim)][::-1])
    ),
}


@onnx_operator("Concat")
def concatenate(attributes: OnnxAttributes, *inputs: Any) -> Any:
    """Join along an axis."""
    like = next(each for each in inputs if isinstance(each, torch.Tensor))
    return torch.cat([as_operand(each, like) for each in inputs], attributes["axis"])


@onnx_operator("Flatten")
def flatten_to_matrix(attributes: OnnxAttributes, x: Any) -> Any:
    """Make a matrix: the axes before one are its rows."""
    axis = attributes.get("axis", 1)
    axis += x.ndim if axis < 0 else 0
    if axis == 1:
        return torch.flatten(x, 1)
    return x.reshape(x.shape[:axis].numel(), x.shape[axis:].numel())


@onnx_operator("Reshape")
def reshape(attributes: OnnxAttributes, x: Any, shape: Any) -> Any:
    """Give another shape; a 0 in it keeps an axis."""
    sizes = as_sizes(shape)
    if not attributes.get("allowzero", 0):
        sizes = [size or x.shape[axis] for axis, size in enumerate(sizes)]
    if x.ndim > 2 and sizes == [x.shape[0], -1]:
        return torch.flatten(x, 1)
    return x.reshape(sizes)


@onnx_operator("Squeeze")
def squeeze(attributes: OnnxAttributes, x: Any, axes: Any = None) -> Any:
    """Drop axes of size 1."""
    chosen = choose_axes(attributes, axes)
    return x.squeeze() if chosen is None else x.squeeze(tuple(chosen))


@onnx_operator("Unsqueeze")
def unsqueeze(attributes: OnnxAttributes, x: Any, axes: Any = None) -> Any:
    """Insert axes of size 1."""
    chosen = choose_axes(attributes, axes) or []
    rank = x.ndim + len(chosen)
    for axis in sorted(axis % rank for axis in chosen):
        x = x.unsqueeze(axis)
    return x


def make_reduction(function: OnnxOperator) -> OnnxOperator:
    """Return an operator that reduces axes, all where none is said."""

    def reduce(attributes: OnnxAttributes, x: Any, axes: Any = None) -> Any:
        chosen = choose_axes(attributes, axes)
        if not chosen and attributes.get("noop_with_empty_axes", 0):
            return x
        keepdim = bool(attributes.get("keepdims", 1))
        return function(x, tuple(chosen or range(x.ndim)), keepdim=keepdim)

    return reduce


OPERATORS["ReduceMean"] = make_reduction(torch.mean)
OPERATORS["ReduceSum"] = make_reduction(torch.sum)
OPERATORS["ReduceMax"] = make_reduction(torch.amax)


@onnx_operator("Slice")
def cut(attributes: OnnxAttributes, x: Any, *bounds: Any) -> Any:
    """Cut starts, ends, axes and steps out of it; each an input or an attribute."""
    read = dict(zip(("starts", "ends", "axes", "steps"), bounds, strict=False))
    given = {name: as_sizes(value) for name, value in read.items() if value is not None}
    given = {**attributes, **given}
    starts, ends = given["starts"], given["ends"]
    axes, steps = given.get("axes", range(len(starts))), given.get("steps")
    places = [slice(None)] * x.ndim
    for axis, start, end, step in zip(
        axes, starts, ends, steps or [1] * len(starts), strict=True
    ):
        if step < 1:
            raise UnfollowedError("Slice backwards is not followed")
        places[axis] = slice(start, min(end, x.shape[axis]), step)
    return x[tuple(places)]


@onnx_operator("Split")
def split(attributes: OnnxAttributes, x: Any, sizes: Any = None) -> Any:
    """Split along an axis by sizes, or into equal parts."""
    axis = attributes.get("axis", 0)
    chosen = attributes.get("split") if sizes is None else as_sizes(sizes)
    if chosen is None:
        chosen = ceil(x.shape[axis] / attributes["outputs"])
    return torch.split(x, chosen, axis)


@onnx_operator("Expand")
def expand(_: OnnxAttributes, x: Any, shape: Any) -> Any:
    """Repeat without a copy, as far as sizes broadcast."""
    return x.expand(torch.broadcast_shapes(x.shape, as_sizes(shape)))


@onnx_operator("Gather")
def gather(attributes: OnnxAttributes, x: Any, indices: Any) -> Any:
    """Take entries along an axis; one of them drops it."""
    axis = attributes.get("axis", 0)
    if not isinstance(indices, torch.Tensor) and indices.ndim == 0:
        return x.select(axis, int(indices))
    places = as_operand(indices, x)
    taken = x.index_select(axis, places.reshape(-1))
    return taken if places.ndim == 1 else taken.unflatten(axis, places.shape)


DTYPES_BY_NUMBER = {
    1: torch.float32, 2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32,
    7: torch.int64, 9: torch.bool, 10: torch.float16, 11: torch.float64,
    16: torch.bfloat16,
}  # fmt: skip
"""Kinds of tensors that TensorProto.DataType numbers."""


@onnx_operator("Cast")
def cast(attributes: OnnxAttributes, x: Any) -> Any:
    """Give another dtype."""
    dtype = DTYPES_BY_NUMBER.get(attributes["to"])
    if dtype is None:
        raise UnfollowedError(f"Cast to type {attributes['to']} is not followed")
    return x.to(dtype)


@onnx_operator("CastLike")
def cast_like(_: OnnxAttributes, x: Any, like: Any) -> Any:
    """Give the dtype of another; a constant stays one."""
    if isinstance(x, torch.Tensor):
        return x.to(like.dtype)
    return x.astype(str(like.dtype).removeprefix("torch."))


@onnx_operator("Shape")
def find_shape(attributes: OnnxAttributes, x: Any) -> Any:
    """Return sizes, which are known."""
    import numpy as np

    sizes = x.shape[attributes.get("start", 0) : attributes.get("end")]
    return np.array(sizes, dtype="int64")

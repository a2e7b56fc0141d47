"""Operators of ONNX with windows, weights and norms, by the functions of torch.

Shapes: images (N, C, H, W), or with one or three axes in the place of H and W.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the whole field's name for it

from resviz.errors import TraceError
from resviz.source.onnx_operators import (
    UnfollowedError,
    as_operand,
    as_sizes,
    onnx_operator,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.source.onnx_operators import OnnxAttributes


def find_pads(attributes: OnnxAttributes, x: Any, kernel: Sequence[int]) -> list[int]:
    """Return what is padded before each axis, then after each."""
    axes = len(kernel)
    mode = attributes.get("auto_pad", "NOTSET")
    if mode == "NOTSET":
        return list(attributes.get("pads", [0] * 2 * axes))
    if mode == "VALID":
        return [0] * 2 * axes
    strides = attributes.get("strides", [1] * axes)
    dilations = attributes.get("dilations", [1] * axes)
    small, large = [], []
    for size, k, s, d in zip(x.shape[2:], kernel, strides, dilations, strict=True):
        total = max((ceil(size / s) - 1) * s + d * (k - 1) + 1 - size, 0)
        small.append(total // 2)
        large.append(total - total // 2)
    return small + large if mode == "SAME_UPPER" else large + small


def pad_unevenly(
    attributes: OnnxAttributes, x: Any, kernel: Sequence[int], value: float = 0.0
) -> tuple[Any, list[int]]:
    """Return the input and what a window pads on both sides of it.

    Where sides differ, the input is padded before, and the window pads nothing.
    """
    axes, pads = len(kernel), find_pads(attributes, x, kernel)
    begin, end = pads[:axes], pads[axes:]
    if begin == end:
        return x, begin
    sides = [p for pair in zip(begin[::-1], end[::-1], strict=True) for p in pair]
    return F.pad(x, sides, value=value), [0] * axes


def as_bias(value: Any, like: Any) -> Any:
    """Return a bias as a tensor; None for a constant 0, which stands for none."""
    if value is None or isinstance(value, torch.Tensor):
        return value
    return as_operand(value, like) if value.any() else None


@onnx_operator("Conv")
def convolve(attributes: OnnxAttributes, x: Any, weight: Any, bias: Any = None) -> Any:
    """Convolve along one to three axes."""
    axes = weight.ndim - 2
    x, padding = pad_unevenly(attributes, x, weight.shape[2:])
    return (F.conv1d, F.conv2d, F.conv3d)[axes - 1](
        x,
        weight,
        as_bias(bias, x),
        attributes.get("strides", [1] * axes),
        padding,
        attributes.get("dilations", [1] * axes),
        attributes.get("group", 1),
    )


@onnx_operator("ConvTranspose")
def convolve_transposed(
    attributes: OnnxAttributes, x: Any, weight: Any, bias: Any = None
) -> Any:
    """Convolve the other way; the same padding on both sides alone is followed."""
    axes = weight.ndim - 2
    pads = attributes.get("pads", [0] * 2 * axes)
    is_fixed = attributes.get("auto_pad", "NOTSET") != "NOTSET"
    if is_fixed or "output_shape" in attributes or pads[:axes] != pads[axes:]:
        raise UnfollowedError(
            "ConvTranspose with another padding a side is not followed"
        )
    return (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[axes - 1](
        x,
        weight,
        as_bias(bias, x),
        attributes.get("strides", [1] * axes),
        pads[:axes],
        attributes.get("output_padding", [0] * axes),
        attributes.get("group", 1),
        attributes.get("dilations", [1] * axes),
    )


@onnx_operator("Gemm")
def multiply(attributes: OnnxAttributes, a: Any, b: Any, c: Any = None) -> Any:
    """Multiply matrices and add; as a linear layer where it is one."""
    a = a.t() if attributes.get("transA", 0) else a
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    c = as_operand(c, a)
    is_linear = alpha == beta == 1 and (c is None or getattr(c, "ndim", 0) == 1)
    if attributes.get("transB", 0):
        if is_linear:
            return F.linear(a, b, c)
        b = b.t()
    if c is None:
        return torch.mm(a, b) if alpha == 1 else torch.mm(a, b) * alpha
    return torch.addmm(torch.as_tensor(c), a, b, beta=beta, alpha=alpha)


@onnx_operator("BatchNormalization")
def normalise_batch(attributes: OnnxAttributes, x: Any, *parts: Any) -> Any:
    """Normalise by statistics that the file holds."""
    if attributes.get("training_mode", 0):
        raise TraceError("BatchNormalization of training: export it after .eval()")
    scale, bias, mean, var = (as_operand(part, x) for part in parts)
    epsilon = attributes.get("epsilon", 1e-5)
    return F.batch_norm(x, mean, var, scale, bias, training=False, eps=epsilon)


@onnx_operator("InstanceNormalization")
def normalise_instance(attributes: OnnxAttributes, x: Any, *parts: Any) -> Any:
    """Normalise each channel of each sample."""
    scale, bias = (as_operand(part, x) for part in parts)
    epsilon = attributes.get("epsilon", 1e-5)
    return F.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


@onnx_operator("LayerNormalization")
def normalise_layer(
    attributes: OnnxAttributes, x: Any, scale: Any, bias: Any = None
) -> Any:
    """Normalise the last axes."""
    axis = attributes.get("axis", -1)
    epsilon = attributes.get("epsilon", 1e-5)
    scale, bias = as_operand(scale, x), as_operand(bias, x)
    return F.layer_norm(x, x.shape[axis:], scale, bias, epsilon)


@onnx_operator("MaxPool")
def pool_largest(attributes: OnnxAttributes, x: Any) -> Any:
    """Take the largest value of each window."""
    kernel = attributes["kernel_shape"]
    axes = len(kernel)
    x, padding = pad_unevenly(attributes, x, kernel, float("-inf"))
    return (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1](
        x,
        kernel,
        attributes.get("strides", [1] * axes),
        padding,
        attributes.get("dilations", [1] * axes),
        bool(attributes.get("ceil_mode", 0)),
    )


@onnx_operator("AveragePool")
def pool_mean(attributes: OnnxAttributes, x: Any) -> Any:
    """Take the mean of each window."""
    kernel = attributes["kernel_shape"]
    axes = len(kernel)
    if set(attributes.get("dilations", [1])) != {1}:
        raise UnfollowedError("AveragePool with a dilation is not followed")
    x, padding = pad_unevenly(attributes, x, kernel)
    return (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[axes - 1](
        x,
        kernel,
        attributes.get("strides", [1] * axes),
        padding,
        bool(attributes.get("ceil_mode", 0)),
        bool(attributes.get("count_include_pad", 0)),
    )


@onnx_operator("GlobalAveragePool")
def pool_mean_of_all(_: OnnxAttributes, x: Any) -> Any:
    """Take the mean of each channel."""
    pools = F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d
    return pools[x.ndim - 3](x, 1)


@onnx_operator("GlobalMaxPool")
def pool_largest_of_all(_: OnnxAttributes, x: Any) -> Any:
    """Take the largest value of each channel."""
    pools = F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d
    return pools[x.ndim - 3](x, 1)


@onnx_operator("Pad")
def pad(
    attributes: OnnxAttributes, x: Any, pads: Any = None, value: Any = None, *axes: Any
) -> Any:
    """Pad: before each axis, then after each."""
    sizes = attributes["pads"] if pads is None else as_sizes(pads)
    chosen = as_sizes(axes[0]) if axes and axes[0] is not None else [*range(x.ndim)]
    sides: dict[int, tuple[int, int]] = dict.fromkeys(range(x.ndim), (0, 0))
    for place, axis in enumerate(chosen):
        sides[axis % x.ndim] = (sizes[place], sizes[place + len(chosen)])
    pairs = [size for axis in reversed(range(x.ndim)) for size in sides[axis]]
    while len(pairs) > 2 and pairs[-2:] == [0, 0]:
        pairs = pairs[:-2]
    mode: str = attributes.get("mode", "constant")
    if mode == "constant":
        number = attributes.get("value", 0.0) if value is None else value.item()
        return F.pad(x, pairs, value=number)
    return F.pad(x, pairs, {"edge": "replicate", "wrap": "circular"}.get(mode, mode))


@onnx_operator("Resize", "Upsample")
def resize(attributes: OnnxAttributes, x: Any, *inputs: Any) -> Any:
    """Give an image another size, by sizes or scales that the file has."""
    if attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnfollowedError("Resize that keeps the ratio of sides is not followed")
    sizes = find_sizes(attributes, x, inputs)
    if sizes[:2] != [*x.shape[:2]]:
        raise UnfollowedError("Resize of samples or channels is not followed")
    linear = ("linear", "bilinear", "trilinear")[x.ndim - 3]
    mode = {"linear": linear, "cubic": "bicubic"}.get(
        attributes.get("mode", "nearest"), "nearest"
    )
    aligned = attributes.get("coordinate_transformation_mode") == "align_corners"
    aligns = None if mode == "nearest" else aligned
    return F.interpolate(x, sizes[2:], mode=mode, align_corners=aligns)


def find_sizes(attributes: OnnxAttributes, x: Any, inputs: Sequence[Any]) -> list[int]:
    """Return the sizes of all axes that a Resize gives.

    Scales are an attribute, or the only input, or the second behind regions; sizes are
    the third. All are of the axes that an attribute names, or of every one.
    """
    sizes = [*x.shape]
    axes = attributes.get("axes", range(x.ndim))
    if len(inputs) > 2 and inputs[2] is not None:
        for axis, size in zip(axes, as_sizes(inputs[2]), strict=True):
            sizes[axis] = size
        return sizes
    if inputs:
        scales = inputs[min(len(inputs), 2) - 1]
        if scales is None or isinstance(scales, torch.Tensor):
            raise UnfollowedError(
                "Resize by scales that hang on values is not followed"
            )
        scales = scales.tolist()
    else:
        scales = attributes["scales"]
    for axis, scale in zip(axes, scales, strict=True):
        # in single precision, as runtimes do: 10 positions by 0.7 are 7, not 6
        sizes[axis] = int(np.float32(sizes[axis]) * np.float32(scale))
    return sizes

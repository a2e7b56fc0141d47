"""What a layer or an operation wanted, where that is what torch complains of."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from resviz.operations.families import PRODUCTS
from resviz.operations.windows import compute_window_sizes, expand_per_axis
from resviz.record import MODEL_INPUT
from resviz.tracing.events import CallStart, TraceStep
from resviz.tracing.explain.input_proposals import VIEW_OPERATIONS
from resviz.tracing.explain.joined_shapes import Mismatch, describe_shape_mismatch
from resviz.tracing.explain.size_proposals import FRAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.tracing.recorder import Recorder

Shape = tuple[int, ...]

POOLS_BY_AXES = {
    1: (nn.AvgPool1d, nn.MaxPool1d),
    2: (nn.AvgPool2d, nn.MaxPool2d),
    3: (nn.AvgPool3d, nn.MaxPool3d),
}
"""Pools by the number of axes over which they slide."""

QUANTISED_LAYERS = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")
"""Packages of layers that work on quantised values; dynamic ones take floats."""

POOL_CLASSES = tuple(pool for pools in POOLS_BY_AXES.values() for pool in pools)

SHAPES_BY_AXES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}
"""What a window over so many axes slides on."""


def find_module_mismatch(
    module: nn.Module, arguments: Sequence[torch.Tensor], recorder: Recorder
) -> Mismatch | None:
    """Find what a layer wanted instead of what it was given, if known."""
    first, shape = arguments[0], tuple(arguments[0].shape)
    source = recorder.origins.find_source(first)
    is_model_input = source is not None and source.layer == MODEL_INPUT
    if isinstance(module, nn.Embedding):
        return find_embedding_mismatch(module, first)
    dtype_mismatch = find_dtype_mismatch(module, first)
    if dtype_mismatch:
        return dtype_mismatch
    if isinstance(module, nn.Linear) and shape[-1:] != (module.in_features,):
        return describe_linear_mismatch(module, shape, recorder)
    if isinstance(module, _ConvNd):
        return find_convolution_mismatch(module, shape, is_model_input=is_model_input)
    if isinstance(module, POOL_CLASSES) and not window_fits(module, shape):
        window = name_window(
            "window", expand_per_axis(module.kernel_size, count_window_axes(module))
        )
        return Mismatch(f"the {window} does not fit into the map", "window")
    return find_norm_mismatch(module, shape, is_model_input=is_model_input)


def find_holder_mismatch(
    module: nn.Module, args: tuple[Any, ...], maker: str | None
) -> Mismatch | None:
    """Find out whether a layer was handed a list or dictionary of tensors.

    `maker` names what made them; None stands for the user.
    """
    is_layer = type(module).__module__.startswith("torch.nn.modules.")
    value = args[0] if args else None
    holds = isinstance(value, (tuple, list, dict))
    if not is_layer or not holds or isinstance(module, (nn.Sequential, nn.RNNBase)):
        return None
    remedy = "in Python inputs= is a tuple of the forward's arguments"
    if maker:
        part = f"[{next(iter(value), '')!r}]" if isinstance(value, dict) else "[0]"
        remedy = f"{maker} gives several values, take one of them, as by {part}"
    return Mismatch(f"want a tensor, not a {type(value).__name__}", remedy=remedy)


def find_embedding_mismatch(module: nn.Embedding, ids: torch.Tensor) -> Mismatch | None:
    """Find ids that are not whole numbers below the number of rows."""
    if ids.is_floating_point() or ids.dtype == torch.bool:
        return Mismatch(
            f"want whole numbers, not {str(ids.dtype).removeprefix('torch.')}",
            "inputs",
            remedy="give them as --input int64:N,128, in Python inputs=ids.long()",
        )
    if ids.is_meta or not ids.numel():
        return None
    least, most = int(ids.min()), int(ids.max())
    if least < 0 or most >= module.num_embeddings:
        rows = module.num_embeddings
        return Mismatch(f"want numbers from 0 to {rows - 1}, not {least} to {most}")
    return None


def find_dtype_mismatch(module: nn.Module, argument: torch.Tensor) -> Mismatch | None:
    """Find an input whose dtype differs from that of the layer's weight."""
    package = type(module).__module__
    is_quantised = package.startswith(QUANTISED_LAYERS) and ".dynamic" not in package
    if is_quantised and hasattr(module, "scale") and argument.is_floating_point():
        return Mismatch(
            "want quantised values, as its weight is",
            remedy="quantise them before by Quantize, which convert() makes of a "
            "QuantStub, or "
            "give inputs=torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)",
        )
    weight = vars(module).get("_parameters", {}).get("weight")
    has_weight = isinstance(module, (nn.Linear, _ConvNd))
    if not has_weight or weight is None or weight.dtype == argument.dtype:
        return None
    name = str(weight.dtype).removeprefix("torch.")
    return Mismatch(f"want {name} as its weight is", remedy=f"give it {name} values")


def describe_linear_mismatch(
    module: nn.Linear, shape: Shape, recorder: Recorder
) -> Mismatch:
    """Describe an input whose last axis does not hold the layer's features."""
    wanted = f"want {module.in_features} input features"
    if prod(shape[1:]) == module.in_features:
        return Mismatch(wanted, remedy="flatten it before, as by torch.flatten(x, 1)")
    alternative = f"in_features would have to be {shape[-1] if shape else 1}"
    words = f"{wanted}, {describe_last_pool(recorder)}{alternative}"
    ratio = module.in_features / shape[-1] if shape and shape[-1] else 0
    return Mismatch(words, "window", ratio=ratio)


def find_convolution_mismatch(
    module: _ConvNd, shape: Shape, *, is_model_input: bool
) -> Mismatch | None:
    """Find what is wrong with a map's axes, channels or size for a kernel.

    `is_model_input` says whether that is the model's own input, whose size the user
    chose.
    """
    axes, channels = len(module.kernel_size), module.in_channels
    words = f"want {channels} input channels"
    has_channels = shape[:1] == (channels,) if len(shape) == axes + 1 else None
    if has_channels is False or not axes + 1 <= len(shape) <= axes + 2:
        if not is_model_input:
            return Mismatch(f"want {SHAPES_BY_AXES.get(axes, '')}", "inputs")
        return describe_wrong_rank(module, shape)
    if len(shape) == axes + 2 and shape[1] != channels:
        if not is_model_input:
            remedy = f"in_channels would have to be {shape[1]}"
            return Mismatch(words, "inputs", remedy)
        if shape[-1] == channels:
            remedy, sides = "the channels come first, {}", shape[1:-1]
        else:
            remedy = f"give {{}}, or build it with in_channels={shape[1]}"
            sides = shape[2:]
        return describe_wrong_sizes(words, remedy, module, sides)
    if not window_fits(module, shape):
        kernel = name_window("kernel", module.kernel_size)
        words = f"the {kernel} does not fit into the padded map"
        return Mismatch(words, "window")
    return None


def describe_wrong_rank(module: _ConvNd, shape: Shape) -> Mismatch:
    """Describe a model's input of too few or too many axes for a kernel."""
    axes, channels = len(module.kernel_size), module.in_channels
    if len(shape) == axes + 1:
        has_channels = shape[1] == channels
        sides = (*shape[2:], shape[-1]) if has_channels else shape[1:]
        if axes == 3:
            sides = (FRAMES, *sides[1:])
        missing = "a size is missing" if has_channels else "name the channels too"
        words = f"want {channels} input channels"
        return describe_wrong_sizes(words, f"{missing}, {{}}", module, sides)
    repeated = (*shape[1:], *shape[-1:] * axes)[:axes]
    sides = shape[-axes:] if len(shape) > axes else repeated
    remedy = "sizes are of one sample, the batch is put before them: {}"
    is_batch = len(shape) > axes + 2 and shape[2] == channels
    if len(shape) > axes + 2 and not is_batch:
        window = "one axis" if axes == 1 else f"{axes} axes"
        remedy = f"it slides over {window}, give --input {{}}"
    elif len(shape) == axes + 3 and shape[0] == 1 < shape[1]:
        remedy = f"{remedy} with a batch of {shape[1]}"
    words = f"want {SHAPES_BY_AXES.get(axes, '')}"
    return describe_wrong_sizes(words, remedy, module, sides)


def describe_wrong_sizes(
    words: str, remedy: str, module: _ConvNd, sides: Shape
) -> Mismatch:
    """Describe a model's input for a kernel; `remedy` has {} for the right sizes."""
    sizes = (module.in_channels, *sides)
    text = remedy.format(",".join(map(str, sizes)))
    return Mismatch(words, remedy=text, input_sizes=sizes)


def find_norm_mismatch(
    module: nn.Module, shape: Shape, *, is_model_input: bool
) -> Mismatch | None:
    """Find channels or last sizes that a norm has no weights for."""
    if isinstance(module, nn.LayerNorm):
        last = tuple(module.normalized_shape)
        if shape[-len(last) :] != last:
            remedy = (
                "the channels come last for it: permute before, or "
                f"GroupNorm(1, {last[0]})"
            ) * (shape[1:2] == last)
            search = "" if remedy or is_model_input else "window"
            return Mismatch(f"want last sizes {last}", search, remedy)
    if isinstance(module, nn.GroupNorm) and shape[1:2] != (module.num_channels,):
        return describe_channel_mismatch("num_channels", module.num_channels, shape)
    return (
        find_batch_norm_mismatch(module, shape)
        if isinstance(module, _BatchNorm)
        else None
    )


def describe_channel_mismatch(argument: str, wanted: int, shape: Shape) -> Mismatch:
    """Describe a norm of other channels than it is given, by the argument to change."""
    remedy = f"{argument} would have to be {shape[1]}" if len(shape) > 1 else ""
    return Mismatch(f"want {wanted} channels", "inputs", remedy)


def find_batch_norm_mismatch(module: _BatchNorm, shape: Shape) -> Mismatch | None:
    """Find a batch norm's wrong channels, or too few values for training."""
    axes = {nn.BatchNorm2d: 2, nn.BatchNorm3d: 3}.get(type(module))
    if axes and len(shape) != axes + 2:
        return Mismatch(f"want {SHAPES_BY_AXES[axes]}", "inputs")
    if shape[1:2] != (module.num_features,):
        return describe_channel_mismatch("num_features", module.num_features, shape)
    if module.training and shape[0] * prod(shape[2:]) == 1:
        words = "in training, want more than one value per channel: a larger batch "
        return Mismatch(f"{words}or map", "window", "give --batch 2, in Python batch=2")
    return None


ELEMENTWISE_OPERATIONS = frozenset(
    {"add", "sub", "mul", "div", "maximum", "minimum", "where"}
)
"""Operations on tensors of one shape, or of shapes that stretch to one."""


def find_operation_mismatch(
    name: str,
    operands: Sequence[torch.Tensor],
    args: tuple[Any, ...],
    reason: str,
    constant: list[bool],
) -> Mismatch | None:
    """Find what an operation wanted of its operands, if known.

    `constant` says of each whether it was made without the input.
    """
    shapes = [tuple(tensor.shape) for tensor in operands]
    if name in ELEMENTWISE_OPERATIONS and len(shapes) > 1:
        return describe_shape_mismatch("inputs differ in shape", shapes, constant, None)
    if name == "cat" and len(shapes) > 1:
        axis = args[1] if len(args) > 1 else 0
        words = f"inputs differ outside of axis {axis}"
        return describe_shape_mismatch(
            words, shapes, [False] * len(shapes), axis % max(len(shapes[0]), 1)
        )
    if name == "stack" and len(shapes) > 1:
        words = "inputs differ in shape"
        return describe_shape_mismatch(words, shapes, [False] * len(shapes), -1)
    names_sizes = any(word in reason for word in ("multipl", "reduction dim", "size"))
    if name in PRODUCTS and names_sizes:
        return describe_product_mismatch(shapes)
    return describe_view(reason, args) if name in VIEW_OPERATIONS else None


def describe_product_mismatch(shapes: list[Shape]) -> Mismatch:
    """Describe two matrices, or two batches of them, that do not fit."""
    first, second = (shapes * 2)[-2:]
    if len(first) == len(second) == 3 and first[2] == second[1]:
        remedy = "stretch the smaller, as @ does" if 1 in {first[0], second[0]} else ""
        return Mismatch("the batches of a product differ", remedy=remedy)
    transposed = len(second) > 1 and first[-1:] == second[-1:]
    remedy = "transpose the second, as by .transpose(-2, -1)" if transposed else ""
    return Mismatch("the inner sizes of a product differ", "window", remedy)


def describe_view(reason: str, args: tuple[Any, ...]) -> Mismatch:
    """Describe a view of other sizes than there are values, in torch's words."""
    tensor, sizes = args[:2] if len(args) > 1 else (None, None)
    if not isinstance(tensor, torch.Tensor) or not isinstance(sizes, (list, tuple)):
        return Mismatch(reason)
    is_per_sample = len(sizes) == 2 and sizes[0] == -1 and tensor.dim() > 1
    if min(sizes, default=-1) < 1 and not is_per_sample:
        return Mismatch(reason, "rounding")
    wanted = tensor.shape[0] * sizes[1] if is_per_sample else prod(sizes)
    return Mismatch(reason, "window", ratio=wanted / max(tensor.numel(), 1))


def window_fits(module: Any, shape: Shape) -> bool:
    """Tell whether a convolution's or pool's window fits into a map of `shape`."""
    padding = module.padding
    if isinstance(padding, str) or getattr(module, "transposed", False):
        return True
    axes = count_window_axes(module)
    numbers = (module.kernel_size, 1, padding, getattr(module, "dilation", 1))
    return (
        compute_window_sizes(
            shape[-axes:], *(expand_per_axis(number, axes) for number in numbers)
        )
        is not None
    )


def count_window_axes(module: Any) -> int:
    """Return the number of axes over which a window slides."""
    pool_axes = [k for k, pools in POOLS_BY_AXES.items() if isinstance(module, pools)]
    return pool_axes[0] if pool_axes else len(module.kernel_size)


def describe_last_pool(recorder: Recorder) -> str:
    """Describe what the last average pool before the failing layer made."""
    events = recorder.list_events()
    for position in reversed(range(len(events))):
        event = events[position]
        if isinstance(event, CallStart) and isinstance(event.module, nn.AvgPool2d):
            step = next(e for e in events[position:] if isinstance(e, TraceStep))
            before, (c, *after) = step.operation.inputs[0], step.outputs[0].shape[1:]
            kernel = format_kernel_size(event.module.kernel_size)
            return (
                f"{event.path} ({kernel} average pool) makes {c} maps of "
                f"{format_kernel_size(tuple(after))} from "
                f"{format_kernel_size(before[2:])}: "
            )
    return ""


def name_window(what: str, sizes: tuple[int, ...]) -> str:
    """Format a window's name and sizes, as "7×7 window" or "window of 9"."""
    return (
        f"{what} of {format_kernel_size(sizes)}"
        if len(sizes) == 1
        else f"{format_kernel_size(sizes)} {what}"
    )


def format_kernel_size(size: int | tuple[int, ...]) -> str:
    """Format a kernel size, as "7×7"."""
    return f"{size}×{size}" if isinstance(size, int) else "×".join(map(str, size))

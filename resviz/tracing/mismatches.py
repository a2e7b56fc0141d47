"""What a layer or an operation wanted, where that is what torch complains of."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from resviz.record import MODEL_INPUT
from resviz.tracing.events import Enter, Step
from resviz.tracing.operations import per_axis
from resviz.tracing.shapes import slid
from resviz.vocabulary import PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.tracing.recorder import Recorder

Shape = tuple[int, ...]

SLIDING = {
    1: (nn.AvgPool1d, nn.MaxPool1d),
    2: (nn.AvgPool2d, nn.MaxPool2d),
    3: (nn.AvgPool3d, nn.MaxPool3d),
}
"""Pools by the number of axes over which they slide."""

POOLS = tuple(kind for kinds in SLIDING.values() for kind in kinds)

AXES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}
"""What a window over so many axes slides on."""


class Mismatch(NamedTuple):
    """What was wanted.

    Attributes:
        words: in a few words.
        sized: "window" if another input size may do, "rounding" if one that divides
            better may; "" if none will.
        remedy: what to do, if that is known.
    """

    words: str
    sized: str = ""
    remedy: str = ""


def of_module(
    module: nn.Module, given: Sequence[torch.Tensor], recorder: Recorder
) -> Mismatch | None:
    """What a layer wanted instead of what it was given, if that is known."""
    first, shape = given[0], tuple(given[0].shape)
    source = recorder.origins.source(first)
    asked = source is not None and source.layer == MODEL_INPUT
    if isinstance(module, nn.Embedding):
        return of_embedding(module, first)
    typed = of_dtype(module, first)
    if typed:
        return typed
    if isinstance(module, nn.Linear) and shape[-1:] != (module.in_features,):
        return of_linear(module, shape, recorder)
    if isinstance(module, _ConvNd):
        return of_convolution(module, shape, asked=asked)
    if isinstance(module, POOLS) and not fits(module, shape):
        window = named("window", per_axis(module.kernel_size, axes_of(module)))
        return Mismatch(f"the {window} does not fit into the map", "window")
    return of_norm(module, shape)


def of_holder(module: nn.Module, args: tuple[Any, ...]) -> Mismatch | None:
    """A layer that was handed a list or a dictionary of tensors."""
    weighs = isinstance(module, (nn.Linear, _ConvNd))
    if not weighs or not args or isinstance(args[0], torch.Tensor):
        return None
    return Mismatch(
        f"want a tensor, not a {type(args[0]).__name__}",
        remedy="in Python inputs= is a tuple of the forward's arguments",
    )


def of_embedding(module: nn.Embedding, given: torch.Tensor) -> Mismatch | None:
    """Ids are whole numbers below the number of rows."""
    if given.is_floating_point() or given.dtype == torch.bool:
        return Mismatch(
            f"want whole numbers, not {str(given.dtype).removeprefix('torch.')}",
            remedy="give them as --input int64:1,128, in Python inputs=ids",
        )
    if given.is_meta or not given.numel():
        return None
    least, most = int(given.min()), int(given.max())
    if least < 0 or most >= module.num_embeddings:
        rows = module.num_embeddings
        return Mismatch(f"want numbers from 0 to {rows - 1}, not {least} to {most}")
    return None


def of_dtype(module: nn.Module, given: torch.Tensor) -> Mismatch | None:
    """A weight is multiplied by numbers of its own kind."""
    weight = vars(module).get("_parameters", {}).get("weight")
    weighs = isinstance(module, (nn.Linear, _ConvNd))
    if not weighs or weight is None or weight.dtype == given.dtype:
        return None
    name = str(weight.dtype).removeprefix("torch.")
    return Mismatch(f"want {name} as its weight is", remedy=f"give it {name} values")


def of_linear(module: nn.Linear, shape: Shape, recorder: Recorder) -> Mismatch:
    """The last axis holds the features."""
    wanted = f"want {module.in_features} input features"
    if prod(shape[1:]) == module.in_features:
        return Mismatch(wanted, remedy="flatten it before, as by torch.flatten(x, 1)")
    would = f"in_features would have to be {shape[-1] if shape else 1}"
    return Mismatch(f"{wanted}, {pooled(recorder)}{would}", "window")


def of_convolution(module: _ConvNd, shape: Shape, *, asked: bool) -> Mismatch | None:
    """A map with so many channels, into which the kernel fits.

    `asked` says whether that is the model's own input, whose size the user chose.
    """
    axes = len(module.kernel_size)
    wanted = f"want {module.in_channels} input channels"
    one = ",".join(map(str, shape[1:]))
    if len(shape) == axes + 1 and shape[0] != module.in_channels:
        channels = shape[1] == module.in_channels
        sizes = (*shape[2:], shape[-1]) if channels else shape[1:]
        sides = ",".join(map(str, (module.in_channels, *sizes)))
        missing = "a size is missing" if channels else "name the channels too"
        return Mismatch(wanted, remedy=f"{missing}, {sides}" * asked)
    if not axes + 1 <= len(shape) <= axes + 2:
        remedy = "sizes are of one sample, the batch is put before them"
        if asked and shape[:2] == (1, 1):
            one = ",".join(map(str, shape[2:]))
            remedy = f"{remedy}: {one}"
        return Mismatch(f"want {AXES.get(axes, '')}", remedy=remedy * asked)
    if len(shape) == axes + 2 and shape[1] != module.in_channels:
        last = shape[-1] == module.in_channels
        sides = shape[1:-1] if last else shape[2:]
        one = ",".join(map(str, (module.in_channels, *sides)))
        remedy = f"the channels come first, {one}" if last else f"give {one}"
        if not asked:
            remedy = f"in_channels would have to be {shape[1]}"
        return Mismatch(wanted, remedy=remedy)
    if not fits(module, shape):
        kernel = named("kernel", module.kernel_size)
        words = f"the {kernel} does not fit into the padded map"
        return Mismatch(words, "window")
    return None


def of_norm(module: nn.Module, shape: Shape) -> Mismatch | None:
    """Channels, or last sizes, of which a norm has a weight each."""
    if isinstance(module, nn.LayerNorm):
        last = tuple(module.normalized_shape)
        if shape[-len(last) :] != last:
            return Mismatch(f"want last sizes {last}", "window")
    if isinstance(module, nn.GroupNorm) and shape[1:2] != (module.num_channels,):
        return Mismatch(f"want {module.num_channels} channels")
    return of_batch_norm(module, shape) if isinstance(module, _BatchNorm) else None


def of_batch_norm(module: _BatchNorm, shape: Shape) -> Mismatch | None:
    """Channels on the second axis, and in training more than one value of each."""
    axes = {nn.BatchNorm2d: 2, nn.BatchNorm3d: 3}.get(type(module))
    if axes and len(shape) != axes + 2:
        return Mismatch(f"want {AXES[axes]}")
    if shape[1:2] != (module.num_features,):
        return Mismatch(f"want {module.num_features} channels")
    if module.training and shape[0] * prod(shape[2:]) == 1:
        words = "in training, want more than one value per channel: a larger batch "
        return Mismatch(f"{words}or map", "window")
    return None


VIEWS = frozenset({"view", "_unsafe_view", "reshape"})
"""Operations that only say how values lie."""

ELEMENTWISE = frozenset({"add", "sub", "mul", "div", "maximum", "minimum", "where"})
"""Operations on tensors of one shape, or of shapes that stretch to one."""


def of_operation(
    name: str, operands: Sequence[torch.Tensor], args: tuple[Any, ...], reason: str
) -> Mismatch | None:
    """What an operation wanted of its operands, if that is known."""
    shapes = [tuple(tensor.shape) for tensor in operands]
    if name in ELEMENTWISE and len(shapes) > 1:
        return of_shapes("inputs differ in shape", shapes)
    if name in {"cat", "stack"} and len(shapes) > 1:
        axis = args[1] if name == "cat" and len(args) > 1 else 0
        words = f"inputs differ outside of axis {axis}"
        return of_shapes(words if name == "cat" else "inputs differ in shape", shapes)
    unfit = any(word in reason for word in ("multipl", "reduction dim", "size"))
    if name in PRODUCTS and unfit:
        return Mismatch("the inner sizes of a product differ", "window")
    return Mismatch(reason) if name in VIEWS else None


def of_shapes(words: str, shapes: list[Shape]) -> Mismatch:
    """Shapes that should be one: a map that was halved and doubled, or channels."""
    first, *others = shapes
    same = [len(one) == len(first) > 2 and one[:2] == first[:2] for one in others]
    if all(same):
        return Mismatch(words, "rounding", "make the maps equal, as by one stride")
    maps = len(first) > 2 and all(one[2:] == first[2:] for one in others)
    remedy = "make the channels equal, as by a 1×1 convolution" if maps else ""
    return Mismatch(words, remedy=remedy if words.endswith("shape") else "")


def fits(module: Any, shape: Shape) -> bool:
    """Whether a convolution's or pool's window has a place in a map of `shape`."""
    padding = module.padding
    if isinstance(padding, str) or getattr(module, "transposed", False):
        return True
    axes = axes_of(module)
    numbers = (module.kernel_size, 1, padding, getattr(module, "dilation", 1))
    return slid(shape[-axes:], *(per_axis(one, axes) for one in numbers)) is not None


def axes_of(module: Any) -> int:
    """Over how many axes a window slides."""
    known = [k for k, kinds in SLIDING.items() if isinstance(module, kinds)]
    return known[0] if known else len(module.kernel_size)


def pooled(recorder: Recorder) -> str:
    """What the last average pool before the failing layer gave, in words."""
    events = recorder.events
    for position in reversed(range(len(events))):
        event = events[position]
        if isinstance(event, Enter) and isinstance(event.module, nn.AvgPool2d):
            step = next(e for e in events[position:] if isinstance(e, Step))
            before, (c, *after) = step.operation.inputs[0], step.outputs[0].shape[1:]
            return (
                f"{event.path} ({pair(event.module.kernel_size)} average pool) makes "
                f"{c} maps of {pair(tuple(after))} from {pair(before[2:])}: "
            )
    return ""


def named(what: str, sizes: tuple[int, ...]) -> str:
    """A window as "7×7 window", "window of 9" where there is one axis."""
    return f"{what} of {pair(sizes)}" if len(sizes) == 1 else f"{pair(sizes)} {what}"


def pair(size: int | tuple[int, ...]) -> str:
    """A kernel size as "7×7"."""
    return f"{size}×{size}" if isinstance(size, int) else "×".join(map(str, size))

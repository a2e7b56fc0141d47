"""The shape flow of a network: where its resolution changes, and by what arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.units import times
from resviz.vocabulary import AVERAGE_POOLS

if TYPE_CHECKING:
    from resviz.record import Layer, Operation, Shape, Window
    from resviz.structure import Structure


@dataclass(frozen=True, slots=True)
class Step:
    """One change of resolution on the main path.

    Attributes:
        name: of the layer, "input" for the first.
        size: spatial size after it, (H, W).
        output_shape: (N, C, H, W).
        arithmetic: how the size comes about, one line for each different axis;
            "" for the input.
    """

    name: str
    size: Shape
    output_shape: Shape
    arithmetic: str


def flow(built: Structure) -> tuple[Step, ...]:
    """The steps from the input to the last map, shortcuts left out."""
    shape = built.arch.inputs[0].shape if built.arch.inputs else ()
    if len(shape) < 3:
        return ()
    steps = [Step("input", shape[2:], shape, "")]
    for layer in (built.arch.layers[index] for index in built.spine):
        before, after = steps[-1].size, layer.output_shape[2:]
        if after and before != after:
            arithmetic = why(layer, before, after)
            steps.append(Step(layer.name, after, layer.output_shape, arithmetic))
    return tuple(steps)


def why(layer: Layer, before: Shape, after: Shape) -> str:
    """The arithmetic of one change, as "floor((224 + 2·3 − 7)/2) + 1 = 112"."""
    given = (op for op in layer.operations if any(s[2:] == after for s in op.outputs))
    op = next(given, None)
    if op is None:
        return f"{layer.type} makes {times(after)} of {times(before)}"
    if op.window and not op.window.transposed and op.inputs[0][2:] == before:
        axes = zip(*axes_of(op.window), before, after, strict=True)
        lines = [slide(*axis, ceil=op.window.ceil_mode) for axis in axes]
        return "; ".join(dict.fromkeys(lines))
    return pooled(op, before, after)


def axes_of(window: Window) -> tuple[Shape, Shape, Shape, Shape]:
    """Kernel, stride, padding and dilation, each with one number per axis."""
    return window.kernel, window.stride, window.padding, window.dilation


def slide(
    k: int, s: int, p: int, d: int, before: int, after: int, *, ceil: bool
) -> str:
    """How many positions a window takes along one axis.

    Source: torch.nn.Conv2d and torch.nn.MaxPool2d, their "Shape" sections.
    """
    reach = str(k) if d == 1 else f"({d}·({k} − 1) + 1)"
    rounding = "ceil" if ceil else "floor"
    return f"{rounding}(({before} + 2·{p} − {reach})/{s}) + 1 = {after}"


def pooled(op: Operation, before: Shape, after: Shape) -> str:
    """What an operation without a window of its own does to the map, in words."""
    if op.name in AVERAGE_POOLS and set(after) == {1}:
        return f"mean over {times(before)} = 1"
    return f"{op.name} makes {times(after)} of {times(before)}"

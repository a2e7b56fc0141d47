"""Operations on quantised values that are no other's twins: those of two in one.

Weights of convolutions are packed, with their strides and pads. What has a twin of
floating point, as `quantized.mul`, is an alias of that.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.convolutions import (
    find_convolution_channel_axis,
    follow_convolution,
)
from resviz.operations.kind import (
    ACTIVATED_CONVOLUTION,
    ACTIVATION,
    CONVOLUTION,
    ELEMENTWISE,
    NORM,
    OperationKind,
)
from resviz.operations.shared_rules import follow_factor, follow_pointwise

if TYPE_CHECKING:
    from resviz.operations.kind import NamedArguments, WindowNumbers
    from resviz.record import Operation


def read_packed_window(bound: NamedArguments) -> WindowNumbers:
    """Read a convolution's window off its packed weight; a 1-D one's is packed as 2-D.

    Shapes: what it reads (N, C, *spatial), weight (K, C/G, *kernel).
    """
    packed = bound["packed_weight" if "packed_weight" in bound else "weight"]
    axes = len(bound["qx"].shape) - 2
    weight, _ = packed.unpack()
    numbers = (weight.shape[2:], packed.stride(), packed.padding(), packed.dilation())
    kernel, stride, padding, dilation = (tuple(own)[-axes:] for own in numbers)
    transposed = bool(packed.transpose())
    return kernel, stride, padding, dilation, packed.groups(), transposed, False


def count_packed_convolution_macs(op: Operation) -> int:
    """Count the multiply-accumulates of a convolution by its window.

    Units: MACs for the whole batch, N · K · H' · W' · (C/G) · R · S; a transposed one
    visits its input instead, for K/G maps.
    """
    if op.window is None:
        return 0  # of a record of before windows were unpacked: its cost is not known
    visited, other = op.outputs[0], op.inputs[0]
    if op.window.transposed:
        visited, other = other, visited
    return prod(visited) * (other[1] // op.window.groups) * prod(op.window.kernel)


packed_convolution = partial(
    OperationKind,
    display_name="conv",
    weights=1,
    min_operands=1,
    window=read_packed_window,
    macs=count_packed_convolution_macs,
    is_differentiable=False,
    field=follow_convolution,
    sets_axis=find_convolution_channel_axis,
)

NAMES = tuple(
    f"quantized.conv{way}{axes}d" for way in ("", "_transpose") for axes in (1, 2, 3)
)
"""Those without an activation; each has one that quantises what it reads."""

pointwise = partial(OperationKind, is_differentiable=False, field=follow_pointwise)

ROWS = (
    pointwise("quantized.add_relu", ELEMENTWISE, label="+, ReLU", is_join=True),
    pointwise("quantized.add_scalar_relu", ELEMENTWISE),
    pointwise(
        "quantized.mul_relu",
        ELEMENTWISE,
        label="×, ReLU",
        is_factor=True,
        field=follow_factor,
    ),
    pointwise("quantized.mul_scalar_relu", ELEMENTWISE),
    pointwise("quantized.relu6", ACTIVATION, label="ReLU6"),
    pointwise("quantized.instance_norm", NORM, label="IN"),
    *(
        pointwise(f"quantized.batch_norm{axes}_relu", ACTIVATION, label="BN, ReLU")
        for axes in ("", "1d", "2d", "3d")
    ),
    *(packed_convolution(name, CONVOLUTION) for name in NAMES),
    *(packed_convolution(f"{name}_dynamic", CONVOLUTION) for name in NAMES),
    *(
        packed_convolution(f"quantized.conv{axes}d_relu", ACTIVATED_CONVOLUTION)
        for axes in (1, 2, 3)
    ),
)

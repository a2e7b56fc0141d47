"""Convolutions: a window of weights that slides over a map."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import CONVOLUTION, OperationKind
from resviz.operations.layouts import list_input_axes, make_plain_run
from resviz.operations.shared_rules import save_two_operands
from resviz.operations.size_rules import (
    SizesDisagree,
    SizeUnknown,
    check_weight_size,
)
from resviz.operations.windows import (
    compute_sizes_by_window,
    describe_misfit,
    expand_per_axis,
    slide_window,
)

if TYPE_CHECKING:
    from resviz.operations.kind import NamedArguments, OutputMaps, WindowNumbers
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape, Window


def read_convolution_window(bound: NamedArguments) -> WindowNumbers:
    """Read a convolution's window; the kernel is read off the weight's shape."""
    kernel = tuple(bound["weight"].shape)[2:]
    axes = len(kernel)
    return (
        kernel,
        expand_per_axis(bound["stride"], axes),
        expand_per_axis(bound["padding"], axes),
        expand_per_axis(bound["dilation"], axes),
        bound["groups"],
        bound["transposed"],
        False,
    )


def count_convolution_macs(op: Operation) -> int:
    """Count the multiply-accumulates of a convolution; its bias is not counted.

    Shapes: input (N, C, *spatial), weight (K, C/G, *kernel), output (N, K, …);
    a transposed one has weight (C, K/G, *kernel) and visits its input instead.
    Units: MACs for the whole batch, N · K · H' · W' · (C/G) · R · S.
    Source: He et al. 2015, section 3.3, counts one multiply-add as one FLOP.
    """
    transposed = op.window is not None and op.window.transposed
    visited_shape = op.inputs[0] if transposed else op.outputs[0]
    return prod(visited_shape) * prod(op.inputs[1][1:])


def follow_convolution(step: FieldStep) -> OutputMaps | None:
    """Follow fields through a window that reads all channels of its group.

    Shapes: input (N, C, *spatial), weight (K, C/G, *kernel), output (N, K, …).
    """
    field_map, *weights = step.maps
    window = step.op.window
    if (
        field_map is None
        or window is None
        or any(w.position_axes for w in weights if w)
    ):
        return None
    # A weight that is made of the whole input, as a dynamic one, is a factor.
    step.gated = any(weights)
    place = len(step.shape) - len(window.kernel) - 1
    channels = list_input_axes(field_map.layout[place])
    if channels and window.groups > 1:
        return None
    field_map = field_map.gather_positions(channels).with_run(
        place, make_plain_run(step.shape[place])
    )
    return [slide_window(field_map, window, step.shape)]


def resize_convolution(step: SizeStep) -> list[Shape]:
    """Slide the window over another map.

    Shapes: input (N, C, *spatial), weight (K, C/G, *kernel), output (N, K, …).
    """
    window, weight, shape = step.op.window, step.shapes[1], step.shape
    if window is None or len(shape) != len(window.kernel) + 2:
        raise SizeUnknown("its window is not that of a map")
    n, c, *sizes = shape
    if window.transposed:
        check_weight_size(weight[0], c)
        return [(n, weight[1] * window.groups, *widen_by_window(step, window))]
    check_weight_size(weight[1] * window.groups, c)
    output_sizes = compute_sizes_by_window(sizes, window)
    if output_sizes is None:
        raise SizesDisagree(describe_misfit(sizes, window))
    return [(n, weight[0], *output_sizes)]


def widen_by_window(step: SizeStep, window: Window) -> list[int]:
    """Return the sizes after a transposed window, with the output padding it had."""
    axes = len(window.kernel)
    sizes = zip(step.shape[-axes:], step.before[-axes:], strict=True)
    grown = zip(step.op.outputs[0][-axes:], sizes, window.stride, strict=True)
    return [after + (now - before) * s for after, (now, before), s in grown]


def find_convolution_channel_axis(op: Operation) -> int | None:
    """Find the channel axis of a convolution's output, that before its window."""
    window = op.window
    return max(len(op.outputs[0]) - len(window.kernel) - 1, 0) if window else None


def count_time_first_macs(op: Operation) -> int:
    """Count the multiply-accumulates of a convolution over time; its bias is not.

    Shapes: input (T, N, C), weight (R, C, K), output (T', N, K).
    """
    return prod(op.outputs[0]) * prod(op.inputs[1][:2])


def count_backend_macs(op: Operation) -> int:
    """Count the multiply-accumulates of a convolution as one library runs it.

    Shapes: as any other's, but that of grouped weights of oneDNN, (G, K/G, C/G, …).
    """
    inner = len(op.inputs[1]) - len(op.inputs[0]) + 1
    return prod(op.outputs[0]) * prod(op.inputs[1][inner:])


def count_transposed_backend_macs(op: Operation) -> int:
    """Count those of a transposed one, with a weight (C, K/G, …)."""
    return prod(op.inputs[0]) * prod(op.inputs[1][1:])


BACKENDS = (
    "_conv_depthwise2d", "_mps_convolution", "_nnpack_spatial_convolution",
    "_slow_conv2d_forward", "conv_depthwise3d", "cudnn_convolution",
    "cudnn_convolution_add_relu", "cudnn_convolution_relu", "miopen_convolution",
    "miopen_convolution_add_relu", "miopen_convolution_relu",
    "miopen_depthwise_convolution", "mkldnn_convolution", "slow_conv3d_forward",
    "slow_conv_dilated2d", "slow_conv_dilated3d",
)  # fmt: skip
"""Convolutions as one library runs them, which graphs and converted modules call."""

TRANSPOSED_BACKENDS = (
    "_mps_convolution_transpose", "cudnn_convolution_transpose",
    "miopen_convolution_transpose", "slow_conv_transpose2d", "slow_conv_transpose3d",
)  # fmt: skip
"""The same of transposed ones."""

backend_convolution = partial(OperationKind, label="conv", weights=1, min_operands=2)

ROWS = (
    OperationKind(
        "convolution",
        CONVOLUTION,
        # traced graphs of torch hold the first, devices of others run the second
        aliases=("_convolution", "convolution_overrideable"),
        display_name="conv",
        min_operands=2,
        window=read_convolution_window,
        macs=count_convolution_macs,
        saved=save_two_operands,
        field=follow_convolution,
        sizes=resize_convolution,
        sets_axis=find_convolution_channel_axis,
    ),
    OperationKind(
        "conv_tbc",
        label="conv",
        weights=1,
        min_operands=2,
        macs=count_time_first_macs,
        saved=save_two_operands,
        sets_axis=lambda op: len(op.outputs[0]) - 1,
    ),
    *(backend_convolution(name, macs=count_backend_macs) for name in BACKENDS),
    *(
        backend_convolution(name, macs=count_transposed_backend_macs)
        for name in TRANSPOSED_BACKENDS
    ),
)

"""Activations: a function of each value, a gate of each half, a softmax."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import ACTIVATION, SOFTMAX, OperationKind
from resviz.operations.layouts import list_input_axes
from resviz.operations.shared_rules import (
    follow_pointwise,
    follow_pointwise_pair,
    save_operand,
    save_operand_and_rest,
    save_result,
    save_two_operands,
)
from resviz.operations.size_rules import (
    BY_CODE,
    SizeUnknown,
    keep_size,
    replace_axis,
)

if TYPE_CHECKING:
    from resviz.operations.kind import OutputMaps
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Shape


def follow_glu(step: FieldStep) -> OutputMaps:
    """Follow fields where one half of an axis meets a gate of the other half."""
    field_map = step.seeing_maps[0]
    sizes = zip(step.op.inputs[0], step.shape, strict=True)
    place = next(d for d, (before, after) in enumerate(sizes) if before != after)
    return [field_map.slide_taps(place, [None], step.shape)]


def follow_softmax(step: FieldStep) -> OutputMaps | None:
    """Follow fields where each value sees all that the values along `dim` see."""
    field_map = step.seeing_maps[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(step.shape)
    return [field_map.gather_positions(list_input_axes(field_map.layout[place]))]


def resize_glu(step: SizeStep) -> list[Shape]:
    """Halve the axis that was halved."""
    sizes = zip(step.before, step.op.outputs[0], strict=True)
    place = next(d for d, (before, after) in enumerate(sizes) if before != after)
    if step.changes_along(place):
        raise SizeUnknown(BY_CODE)
    return [replace_axis(step.shape, place, step.op.outputs[0][place])]


activation = partial(
    OperationKind, family=ACTIVATION, field=follow_pointwise, sizes=keep_size
)
softmax = partial(
    OperationKind,
    family=SOFTMAX,
    is_quiet=True,
    arguments=("dim",),
    saved=save_result,
    field=follow_softmax,
    sizes=keep_size,
)

ROWS = (
    activation("relu", label="ReLU", tool_kind="ReLU", saved=save_result),
    activation(
        "hardtanh",
        tool_kind="ReLU6",
        arguments=("min_val", "max_val"),
        saved=save_operand,
    ),
    activation(
        "sigmoid",
        aliases=("quantized.sigmoid",),
        is_squashing=True,
        saved=save_result,
    ),
    activation("tanh", saved=save_result),
    activation("silu", label="SiLU", saved=save_operand),
    activation("gelu", label="GELU", tool_kind="GELU", saved=save_operand),
    activation(
        "elu",
        aliases=("quantized.elu",),
        label="ELU",
        saved=save_operand,
        saves_result_in_place=True,
    ),
    activation(
        "leaky_relu",
        aliases=("quantized.leaky_relu",),
        label="leaky ReLU",
        saved=save_operand,
        saves_result_in_place=True,
    ),
    activation(
        "_prelu_kernel",
        aliases=("quantized.prelu",),
        label="PReLU",
        saved=save_two_operands,
    ),
    activation("clamp", aliases=("quantized.clamp",), saved=save_operand),
    activation("clamp_max", saved=save_operand),
    activation("clamp_min", saved=save_operand),
    activation("hardsigmoid", is_squashing=True, saved=save_operand),
    activation("hardswish", aliases=("quantized.hardswish",), saved=save_operand),
    activation("mish", saved=save_operand),
    activation("softplus", saved=save_operand),
    activation("threshold", aliases=("quantized.threshold",), saved=save_operand),
    activation(
        "log_sigmoid_forward", saved=save_operand_and_rest, field=follow_pointwise_pair
    ),
    activation("glu", saved=save_operand, field=follow_glu, sizes=resize_glu),
    activation("hardshrink"),
    activation("prelu"),
    activation("rrelu_with_noise"),
    activation("softshrink"),
    activation(
        "celu",
        aliases=("quantized.celu",),
        saved=save_operand,
        saves_result_in_place=True,
    ),
    activation("selu"),
    softmax(
        "_softmax",
        aliases=("quantized.softmax",),
        display_name="softmax",
        label="softmax",
        tool_kind="softmax",
        is_squashing=True,
    ),
    softmax(
        "_safe_softmax", display_name="softmax", label="softmax", is_squashing=True
    ),
    softmax("_log_softmax", display_name="log_softmax", label="log softmax"),
)

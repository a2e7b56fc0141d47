"""Activations: a function of each value, a gate of each half, a softmax."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep


def follow_glu(step: FieldStep) -> Sequence[FieldMap | None]:
    """Follow fields where one half of an axis meets a gate of the other half."""
    field_map = step.seeing_maps[0]
    sizes = zip(step.op.inputs[0], step.shape, strict=True)
    place = next(d for d, (before, after) in enumerate(sizes) if before != after)
    return [field_map.slide_taps(place, [None], step.shape)]


def follow_softmax(step: FieldStep) -> Sequence[FieldMap | None] | None:
    """Follow fields where each value sees all that the values along `dim` see."""
    field_map = step.seeing_maps[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(step.shape)
    return [field_map.gather_positions(list_input_axes(field_map.layout[place]))]


ROWS = (
    OperationKind(
        "relu",
        ACTIVATION,
        label="ReLU",
        tool_kind="ReLU",
        saved=save_result,
        field=follow_pointwise,
    ),
    OperationKind(
        "hardtanh",
        ACTIVATION,
        tool_kind="ReLU6",
        saved=save_operand,
        field=follow_pointwise,
    ),
    OperationKind("sigmoid", ACTIVATION, saved=save_result, field=follow_pointwise),
    OperationKind("tanh", ACTIVATION, saved=save_result, field=follow_pointwise),
    OperationKind(
        "silu", ACTIVATION, label="SiLU", saved=save_operand, field=follow_pointwise
    ),
    OperationKind(
        "gelu",
        ACTIVATION,
        label="GELU",
        tool_kind="GELU",
        saved=save_operand,
        field=follow_pointwise,
    ),
    OperationKind(
        "elu",
        ACTIVATION,
        label="ELU",
        saved=save_operand,
        saves_result_in_place=True,
        field=follow_pointwise,
    ),
    OperationKind(
        "leaky_relu",
        ACTIVATION,
        label="leaky ReLU",
        saved=save_operand,
        saves_result_in_place=True,
        field=follow_pointwise,
    ),
    OperationKind(
        "_prelu_kernel",
        ACTIVATION,
        label="PReLU",
        saved=save_two_operands,
        field=follow_pointwise,
    ),
    *(
        OperationKind(name, ACTIVATION, saved=save_operand, field=follow_pointwise)
        for name in (
            "clamp",
            "clamp_max",
            "clamp_min",
            "hardsigmoid",
            "hardswish",
            "mish",
            "softplus",
            "threshold",
        )
    ),
    OperationKind(
        "log_sigmoid_forward",
        ACTIVATION,
        saved=save_operand_and_rest,
        field=follow_pointwise_pair,
    ),
    OperationKind("glu", ACTIVATION, saved=save_operand, field=follow_glu),
    *(
        OperationKind(name, ACTIVATION, field=follow_pointwise)
        for name in ("hardshrink", "prelu", "rrelu_with_noise", "softshrink")
    ),
    OperationKind(
        "celu", saved=save_operand, saves_result_in_place=True, field=follow_pointwise
    ),
    OperationKind("selu", field=follow_pointwise),
    OperationKind(
        "_softmax",
        SOFTMAX,
        display_name="softmax",
        label="softmax",
        tool_kind="softmax",
        is_quiet=True,
        arguments=("dim",),
        saved=save_result,
        field=follow_softmax,
    ),
    OperationKind(
        "_safe_softmax",
        SOFTMAX,
        display_name="softmax",
        label="softmax",
        is_quiet=True,
        arguments=("dim",),
        saved=save_result,
        field=follow_softmax,
    ),
    OperationKind(
        "_log_softmax",
        SOFTMAX,
        display_name="log_softmax",
        label="log softmax",
        is_quiet=True,
        arguments=("dim",),
        saved=save_result,
        field=follow_softmax,
    ),
)

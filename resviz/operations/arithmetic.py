"""Arithmetic and comparisons, value by value; and the Fourier transform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, OperationKind, SavedTensors
from resviz.operations.shared_rules import (
    follow_factor,
    follow_pointwise,
    save_factors,
    save_factors_after_addend,
    save_nothing,
    save_operand,
    save_result,
    save_selector,
    save_two_operands,
)

if TYPE_CHECKING:
    from resviz.operations.kind import OperandLearns
    from resviz.record import Operation


def save_quotient(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the divisor, and the dividend if the divisor learns."""
    return save_ratio(0, learns) if len(op.reads) > 1 else SavedTensors()


def save_quotient_after_addend(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operands of the quotient of the last two operands."""
    del op
    return save_ratio(1, learns)


def save_ratio(first: int, learns: OperandLearns) -> SavedTensors:
    """Save the divisor after `first`, and `first` too if the divisor learns."""
    both = (first, first + 1)
    return SavedTensors(both if learns[first + 1] else both[1:])


def save_power(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the base; if the exponent is a tensor, that and the result too."""
    del learns
    return SavedTensors((0, 1), (0,)) if len(op.reads) > 1 else SavedTensors((0,))


def save_blend(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save all operands if the weight is a tensor."""
    del learns
    return SavedTensors((0, 1, 2)) if len(op.reads) > 2 else SavedTensors()


ROWS = (
    OperationKind(
        "add",
        ELEMENTWISE,
        label="+",
        tool_kind="addition",
        is_quiet=True,
        is_join=True,
        saved=save_nothing,
        field=follow_pointwise,
    ),
    OperationKind(
        "sub",
        ELEMENTWISE,
        label="−",
        is_quiet=True,
        is_join=True,
        saved=save_nothing,
        field=follow_pointwise,
    ),
    OperationKind(
        "rsub",
        ELEMENTWISE,
        is_quiet=True,
        is_join=True,
        saved=save_nothing,
        field=follow_pointwise,
    ),
    OperationKind(
        "addcmul",
        ELEMENTWISE,
        is_join=True,
        saved=save_factors_after_addend,
        field=follow_pointwise,
    ),
    OperationKind(
        "lerp",
        ELEMENTWISE,
        is_join=True,
        saved=save_blend,
        field=follow_pointwise,
    ),
    OperationKind(
        "mul",
        ELEMENTWISE,
        label="×",
        tool_kind="multiplication",
        is_quiet=True,
        is_factor=True,
        saved=save_factors,
        field=follow_factor,
    ),
    OperationKind(
        "div",
        ELEMENTWISE,
        is_quiet=True,
        is_factor=True,
        saved=save_quotient,
        field=follow_factor,
    ),
    OperationKind(
        "addcdiv",
        ELEMENTWISE,
        saved=save_quotient_after_addend,
        field=follow_pointwise,
    ),
    OperationKind(
        "neg", ELEMENTWISE, is_quiet=True, saved=save_nothing, field=follow_pointwise
    ),
    OperationKind(
        "pow", ELEMENTWISE, is_quiet=True, saved=save_power, field=follow_pointwise
    ),
    *(
        OperationKind(
            name,
            ELEMENTWISE,
            is_quiet=True,
            saved=save_result,
            field=follow_pointwise,
        )
        for name in ("sqrt", "rsqrt")
    ),
    *(
        OperationKind(name, ELEMENTWISE, saved=save_result, field=follow_pointwise)
        for name in ("exp", "expm1", "reciprocal")
    ),
    *(
        OperationKind(name, ELEMENTWISE, saved=save_operand, field=follow_pointwise)
        for name in ("abs", "cos", "erf", "log", "log1p", "sin", "square")
    ),
    OperationKind("where", ELEMENTWISE, saved=save_operand, field=follow_pointwise),
    OperationKind(
        "masked_fill", ELEMENTWISE, saved=save_selector, field=follow_pointwise
    ),
    *(
        OperationKind(
            name, ELEMENTWISE, saved=save_two_operands, field=follow_pointwise
        )
        for name in ("maximum", "minimum")
    ),
    *(
        OperationKind(name, ELEMENTWISE, saved=save_nothing, field=follow_pointwise)
        for name in ("ceil", "floor", "round", "sign")
    ),
    *(
        OperationKind(name, ELEMENTWISE, field=follow_pointwise)
        for name in ("exp2", "fmod", "log2", "remainder", "trunc")
    ),
    OperationKind("atan", ELEMENTWISE, saved=save_operand),
    *(OperationKind(name, ELEMENTWISE) for name in ("addr", "floor_divide", "tan")),
    *(
        OperationKind(
            name, ELEMENTWISE, is_differentiable=False, field=follow_pointwise
        )
        for name in (
            "eq",
            "ne",
            "gt",
            "lt",
            "ge",
            "le",
            "isnan",
            "logical_not",
            "logical_and",
            "logical_or",
            "bitwise_not",
        )
    ),
    *(
        OperationKind(name, ELEMENTWISE, is_differentiable=False)
        for name in ("isinf", "bitwise_and", "bitwise_or")
    ),
    *(
        OperationKind(name, field=follow_pointwise)
        for name in ("atan2", "logit", "nan_to_num", "xlogy")
    ),
    OperationKind("acos", saved=save_operand),
    *(
        OperationKind(name, saved=save_nothing)
        for name in ("_fft_r2c", "_fft_c2c", "_fft_c2r")
    ),
)

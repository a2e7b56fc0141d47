"""Arithmetic and comparisons, value by value."""

from __future__ import annotations

from functools import partial
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
from resviz.operations.size_rules import broadcast_sizes

if TYPE_CHECKING:
    from resviz.operations.kind import OperandLearns
    from resviz.record import Operation


def save_ratio(first: int, op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the divisor after `first`, and `first` too if the divisor learns."""
    if len(op.reads) < first + 2:  # the divisor is a number
        return SavedTensors()
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


pointwise = partial(
    OperationKind,
    family=ELEMENTWISE,
    field=follow_pointwise,
    sizes=broadcast_sizes,
)
difference = partial(
    pointwise, is_quiet=True, is_join=True, is_linear=True, saved=save_nothing
)
comparison = partial(pointwise, is_differentiable=False)

OTHER_FUNCTIONS = (
    "acosh", "angle", "asin", "asinh", "atanh", "complex", "conj_physical", "copysign",
    "cosh", "deg2rad", "digamma", "erfc", "erfinv", "fmax", "fmin", "frac", "frexp",
    "hypot", "i0", "igamma", "igammac", "ldexp", "lgamma", "linalg_cross", "log10",
    "logaddexp", "logaddexp2", "mvlgamma", "polar", "polygamma", "positive", "rad2deg",
    "sgn", "sinc", "sinh", "special_entr", "special_erfcx", "special_i0e",
    "special_i1", "special_i1e", "special_log_ndtr", "special_ndtri",
    "special_xlog1py",
)  # fmt: skip
"""What works on values one by one and has no MACs, of which no more need be known."""

OTHER_PREDICATES = (
    "__lshift__", "__rshift__", "bitwise_left_shift", "bitwise_right_shift",
    "bitwise_xor", "count_nonzero", "equal", "gcd", "heaviside", "isfinite", "isin",
    "isneginf", "isposinf", "lcm", "logical_xor", "nextafter",
    "signbit",
)  # fmt: skip
"""The same of what has whole or truth values, or steps, and so no gradient."""

ROWS = (
    pointwise(
        "add",
        aliases=("quantized.add", "quantized.add_scalar"),
        label="+",
        tool_kind="addition",
        is_quiet=True,
        is_join=True,
        is_linear=True,
        saved=save_nothing,
    ),
    difference("sub", label="−"),
    difference("rsub"),
    pointwise("addcmul", is_join=True, saved=save_factors_after_addend),
    pointwise("lerp", is_join=True, saved=save_blend),
    pointwise(
        "mul",
        aliases=("quantized.mul", "quantized.mul_scalar"),
        label="×",
        tool_kind="multiplication",
        is_quiet=True,
        is_factor=True,
        is_linear=True,
        saved=save_factors,
        field=follow_factor,
    ),
    pointwise(
        "div",
        is_quiet=True,
        is_factor=True,
        is_linear=True,
        saved=partial(save_ratio, 0),
        field=follow_factor,
    ),
    pointwise("addcdiv", saved=partial(save_ratio, 1)),
    pointwise("neg", is_quiet=True, is_linear=True, saved=save_nothing),
    pointwise("pow", is_quiet=True, saved=save_power),
    pointwise("sqrt", is_quiet=True, saved=save_result),
    pointwise("rsqrt", is_quiet=True, saved=save_result),
    pointwise("exp", saved=save_result),
    pointwise("expm1", saved=save_result),
    pointwise("reciprocal", saved=save_result),
    pointwise("abs", saved=save_operand),
    pointwise("cos", saved=save_operand),
    pointwise("erf", saved=save_operand),
    pointwise("log", saved=save_operand),
    pointwise("log1p", saved=save_operand),
    pointwise("sin", saved=save_operand),
    pointwise("square", saved=save_operand),
    pointwise("where", is_lookup=True, saved=save_operand),
    pointwise("masked_fill", is_lookup=True, saved=save_selector),
    pointwise("maximum", saved=save_two_operands),
    pointwise("minimum", saved=save_two_operands),
    pointwise("ceil", saved=save_nothing),
    pointwise("floor", saved=save_nothing),
    pointwise("round", saved=save_nothing),
    pointwise("sign", saved=save_nothing),
    pointwise("exp2"),
    pointwise("fmod"),
    pointwise("log2"),
    pointwise("remainder"),
    pointwise("trunc"),
    OperationKind("atan", ELEMENTWISE, saved=save_operand),
    OperationKind("addr", ELEMENTWISE),
    OperationKind("floor_divide", ELEMENTWISE),
    OperationKind("tan", ELEMENTWISE),
    comparison("eq"),
    comparison("ne"),
    comparison("gt"),
    comparison("lt"),
    comparison("ge"),
    comparison("le"),
    comparison("isnan"),
    comparison("logical_not"),
    comparison("logical_and"),
    comparison("logical_or"),
    comparison("bitwise_not"),
    OperationKind("isinf", ELEMENTWISE, is_differentiable=False),
    OperationKind("bitwise_and", ELEMENTWISE, is_differentiable=False),
    OperationKind("bitwise_or", ELEMENTWISE, is_differentiable=False),
    pointwise("atan2"),
    pointwise("logit"),
    pointwise("nan_to_num"),
    pointwise("xlogy"),
    pointwise("acos", saved=save_operand),
    *(OperationKind(name, ELEMENTWISE) for name in OTHER_FUNCTIONS),
    *(
        OperationKind(name, ELEMENTWISE, is_differentiable=False)
        for name in OTHER_PREDICATES
    ),
    pointwise("quantize_per_tensor"),
    pointwise("quantize_per_channel"),
    pointwise("quantize_per_tensor_dynamic"),
    pointwise("dequantize"),
)

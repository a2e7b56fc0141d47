"""What autograd keeps of each operation until its backward has run.

A rule gives the operands and results that the operation's derivative reads.
Source: torch's own formulas, tools/autograd/derivatives.yaml.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations import families
from resviz.operations.registry import make_rule_decorator

if TYPE_CHECKING:
    from resviz.record import Operation


class SavedTensors(NamedTuple):
    """Operands and results that autograd saves, by position."""

    operands: tuple[int, ...] = ()
    results: tuple[int, ...] = ()


OperandLearns = tuple[bool, ...]
"""For each operand, whether it is a parameter or was computed from one."""

SavedRule = Callable[["Operation", OperandLearns], SavedTensors]

SAVED_RULES: dict[str, SavedRule] = {}
"""The rule of each operation that keeps something."""

SAVES_NOTHING = (
    families.RESHAPES
    | frozenset({
        "add", "sub", "rsub", "neg", "sum", "mean", "cumsum", "tril", "triu",
        "floor", "ceil", "round", "sign",
        "fill", "zero", "bernoulli", "uniform", "normal",
        "slice", "select", "split", "split_with_sizes", "unsafe_split", "unbind",
        "cat", "stack", "chunk", "narrow", "roll", "flip", "repeat", "unfold",
        "im2col", "col2im", "constant_pad_nd", "_fft_r2c", "_fft_c2c", "_fft_c2r",
        "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "avg_pool1d",
        "upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d",
    })
)  # fmt: skip
"""Operations whose derivative reads shapes and numbers alone."""

NO_GRADIENT = frozenset({
    "eq", "ne", "gt", "lt", "ge", "le", "argmax", "argmin", "isnan", "isinf",
    "logical_not", "logical_and", "logical_or",
    "bitwise_not", "bitwise_and", "bitwise_or", *families.CREATIONS,
})  # fmt: skip
"""Operations through whose results no gradient flows."""

SAVES_RESULT_IN_PLACE = frozenset({"leaky_relu", "elu", "celu"})
"""Operations that keep their operand, and in place the result that took its place.

All others that keep their operand copy it before they write over it.
"""

saved_rule = make_rule_decorator(
    SAVED_RULES, "rule of what is kept", SAVES_NOTHING, NO_GRADIENT
)
"""Makes a function the rule of some operations."""


def is_saving_known(op: Operation) -> bool:
    """Whether it is known what autograd keeps of an operation."""
    return op.name in SAVED_RULES or op.name in SAVES_NOTHING or op.name in NO_GRADIENT


def find_saved_tensors(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Find what autograd saves of an operation; nothing if no operand learns."""
    kept = SAVED_RULES.get(op.name)
    return kept(op, learns) if kept and any(learns) else SavedTensors()


@saved_rule("silu", "gelu", "hardswish", "hardsigmoid", "mish", "softplus", "hardtanh")
@saved_rule("leaky_relu", "elu", "celu", "glu", "clamp", "clamp_min", "clamp_max")
@saved_rule(
    "threshold", "abs", "square", "log", "log1p", "sin", "cos", "acos", "atan", "erf"
)
@saved_rule("var", "var_mean")
@saved_rule("avg_pool2d", "avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d")
@saved_rule("reflection_pad1d", "reflection_pad2d", "replication_pad2d")
def save_operand(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operand."""
    del op, learns
    return SavedTensors((0,))


@saved_rule("relu", "sigmoid", "tanh", "sqrt", "rsqrt", "exp", "expm1", "reciprocal")
@saved_rule(*families.SOFTMAXES)
def save_result(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the result."""
    del op, learns
    return SavedTensors(results=(0,))


@saved_rule("std", "amax", "amin", "prod", "cumprod", "logsumexp", "linalg_vector_norm")
def save_operand_and_result(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operand and the result."""
    del op, learns
    return SavedTensors((0,), (0,))


@saved_rule("log_sigmoid_forward", *families.MAX_POOLS)
def save_operand_and_rest(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operand and the further outputs, as indices."""
    del learns
    return SavedTensors((0,), tuple(range(1, len(op.writes))))


@saved_rule(*families.NORMS)
def norm(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operand, the statistics, and the weight if it was computed."""
    return save_operand_and_rest(op, learns)._replace(operands=(0, 1)[: len(op.reads)])


@saved_rule("native_dropout", "topk", "sort")
def save_rest(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the further outputs: a mask, indices."""
    del learns
    return SavedTensors((), tuple(range(1, len(op.writes))))


@saved_rule("max", "min")
def extreme(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the indices along an axis; else the operand and the result."""
    whole = len(op.writes) == 1
    return save_operand_and_result(op, learns) if whole else save_rest(op, learns)


@saved_rule("_prelu_kernel", "maximum", "minimum", "gather", "grid_sampler_2d")
@saved_rule(*families.CONVOLUTIONS)
def save_two_operands(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the first two operands; a weight counts only if it was computed."""
    del op, learns
    return SavedTensors((0, 1))


@saved_rule("index", "index_select", "embedding", "masked_fill", "index_add", "scatter")
def selection(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the indices or the mask that selects values."""
    del learns
    return SavedTensors(
        tuple(range(1, len(op.reads)))[: None if op.name == "index" else 1]
    )


@saved_rule("where")
def condition(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the condition, which selects values."""
    return save_operand(op, learns)


@saved_rule("mul", "mm", "bmm", "mv", "dot")
def product(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save each of two factors whose counterpart learns."""
    del op
    return save_factors(0, learns)


@saved_rule("addmm", "baddbmm", "addbmm", "addmv", "addcmul")
def product_with_addend(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the factors of the product of the last two operands."""
    del op
    return save_factors(1, learns)


def save_factors(first: int, learns: OperandLearns) -> SavedTensors:
    """Save each of the two factors from `first` on whose counterpart learns."""
    if len(learns) < first + 2:  # the other factor is a number
        return SavedTensors()
    pairs = ((first, first + 1), (first + 1, first))
    return SavedTensors(tuple(own for own, fellow in pairs if learns[fellow]))


@saved_rule("div")
def quotient(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the divisor, and the dividend if the divisor learns."""
    return save_ratio(0, learns) if len(op.reads) > 1 else SavedTensors()


@saved_rule("addcdiv")
def quotient_with_addend(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operands of the quotient of the last two operands."""
    del op
    return save_ratio(1, learns)


def save_ratio(first: int, learns: OperandLearns) -> SavedTensors:
    """Save the divisor after `first`, and `first` too if the divisor learns."""
    both = (first, first + 1)
    return SavedTensors(both if learns[first + 1] else both[1:])


@saved_rule("pow")
def power(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the base; if the exponent is a tensor, that and the result too."""
    del learns
    return SavedTensors((0, 1), (0,)) if len(op.reads) > 1 else SavedTensors((0,))


@saved_rule("lerp")
def blend(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save all operands if the weight is a tensor."""
    del learns
    return SavedTensors((0, 1, 2)) if len(op.reads) > 2 else SavedTensors()


@saved_rule("_weight_norm_interface")
def weight_norm(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save direction, length and norms."""
    del op, learns
    return SavedTensors((0, 1), (1,))


@saved_rule("_scaled_dot_product_flash_attention_for_cpu")
def attention(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save queries, keys, values, the result and the log-sum-exp."""
    del learns
    return SavedTensors((0, 1, 2), tuple(range(len(op.writes))))

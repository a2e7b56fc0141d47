"""What autograd keeps of each operation until its backward has run.

A rule gives the operands and results that the operation's derivative reads.
Source: torch's own formulas, tools/autograd/derivatives.yaml.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from resviz import vocabulary
from resviz.registry import registrar

if TYPE_CHECKING:
    from resviz.record import Operation


class Saved(NamedTuple):
    """Which operands and which results are kept, by their places."""

    operands: tuple[int, ...] = ()
    results: tuple[int, ...] = ()


Learns = tuple[bool, ...]
"""For each operand, whether it is a parameter or was computed from one."""

Rule = Callable[["Operation", Learns], Saved]

RULES: dict[str, Rule] = {}
"""The rule of each operation that keeps something."""

NOTHING = (
    vocabulary.RESHAPES
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

CONSTANT = frozenset({
    "eq", "ne", "gt", "lt", "ge", "le", "argmax", "argmin", "isnan", "isinf",
    "logical_not", "logical_and", "logical_or",
    "bitwise_not", "bitwise_and", "bitwise_or", *vocabulary.CREATIONS,
})  # fmt: skip
"""Operations through whose results no gradient flows."""

BY_RESULT = frozenset({"leaky_relu", "elu", "celu"})
"""Operations that keep their operand, and in place the result that took its place.

All others that keep their operand copy it before they write over it.
"""

rule = registrar(RULES, "rule of what is kept", NOTHING, CONSTANT)
"""Makes a function the rule of some operations."""


def known(op: Operation) -> bool:
    """Whether it is known what autograd keeps of an operation."""
    return op.name in RULES or op.name in NOTHING or op.name in CONSTANT


def saved(op: Operation, learns: Learns) -> Saved:
    """What autograd keeps of an operation; nothing where no operand learns."""
    kept = RULES.get(op.name)
    return kept(op, learns) if kept and any(learns) else Saved()


@rule("silu", "gelu", "hardswish", "hardsigmoid", "mish", "softplus", "hardtanh")
@rule("leaky_relu", "elu", "celu", "glu", "clamp", "clamp_min", "clamp_max")
@rule("threshold", "abs", "square", "log", "log1p", "sin", "cos", "acos", "atan", "erf")
@rule("var", "var_mean")
@rule("avg_pool2d", "avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d")
@rule("reflection_pad1d", "reflection_pad2d", "replication_pad2d")
def operand(op: Operation, learns: Learns) -> Saved:
    """Its operand."""
    del op, learns
    return Saved((0,))


@rule("relu", "sigmoid", "tanh", "sqrt", "rsqrt", "exp", "expm1", "reciprocal")
@rule(*vocabulary.SOFTMAXES)
def result(op: Operation, learns: Learns) -> Saved:
    """Its result."""
    del op, learns
    return Saved(results=(0,))


@rule("std", "amax", "amin", "prod", "cumprod", "logsumexp", "linalg_vector_norm")
def operand_and_result(op: Operation, learns: Learns) -> Saved:
    """Its operand and its result."""
    del op, learns
    return Saved((0,), (0,))


@rule("log_sigmoid_forward", *vocabulary.MAX_POOLS)
def operand_and_rest(op: Operation, learns: Learns) -> Saved:
    """Its operand, and what it gave beside its result, as indices."""
    del learns
    return Saved((0,), tuple(range(1, len(op.writes))))


@rule(*vocabulary.NORMS)
def norm(op: Operation, learns: Learns) -> Saved:
    """Its operand and statistics, and its weight where that was computed."""
    return operand_and_rest(op, learns)._replace(operands=(0, 1)[: len(op.reads)])


@rule("native_dropout", "topk", "sort")
def rest(op: Operation, learns: Learns) -> Saved:
    """What it gave beside its result: a mask, indices."""
    del learns
    return Saved((), tuple(range(1, len(op.writes))))


@rule("max", "min")
def extreme(op: Operation, learns: Learns) -> Saved:
    """Along an axis the indices; of a whole tensor that and the result."""
    whole = len(op.writes) == 1
    return operand_and_result(op, learns) if whole else rest(op, learns)


@rule("_prelu_kernel", "maximum", "minimum", "gather", "grid_sampler_2d")
@rule(*vocabulary.CONVOLUTIONS)
def two_operands(op: Operation, learns: Learns) -> Saved:
    """Its first two operands; a weight among them counts where it was computed."""
    del op, learns
    return Saved((0, 1))


@rule("index", "index_select", "embedding", "masked_fill", "index_add", "scatter")
def selection(op: Operation, learns: Learns) -> Saved:
    """What says which values are taken."""
    del learns
    return Saved(tuple(range(1, len(op.reads)))[: None if op.name == "index" else 1])


@rule("where")
def condition(op: Operation, learns: Learns) -> Saved:
    """What says which values are taken."""
    return operand(op, learns)


@rule("mul", "mm", "bmm", "mv", "dot")
def product(op: Operation, learns: Learns) -> Saved:
    """Of two factors each one whose fellow learns."""
    del op
    return factors(0, learns)


@rule("addmm", "baddbmm", "addbmm", "addmv", "addcmul")
def product_with_addend(op: Operation, learns: Learns) -> Saved:
    """As a product, of the last two operands."""
    del op
    return factors(1, learns)


def factors(first: int, learns: Learns) -> Saved:
    """Of the factors at `first` and after it each one whose fellow learns."""
    if len(learns) < first + 2:  # the other factor is a number
        return Saved()
    pairs = ((first, first + 1), (first + 1, first))
    return Saved(tuple(own for own, fellow in pairs if learns[fellow]))


@rule("div")
def quotient(op: Operation, learns: Learns) -> Saved:
    """The divisor, and the dividend where the divisor learns."""
    return ratio(0, learns) if len(op.reads) > 1 else Saved()


@rule("addcdiv")
def quotient_with_addend(op: Operation, learns: Learns) -> Saved:
    """As a quotient, of the last two operands."""
    del op
    return ratio(1, learns)


def ratio(first: int, learns: Learns) -> Saved:
    """The operand after `first`, and `first` itself where that one learns."""
    both = (first, first + 1)
    return Saved(both if learns[first + 1] else both[1:])


@rule("pow")
def power(op: Operation, learns: Learns) -> Saved:
    """Its base; with an exponent for each value that too, and the result."""
    del learns
    return Saved((0, 1), (0,)) if len(op.reads) > 1 else Saved((0,))


@rule("lerp")
def blend(op: Operation, learns: Learns) -> Saved:
    """All of it where the weight is a tensor."""
    del learns
    return Saved((0, 1, 2)) if len(op.reads) > 2 else Saved()


@rule("_weight_norm_interface")
def weight_norm(op: Operation, learns: Learns) -> Saved:
    """Direction and length, and the norms."""
    del op, learns
    return Saved((0, 1), (1,))


@rule("_scaled_dot_product_flash_attention_for_cpu")
def attention(op: Operation, learns: Learns) -> Saved:
    """Queries, keys and values, the result, and the logarithms of its sums."""
    del learns
    return Saved((0, 1, 2), tuple(range(len(op.writes))))

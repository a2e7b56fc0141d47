"""Rules of what works position by position, and of what gathers positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.receptive.maps import PLAIN, Map, axes, plain
from resviz.receptive.steps import RULES, Given, Step, meet, rule
from resviz.vocabulary import ACTIVATIONS, NORMS

if TYPE_CHECKING:
    from resviz.record import Shape

FACTORS = frozenset({"mul", "div"})
"""Operations by which a gate weighs a map."""

PAIRS = frozenset({"native_dropout", "log_sigmoid_forward"})
"""Operations that give a second tensor of the same positions, as a mask."""

POINTWISE = frozenset({
    "add", "sub", "mul", "div", "rsub", "neg", "pow", "sqrt", "rsqrt", "exp", "log",
    "abs", "erf", "addcmul", "addcdiv", "lerp", "where", "masked_fill", "maximum",
    "minimum", "native_dropout", "eq", "ne", "gt", "lt", "ge", "le", "reciprocal",
    "square", "floor", "ceil", "round", "trunc", "sin", "cos", "atan2", "sign",
    "remainder", "fmod", "log1p", "expm1", "log2", "exp2", "logit", "celu", "selu",
    "logical_not", "logical_and", "logical_or", "bitwise_not", "isnan", "nan_to_num",
    "clone", "alias", "detach", "_to_copy", "contiguous", "lift_fresh", "expand",
    "softshrink", "hardshrink", "xlogy",
})  # fmt: skip
"""Operations that work position by position, besides activations and norms.

Norms are taken along: the statistics that some gather count as constants, as they do
in the published figures.
"""


@rule("copy")
def copy(step: Step) -> Given | None:
    """The second operand over the first, whose own values are gone."""
    written = step.maps[-1]
    return [None if written is None else meet(step, [written], step.shape)]


@rule("fill", "zero", "bernoulli")
def overwritten(step: Step) -> Given:
    """Values that tell nothing of the operand."""
    return [None] * len(step.op.outputs)


@rule(
    "mean", "sum", "amax", "amin", "max", "min", "var_mean", "var", "std", "prod",
    "linalg_vector_norm", "logsumexp",
)  # fmt: skip
def reduction(step: Step) -> Given | None:
    """One value along some axes, which sees what all of them see."""
    rank = len(step.op.inputs[0])
    if len(step.maps) > 1:
        return pointwise(step)  # the larger of two
    dims = gathered(step, rank)
    if dims is None:
        return None
    step.why = "a part of the input is gathered"
    it = step.seeing[0]
    it = it.gather(k for d in dims for k in axes(it.layout[d]))
    keep = len(step.shape) == rank and rank > 0
    for d in sorted(dims, reverse=True):
        it = it.put(d, ((1, PLAIN),)) if keep else it.drop(d)
    return [it] * len(step.op.outputs)


def gathered(step: Step, rank: int) -> set[int] | None:
    """The axes that a reduction gathers; None if the record does not say."""
    if not step.shape:
        return set(range(rank))
    if "dim" not in step.arguments:
        return None
    dim = step.arguments["dim"]
    dims = range(rank) if dim is None or dim == [] else dim
    return {d % rank for d in ([dims] if isinstance(dims, int) else dims)}


@rule("_softmax", "_safe_softmax", "_log_softmax")
def softmax(step: Step) -> Given | None:
    """Each value with all along `dim`: it sees what they see together."""
    it = step.seeing[0]
    if "dim" not in step.arguments:
        return None
    return [it.gather(axes(it.layout[step.arguments["dim"] % len(step.shape)]))]


@rule("mm", "bmm", "mv", "dot", "addmm", "baddbmm", "addmv")
def product(step: Step) -> Given:
    """Rows times columns: what is summed over is gathered; addends come to it.

    Rows that meet columns of the same map, as in attention, see all of both.
    """
    *addends, a, b = step.maps
    if a and b:
        batch = len(step.shape) - 2
        a, b = (it.gather(it.carried - along(it, batch)) for it in (a, b))
    laid = (*addends, a and rows(a, step.shape), b and columns(b, step.shape))
    return [meet(step, [it for it in laid if it], step.shape)]


def along(it: Map, count: int) -> set[int]:
    """Input axes whose positions lie along the first `count` axes of a tensor."""
    return {k for run in it.layout[: max(count, 0)] for k in axes(run)}


def rows(it: Map, shape: Shape) -> Map:
    """The left factor of a product of a given shape."""
    it = it.gather(axes(it.layout[-1]))
    stay = it.layout[:-1]
    return it.lay((*stay, *plain(shape[len(stay) :])))


def columns(it: Map, shape: Shape) -> Map:
    """The right factor of a product of a given shape."""
    if len(it.layout) == 1:
        return it.gather(it.carried).lay(plain(shape))
    it = it.gather(axes(it.layout[-2]))
    return it.lay((*it.layout[:-2], *plain(shape[-2:-1]), it.layout[-1]))


@rule(*(
    f"_scaled_dot_product_{how}"
    for how in (
        "attention_math", "flash_attention", "flash_attention_for_cpu",
        "efficient_attention", "cudnn_attention",
    )
))  # fmt: skip
def attention(step: Step) -> Given:
    """Queries (N, heads, L, D) that meet all keys and values."""
    laid = (it.gather(it.carried - along(it, 2)) for it in step.seeing)
    plain_last = [it.lay((*it.layout[:2], *plain(step.shape[2:]))) for it in laid]
    rest = len(step.op.outputs) - 1
    return [meet(step, plain_last, step.shape), *[None] * rest]


@rule(*(POINTWISE | ACTIVATIONS | NORMS) - RULES.keys())
def pointwise(step: Step) -> Given:
    """Each position for itself, or with the same one of other operands."""
    factor = step.op.name in FACTORS
    first = meet(step, step.seeing, step.shape, factor=factor)
    return [first] * (2 if step.op.name in PAIRS else 1)

"""Rules of what works position by position, and of what gathers positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS, NORMS
from resviz.readings.receptive.maps import (
    NO_AXIS,
    FieldMap,
    list_input_axes,
    make_plain_layout,
)
from resviz.readings.receptive.rule_table import (
    FIELD_RULES,
    FieldStep,
    OutputMaps,
    field_rule,
    merge_maps,
)

if TYPE_CHECKING:
    from resviz.record import Shape

GATE_OPERATIONS = frozenset({"mul", "div"})
"""Operations by which a gate weighs a map."""

TWO_OUTPUT_OPERATIONS = frozenset({"native_dropout", "log_sigmoid_forward"})
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


@field_rule("copy")
def copy(step: FieldStep) -> OutputMaps | None:
    """Copy the second operand over the first."""
    written_map = step.maps[-1]
    return [
        None if written_map is None else merge_maps(step, [written_map], step.shape)
    ]


@field_rule("fill", "zero", "bernoulli")
def constant_fill(step: FieldStep) -> OutputMaps:
    """Overwrite the operand with values that do not depend on it."""
    return [None] * len(step.op.outputs)


@field_rule(
    "mean", "sum", "amax", "amin", "max", "min", "var_mean", "var", "std", "prod",
    "linalg_vector_norm", "logsumexp",
)  # fmt: skip
def reduction(step: FieldStep) -> OutputMaps | None:
    """One value along some axes, which sees what all of them see."""
    rank = len(step.op.inputs[0])
    if len(step.maps) > 1:
        return pointwise(step)  # the larger of two
    dims = find_reduced_axes(step, rank)
    if dims is None:
        return None
    step.why = "a part of the input is gathered"
    field_map = step.seeing_maps[0]
    field_map = field_map.gather_positions(
        k for d in dims for k in list_input_axes(field_map.layout[d])
    )
    keep = len(step.shape) == rank and rank > 0
    for d in sorted(dims, reverse=True):
        field_map = (
            field_map.with_run(d, ((1, NO_AXIS),))
            if keep
            else field_map.without_axis(d)
        )
    return [field_map] * len(step.op.outputs)


def find_reduced_axes(step: FieldStep, rank: int) -> set[int] | None:
    """The axes that a reduction gathers; None if the record does not say."""
    if not step.shape:
        return set(range(rank))
    if "dim" not in step.arguments:
        return None
    dim = step.arguments["dim"]
    dims = range(rank) if dim is None or dim == [] else dim
    return {d % rank for d in ([dims] if isinstance(dims, int) else dims)}


@field_rule("_softmax", "_safe_softmax", "_log_softmax")
def softmax(step: FieldStep) -> OutputMaps | None:
    """Softmax: each value sees all that the values along `dim` see."""
    field_map = step.seeing_maps[0]
    if "dim" not in step.arguments:
        return None
    return [
        field_map.gather_positions(
            list_input_axes(field_map.layout[step.arguments["dim"] % len(step.shape)])
        )
    ]


@field_rule("mm", "bmm", "mv", "dot", "addmm", "baddbmm", "addmv")
def product(step: FieldStep) -> OutputMaps:
    """Rows times columns: what is summed over is gathered; addends come to it.

    Rows that meet columns of the same map, as in attention, see all of both.
    """
    *addends, a, b = step.maps
    if a and b:
        batch = len(step.shape) - 2
        a, b = (
            it.gather_positions(it.position_axes - find_leading_axes(it, batch))
            for it in (a, b)
        )
    laid = (
        *addends,
        a and place_left_factor(a, step.shape),
        b and place_right_factor(b, step.shape),
    )
    return [merge_maps(step, [it for it in laid if it], step.shape)]


def find_leading_axes(field_map: FieldMap, count: int) -> set[int]:
    """Input axes whose positions lie along the first `count` axes of a tensor."""
    return {
        k for run in field_map.layout[: max(count, 0)] for k in list_input_axes(run)
    }


def place_left_factor(field_map: FieldMap, shape: Shape) -> FieldMap:
    """Lay out the left factor of a product of a given shape."""
    field_map = field_map.gather_positions(list_input_axes(field_map.layout[-1]))
    kept_runs = field_map.layout[:-1]
    return field_map.with_layout(
        (*kept_runs, *make_plain_layout(shape[len(kept_runs) :]))
    )


def place_right_factor(field_map: FieldMap, shape: Shape) -> FieldMap:
    """Lay out the right factor of a product of a given shape."""
    if len(field_map.layout) == 1:
        return field_map.gather_positions(field_map.position_axes).with_layout(
            make_plain_layout(shape)
        )
    field_map = field_map.gather_positions(list_input_axes(field_map.layout[-2]))
    return field_map.with_layout(
        (*field_map.layout[:-2], *make_plain_layout(shape[-2:-1]), field_map.layout[-1])
    )


@field_rule(*(
    f"_scaled_dot_product_{how}"
    for how in (
        "attention_math", "flash_attention", "flash_attention_for_cpu",
        "efficient_attention", "cudnn_attention",
    )
))  # fmt: skip
def attention(step: FieldStep) -> OutputMaps:
    """Attention: queries (N, heads, L, D) see all keys and values."""
    gathered_maps = (
        it.gather_positions(it.position_axes - find_leading_axes(it, 2))
        for it in step.seeing_maps
    )
    plain_last = [
        it.with_layout((*it.layout[:2], *make_plain_layout(step.shape[2:])))
        for it in gathered_maps
    ]
    extra_outputs = len(step.op.outputs) - 1
    return [merge_maps(step, plain_last, step.shape), *[None] * extra_outputs]


@field_rule(*(POINTWISE | ACTIVATIONS | NORMS) - FIELD_RULES.keys())
def pointwise(step: FieldStep) -> OutputMaps:
    """Work position by position, on one operand or several."""
    factor = step.op.name in GATE_OPERATIONS
    first = merge_maps(step, step.seeing_maps, step.shape, factor=factor)
    return [first] * (2 if step.op.name in TWO_OUTPUT_OPERATIONS else 1)

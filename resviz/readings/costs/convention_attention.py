"""Attention, as counting tools see it: one function of torch's, or one module.

Which of its products a tool counts hangs on that, and on whether the weights are given
back; so they are kinds of their own. Torch's module runs as one operation under
`torch.no_grad()`, of which most tools count nothing: kinds are those of gradients on.
"""

from __future__ import annotations

from itertools import chain, combinations
from math import prod
from typing import TYPE_CHECKING

from resviz.operations import families
from resviz.readings.costs import find_mac_rule
from resviz.readings.costs.convention_terms import Amount
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer, Operation

DOT = "scaled dot-product attention"

MASKED_DOT = f"masked {DOT}"

HEADS = "multi-head attention"

WEIGHED = f"{HEADS} with its weights"
"""The module that gives its weights back, as it does unless it is told otherwise."""

CROSS = f"{HEADS} to others"
"""The module whose keys are not its queries."""

UNBIASED = f"{HEADS} without biases"

ASPECTS = (" with its weights", " to others", " with a mask", " without biases")
"""What the name of the module's kind says, in this order."""

HEADS_KINDS = frozenset(
    HEADS + "".join(some)
    for some in chain.from_iterable(combinations(ASPECTS, n) for n in range(5))
)
"""Every kind of torch's module."""

DOT_KINDS = frozenset({DOT, MASKED_DOT})

ATTENTION_KINDS = HEADS_KINDS | DOT_KINDS

MEASURED_HEADS = frozenset({HEADS, WEIGHED, CROSS, UNBIASED})
"""Kinds of the module of which each tool was asked."""

MEASURED = MEASURED_HEADS | DOT_KINDS
"""These, and those of the function."""

SOFTMAX = ("_softmax", "_safe_softmax")

NEAR = 16
"""How many operations lie at most between a softmax and a product of its function."""


def name_heads(layer: Layer) -> str:
    """Name the kind of a call of torch's module."""
    names = [op.name for op in layer.operations]
    softmax = min((names.index(name) for name in SOFTMAX if name in names), default=0)
    before = next(
        (n for n in reversed(names[:softmax]) if n not in families.RESHAPES), ""
    )
    aspects = (
        "_softmax" in names,
        len({*layer.sources[:3]}) > 1,
        before not in {"bmm", ""} or len(layer.sources) > 3,
        not any(map(count_bias, layer.operations)),
    )
    held = zip(ASPECTS, aspects, strict=True)
    return HEADS + "".join(aspect for aspect, holds in held if holds)


def count_bias(op: Operation) -> int:
    """Count the outputs of a product of the module to which a bias is added."""
    if op.name == "addmm":
        return prod(op.outputs[0])
    is_bias = op.name == "add" and op.flowing == (True, False)
    return prod(op.outputs[0]) if is_bias and len(op.inputs[1]) == 1 else 0


@cache_reading
def find_dot_products(arch: Architecture) -> dict[tuple[int, int], str]:
    """Find the operations of which torch makes its function of attention, by shapes.

    Returns:
        The kind of each, by its layer and its place there.
    """
    placed = [
        ((layer.index, place), op)
        for layer in arch.stored_layers
        for place, op in enumerate(layer.operations)
        if op.name not in families.RESHAPES and any(op.flowing)
    ]
    kinds: dict[tuple[int, int], str] = {}
    for middle, (_, op) in enumerate(placed):
        if op.name != "_safe_softmax":  # which torch has nowhere else
            continue
        names = [near.name for _, near in placed[:middle]]
        first = max((n for n, name in enumerate(names) if name == "bmm"), default=None)
        last = next(
            (n for n in range(middle, len(placed)) if placed[n][1].name == "bmm"), None
        )
        if first is None or last is None or last - first > NEAR:
            continue
        kind = DOT if first + 1 == middle else MASKED_DOT
        scaled = [
            n
            for n in range(max(0, first - NEAR), first)
            if placed[n][1].name == "mul" and len(placed[n][1].inputs) == 1
        ]
        members = (*scaled[-2:], *range(first, middle + 1), last)
        kinds.update((placed[n][0], kind) for n in members)
    return kinds


def count_macs_of(op: Operation) -> int:
    """Count the MACs of one operation."""
    rule = find_mac_rule(op)
    return rule(op) if rule else 0


def count_flowing_macs(op: Operation) -> int:
    """Count the MACs of a product of what flows, as of queries and keys."""
    return count_macs_of(op) if op.flowing[:2] == (True, True) else 0


def count_softmax(op: Operation) -> int:
    """Count the elements of a softmax."""
    return prod(op.outputs[0]) if op.name in SOFTMAX else 0


def count_calls(op: Operation) -> int:
    """Count calls, each of which has one softmax."""
    return int(op.name in SOFTMAX)


def count_addmm_outputs(op: Operation) -> int:
    """Count the outputs of products that add a bias themselves."""
    return prod(op.outputs[0]) if op.name == "addmm" else 0


def count_scaled(op: Operation) -> int:
    """Count the elements that are scaled by a number."""
    return prod(op.outputs[0]) if op.name == "mul" else 0


def count_mean(op: Operation) -> int:
    """Count the elements of which means are taken."""
    return prod(op.inputs[0]) if op.name == "mean" else 0


def count_square_outputs(op: Operation) -> int:
    """Count the outputs of the last layer, which keeps the features: (E, E)."""
    is_square = op.name == "addmm" and op.inputs[2][-1] == op.inputs[2][-2]
    return prod(op.outputs[0]) if is_square else 0


SELF = frozenset({HEADS, WEIGHED})

ATTENDING = "MACs of queries, keys, weights, values"

ATTENTION_MACS = Amount("MACs of attention modules", MEASURED_HEADS, count_macs_of)
ANY_ATTENDING_MACS = Amount(ATTENDING, MEASURED, count_flowing_macs)
ATTENDING_MACS = Amount(ATTENDING, MEASURED - {WEIGHED}, count_flowing_macs)
HEADS_MACS = Amount(ATTENDING, MEASURED_HEADS - {WEIGHED}, count_flowing_macs)
WEIGHED_MACS = Amount(ATTENDING, frozenset({WEIGHED}), count_flowing_macs)
DOT_MACS = Amount(ATTENDING, DOT_KINDS, count_flowing_macs)
FUSED_SOFTMAX = Amount(
    "softmax of attention", DOT_KINDS | {HEADS, UNBIASED}, count_softmax
)
SELF_SOFTMAX = Amount("softmax of attention", SELF, count_softmax)
WEIGHED_SOFTMAX = Amount("softmax of attention", frozenset({WEIGHED}), count_softmax)
CALLS = Amount("attention modules", MEASURED_HEADS, count_calls)
SCALED_QUERIES = Amount("scaled queries", frozenset({WEIGHED}), count_scaled)
SELF_QUERIES = Amount("scaled queries", SELF, count_square_outputs)
BIASES = Amount("biases of attention", SELF, count_bias)
ADDMM_BIASES = Amount("biases of attention", MEASURED_HEADS, count_addmm_outputs)
MEANS = Amount("means of weights", frozenset({WEIGHED}), count_mean)

"""Multiply-accumulates of each operation.

One MAC is one multiply-accumulate; the ResNet paper calls it a FLOP. Convolutions,
linear layers and matrix products are counted, at the record's batch, also where torch
runs several of them as one fused operation; biases, normalisation, activations, pools
and additions are not. Products of parameters alone, as spectral norm's, are counted,
since every forward runs them. Source: He et al. 2015, section 3.3; torchvision's `_ops`
and pycls count alike.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from resviz.operations import families
from resviz.operations.registry import make_rule_decorator
from resviz.record import Layer, Operation

MAC_CONVENTION = (
    "MACs of convolutions, linear layers and matrix products; 1 MAC = 2 FLOPs"
)
"""The convention of every MAC count here, to be printed beside it."""

MACS = "MACs"
"""What this count is called."""

CostRule = Callable[[Operation], int]

COST_RULES: dict[str, CostRule] = {}
"""The rule of each ATen operation that multiplies and accumulates."""

FREE_OPERATIONS = (
    families.CREATIONS
    | families.AVERAGE_POOLS
    | families.MAX_POOLS
    | families.NORMS
    | families.ACTIVATIONS
    | families.SOFTMAXES
    | families.RESHAPES
    | families.SELECTIONS
    | families.INTERPOLATIONS
    | families.ELEMENTWISE
)
"""Operations known to have no MACs under this convention."""

cost_rule = make_rule_decorator(COST_RULES, "cost rule", FREE_OPERATIONS)
"""Makes a function the cost rule of some operations.

A rule that counts on operands has them checked, by `OPERANDS` in
`resviz.record.invariants`.
"""


@cost_rule("convolution")
def convolution(op: Operation) -> int:
    """Multiply-accumulates of a convolution; its bias is not counted.

    Shapes: input (N, C, *spatial), weight (K, C/G, *kernel), output (N, K, …);
    a transposed one has weight (C, K/G, *kernel) and visits its input instead.
    Units: MACs for the whole batch, N · K · H' · W' · (C/G) · R · S.
    Source: He et al. 2015, section 3.3, counts one multiply-add as one FLOP.
    """
    transposed = op.window is not None and op.window.transposed
    visited_shape = op.inputs[0] if transposed else op.outputs[0]
    return prod(visited_shape) * prod(op.inputs[1][1:])


@cost_rule("addmm", "addbmm", "baddbmm", "addmv", "_addmm_activation")
def product_with_addend(op: Operation) -> int:
    """MACs of the product of the last two operands; the addend is a bias."""
    return multiply_matrix_sizes(op.inputs[1], op.inputs[2])


@cost_rule("mm", "bmm", "mv", "dot", "_int_mm", "_scaled_mm")
def product(op: Operation) -> int:
    """MACs of the product of two operands."""
    return multiply_matrix_sizes(op.inputs[0], op.inputs[1])


def multiply_matrix_sizes(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """MACs of (…, N, K) times (…, K, M): N · K · M for each matrix of the batch."""
    return prod(left) * (right[-1] if len(right) > 1 else 1)


@cost_rule("_trilinear")
def trilinear(op: Operation) -> int:
    """MACs of a bilinear layer, one for each term of its sum.

    Shapes: inputs (N, I) and (N, J) around a weight (O, I, J).
    Units: N · O · I · J.
    """
    return prod(op.inputs[0][:-1]) * prod(op.inputs[1])


@cost_rule("quantized.linear_dynamic", "quantized.linear_relu_dynamic")
def packed_linear(op: Operation) -> int:
    """MACs of a linear layer whose weight is packed: (…, K) to (…, M)."""
    return prod(op.inputs[0]) * op.outputs[0][-1] if op.outputs[0] else 0


@cost_rule("mkldnn_rnn_layer")
def recurrent_layer(op: Operation) -> int:
    """MACs of one LSTM layer in one direction, over all steps.

    Shapes: input (T, N, I), weights (4·H, I) and (4·H, H).
    Units: T · N · 4 · H · (I + H).
    """
    steps = prod(op.inputs[0][:-1])
    return steps * (prod(op.inputs[1]) + prod(op.inputs[2]))


@cost_rule("_cudnn_rnn", "miopen_rnn")
def recurrent_stack(op: Operation) -> int:
    """MACs of all layers and directions of an RNN: each matrix once a step.

    Shapes: input (T, N, I), or (T·N, I) if packed; weights (G·H, I), (G·H, H) …,
    which alone have two axes; biases have one, states three.
    """
    steps = prod(op.inputs[0][:-1])
    return steps * sum(prod(shape) for shape in op.inputs[1:] if len(shape) == 2)


@cost_rule(*families.ATTENTIONS)
def attention(op: Operation) -> int:
    """MACs of the two products of attention; a causal mask saves none.

    Shapes: query (N, H, T, D), key (N, H, S, D), value (N, H, S, E).
    Units: N · H · T · S · (D + E). Source: torch.utils.flop_counter.
    """
    query, key, value = op.inputs[:3]
    return prod(query[:-1]) * prod(key[-2:-1]) * (query[-1] + value[-1])


@cost_rule("_native_multi_head_attention")
def multi_head_attention(op: Operation) -> int:
    """MACs of multi-head attention in one operation, projections included.

    Shapes: query (N, T, E), key and value (N, S, E), projections (3·E, E), (E, E).
    Units: N · E · (2·T·E + 2·S·E + 2·T·S).
    """
    query, key, _, qkv_weight, _, out_weight = op.inputs[:6]
    per_projection = prod(qkv_weight) // 3
    projected = prod(query[:-1]) * (per_projection + prod(out_weight))
    projected += 2 * prod(key[:-1]) * per_projection
    return projected + 2 * prod(query) * prod(key[1:2])


@cost_rule("_transformer_encoder_layer_fwd")
def encoder_layer(op: Operation) -> int:
    """MACs of a transformer's encoder layer in one operation.

    Shapes: input (N, T, E), weights (3·E, E), (E, E), (F, E) and (E, F).
    Units: N · T · (4·E·E + 2·E·F + 2·T·E).
    """
    tokens, weights = op.inputs[0], (op.inputs[place] for place in (1, 3, 9, 11))
    products = prod(tokens[:-1]) * sum(map(prod, weights))
    return products + 2 * prod(tokens) * prod(tokens[1:2])


def is_cost_known(op: Operation) -> bool:
    """Whether there is a rule for `op`, or it is known to have no MACs.

    What is done with constants alone, as making an index, need not be known.
    """
    return op.name in COST_RULES or op.name in FREE_OPERATIONS or not any(op.flowing)


def count_macs(layer: Layer) -> int | None:
    """MACs of one layer; None if one of its operations has no rule."""
    if not all(is_cost_known(op) for op in layer.operations):
        return None
    return sum(
        COST_RULES[op.name](op) for op in layer.operations if op.name in COST_RULES
    )

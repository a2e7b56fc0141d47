"""Attention as one operation, alone or with the layer around it."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import ATTENTION, OperationKind, SavedTensors
from resviz.operations.layouts import make_plain_layout
from resviz.operations.size_rules import SizeUnknown, refuse_operands

if TYPE_CHECKING:
    from resviz.operations.kind import OperandLearns, OutputMaps
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape


def count_attention_macs(op: Operation) -> int:
    """Count the MACs of the two products of attention; a causal mask saves none.

    Shapes: query (N, H, T, D), key (N, H, S, D), value (N, H, S, E).
    Units: N · H · T · S · (D + E). Source: torch.utils.flop_counter.
    """
    query, key, value = op.inputs[:3]
    return prod(query[:-1]) * prod(key[-2:-1]) * (query[-1] + value[-1])


def count_multi_head_macs(op: Operation) -> int:
    """Count the MACs of multi-head attention, projections included.

    Shapes: query (N, T, E), key and value (N, S, E), projections (3·E, E), (E, E).
    Units: N · E · (2·T·E + 2·S·E + 2·T·S).
    """
    query, key, _, qkv_weight, _, out_weight = op.inputs[:6]
    per_projection = prod(qkv_weight) // 3
    projected = prod(query[:-1]) * (per_projection + prod(out_weight))
    projected += 2 * prod(key[:-1]) * per_projection
    return projected + 2 * prod(query) * prod(key[1:2])


def count_encoder_layer_macs(op: Operation) -> int:
    """Count the MACs of a transformer's encoder layer in one operation.

    Shapes: input (N, T, E), weights (3·E, E), (E, E), (F, E) and (E, F).
    Units: N · T · (4·E·E + 2·E·F + 2·T·E).
    """
    tokens, weights = op.inputs[0], (op.inputs[place] for place in (1, 3, 9, 11))
    products = prod(tokens[:-1]) * sum(map(prod, weights))
    return products + 2 * prod(tokens) * prod(tokens[1:2])


def save_attention(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save queries, keys, values, the result and the log-sum-exp."""
    del learns
    return SavedTensors((0, 1, 2), tuple(range(len(op.writes))))


def follow_attention(step: FieldStep) -> OutputMaps:
    """Follow fields where queries (N, heads, L, D) see all keys and values."""
    gathered_maps = (
        field_map.gather_positions(
            field_map.position_axes - field_map.find_leading_axes(2)
        )
        for field_map in step.seeing_maps
    )
    plain_last = [
        field_map.with_layout(
            (*field_map.layout[:2], *make_plain_layout(step.shape[2:]))
        )
        for field_map in gathered_maps
    ]
    extra_outputs = len(step.op.outputs) - 1
    return [step.merge_maps(plain_last, step.shape), *[None] * extra_outputs]


def resize_attention(step: SizeStep) -> list[Shape]:
    """Follow queries, keys and values, and the numbers that softmax leaves behind.

    Shapes: query (N, H, T, D), key (N, H, S, D), value (N, H, S, E); then (N, H, T).
    """
    if not step.is_changed:
        return [*step.op.outputs]
    query, key, value, *masks = step.shapes
    is_usual = {len(query), len(key), len(value)} == {4}
    if not is_usual or len(step.op.outputs) > 2 or masks:
        raise SizeUnknown("its masks, or what it keeps, may have other sizes")
    if query[:2] != key[:2] or key[:3] != value[:3]:
        refuse_operands(step)
    shapes = [(*query[:3], value[-1]), query[:3]]
    recorded = [(*step.before[:3], step.op.inputs[2][-1]), step.before[:3]]
    return [shapes[recorded.index(old)] for old in step.op.outputs]


attention = partial(
    OperationKind,
    family=ATTENTION,
    min_operands=3,
    macs=count_attention_macs,
    sizes=resize_attention,
)

ROWS = (
    attention(
        "_scaled_dot_product_flash_attention_for_cpu",
        saved=save_attention,
        field=follow_attention,
    ),
    attention("_scaled_dot_product_attention_math", field=follow_attention),
    attention("_scaled_dot_product_flash_attention", field=follow_attention),
    attention("_scaled_dot_product_efficient_attention", field=follow_attention),
    attention("_scaled_dot_product_cudnn_attention", field=follow_attention),
    attention("_scaled_dot_product_attention_math_for_mps"),
    attention("_scaled_dot_product_fused_attention_overrideable"),
    attention("_triton_scaled_dot_attention"),
    OperationKind(
        "_native_multi_head_attention",
        family=ATTENTION,
        weights=2,
        min_operands=7,
        arguments=("num_head",),
        macs=count_multi_head_macs,
    ),
    OperationKind(
        "_triton_multi_head_attention",
        family=ATTENTION,
        weights=2,
        min_operands=7,
        macs=count_multi_head_macs,
    ),
    OperationKind(
        "_transformer_encoder_layer_fwd", min_operands=13, macs=count_encoder_layer_macs
    ),
)

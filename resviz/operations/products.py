"""Matrix products: linear layers, attention's, and those inside recurrent layers."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, PRODUCT, OperationKind
from resviz.operations.layouts import list_input_axes, make_plain_layout
from resviz.operations.shared_rules import save_factors, save_factors_after_addend
from resviz.operations.size_rules import (
    broadcast_shapes,
    check_weight_size,
    refuse_change,
    refuse_operands,
)

if TYPE_CHECKING:
    from resviz.operations.kind import OutputMaps
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape


def count_product_macs(op: Operation) -> int:
    """Count the MACs of the product of two operands."""
    return count_matrix_macs(op.inputs[0], op.inputs[1])


def count_product_macs_after_addend(op: Operation) -> int:
    """Count the MACs of the product of the last two operands; the addend is a bias."""
    return count_matrix_macs(op.inputs[1], op.inputs[2])


def count_matrix_macs(left: Shape, right: Shape) -> int:
    """Return the MACs of (…, N, K) times (…, K, M): N · K · M for each matrix."""
    return prod(left) * (right[-1] if len(right) > 1 else 1)


def count_grouped_macs(op: Operation) -> int:
    """Count the MACs of a product in groups: each row meets the matrix of its group.

    Shapes: (M, K) and (G, K, N), or (G, M, K) and (K, N) with N split among groups.
    """
    left, right = op.inputs[:2]
    groups = left[0] if len(left) > len(right) else 1
    return count_matrix_macs(left, right) // groups


def count_bilinear_macs(op: Operation) -> int:
    """Count the MACs of a bilinear layer, one for each term of its sum.

    Shapes: inputs (N, I) and (N, J) around a weight (O, I, J).
    Units: N · O · I · J.
    """
    return prod(op.inputs[0][:-1]) * prod(op.inputs[1])


def count_packed_linear_macs(op: Operation) -> int:
    """Count the MACs of a linear layer whose weight is packed: (…, K) to (…, M)."""
    return prod(op.inputs[0]) * op.outputs[0][-1] if op.outputs[0] else 0


def count_listed_product_macs(op: Operation) -> int:
    """Count the MACs of the products of two lists of matrices, pair by pair."""
    half = len(op.inputs) // 2
    return sum(map(count_matrix_macs, op.inputs[:half], op.inputs[half:]))


def count_combination_macs(op: Operation) -> int:
    """Count the MACs of M sums of N weighted matrices: (N, …) and (M, N)."""
    return prod(op.inputs[0]) * op.inputs[1][0]


def count_grid_macs(op: Operation) -> int:
    """Count the MACs of a grid, each position times a matrix: (N, 2, 3) in the plane.

    Units: N · H · W · 2 · 3, or N · D · H · W · 3 · 4.
    """
    return prod(op.outputs[0]) * op.inputs[0][-1]


def count_lstm_macs(op: Operation) -> int:
    """Count the MACs of one LSTM layer in one direction, over all steps.

    Shapes: input (T, N, I), weights (4·H, I) and (4·H, H).
    Units: T · N · 4 · H · (I + H).
    """
    steps = prod(op.inputs[0][:-1])
    return steps * (prod(op.inputs[1]) + prod(op.inputs[2]))


def count_recurrent_macs(op: Operation) -> int:
    """Count the MACs of all layers and directions of an RNN: each matrix once a step.

    Shapes: input (T, N, I), or (T·N, I) if packed; weights (G·H, I), (G·H, H) …,
    which alone have two axes; biases have one, states three.
    """
    steps = prod(op.inputs[0][:-1])
    return steps * sum(prod(shape) for shape in op.inputs[1:] if len(shape) == 2)


def follow_product(step: FieldStep) -> OutputMaps:
    """Follow rows times columns: what is summed over is gathered; addends come to it.

    Rows that meet columns of the same map, as in attention, see all of both.
    """
    *addends, a, b = step.maps
    if a and b:
        batch = len(step.shape) - 2
        a, b = (
            factor.gather_positions(
                factor.position_axes - factor.find_leading_axes(batch)
            )
            for factor in (a, b)
        )
    placed_maps = (
        *addends,
        a and map_left_factor(a, step.shape),
        b and map_right_factor(b, step.shape),
    )
    seeing_maps = [field_map for field_map in placed_maps if field_map]
    return [step.merge_maps(seeing_maps, step.shape)]


def map_left_factor(field_map: FieldMap, shape: Shape) -> FieldMap:
    """Return the left factor's map in the product's shape: its rows are kept."""
    field_map = field_map.gather_positions(list_input_axes(field_map.layout[-1]))
    kept_runs = field_map.layout[:-1]
    return field_map.with_layout(
        (*kept_runs, *make_plain_layout(shape[len(kept_runs) :]))
    )


def map_right_factor(field_map: FieldMap, shape: Shape) -> FieldMap:
    """Return the right factor's map in the product's shape: its columns are kept."""
    if len(field_map.layout) == 1:
        return field_map.gather_positions(field_map.position_axes).with_layout(
            make_plain_layout(shape)
        )
    field_map = field_map.gather_positions(list_input_axes(field_map.layout[-2]))
    return field_map.with_layout(
        (*field_map.layout[:-2], *make_plain_layout(shape[-2:-1]), field_map.layout[-1])
    )


def find_product_channel_axis(op: Operation) -> int | None:
    """Find the channel axis of a product: that of columns, if the rows flow."""
    rank = len(op.outputs[0])
    return rank - (1 if op.flowing[-2] or rank == 1 else 2) if rank else None


def resize_product(step: SizeStep) -> list[Shape]:
    """Multiply rows by columns; an addend is broadcast.

    Shapes: (…, N, K) and (…, K, M), or without the axes of a vector.
    """
    *addends, left, right = step.shapes
    if not step.is_changed or not 0 < len(left) <= 3 or not 0 < len(right) <= 3:
        return refuse_change(step)
    *rows, values = left
    summed, *columns = right[-2:]
    if values != summed or (len(left) == 3 and left[:1] != right[:1]):
        if step.op.flowing[-1] or not step.op.flowing[-2]:
            refuse_operands(step)
        check_weight_size(summed, values, "values")
    shape = (*rows, *columns)
    for addend in addends:
        broadcast_shapes(step, [addend, shape])
    return [shape]


product = partial(
    OperationKind,
    family=PRODUCT,
    min_operands=2,
    sizes=resize_product,
    macs=count_product_macs,
    saved=save_factors,
    field=follow_product,
    sets_axis=find_product_channel_axis,
)
biased_product = partial(
    OperationKind,
    family=PRODUCT,
    min_operands=3,
    sizes=resize_product,
    macs=count_product_macs_after_addend,
    sets_axis=find_product_channel_axis,
)

other_linear = partial(OperationKind, weights=1, min_operands=2)
"""Products that are linear layers, whichever of their operands flow."""

packed_linear = partial(
    OperationKind, weights=1, min_operands=1, macs=count_packed_linear_macs
)

PACKED_LINEARS = (
    "_dyn_quant_matmul_4bit", "_mixed_dtypes_linear", "_weight_int4pack_mm",
    "_weight_int4pack_mm_for_cpu", "_weight_int4pack_mm_with_scales_and_zeros",
    "_weight_int8pack_mm", "mkldnn_linear", "quantized.linear_dynamic_fp16",
    "quantized.linear_leaky_relu", "quantized.linear_relu_dynamic_fp16",
    "quantized.linear_tanh",
)  # fmt: skip
"""Linear layers of weights in few bits, or laid out for one library."""

ROWS = (
    product("mm", tool_kind="linear"),
    product("bmm"),
    product("mv"),
    product("dot"),
    biased_product(
        "addmm",
        display_name="linear",
        tool_kind="linear",
        saved=save_factors_after_addend,
        field=follow_product,
    ),
    biased_product("baddbmm", saved=save_factors_after_addend, field=follow_product),
    biased_product("addmv", saved=save_factors_after_addend, field=follow_product),
    biased_product("addbmm", saved=save_factors_after_addend, sizes=refuse_change),
    biased_product("_addmm_activation"),
    other_linear("_int_mm", macs=count_product_macs),
    other_linear("_scaled_mm", macs=count_product_macs),
    other_linear("_grouped_mm", macs=count_grouped_macs),
    other_linear("_trilinear", macs=count_bilinear_macs),
    other_linear("_scaled_mm_v2", macs=count_product_macs),
    other_linear("_scaled_grouped_mm", macs=count_grouped_macs),
    other_linear("_scaled_grouped_mm_v2", macs=count_grouped_macs),
    OperationKind("vdot", min_operands=2, macs=count_product_macs),
    OperationKind("quantized.matmul", min_operands=2, macs=count_product_macs),
    OperationKind("_foreach_mm", min_operands=2, macs=count_listed_product_macs),
    OperationKind(
        "_compute_linear_combination", min_operands=2, macs=count_combination_macs
    ),
    OperationKind("affine_grid_generator", min_operands=1, macs=count_grid_macs),
    OperationKind("cudnn_affine_grid_generator", min_operands=1, macs=count_grid_macs),
    *(packed_linear(name) for name in PACKED_LINEARS),
    packed_linear("quantized.linear_dynamic"),
    packed_linear("quantized.linear_relu_dynamic"),
    packed_linear("quantized.linear"),
    packed_linear("quantized.linear_relu"),
    OperationKind("mkldnn_rnn_layer", min_operands=3, weights=1, macs=count_lstm_macs),
    OperationKind("_cudnn_rnn", min_operands=2, weights=1, macs=count_recurrent_macs),
    OperationKind("_lstm_mps", min_operands=2, macs=count_recurrent_macs),
    OperationKind("miopen_rnn", min_operands=2, macs=count_recurrent_macs),
    OperationKind("_thnn_fused_lstm_cell", ELEMENTWISE, label="LSTM cell"),
    OperationKind("_thnn_fused_gru_cell", ELEMENTWISE, label="GRU cell"),
)

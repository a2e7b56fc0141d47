"""Gates: what weighs a map's channels, worked out on one position, as SE does."""

from __future__ import annotations

from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import SOFTMAXES
from resviz.readings.structure.weights import is_weighted, list_live_operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.record import Layer, Operation


def split_gates(
    layers: Sequence[Layer], positions: int
) -> Iterator[tuple[bool, list[Layer]]]:
    """Split a main branch's layers into runs, each marked as a gate or not.

    Args:
        layers: of the branch, in order.
        positions: of the branch's output map; a gate's own has one.
    """
    gate_marks: list[bool] = []
    value_count = 0
    for layer in layers:
        shape = layer.output_shape[1:]
        # Where the batch is another number, the rows are those of windows or heads.
        whole = layer.output_shape[:1] == layers[-1].output_shape[:1]
        is_reshaped = bool(gate_marks) and gate_marks[-1] and prod(shape) == value_count
        gate_marks.append(
            positions > 1 and whole and (prod(shape[1:]) == 1 or is_reshaped)
        )
        value_count = prod(shape)
    runs = groupby(zip(gate_marks, layers, strict=True), key=lambda pair: pair[0])
    return ((is_gate, [layer for _, layer in run]) for is_gate, run in runs)


def list_gate_weights(gate: Sequence[Layer]) -> list[Operation]:
    """List the weighted operations of a gate, in order."""
    return [op for op in list_live_operations(gate) if is_weighted(op)]


def is_squeeze_excitation(gate: Sequence[Layer]) -> bool:
    """Tell whether a gate is squeeze-and-excitation: two weights, one after the other.

    Source: Hu et al. 2018, section 3. A softmax chooses between branches instead, as
    in selective kernels and split attention.
    """
    ops = list_gate_weights(gate)
    if len(ops) != 2 or any(op.name in SOFTMAXES for op in list_live_operations(gate)):
        return False
    first, second = ops
    read = next(shape for k, shape in enumerate(second.inputs) if second.flowing[k])
    return prod(read) == prod(first.outputs[0])

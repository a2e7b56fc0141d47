"""Gates: what weighs a map's channels, worked out on one position, as SE does."""

from __future__ import annotations

from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import SOFTMAXES
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.weights import is_weighted, list_live_operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.readings.structure.parts import Block, Unit
    from resviz.record import Layer, Operation


def split_gates(part: Block | Unit) -> Iterator[tuple[bool, list[Layer]]]:
    """Split the layers of a main branch into runs, each marked as a gate or not.

    Those of constant streams flow there.
    """
    layers = build_graph(part.arch).select_layers(part.main_indices)
    gate_indices = frozenset(part.gate_indices)
    runs = groupby(layers, key=lambda layer: layer.index in gate_indices)
    return ((is_gate, list(run)) for is_gate, run in runs)


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

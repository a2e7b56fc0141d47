"""Gates: what weighs a map's channels or positions, worked out beside it, as in SE."""

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
    from resviz.record import Architecture, Layer, Operation


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


def find_gate_scope(arch: Architecture, gate: Sequence[Layer]) -> str:
    """Find what a gate has a weight for, by the axes of the map that it multiplies.

    Returns:
        "channel", "spatial" for one for each position, "added" where it is added and
        weighs nothing, "" for both and for others.
    """
    graph, inside = build_graph(arch), {layer.index for layer in gate}
    spread: set[int] = set()
    channel_axes: set[int | None] = set()
    for layer in gate:
        for reader in {*graph.after.get(layer.index, ())} - inside:
            names = {op.name for op in graph.operations.get(reader, ())}
            if "mul" not in names:
                return "added" if "add" in names else ""
            node = layer.index
            while {op.name for op in graph.operations[node]} == {"expand"}:
                (node,) = graph.before[node]
            shape = graph.shape_of_node(node)
            missing = len(graph.shape_of_node(reader)) - len(shape)
            sizes = enumerate((1,) * missing + shape)
            spread |= {axis for axis, size in sizes if size > 1 and axis}
            channel_axes.add(graph.channel_axes.get(reader))
    channel = channel_axes.pop() if len(channel_axes) == 1 else None
    if channel is None or not spread:
        return ""
    return "channel" if spread == {channel} else "" if channel in spread else "spatial"

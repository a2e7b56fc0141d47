"""Heads: what leads from the blocks to each output of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.fusions import follow_streams
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure import Structure
    from resviz.record import Layer


@cache_reading
def group_by_output(structure: Structure) -> dict[frozenset[int], list[Layer]]:
    """Group the layers after the blocks by the outputs of the model they lead to.

    An auxiliary classifier halfway is there too: it leads to no block.

    Returns:
        The layers in execution order, by the layers that give those outputs.
    """
    graph = structure.graph
    inside = {node for block in structure.blocks for node in block.layer_indices}
    outputs: dict[int, frozenset[int]] = {}
    leads_on = set(inside)
    for node in reversed(graph.before):
        users = graph.after[node]
        if not leads_on.isdisjoint(users):
            leads_on.add(node)
        own = {node} & graph.returned_nodes
        outputs[node] = frozenset(own).union(*(outputs[user] for user in users))
    parts: dict[frozenset[int], list[Layer]] = {}
    for layer in graph.select_layers(graph.before.keys() - leads_on):
        parts.setdefault(outputs[layer.index], []).append(layer)
    return parts


def list_layers_beside(structure: Structure) -> list[Layer]:
    """List the layers of the head that read no block, but other inputs alone."""
    graph = structure.graph
    behind = {node for block in structure.blocks for node in block.layer_indices}
    for node, sources in graph.before.items():
        if not behind.isdisjoint(sources):
            behind.add(node)
    return [layer for layer in structure.head if layer.index not in behind]


def find_heads_of_towers(
    structure: Structure, layers: Iterable[Layer]
) -> dict[str, list[Layer]]:
    """Find which of some layers are heads of single towers, and lead to no block.

    Returns:
        Their layers by name, "head of text"; a tower has that of its last stage.
    """
    ends = {la.index for part in group_by_output(structure).values() for la in part}
    streams = follow_streams(structure, structure.graph)
    last_stages = {stage.tower: stage.name for stage in structure.stages}
    heads: dict[str, list[Layer]] = {}
    for layer in layers:
        towers = streams.get(layer.index, frozenset())
        if layer.index in ends and len(towers) == 1 and min(towers) in last_stages:
            heads.setdefault(f"head of {last_stages[min(towers)]}", []).append(layer)
    return heads

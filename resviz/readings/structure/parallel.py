"""Parallel branches: weighted layers of which none leads to the other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from resviz.readings.structure.weights import is_weighted, list_live_operations
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.readings.structure import Structure
    from resviz.readings.structure.graph import Graph


@cache_reading
def has_parallel_branches(structure: Structure) -> bool:
    """Tell whether weighted layers of a unit, the stem or the head lie side by side.

    So do towers. What names layers in a row has to say so.
    """
    return structure.has_towers or bool(list_parallel_runs(structure))


@cache_reading
def list_parallel_runs(structure: Structure) -> tuple[tuple[int, ...], ...]:
    """List the units, the stem and the head in which weighted layers lie side by side.

    A gate over one position stands beside its branch and does not count.
    """
    graph = structure.graph
    return tuple(
        nodes
        for nodes, weighted in iter_weighted_runs(structure, graph)
        if not stand_in_series(graph, weighted)
    )


def stand_in_series(graph: Graph, nodes: list[int]) -> bool:
    """Tell whether each of some nodes comes to the next on every way."""
    return all(graph.dominates(before, after) for before, after in pairwise(nodes))


def iter_weighted_runs(
    structure: Structure, graph: Graph
) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """Yield the layers of each unit, the stem and the head, and those with weights."""
    units = (unit for block in structure.blocks for unit in block.units)
    stem = tuple(layer.index for layer in structure.stem)
    for nodes in (*(unit.main_indices for unit in units), stem):
        yield (
            nodes,
            [
                node
                for node in list_weighted_nodes(graph, nodes)
                if graph.size_of_node(node)[0] > structure.arch.batch
            ],
        )
    head = tuple(layer.index for layer in structure.head)
    yield head, list_weighted_nodes(graph, head)


def list_weighted_nodes(graph: Graph, nodes: Sequence[int]) -> list[int]:
    """List those of some nodes that are live and have weights, in order."""
    return [
        layer.index
        for layer in graph.select_layers(node for node in nodes if node in graph.before)
        if any(map(is_weighted, list_live_operations([layer])))
    ]

"""Modulations: norms whose scale and shift are maps, made of what conditions them.

They come aside, as those of a vector do, which its size tells; a map's size does not.
Source: Park et al. 2019, SPADE, equation 1; Perez et al. 2018, FiLM.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from resviz.operations.families import FACTORS, NORMS, RESHAPES
from resviz.readings.structure.side_edges import SideKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.structure.graph import Graph


def mark_modulations(graph: Graph) -> None:
    """Add the side edges by which maps scale and shift what a norm gives."""
    for node in graph.joins:
        for scaled, shift in permutations(graph.sources[node], 2):
            scale = find_scale(graph, node, scaled, shift)
            if scale is not None:
                graph.side_edges[node] = {shift: SideKind.CONDITION}
                graph.side_edges[scaled] = {scale: SideKind.CONDITION}


def find_scale(graph: Graph, node: int, scaled: int, shift: int) -> int | None:
    """Find by what a sum's operand scales a norm, if that is made as the shift is."""
    if scaled < 0 or node in graph.side_edges or scaled in graph.side_edges:
        return None
    if graph.after[scaled] != [node] or not graph.is_single_operation(scaled, FACTORS):
        return None
    for normed, scale in permutations(graph.sources[scaled], 2):
        if is_normed(graph, normed):
            made_of = {*walk_chain(graph, scale)} & {*walk_chain(graph, shift)}
            if made_of and normed not in made_of:
                return scale
    return None


def is_normed(graph: Graph, node: int) -> bool:
    """Tell whether a node is what a norm gives, or that in another shape."""
    while node in graph.operations:
        names = {op.name for op in graph.operations[node]}
        if not names.isdisjoint(NORMS):
            return True
        if not names <= RESHAPES or len(graph.sources[node]) != 1:
            return False
        (node,) = graph.sources[node]
    return False


def walk_chain(graph: Graph, node: int) -> Iterator[int]:
    """Yield a node and what alone leads to it, weighted or not."""
    yield node
    while len(graph.sources.get(node, ())) == 1:
        (node,) = graph.sources[node]
        yield node

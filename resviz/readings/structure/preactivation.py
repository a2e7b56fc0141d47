"""What leads into a block: norm and activation before its branches part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS, NORMS, RESHAPES
from resviz.readings.structure.graph import list_live_operations

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph


def find_preactivation(graph: Graph, owner: int, fork: int) -> tuple[int, ...]:
    """Find the norm and activation that a block applies before its branches part.

    Source: He et al. 2016, whose pre-activation comes before the fork where a block
    projects, and after it where it does not.
    """
    if not owner:
        return ()
    nodes: list[int] = []
    node = fork
    while node >= graph.arch.calls[owner].start:
        if nodes and len(graph.after[node]) > 1:
            return ()
        nodes.append(node)
        node = graph.before[node][0]
    names = {op.name for op in list_live_operations(graph.select_layers(nodes))}
    is_preactivation = names <= NORMS | ACTIVATIONS | RESHAPES and not names <= RESHAPES
    return tuple(reversed(nodes)) if is_preactivation else ()

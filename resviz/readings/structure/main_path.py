"""The main path: the way from input to output with the most weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.graph import ROOT
from resviz.readings.structure.weights import count_weighted

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph
    from resviz.record import Operation


def is_upsampling(op: Operation) -> bool:
    """Tell whether an operation makes more positions out of fewer."""
    is_transposed = op.window is not None and op.window.transposed
    return is_transposed or op.name.startswith(
        ("upsample", "_upsample", "pixel_shuffle")
    )


def find_main_path(graph: Graph) -> tuple[int, ...]:
    """Find the path from input to output with the most weighted operations.

    Where branches meet, a gate, which comes from fewer positions than another branch,
    is left out. Of branches with as many weights the longest is taken.
    """
    best: dict[int, tuple[int, int]] = {ROOT: (0, 0)}
    positions = {ROOT: graph.size_of_node(ROOT)[0]}
    chosen: dict[int, int] = {}
    for node, sources in graph.before.items():
        chosen_source, most_positions = sources[0], positions[sources[0]]
        if len(sources) > 1:
            most_positions = max(positions[source] for source in sources)
            candidates = [
                source for source in sources if positions[source] == most_positions
            ]
            chosen_source = max(candidates, key=best.__getitem__)
        chosen[node] = chosen_source
        weight, length = best[chosen_source]
        layer = graph.arch.stored_layers[node]
        best[node] = weight + count_weighted(layer), length + 1
        positions[node] = graph.size_of_node(node)[0]
        # An expanded gate is a gate.
        if positions[node] > most_positions and not any(
            map(is_upsampling, layer.operations)
        ):
            positions[node] = most_positions
    ends = graph.returned_nodes & graph.before.keys() or graph.before.keys()
    node = max(ends, key=lambda end: best[end], default=ROOT)
    path: list[int] = []
    while node != ROOT:
        path.append(node)
        node = chosen[node]
    return tuple(reversed(path))

"""Gates that carry: what weighs a difference, where that is all that a sum adds.

A layer moves coordinates along their differences, or a map along its gradient, by how
much its weights say: x + Σ (x_i - x_j) f(m). They weigh what has none, and so are its
branch. Source: Satorras et al. 2021, EGNN, equation 4; Chen and Pock 2017, equation 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS, FACTORS, NORMS, RESHAPES
from resviz.readings.structure.forks import ON_SHORTCUT, AncestorSearch, make_addition
from resviz.readings.structure.main_ends import find_main_ends, walk_unweighted
from resviz.readings.structure.regions import find_regions
from resviz.readings.structure.side_edges import SideKind
from resviz.readings.structure.summed_parts import SCALINGS
from resviz.readings.structure.weights import have_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.structure.graph import Graph


def free_carrying_gates(graph: Graph) -> None:
    """Let gates that carry be main sources, in a graph without any whole block."""
    carrying = {
        node: gates
        for node, side in graph.side_edges.items()
        if SideKind.GATE in side.values()
        and (gates := [n for n, kind in side.items() if kind is SideKind.GATE])
        and is_moved_by_gates(graph, node, gates)
    }
    if not carrying or any(region.is_whole_block for region in find_regions(graph)):
        return
    for node, gates in carrying.items():
        for gate in gates:
            del graph.side_edges[node][gate]
        if not graph.side_edges[node]:
            del graph.side_edges[node]
    graph.find_dominators()
    _, graph.main_output = find_main_ends(graph)


def is_moved_by_gates(graph: Graph, node: int, gates: list[int]) -> bool:
    """Tell whether gates with weights weigh what a sum's fork gives without any.

    What weighs the fork itself, or that normed or scaled, stays a gate.
    """
    main = graph.main_sources[node]
    if len(main) != 1 or not graph.is_single_operation(node, FACTORS):
        return False
    if have_weights(graph, {walk_unweighted(graph, main[0])} - graph.joins.keys()):
        return False
    for join in walk_sums_below(graph, node):
        addition = make_addition(graph, graph.joins[join])
        if addition.fork_rule is not ON_SHORTCUT:
            continue
        between = graph.find_nodes_between(addition.fork, main[0], main_only=True)
        if not have_weights(graph, between):
            return any(makes_anew(graph, inner) for inner in between) and any(
                is_made_by_weights(graph, gate) for gate in gates
            )
    return False


def walk_sums_below(graph: Graph, node: int) -> Iterator[int]:
    """Yield the sums to which a node leads without weights, each read by the next."""
    users = graph.after[node]
    while users := [n for n in users if n in graph.joins] or users:
        node = users[0]
        if have_weights(graph, {node}):
            return
        if node in graph.joins:
            yield node
        elif len(users) > 1:
            return
        users = graph.after[node]


def makes_anew(graph: Graph, node: int) -> bool:
    """Tell whether a node gives another thing than what it reads, in form or scale."""
    return any(
        op.name not in KEEPING and (op.name not in SCALINGS or sum(op.flowing) > 1)
        for op in graph.operations[node]
    )


KEEPING = RESHAPES | NORMS | ACTIVATIONS
"""Operations that give what they read in another form or scale."""


def is_made_by_weights(graph: Graph, node: int) -> bool:
    """Tell whether a node descends from a weight, or is one."""
    above = AncestorSearch(graph.sources, node)
    return any(above.reaches(n) for n in sorted(graph.efforts, reverse=True))

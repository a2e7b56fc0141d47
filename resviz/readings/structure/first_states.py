"""First states: what layers add that all of them read, beside their own input.

It comes from above the layer's fork, and is a condition of it. A stream that exchanges
with another also adds what lies above; but each state of a pair is added once, or twice
where both start from one. Source: Chen et al. 2020, GCNII, equation 5; Bai et al. 2020,
MDEQ, whose every step adds the input behind its weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.forks import (
    PARTINGS,
    AncestorSearch,
    walk_trunk,
    walk_unweighted_chain,
)
from resviz.readings.structure.graph import ROOT
from resviz.readings.structure.lookalikes import adds_levels
from resviz.readings.structure.weights import have_weights

if TYPE_CHECKING:
    from resviz.readings.structure.forks import Addition
    from resviz.readings.structure.graph import Graph


def adds_first_state(
    graph: Graph, node: int, foreign: list[int], addition: Addition
) -> bool:
    """Tell whether a sum adds what other layers add too, all of it.

    As in x + f(P·x + h), where x is made of h, with P of the graph, or weights.

    Args:
        graph: the dataflow.
        node: the sum, on a branch.
        foreign: what it adds that comes from elsewhere.
        addition: the sum of the branches.
    """
    fork = addition.fork
    if len(foreign) != 1 or node in addition.operands:
        return False
    chains = (walk_unweighted_chain(graph, operand) for operand in addition.operands)
    if not any(fork in chain for chain in chains) or adds_levels(
        graph, node, graph.joins[node].operands
    ):
        return False
    is_between = weighs_between(graph, fork, node) and weighs_between(
        graph, node, addition.join
    )
    if is_between and max(find_sums_of(graph, node), default=ROOT) > addition.join:
        return False  # the state of another stream, which goes on
    above = AncestorSearch(graph.main_sources, fork)
    for state in walk_unweighted_chain(graph, foreign[0]):
        if above.reaches(state):
            others = find_sums_of(graph, state) - {node}
            if is_between:
                others = select_sums_of_layers(
                    graph, others - addition.nodes, state, fork
                )
            if others:
                return True
        if graph.is_single_operation(state, PARTINGS):
            return False  # of a pair that exchanges
    return False


def weighs_between(graph: Graph, start: int, end: int) -> bool:
    """Tell whether the ways from one node to another have weights, or the last does."""
    between = graph.find_nodes_between(start, end, main_only=True)
    return have_weights(graph, between)


def find_sums_of(graph: Graph, node: int) -> set[int]:
    """Find the sums that read a node, or what one operation without weights makes."""
    users = {*graph.after[max(node, ROOT)]}
    light = users - graph.joins.keys() - graph.efforts.keys()
    near = users.union(*(graph.after[user] for user in light))
    return graph.joins.keys() & near


def select_sums_of_layers(
    graph: Graph, sums: set[int], state: int, fork: int
) -> set[int]:
    """Select of the sums that read a state those that no pair of streams makes.

    Of two streams that start from one state, only the first sum of the other one adds
    it, too. Of two that do not, what adds one's state is made of that alone.
    """
    others = sums.difference(walk_unweighted_chain(graph, fork))
    trunk = {*walk_trunk(graph, fork, ROOT)}
    if state in trunk or not others:
        return others
    return {
        node
        for node in others
        if any(
            not (above := AncestorSearch(graph.main_sources, operand)).reaches(state)
            and not trunk.isdisjoint(above.visited)
            for operand in graph.joins[node].operands
        )
    }

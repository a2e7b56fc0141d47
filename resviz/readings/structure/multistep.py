"""Multistep sums: what a branch gives, added to several states of one stream.

A method of several steps or stages for a differential equation adds so: the newest
state, to which what the branch makes of it is added, is the fork. Older states and
what was added before come from above; a stage's slope, of which later stages are made,
lies in the branch. Source: Lu et al. 2018, LM-ResNet; Chang et al. 2018, leapfrog and
momentum; Chen et al. 2018, neural ODEs, by Runge and Kutta's methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.readings.structure.forks import (
    Addition,
    AncestorSearch,
    walk_unweighted_chain,
)
from resviz.readings.structure.summed_parts import SCALINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.structure.graph import Graph

BY_STEPS = "the newest of its states"
"""The rule by which the fork of such a sum is found, in words."""


class Term(NamedTuple):
    """A term of a sum, or of a sum that alone is a term there.

    Attributes:
        node: what is added.
        place: of the operand of the outer sum that it belongs to.
        state: the node of which it is only scaled.
    """

    node: int
    place: int
    state: int


def make_multistep_addition(graph: Graph, addition: Addition) -> Addition | None:
    """Make the addition of a branch to several states; None if a sum is no such."""
    operands, addend = addition.operands, addition.addend
    added = operands if addend is None else (addend,)  # it multiplies the others
    if len(operands) < 3 and not any(is_scaled_sum(graph, node) for node in added):
        return None
    nodes: set[int] = set()
    terms = [
        Term(node, place, state)
        for place, operand in enumerate(operands)
        for node, state in (
            split_terms(graph, operand, addition.nodes, nodes)
            if operand in added
            else ((operand, operand),)
        )
    ]
    newest = max(terms, key=lambda term: term.state)
    older = [term for term in terms if term.state != newest.state]
    older.sort(key=lambda term: -term.state)
    if len(older) < 2 or older[0].state == older[-1].state:
        return None
    above = AncestorSearch(graph.main_sources, newest.node)
    are_above = all(above.reaches(term.state) for term in older)
    if not are_above or is_next_state(graph, newest.state):
        return None  # or all states are added once more
    is_joint = concatenates_states(graph, older, newest)
    fork = older[0].state if is_joint else find_newest_state(graph, older, newest)
    if fork is None or graph.efforts.keys().isdisjoint(
        graph.find_nodes_between(fork, newest.node, main_only=True)
    ):
        return None
    for term in older:
        if term.state > fork:  # a stage
            nodes.update(walk_scaled(graph, term.node, term.state)[:-1])
    shortcuts = [term for term in older if term.state == fork]
    if not shortcuts or (
        not is_joint and all(term.place == newest.place for term in shortcuts)
    ):
        return None  # the inner sum is a block by itself
    return addition._replace(
        fork=fork,
        operands=(shortcuts[0].node, newest.node),
        nodes=addition.nodes | nodes,
        fork_rule=BY_STEPS,
        earlier=tuple(sorted({term.node for term in older if term.state < fork})),
    )


def is_next_state(graph: Graph, node: int) -> bool:
    """Tell whether a node adds to another sum, as the next state does."""
    operands = graph.joins[node].operands if node in graph.joins else ()
    return any(
        not graph.joins.keys().isdisjoint(walk_unweighted_chain(graph, operand))
        for operand in operands
    )


def is_scaled_sum(graph: Graph, node: int) -> bool:
    """Tell whether a node is read once, and is a sum or a scaled one."""
    if node < 0 or len(graph.after[node]) != 1:
        return False
    return find_scaled(graph, node) in graph.joins


def split_terms(
    graph: Graph, operand: int, readers: frozenset[int], nodes: set[int]
) -> Iterator[tuple[int, int]]:
    """Yield the terms of an operand that is a scaled sum itself, read nowhere else.

    With each comes that of which it is only scaled.

    Args:
        graph: the dataflow.
        operand: of a sum.
        readers: the nodes of that sum.
        nodes: to which those between are added.
    """
    end = find_scaled(graph, operand)
    chain = walk_scaled(graph, operand, end) if end in graph.joins else []
    if (
        not chain
        or len(graph.joins[end].operands) < 2
        or any(not {*chain, *readers}.issuperset(graph.after[node]) for node in chain)
        or not graph.returned_nodes.isdisjoint(chain)
    ):
        yield operand, end
        return
    join = graph.joins[end]
    nodes.update(chain, join.nodes)
    for inner in join.operands:
        yield from split_terms(graph, inner, join.nodes, nodes)


def find_scaled(graph: Graph, node: int) -> int:
    """Find that of which a node is only scaled; the node itself if it is not."""
    while node >= 0 and graph.operations[node][0].name in SCALINGS:
        if len(graph.sources[node]) > 1 or len(graph.operations[node]) > 1:
            break
        (node,) = graph.sources[node]
    return node


def walk_scaled(graph: Graph, node: int, end: int) -> list[int]:
    """Walk from a node to that of which it is only scaled; return all on the way."""
    chain = [node]
    while node != end:
        (node,) = graph.sources[node]
        chain.append(node)
    return chain


def find_newest_state(graph: Graph, older: list[Term], newest: Term) -> int | None:
    """Find the newest state from which a branch comes: a sum, else the oldest term.

    A norm or an activation may follow the sum.
    """
    for term in older:  # the newest first
        chain = walk_unweighted_chain(graph, term.state)
        is_state = term.state == older[-1].state or not graph.joins.keys().isdisjoint(
            chain
        )
        if is_state and graph.dominates(term.state, newest.node):
            return term.state
    return None


def concatenates_states(graph: Graph, states: list[Term], branch: Term) -> bool:
    """Tell whether a branch is made of what puts all states together, each added once.

    As in f([h, h0]) + a h + b h0. Source: Chen et al. 2020, GCNII, in its variant.
    """
    node = branch.node
    while len(graph.main_sources.get(node, ())) == 1:
        (node,) = graph.main_sources[node]
    if not graph.is_single_operation(node, {"cat"}):
        return False
    parts = {find_scaled(graph, part) for part in graph.main_sources[node]}
    return len(states) == len(parts) and parts == {term.state for term in states}

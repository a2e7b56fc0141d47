"""The main input and output of a model that has several, and inputs that equal it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import FACTORS
from resviz.readings.structure.efforts import NO_EFFORT
from resviz.readings.structure.forks import AncestorSearch
from resviz.readings.structure.side_edges import SideKind, find_conditions
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from resviz.readings.structure.graph import Graph


def find_main_ends(graph: Graph) -> tuple[int, int]:
    """Find the main input and output of a model.

    The main output is, of those with weights on a path, that with the most additions
    above it; of such, that on the path with the most weights, then on the longest one.
    The main input is where its trunk starts, which keeps to the shortcuts of sums, and
    else to that path.
    """
    ends = graph.returned_nodes & graph.before.keys() or graph.before.keys()
    if not ends or (len(graph.arch.inputs) < 2 and len(ends) == 1):
        return MODEL_INPUT, max(ends, default=MODEL_INPUT)
    best: dict[int, tuple[int, int, int]] = {}  # weights, length, source
    for node in graph.sources:
        weight, length, source = max(
            (
                (*best.get(source, (0, 0))[:2], source)
                for source in graph.list_main_sources(node)
                if source not in graph.constant_nodes or node in graph.constant_nodes
            ),
            key=lambda way: way[:2],
        )
        weight += graph.efforts.get(node, NO_EFFORT).weighted
        best[node] = weight, length + 1, source
    has_several = len(graph.returned_nodes) > 1
    main_output = max(
        sorted(ends),
        key=lambda end: (
            best[end][0] > 0,
            graph.count_joins_above(end) if has_several else 0,
            *best[end][:2],
        ),
    )
    node = main_output
    while node >= 0:
        shortcut = find_shortcut_operand(graph, node)
        node = best[node][2] if shortcut is None else shortcut
    return node, main_output


def find_shortcut_operand(graph: Graph, node: int) -> int | None:
    """Find the operand of an addition from which all others descend."""
    operands = graph.joins[node].operands if node in graph.joins else ()
    for operand in sorted(operands, reverse=True):
        others = [other for other in operands if other != operand]
        if operand not in graph.constant_nodes and all(
            AncestorSearch(graph.sources, other).reaches(operand) for other in others
        ):
            return operand
    return None


def add_conditions(graph: Graph, main_input: int) -> None:
    """Add the side edges by which lesser inputs of the model come in.

    Inputs that the main one updates are none, which is seen when all are added.
    """
    before, equal = graph.side_edges.copy(), {main_input}
    rank_inputs(graph, equal, {})
    updated, scaled = find_updated_inputs(graph), find_scaled_inputs(graph)
    if updated or scaled:
        graph.side_edges = before
        rank_inputs(graph, equal | updated, scaled)


def rank_inputs(graph: Graph, equal: Container[int], scaled: Mapping[int, int]) -> None:
    """Add the side edges of inputs that are lesser than others, which are equal.

    Args:
        graph: the dataflow.
        equal: inputs that are as good as the main one.
        scaled: inputs by the nodes that only scale them, whose rank these keep.
    """
    inputs = [MODEL_INPUT - number for number in range(len(graph.arch.inputs))]
    inputs.sort(key=lambda node: node not in equal)
    graph.ranks = {
        node: 0 if node in equal else rank for rank, node in enumerate(inputs)
    }
    graph.ranks |= dict.fromkeys((node for node in graph.constant_nodes if node < 0), 0)
    for node, sources in graph.sources.items():
        if node in scaled:
            graph.ranks[node] = graph.ranks[scaled[node]]
            continue
        graph.ranks[node] = min(graph.ranks[source] for source in sources)
        if len(sources) > 1:
            ops = graph.operations[node]
            conditions = find_conditions(ops, sources, graph.ranks)
            if conditions:
                side = conditions | graph.side_edges.get(node, {})
                # What weighs conditions alone carries the stream.
                is_all = len(side) == len(sources)
                graph.side_edges[node] = conditions if is_all else side


def find_updated_inputs(graph: Graph) -> set[int]:
    """Find the lesser inputs to which is added what is made of them and the main one.

    That is a stream of its own, no condition, as the edges of a graph are whose nodes
    are the main input. Where a main way leads there, its sums are read without.
    Source: Pfaff et al. 2021, MeshGraphNets, equation 3.
    """
    updated: set[int] = set()
    main_sources: dict[int, tuple[int, ...]] = {}
    for node, join in graph.joins.items():
        side = graph.side_edges.get(node, {})
        lesser = [n for n in join.operands if side.get(n) is SideKind.CONDITION]
        others = [n for n in join.operands if n not in side]
        if len(lesser) != 1 or not others:
            continue
        (start,) = lesser
        rank = graph.ranks[start]
        source = next(n for n, r in graph.ranks.items() if r == rank and n < 0)
        uses = sum(start in graph.sources[user] for user in graph.joins)
        if source in updated or uses > 1:  # a position, added again and again
            continue
        main_sources = main_sources or {
            node: graph.list_main_sources(node) for node in graph.sources
        }
        if all(
            is_given_by_weights(graph, other)
            and AncestorSearch(graph.sources, other).reaches(start)
            and not AncestorSearch(main_sources, other).reaches(start)
            for other in others
        ):
            updated.add(source)
    return updated


def find_scaled_inputs(graph: Graph) -> dict[int, int]:
    """Find the lesser inputs that fewer values scale, by the terms of sums they give.

    What scales them is made of no other term, else they come aside to its branch.
    Source: Satorras et al. 2021, EGNN, equation 7, whose velocities are such.
    """
    scaled: dict[int, int] = {}
    for join in graph.joins.values():
        for term in join.operands:
            side = graph.side_edges.get(term, {})
            states = [n for n, kind in side.items() if kind is SideKind.CONDITION]
            gates = [n for n in graph.sources.get(term, ()) if n not in side]
            if len(states) != 1 or len(gates) != 1 or states[0] >= 0:
                continue
            (state,), (gate,) = states, gates
            size = prod(graph.shape_of_node(term))
            if (
                graph.is_single_operation(term, FACTORS)
                and prod(graph.shape_of_node(state)) == size
                and prod(graph.shape_of_node(gate)) < size
            ):
                above = AncestorSearch(graph.sources, gate)
                others = sorted({*join.operands} - {term}, reverse=True)
                if others and not any(map(above.reaches, others)):
                    scaled[term] = state
    return scaled


def is_given_by_weights(graph: Graph, node: int) -> bool:
    """Tell whether a node is what a weight gives, or a sum of what several do.

    What comes aside to the sum need not be, as a velocity that is kept.
    """
    end = walk_unweighted(graph, node)
    if end in graph.joins:
        side = graph.side_edges.get(end, {})
        operands = [n for n in graph.joins[end].operands if n not in side]
        return all(is_given_by_weights(graph, operand) for operand in operands)
    return end in graph.efforts


def walk_unweighted(graph: Graph, node: int) -> int:
    """Walk from a node to what alone leads to it, back to a sum or to a weight."""
    while node >= 0 and node not in graph.efforts and node not in graph.joins:
        source, *others = graph.sources[node]
        if others:
            source, *others = graph.list_main_sources(node)
            if others:
                break
        node = source
    return node

"""Scores of attention, and those that a later attention adds to its own.

They are a stream of their own, no shortcut of a block. Source: He et al. 2021,
RealFormer, section 3; Nie et al. 2023, PatchTST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import (
    ELEMENTWISE,
    NORMS,
    RESHAPES,
    SELECTIONS,
    SOFTMAXES,
)
from resviz.readings.structure.forks import AncestorSearch, walk_light_chain
from resviz.readings.structure.main_ends import walk_unweighted
from resviz.readings.structure.side_edges import number_source
from resviz.readings.structure.weights import is_live_product
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.readings.structure.graph import Graph
    from resviz.record import Layer


def find_carried_scores(graph: Graph) -> dict[int, tuple[int, ...]]:
    """Find the sums of scores with those of an earlier attention.

    Scores are products of live matrices that a softmax reads, or has weighed already.
    A sum of those of all layers so far may be kept beside them.

    Returns:
        The operands that carry the earlier scores, by the sum.
    """
    carried: dict[int, tuple[int, ...]] = {}
    newest: dict[int, int] = {}  # of the products in each
    for node, join in graph.joins.items():
        ends = sorted((find_scores(graph, newest, n), n) for n in join.operands)
        (first, _), (last, own) = ends[0], ends[-1]
        if (
            MODEL_INPUT < first < last
            and AncestorSearch(graph.sources, last).reaches(first)
            and (
                node in graph.dead_joins  # those kept for a layer that is not there
                or leads_to_softmax(graph, newest, node)
                or is_softmax(graph, own)
            )
        ):
            carried[node] = tuple(operand for _, operand in ends[:-1])
            newest[node] = last
    return carried


def find_scores(graph: Graph, newest: Mapping[int, int], node: int) -> int:
    """Find the product, or the newest of a sum of such, that alone leads to a node.

    There is none below 0. A layer on the scores may be between, or a stack that is
    averaged. Source: Wang et al. 2021, evolving attention.
    """
    end = walk_unweighted(graph, node)
    if end in graph.joins and end not in newest:
        end = graph.joins[end].reader  # which may be a stack
    if graph.is_single_operation(end, {"stack"}):
        inner = [find_scores(graph, newest, part) for part in graph.sources[end]]
        return max(inner) if min(inner) > MODEL_INPUT else MODEL_INPUT
    effort = graph.efforts.get(end)
    if effort and effort.weighted and len(graph.sources[end]) == 1:
        end = walk_unweighted(graph, graph.sources[end][0])
        effort = graph.efforts.get(end)
    is_product = effort is not None and effort.products and not effort.weighted
    return end if is_product else newest.get(end, MODEL_INPUT)


def leads_to_softmax(graph: Graph, newest: Mapping[int, int], node: int) -> bool:
    """Tell whether a softmax reads a node, or what is but reshaped and scaled of it.

    What adds it to other scores leads there too.
    """
    pending, reached = [node], {node}
    while pending:
        for user in graph.after[pending.pop()]:
            names = {op.name for op in graph.operations[user]}
            if names & SOFTMAXES:
                return True
            if user in reached or not names <= SCORE_OPERATIONS:
                continue
            if user in graph.joins and not all(
                operand in reached or find_scores(graph, newest, operand) > MODEL_INPUT
                for operand in graph.joins[user].operands
            ):
                continue
            reached.add(user)
            pending.append(user)
    return False


SCORE_OPERATIONS = RESHAPES | ELEMENTWISE | {"stack", "sum"}
"""Operations between scores and their softmax."""


def is_softmax(graph: Graph, node: int) -> bool:
    """Tell whether a node is a softmax, or what is but reshaped and scaled of one.

    A sum is one if it adds the weights of an earlier attention.
    """
    while node > MODEL_INPUT:
        names = {op.name for op in graph.operations[node]}
        if names & SOFTMAXES:
            return True
        sources = graph.list_main_sources(node)
        if not names - RESHAPES <= ELEMENTWISE or len(sources) != 1:
            return False
        (node,) = sources
    return False


def weighs_by_softmax(graph: Graph, node: int) -> bool:
    """Tell whether a node is made of a softmax alone, by one layer at most.

    Source: Touvron et al. 2021, CaiT, whose heads talk after the softmax.
    """
    for above in walk_light_chain(graph, node):
        names = {op.name for op in graph.operations.get(above, ())}
        if names & SOFTMAXES:
            return True
        if above not in graph.efforts and not names <= WEIGHT_OPERATIONS:
            return False
    return False


WEIGHT_OPERATIONS = RESHAPES | SELECTIONS | ELEMENTWISE | NORMS
"""Operations between the weights of an attention and what they weigh."""


def find_weighing_inputs(layer: Layer) -> set[int]:
    """Find the nodes that a layer only reads for a softmax by which it multiplies.

    As a module without weights that is given queries, keys and values.
    """
    ops = layer.operations
    made: list[set[int]] = []  # what the values of each operation are made of
    weighing: set[int] = set()  # softmaxes, and what is made of such alone
    every = {number_source(source) for source in layer.sources}
    for number, op in enumerate(ops):
        inner = [source for source in op.sources if source]
        read = [
            {number_source(layer.sources[source.output])}
            if source.layer == MODEL_INPUT
            else made[source.layer]
            for source in inner
        ]
        weighs = [source.layer in weighing for source in inner]
        if is_live_product(op) and not all(weighs):
            read = [nodes for nodes, k in zip(read, weighs, strict=True) if not k]
        elif op.name in SOFTMAXES or (weighs and all(weighs)):
            weighing.add(number)
        made.append(set[int]().union(*read))
    end = layer.ends[0] if layer.ends else None
    return every - made[end.layer if end else -1] if weighing else set()


def is_gathered(graph: Graph, node: int) -> bool:
    """Tell whether a node is made of gathered neighbours, with no weight since."""
    pending, seen = [node], {node}
    while pending:
        node = pending.pop()
        if graph.is_single_operation(node, GATHERINGS):
            return True
        if node > MODEL_INPUT and node not in graph.efforts:
            pending += {*graph.main_sources[node]} - seen
            seen.update(pending)
    return False


GATHERINGS = {"index", "index_select", "gather", "im2col", "unfold"}
"""Operations that put the neighbours of a position beside one another."""


def is_summed(graph: Graph, node: int) -> bool:
    """Tell whether a sum over some of its axes reads a node."""
    return any(graph.is_single_operation(user, {"sum"}) for user in graph.after[node])

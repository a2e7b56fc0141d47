"""Scores of attention, and those that a later attention adds to its own.

They are a stream of their own, no shortcut of a block. Source: He et al. 2021,
RealFormer, section 3; Nie et al. 2023, PatchTST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import ELEMENTWISE, RESHAPES, SOFTMAXES
from resviz.readings.structure.forks import AncestorSearch
from resviz.readings.structure.main_ends import walk_unweighted
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph


def find_carried_scores(graph: Graph) -> dict[int, int]:
    """Find the sums of scores with those of an earlier attention.

    Scores are products of live matrices that a softmax reads, or has weighed already.

    Returns:
        The operand that carries the earlier scores, by the sum.
    """
    carried: dict[int, int] = {}
    for node, join in graph.joins.items():
        if len(join.operands) != 2:
            continue
        ends = [(find_scores(graph, carried, n), n) for n in join.operands]
        (first, earlier), (last, own) = sorted(ends)
        if (
            MODEL_INPUT < first < last
            and AncestorSearch(graph.sources, last).reaches(first)
            and (leads_to_softmax(graph, node) or is_softmax(graph, own))
        ):
            carried[node] = earlier
    return carried


def find_scores(graph: Graph, carried: dict[int, int], node: int) -> int:
    """Find the product, or the sum of such, that alone leads to a node; else -1.

    A layer on the scores may be between. Source: Wang et al. 2021, evolving attention.
    """
    end = walk_unweighted(graph, node)
    effort = graph.efforts.get(end)
    if effort and effort.weighted and len(graph.sources[end]) == 1:
        end = walk_unweighted(graph, graph.sources[end][0])
        effort = graph.efforts.get(end)
    is_product = effort is not None and effort.products and not effort.weighted
    return end if is_product or end in carried else MODEL_INPUT


def leads_to_softmax(graph: Graph, node: int) -> bool:
    """Tell whether a softmax reads a node, or what is but reshaped and scaled of it."""
    pending = [node]
    while pending:
        for user in graph.after[pending.pop()]:
            names = {op.name for op in graph.operations[user]}
            if names & SOFTMAXES:
                return True
            if names <= RESHAPES | ELEMENTWISE and user not in graph.joins:
                pending.append(user)
    return False


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

"""Experts by products: tokens are gathered for them, and what they give is put back.

Both products weigh by what a router makes of the tokens, which is no attention and on
no main path. Source: Lepikhin et al. 2021, GShard, algorithm 1; Puigcerver et al. 2024,
soft mixtures of experts, equations 1 to 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.forks import AncestorSearch
from resviz.readings.structure.main_ends import walk_unweighted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.structure.graph import Graph


def find_routed_products(graph: Graph) -> dict[int, int]:
    """Find the products that dispatch tokens to experts, and that combine these.

    Returns:
        The operand that the router gives, by the product.
    """
    products = [
        node
        for node, effort in graph.efforts.items()
        if effort.products and len(graph.sources[node]) == 2
    ]
    routed: dict[int, int] = {}
    for k, node in enumerate(products[:-1]):
        first, second = graph.sources[node]
        ends = walk_unweighted(graph, first), walk_unweighted(graph, second)
        if ends[0] == ends[1]:
            continue  # of one layer, as queries and keys
        for start, weights in zip(ends, (second, first), strict=True):
            is_shared = start not in graph.efforts or len(graph.after[start]) > 1
            if is_shared and is_routed(graph, start, weights):
                combined = find_combination(graph, start, node, products[k + 1 :])
                if combined:
                    routed |= {node: weights, combined[0]: combined[1]}
                    break
    return routed


def iter_orders(graph: Graph, node: int) -> Iterator[tuple[int, int]]:
    """Yield the two operands of a product in both orders."""
    first, second = graph.sources[node]
    yield first, second
    yield second, first


def is_routed(graph: Graph, start: int, weights: int) -> bool:
    """Tell whether what weighs is made of some tokens by a layer, and by no product."""
    if weights <= start or not AncestorSearch(graph.sources, weights).reaches(start):
        return False
    efforts = [
        graph.efforts[node]
        for node in graph.find_nodes_between(start, weights) & graph.efforts.keys()
    ]
    return any(effort.weighted for effort in efforts) and not any(
        effort.products for effort in efforts
    )


def find_combination(
    graph: Graph, start: int, dispatch: int, later: list[int]
) -> tuple[int, int] | None:
    """Find the product that combines what experts give of dispatched tokens.

    Returns:
        It, and the operand that the router gives; None if there is none.
    """
    for node in later:
        for outputs, weights in iter_orders(graph, node):
            if AncestorSearch(graph.sources, outputs).reaches(dispatch):
                inside = graph.find_nodes_between(dispatch, outputs)
                is_expert = any(n in graph.efforts for n in inside)
                if is_expert and is_routed(graph, start, weights):
                    return node, weights
                return None
    return None

"""Layers without a shortcut that all add one first state between their weights.

Each sum looks like one that spans all layers before it. Calls of one class that follow
one another and each hold one such sum, behind weights and before others, are blocks
without a shortcut, which the first state conditions. Source: Chen et al. 2020, GCNII,
equation 3, which adds it to every layer.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from resviz.readings.structure.forks import AncestorSearch, walk_unweighted_chain
from resviz.readings.structure.weights import have_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.region_branches import JoinRegion


def find_injected_layers(
    graph: Graph, regions: Sequence[JoinRegion]
) -> dict[int, tuple[int, list[int]]]:
    """Find such layers by the sums that they hold: their calls, and their nodes.

    What weighs the first state in a call is the last of its nodes.
    """
    residual = {region.join for region in regions if region.is_whole_block}
    sums_by_state: dict[int, list[JoinRegion]] = {}
    for region in regions if residual else ():
        for operand in region.addition.operands:
            *_, state = walk_unweighted_chain(graph, operand)
            sums_by_state.setdefault(state, []).append(region)
    found: dict[int, tuple[int, list[int]]] = {}
    for state, sums in sums_by_state.items():
        if len(sums) < 2 or residual.isdisjoint(region.join for region in sums):
            continue
        owners = find_calls_of_sums(graph, state, sums)
        calls = [graph.arch.calls[number] for number in owners.values()]
        others = residual - owners.keys()
        if any(call.start <= join < call.stop for call in calls for join in others):
            continue
        for region, call in zip(sums if calls else (), calls, strict=True):
            aside = find_chain_to_state(graph, region, state)
            nodes = sorted(range(call.start, call.stop), key=lambda n: (n in aside, n))
            found[region.join] = owners[region.join], nodes
    return found


def find_chain_to_state(graph: Graph, region: JoinRegion, state: int) -> set[int]:
    """Find the nodes by which a sum reads a state, this among them."""
    for operand in region.addition.operands:
        chain = [*walk_unweighted_chain(graph, operand)]
        if chain[-1] == state:
            return {*chain}
    return set()


def find_calls_of_sums(
    graph: Graph, state: int, sums: Sequence[JoinRegion]
) -> dict[int, int]:
    """Find for sums of one state the calls in a row that each hold one; {} if not so.

    They are of one class and one parent, and have weights behind the sum.
    """
    first, last = (find_calls_above(graph, sums[k].join) for k in (0, -1))
    depth = next(
        (k for k in range(min(len(first), len(last))) if first[k] != last[k]), 0
    )
    calls = graph.arch.calls
    layers: dict[int, int] = {}
    for region in sums:
        above = find_calls_above(graph, region.join)
        if not depth or len(above) <= depth or above[:depth] != first[:depth]:
            return {}
        number = above[depth]
        call = calls[number]
        if (
            number in layers.values()
            or call.type != calls[first[depth]].type
            or state >= call.start
            or not have_weights(graph, range(region.join + 1, call.stop))
            or not have_weights(graph, range(call.start, region.join))
        ):
            return {}
        layers[region.join] = number
    for before, region in pairwise(sums):
        above = AncestorSearch(graph.main_sources, region.join)
        if not above.reaches(before.join):
            return {}
    return layers


def find_calls_above(graph: Graph, node: int) -> list[int]:
    """Find the calls that hold a node, the model's own first."""
    number: int | None = graph.layers[node].call
    above: list[int] = []
    while number is not None:
        above.append(number)
        number = graph.arch.calls[number].parent
    return above[::-1]

"""Lookalikes: sums whose branches weigh as those of a block, and that are none."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import POOLS
from resviz.operations.reductions import list_reduced_dims
from resviz.readings.structure.scores import GATHERINGS
from resviz.readings.structure.weights import is_upsampling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure.forks import Addition
    from resviz.readings.structure.graph import Graph


def find_lookalike(
    graph: Graph,
    addition: Addition,
    shortcut: frozenset[int],
    main: frozenset[int],
    *,
    projects: bool,
) -> str:
    """Find what a sum is that looks like a block's, and is none; "" if it is one."""
    if not (shortcut or projects):
        return ""
    if sums_channels(graph, addition, shortcut):
        return "it adds what is summed over channels, as a projection discriminator"
    if is_pooled(graph, addition.join) and pools_whole_map(graph, shortcut):
        return "it adds what is pooled to one position, as a head does"
    return find_false_projection(graph, addition, shortcut, main) if projects else ""


def find_false_projection(
    graph: Graph,
    addition: Addition,
    shortcut: frozenset[int],
    main: frozenset[int],
) -> str:
    """Find what the lighter of two branches with weights is; "" if it projects."""
    if any(is_placed(graph, node) for node in shortcut):
        return "it adds to what is looked up by places, which carry no values"
    if pools_whole_map(graph, shortcut):  # Source: Yu et al. 2018, BiSeNet, figure 2
        return "it spreads what is pooled to one position, as a context does"
    positions = graph.size_of_node(addition.fork)[0]
    if positions != graph.size_of_node(addition.join)[0]:
        return ""
    if passes_smaller_map(graph, positions, main):
        return "it adds a lateral map to an enlarged one, as an FPN does"
    passes = passes_smaller_map(graph, positions, shortcut)
    return (
        "its lightest branch passes a smaller map, as no projection" if passes else ""
    )


def is_placed(graph: Graph, node: int) -> bool:
    """Tell whether a node is looked up in what does not flow, by places that do.

    As the rows of an expert's tokens, in a sum that begins at nought.
    """
    return (
        graph.is_single_operation(node, {"index", "index_select", "gather"})
        and not graph.operations[node][0].flowing[0]
    )


def gathers_neighbours(graph: Graph, nodes: Iterable[int]) -> bool:
    """Tell whether one of some nodes gathers rows several times each.

    Source: Zhao et al. 2021, Point Transformer, which adds neighbours' positions.
    """
    for node in nodes:
        if node >= 0 and graph.operations[node][0].name in GATHERINGS:
            read = prod(graph.operations[node][0].inputs[0])
            if prod(graph.shape_of_node(node)) > read:
                return True
    return False


def sums_channels(graph: Graph, addition: Addition, branch: frozenset[int]) -> bool:
    """Tell whether a branch gives less channels than the fork has, by a sum over them.

    As y·h in l(h) + y·h, a product with an embedding. Source: Miyato and Koyama 2018.
    """
    fork, join = addition.fork, addition.join
    return graph.size_of_node(join)[1] < graph.size_of_node(fork)[1] and any(
        op.name in {"sum", "mean"}
        and graph.channel_axes[graph.before[node][0]] in list_reduced_dims(op)
        for node in branch
        for op in graph.operations[node]
    )


def is_sum_of_cell(graph: Graph, join: int) -> bool:
    """Tell whether a module concatenates a sum of its forward with two others or more.

    Source: Zoph et al. 2018, NASNet; Liu et al. 2019, DARTS, whose cells do.
    """
    layers = graph.layers
    call = layers[join].call
    return call > 0 and any(
        graph.is_single_operation(user, {"cat"})
        and layers[user].call == call
        and sum(
            source in graph.joins and layers[source].call == call
            for source in graph.sources[user]
        )
        > 2
        for user in graph.after[join]
    )


LEVELS_REASON = "it adds maps of several levels, of which one is resized"
"""Why a sum is a parallel one where maps of a feature pyramid meet, in words."""


def adds_levels(graph: Graph, join: int, operands: Iterable[int]) -> bool:
    """Tell whether a sum adds a resized map to others, or is but a term beside one.

    Source: Tan et al. 2020, EfficientDet, section 3.3, whose layers follow one another.
    """
    resized = {is_resized(graph, operand) for operand in operands}
    return len(resized) > 1 or is_term_of_levels(graph, join)


def is_term_of_levels(graph: Graph, join: int) -> bool:
    """Tell whether a sum is but a term of one beside a resized map, in one forward.

    Source: Tan et al. 2020, EfficientDet, section 3.3, which adds three maps, of which
    one may be made of another.
    """
    users = graph.after[join]
    if len(users) != 1 or users[0] not in graph.joins:
        return False
    (reader,) = users
    others = [node for node in graph.joins[reader].operands if node != join]
    return (
        graph.layers[join].call == graph.layers[reader].call
        and join in graph.joins[reader].operands
        and any(is_resized(graph, other) for other in others)
    )


def is_resized(graph: Graph, node: int) -> bool:
    """Tell whether a node is a map that was enlarged or pooled, scaled at most.

    One position a sample is no map.
    """
    while node >= 0 and node not in graph.efforts:
        source, *others = graph.main_sources[node]
        if any(op.name in POOLS or is_upsampling(op) for op in graph.operations[node]):
            positions = graph.size_of_node(node)[0]
            if positions != graph.size_of_node(source)[0]:
                return positions != graph.arch.batch
        if others:
            return False
        node = source
    return False


def pools_whole_map(graph: Graph, branch: frozenset[int]) -> bool:
    """Tell whether a map becomes one position on a branch, by a mean or a maximum."""
    pools = (
        node
        for node in branch
        if not POOLS.isdisjoint([op.name for op in graph.operations[node]])
    )
    return any(
        is_pooled(graph, node) and not is_pooled(graph, source)
        for node in pools
        for source in graph.before[node][:1]
    )


def is_pooled(graph: Graph, node: int) -> bool:
    """Tell whether a node gives one position a sample."""
    return graph.size_of_node(node)[0] == graph.arch.batch


def passes_smaller_map(graph: Graph, positions: int, branch: frozenset[int]) -> bool:
    """Tell whether a branch enlarges a map that has fewer positions than its ends.

    One position a sample is no map.
    """
    return any(
        graph.arch.batch < graph.size_of_node(node)[0] < positions
        and any(
            map(is_upsampling, graph.list_operations(branch & {*graph.after[node]}))
        )
        for node in branch
    )

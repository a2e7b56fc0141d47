"""The main path: the way from input to output with the most weights."""

from __future__ import annotations

from functools import reduce
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import POOLS
from resviz.readings.structure.graph import ROOT
from resviz.readings.structure.lookalikes import is_pooled
from resviz.readings.structure.scores import (
    find_weighing_inputs,
    is_gathered,
    is_summed,
    weighs_by_softmax,
)
from resviz.readings.structure.side_edges import number_source
from resviz.readings.structure.sum_kinds import MULTIPLICATIONS
from resviz.readings.structure.weights import is_live_product

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.region_branches import JoinRegion


def find_main_path(graph: Graph, regions: Iterable[JoinRegion]) -> tuple[int, ...]:
    """Find the path from input to output with the most weighted operations.

    It keeps to main sources: gates, conditions and kernels are left out, but where no
    weight is on any of its ways, and so all come aside. Of a convolution of several
    branches it takes the lightest that has weights; of other branches with as many
    weights one that keeps the map, as most of an ASPP's do, and of those the longest.
    """
    chosen: dict[int, int] = {}
    for region in regions:
        if region.is_multi_branch:
            chosen |= choose_main_branch(graph, region)
    ways, lengths = choose_ways(graph, chosen)
    if not lengths.get(graph.main_output, NO_LENGTH)[0]:
        ways, _ = choose_ways(graph, chosen, find_carriers_aside(graph, ways, lengths))
    node = graph.main_output
    path: list[int] = []
    while node > ROOT:
        path.append(node)
        node = ways[node]
    return tuple(reversed(path))


Length = tuple[int, int, int]
"""Of the path to a node: its weighted operations, less how often it pools a map to one
position, and its nodes."""

NO_LENGTH = (0, 0, 0)
"""That of the path to an input of the model."""


def choose_ways(
    graph: Graph,
    chosen: Mapping[int, int],
    aside: Mapping[int, tuple[int, ...]] | None = None,
) -> tuple[dict[int, int], dict[int, Length]]:
    """Choose the source by which the path to each node comes, if none is chosen yet.

    Args:
        graph: the dataflow.
        chosen: sources by node.
        aside: sources of those nodes that take the heaviest, whatever it brings.

    Returns:
        The source of each node, and the length of the path to it.
    """
    ways: dict[int, int] = {}
    lengths: dict[int, Length] = {}
    efforts = graph.efforts
    for node, sources in graph.main_sources.items():
        source = sources[0]
        if aside and node in aside:
            source = max(aside[node], key=lambda n: lengths.get(n, NO_LENGTH))
        elif len(sources) > 1:
            known = chosen.get(node)
            source = (
                choose_source(graph, node, sources, lengths) if known is None else known
            )
        ways[node] = source
        weight, maps, length = lengths.get(source, NO_LENGTH)
        if node in efforts:
            weight += efforts[node].weighted
        elif graph.operations[node][0].name in POOLS and is_pooled(graph, node):
            maps -= 1
        lengths[node] = weight, maps, length + 1
    return ways, lengths


def find_carriers_aside(
    graph: Graph, ways: Mapping[int, int], lengths: Mapping[int, Length]
) -> dict[int, tuple[int, ...]]:
    """Find the nodes to which the ways bring no weights; list all that each reads.

    All weights of a net may be what a grid, kernels or a mask are made of. Source:
    Balakrishnan et al. 2019, VoxelMorph, which warps its input; Mildenhall et al. 2018,
    kernel prediction.
    """
    return {
        node: sources
        for node, sources in graph.sources.items()
        if len(sources) > 1 and not lengths.get(ways[node], NO_LENGTH)[0]
    }


def choose_source(
    graph: Graph, node: int, sources: tuple[int, ...], lengths: Mapping[int, Length]
) -> int:
    """Choose of several sources of a node the one whose path goes on."""
    sources = tuple(n for n in sources if n not in graph.constant_nodes) or sources
    names = [op.name for op in graph.operations[node]]
    if not MULTIPLICATIONS.isdisjoint(names):
        weights = {lengths.get(n, NO_LENGTH)[0] for n in sources}
        if len(weights) > 1:  # else the depth is the same
            sources = drop_kernels(graph, node, sources)
    carriers = choose_carriers(graph, node, sources)
    return max(carriers, key=lambda n: lengths.get(n, NO_LENGTH))


def drop_kernels(graph: Graph, node: int, sources: tuple[int, ...]) -> tuple[int, ...]:
    """Drop what only weighs values, whatever its size.

    So are weighed gathered neighbours that are summed, and the values of an attention.
    Source: Ramachandran et al. 2019, whose attention is over windows; Li et al. 2021,
    the involution, whose kernel is made of its input.
    """
    is_product = any(map(is_live_product, graph.operations[node]))
    if is_product or is_summed(graph, node):
        gathered = tuple(source for source in sources if is_gathered(graph, source))
        if gathered:
            return gathered
    return drop_weights_of_attention(graph, node, sources) if is_product else sources


def drop_weights_of_attention(
    graph: Graph, node: int, sources: tuple[int, ...]
) -> tuple[int, ...]:
    """Drop the weights of an attention whose values are made beside them.

    Where these come from elsewhere, as a memory does, the weights carry on what asks
    for them. Source: Li et al. 2022, EfficientFormerV2, whose queries pass a layer
    more than the values; Zhou et al. 2021, DeepViT, whose weights pass one.
    """
    weighing = find_weighing_inputs(graph.layers[node])
    values = tuple(
        n for n in sources if n not in weighing and not weighs_by_softmax(graph, n)
    )
    if not values or len(values) == len(sources):
        return sources
    fork = reduce(graph.find_common_dominator, sources)
    first = min(graph.find_nodes_between(fork, node, main_only=True))
    call = graph.arch.calls[graph.layers[node].call]
    while call.parent and not any(
        effort.weighted for n, effort in graph.efforts.items() if call.start <= n < node
    ):
        call = graph.arch.calls[call.parent]  # whose projections it multiplies
    is_inside = call.parent is not None and call.start <= first
    return values if is_inside else sources


def choose_carriers(
    graph: Graph, node: int, sources: tuple[int, ...]
) -> tuple[int, ...]:
    """Choose, where two live matrices are multiplied, the one that goes on.

    It is that of the main input, then that as large as the product; the other is a
    kernel that was made on the way, as the weights of an attention are of its values.
    """
    if not any(map(is_live_product, graph.operations[node])):
        return sources
    first = min(graph.ranks.get(source, 0) for source in sources)
    sources = tuple(node for node in sources if graph.ranks.get(node, 0) == first)
    layer = graph.layers[node]
    size = prod(layer.output_shape)
    tensors = zip(layer.sources, layer.inputs, strict=True)
    whole = {number_source(s) for s, tensor in tensors if prod(tensor.shape) == size}
    return tuple(source for source in sources if source in whole) or sources


def choose_main_branch(graph: Graph, region: JoinRegion) -> dict[int, int]:
    """Choose the source at each addition of a convolution of several branches."""
    wanted = region.main_operand
    chosen: dict[int, int] = {}
    for node in sorted(region.addition.nodes):
        if wanted in graph.main_sources[node]:
            chosen[node] = wanted
            wanted = node
    return chosen

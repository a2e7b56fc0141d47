"""The main path: the way from input to output with the most weights."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import POOLS
from resviz.readings.structure.graph import ROOT
from resviz.readings.structure.lookalikes import is_pooled
from resviz.readings.structure.side_edges import number_source
from resviz.readings.structure.weights import is_live_product

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.regions import JoinRegion


def find_main_path(graph: Graph, regions: Iterable[JoinRegion]) -> tuple[int, ...]:
    """Find the path from input to output with the most weighted operations.

    It keeps to main sources: gates, conditions and kernels are left out. Of a
    convolution of several branches it takes the lightest that has weights; of other
    branches with as many weights one that keeps the map, as most of an ASPP's do, and
    of those the longest.
    """
    chosen: dict[int, int] = {}
    for region in regions:
        if region.is_multi_branch:
            chosen |= choose_main_branch(graph, region)
    lengths: dict[int, tuple[int, int, int]] = {}
    efforts = graph.efforts
    for node, sources in graph.main_sources.items():
        source = sources[0]
        if len(sources) > 1:
            source = chosen.get(node)
            if source is None:
                flowing = [n for n in sources if n not in graph.constant_nodes]
                carriers = choose_carriers(graph, node, tuple(flowing) or sources)
                source = max(carriers, key=lambda n: lengths.get(n, NO_LENGTH))
        chosen[node] = source
        weight, maps, length = lengths.get(source, NO_LENGTH)
        if node in efforts:
            weight += efforts[node].weighted
        elif graph.operations[node][0].name in POOLS and is_pooled(graph, node):
            maps -= 1
        lengths[node] = weight, maps, length + 1
    node = graph.main_output
    path: list[int] = []
    while node > ROOT:
        path.append(node)
        node = chosen[node]
    return tuple(reversed(path))


NO_LENGTH = (0, 0, 0)
"""Of the path to an input of the model: its weighted operations, less how often it
pools a map to one position, and its nodes."""


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

"""Fusions: sums of what different towers give, or different inputs of the model.

Source: Feichtenhofer et al. 2016, section 3.1, "sum fusion" of two streams; Hazirbas
et al. 2016, FuseNet, which adds one encoder's map to another's after each stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.graph import ROOT
from resviz.readings.structure.side_edges import SideKind
from resviz.readings.structure.sum_kinds import JoinKind
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.readings.structure import Structure
    from resviz.readings.structure.graph import Graph

FUSION = "fusion sum"
"""What a sum of different towers or inputs is called."""

FUSION_REASON = "its operands come from different towers or inputs"
"""Why it is one, in words."""


@cache_reading
def find_fusions(structure: Structure) -> frozenset[int]:
    """Find the joins, none of them residual, that are fusions.

    Every operand has weights above it, and no tower and no input that another has; what
    comes aside, of a lesser input, may be of one that was added before.
    """
    graph = structure.graph
    sums = [r for r in structure.regions if r.kind is not JoinKind.RESIDUAL]
    if not sums or (len(graph.arch.inputs) < 2 and not structure.has_towers):
        return frozenset()
    streams = follow_streams(structure, graph)
    fusions: set[int] = set()
    for region in sums:
        nodes = region.addition.nodes
        operands = {
            operand
            for node in graph.joins.keys() & nodes
            for operand in graph.joins[node].operands
        }
        parts = [streams.get(operand, frozenset()) for operand in operands - nodes]
        is_apart = len(frozenset[int]().union(*parts)) == sum(map(len, parts))
        comes_aside = len(region.addition.operands) < 2
        if all(parts) and (is_apart or (comes_aside and len({*parts}) == len(parts))):
            fusions.add(region.join)
    return frozenset(fusions)


def follow_streams(structure: Structure, graph: Graph) -> dict[int, frozenset[int]]:
    """Find the streams that each node with weights above it comes from.

    They are towers, by their numbers, or inputs, by their nodes, which are below 0.
    """
    towers = {
        node: frozenset([stage.tower])
        for stage in structure.stages
        for block in stage.blocks
        for node in block.layer_indices
    }
    streams: dict[int, frozenset[int]] = {}
    inputs = [ROOT - number for number in range(len(graph.arch.inputs) or 1)]
    unweighted = {node: frozenset([node]) for node in inputs}
    nothing = frozenset[int]()
    for node, sources in graph.sources.items():
        if node in towers:
            streams[node] = towers[node]
            continue
        side = graph.side_edges.get(node, {})
        carriers = [n for n in sources if side.get(n) in {None, SideKind.CONDITION}]
        weighted = nothing.union(*(streams.get(n, nothing) for n in carriers))
        given = nothing.union(*(unweighted.get(n, nothing) for n in carriers))
        if node in graph.efforts:
            weighted, given = weighted | given, nothing
        if weighted:
            streams[node] = weighted
        if given:
            unweighted[node] = given
    return streams

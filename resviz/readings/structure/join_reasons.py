"""What each addition of a network was taken for, and why, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import JOINS
from resviz.readings.structure.fusions import (
    FUSION,
    FUSION_REASON,
    find_fusions,
)
from resviz.readings.structure.lookalikes import LEVELS_REASON, adds_levels
from resviz.readings.structure.outer_regions import find_repeated_sums
from resviz.readings.structure.side_edges import SideKind
from resviz.readings.structure.sum_kinds import JoinKind
from resviz.record.cached import cache_reading
from resviz.units import format_names, format_plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.readings.structure import Structure
    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.region_branches import JoinRegion
    from resviz.record import Layer


class JoinReason(NamedTuple):
    """What one addition is.

    Attributes:
        layer: the one that adds.
        verdict: `UNIT_VERDICT`, "inner sum", "repeated sum", `UNUSED_VERDICT`, or the
            name of a sum outside of blocks.
        reason: by which rules, and what is read or weighed beside.
    """

    layer: Layer
    verdict: str
    reason: str


UNIT_VERDICT = "residual unit"
"""What an addition is called that ends a unit of a block."""

UNUSED_VERDICT = "unused sum"
"""What one is called that looks like such a unit's, and leads to no output."""


@cache_reading
def explain_joins(structure: Structure) -> tuple[JoinReason, ...]:
    """Explain every addition of two branches, in execution order."""
    graph = structure.graph
    joins = {join for block in structure.blocks for join in block.joins}
    block_paths = {
        index: block.path for block in structure.blocks for index in block.layer_indices
    }
    repeats = find_repeated_sums(graph, structure.regions)
    reasons: list[JoinReason] = []
    for region in structure.regions:
        verdict, reason = name_sum(structure, region)
        clauses = [reason]
        if region.kind is JoinKind.RESIDUAL and not region.is_exchange:
            fork = list_names(graph, [region.fork])
            clauses.append(f"they fork at {fork}, {region.addition.fork_rule}")
        if region.join in joins:
            verdict = UNIT_VERDICT
        elif region.join in block_paths and region.is_whole_block:
            verdict = "inner sum"
            where = block_paths[region.join] or "another block"
            clauses.append(f"it lies on the main branch of {where}")
        elif region.join in graph.dead_joins:
            if region.is_whole_block:
                verdict = UNUSED_VERDICT
            clauses.append("it leads to no output")
        elif region.join in repeats:
            verdict = "repeated sum"
            first = list_names(graph, [repeats[region.join]])
            clauses.append(f"{first} adds its branch before")
        elif region.is_whole_block:
            between = graph.find_nodes_between(region.fork, region.join)
            spanned = [b for b in structure.blocks if not between.isdisjoint(b.joins)]
            count = format_plural(len(spanned), "block")
            clauses.append(f"it spans {count}")
        clauses += iter_side_clauses(graph, region)
        layer = structure.arch.layers[region.join]
        reasons.append(JoinReason(layer, verdict, "; ".join(clauses)))
    return tuple(reasons)


def name_sum(structure: Structure, region: JoinRegion) -> tuple[str, str]:
    """Name an addition that is no residual unit, and say why it is what it is."""
    if region.is_multi_branch:
        return "multi-branch convolution", region.reason
    if region.kind is JoinKind.RESIDUAL:
        return "long skip", region.reason
    if region.join in find_fusions(structure):
        return FUSION, FUSION_REASON
    if region.kind is JoinKind.OPEN and adds_levels(
        structure.graph, region.join, region.addition.operands
    ):
        return JoinKind.PARALLEL.value, LEVELS_REASON
    return region.kind.value, region.reason


def iter_side_clauses(graph: Graph, region: JoinRegion) -> Iterator[str]:
    """Yield what else adds in a region, is read out of it, weighs or enters it."""
    gated = [
        node
        for node in sorted(region.main_nodes)
        if SideKind.GATE in graph.side_edges.get(node, {}).values()
    ]
    others = sorted(region.addition.nodes & graph.joins.keys() - {region.join})
    scaling = [node for node in gated if scales(graph, node)]
    for phrase, nodes in (
        ("one sum with", others),
        ("tapped at", region.taps),
        ("gated at", scaling),
        ("shifted at", [node for node in gated if node not in scaling]),
        ("conditioned on", region.conditions),
    ):
        names = list_names(graph, nodes)
        if names:
            yield f"{phrase} {names}"


def scales(graph: Graph, node: int) -> bool:
    """Tell whether a node multiplies, as a gate does; a shift by channel only adds."""
    return JOINS.isdisjoint([op.name for op in graph.operations[node]])


def list_names(graph: Graph, nodes: Iterable[int]) -> str:
    """List the names of layers, of many the first; an input is "the input"."""
    layers = graph.layers
    names = [layers[node].name if node >= 0 else "the input" for node in nodes]
    return format_names(names, MAX_NAMES)


MAX_NAMES = 2
"""Names that are listed."""

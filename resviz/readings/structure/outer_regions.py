"""Outer regions: which residual sums are units, and no parts of others or skips."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from resviz.readings.structure.forks import walk_unweighted_chain
from resviz.readings.structure.multistep import BY_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.region_branches import JoinRegion

InnerRegions = dict[int, "list[JoinRegion]"]
"""The residual regions inside of each one, by where it joins."""


def find_outer_regions(graph: Graph, residual: list[JoinRegion]) -> list[JoinRegion]:
    """Find the residual regions that are units, in execution order."""
    outer_regions, inner_regions = find_outermost_regions(graph, residual)
    outer_regions = free_sisters(graph, outer_regions, inner_regions)
    repeats = find_repeated_sums(graph, outer_regions)
    outer_regions = [region for region in outer_regions if region.join not in repeats]
    if any(inner_regions.values()):
        outer_regions = drop_parts_of_plain_blocks(graph, outer_regions, inner_regions)
    return drop_multi_branch_convolutions(graph, outer_regions)


def free_sisters(
    graph: Graph, outer_regions: list[JoinRegion], inner_regions: InnerRegions
) -> list[JoinRegion]:
    """Put in place of a region the one block inside it whose sisters are units.

    They are of its class and called by what adds around it, which skips a block then,
    as where a sum of two blocks is what a third reads. Source: Jung et al. 2022,
    RawNet3; Chen et al. 2020, GCNII, whose first layer adds the state that it reads.
    """
    if not any(len(inner) == 1 for inner in inner_regions.values()):
        return outer_regions
    calls = graph.arch.calls
    owners = {region.join: find_region_call(graph, region) for region in outer_regions}
    sisters = {(calls[owner].type, calls[owner].parent) for owner in owners.values()}
    freed: list[JoinRegion] = []
    for region in outer_regions:
        inner = inner_regions[region.join]
        if len(inner) == 1 and inner[0].is_whole_block:
            call = calls[find_region_call(graph, inner[0])]
            is_called_here = call.parent == owners[region.join]
            if is_called_here and (call.type, call.parent) in sisters:
                freed += inner
                inner_regions[inner[0].join] = []
                continue
        freed.append(region)
    return freed


def find_repeated_sums(graph: Graph, regions: Iterable[JoinRegion]) -> dict[int, int]:
    """Find sums whose branch an earlier sum adds too, each with that sum.

    ECAPA-TDNN adds a block's output to its input anew for every block that reads both.
    Source: Desplanques et al. 2020, figure 2.
    """
    first_sums: dict[frozenset[int], int] = {}
    repeats: dict[int, int] = {}
    for region in regions:
        if not region.is_whole_block:
            continue
        light, *others = region.main_branches
        branch = frozenset[int]().union(*others) - light
        weighted = frozenset(node for node in branch if node in graph.efforts)
        first = first_sums.setdefault(weighted, region.join)
        if weighted and first != region.join:
            repeats[region.join] = first
    return repeats


def drop_parts_of_plain_blocks(
    graph: Graph, outer_regions: list[JoinRegion], inner_regions: InnerRegions
) -> list[JoinRegion]:
    """Drop residuals that lie in a block without shortcut, and so are none themselves.

    They are what lies inside a block, in another call of its class that adds nothing
    around them.
    """
    calls = graph.arch.calls
    owners = {region.join: find_region_call(graph, region) for region in outer_regions}
    parts_by_type = {
        calls[owners[region.join]].type: [
            describe_part(graph, owners[region.join], inner) for inner in inner_list
        ]
        for region in outer_regions
        if owners[region.join] and (inner_list := inner_regions[region.join])
    }
    parts_of_call: dict[int, list[JoinRegion]] = {}
    for region in outer_regions:
        number: int | None = owners[region.join]
        while number and calls[number].type not in parts_by_type:
            number = calls[number].parent
        if number:
            parts_of_call.setdefault(number, []).append(region)
    dropped = {
        region.join
        for number, members in parts_of_call.items()
        if [describe_part(graph, number, region) for region in members]
        == parts_by_type[calls[number].type]
        for region in members
    }
    return [region for region in outer_regions if region.join not in dropped]


def describe_part(
    graph: Graph, number: int, region: JoinRegion
) -> tuple[str, list[str]]:
    """Describe a region inside a call: by where it lies, and by its operations."""
    calls = graph.arch.calls
    path = calls[find_region_call(graph, region)].path
    names = [op.name for op in graph.list_operations(region.nodes)]
    return path.removeprefix(calls[number].path), names


def find_region_call(graph: Graph, region: JoinRegion) -> int:
    """Find the deepest call that holds a whole region.

    The shortcut of one that exchanges may be made ready by the block before.
    """
    nodes = region.branches[-1] if region.is_exchange else region.nodes
    calls, first = graph.arch.calls, min((*nodes, region.end))
    number = graph.layers[first].call
    while not calls[number].start <= first <= region.end < calls[number].stop:
        number = calls[number].parent or 0
    return number


def drop_multi_branch_convolutions(
    graph: Graph, outer_regions: list[JoinRegion]
) -> list[JoinRegion]:
    """Drop convolutions of several branches where there are blocks of other kinds.

    One whose call is of a class that such blocks are of stays, as RepVGG's. Where there
    are none, one that is a layer alone is no block. Source: Wang et al. 2023, YOLOv7,
    each of whose heads begins with the sum of a 3×3 and a 1×1.
    """
    calls = graph.arch.calls
    kept = [region for region in outer_regions if region.is_whole_block]
    if len(kept) == len(outer_regions):
        return outer_regions
    if not kept:
        ends = {region.end for region in outer_regions}
        layers = [r for r in outer_regions if is_layer(graph, r)]
        followed = {find_sum_before(graph, region.fork) for region in layers} & ends
        kept = [
            region
            for region in outer_regions
            if region not in layers
            or region.end in followed
            or find_sum_before(graph, region.fork) in followed
        ]
    types = {calls[find_region_call(graph, region)].type for region in kept}
    return [
        region
        for region in outer_regions
        if region in kept or calls[find_region_call(graph, region)].type in types
    ]


def is_layer(graph: Graph, region: JoinRegion) -> bool:
    """Tell whether all branches of a region have weights, and few in a row."""
    return region.weight <= 2 and all(
        not graph.efforts.keys().isdisjoint(branch) for branch in region.branches
    )


def find_sum_before(graph: Graph, node: int) -> int:
    """Find the sum that alone leads to a node without weights, or what else does."""
    *_, last = walk_unweighted_chain(graph, node)
    return last


def find_outermost_regions(
    graph: Graph, residual: list[JoinRegion]
) -> tuple[list[JoinRegion], InnerRegions]:
    """Find residual regions that lie in no other one, ignoring long skips.

    One that leads to no output is none where its branch is another's too.

    Returns:
        They, in execution order, and what lies inside of each.
    """
    inner_regions: InnerRegions = {}
    outer_regions: list[JoinRegion] = []
    covered: set[int] = set()
    joins = [region.join for region in residual]
    for region in sorted(
        residual, key=lambda region: (region.join in graph.dead_joins, -region.join)
    ):
        nodes = region.nodes
        is_dead = region.join in graph.dead_joins and not covered.isdisjoint(nodes)
        if region.join in covered or is_dead:
            continue
        first = bisect_left(joins, min(nodes, default=region.join))
        within = residual[first : bisect_left(joins, region.join)]
        on_path = region.main_nodes if within else frozenset[int]()
        inner = [
            candidate
            for candidate in within
            if candidate.join in on_path  # in a gate there is no block
            and candidate.fork >= region.fork  # else it spans the fork
            and (candidate.is_whole_block or region.is_multi_branch)
        ]
        if is_long_skip(graph, region, inner):
            continue
        covered |= nodes
        outer_regions.append(region)
        inner_regions[region.join] = inner
    return sorted(outer_regions, key=lambda region: region.join), inner_regions


def is_long_skip(graph: Graph, region: JoinRegion, inner: list[JoinRegion]) -> bool:
    """Tell whether a region spans whole blocks rather than being one.

    It does when two or more residual regions inside it give the positions and width of
    its input or output, or positions that are neither's, or have two weights in a row
    or more, so that they are blocks by themselves. One alone is enough of those that
    have such weights and fewer positions, as at the bottom of a U-Net that adds.
    """
    ends = [graph.size_of_node(node) for node in (region.fork, region.join)]
    positions = [end[0] for end in ends]
    sizes = [graph.size_of_node(inner_region.join) for inner_region in inner]
    blocks = [size for size, each in zip(sizes, inner, strict=True) if each.weight > 1]
    if region.addition.fork_rule is BY_STEPS and all(
        inner_region.fork == region.fork for inner_region in inner
    ):
        return False  # the stages of one step
    if len(inner) < 2:
        return any(size[0] < min(positions) for size in blocks)
    whole_count = sum(size in ends or size[0] not in positions for size in sizes)
    return whole_count >= 2 or len(blocks) >= 2

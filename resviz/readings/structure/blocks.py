"""Residual blocks: which regions are one, what belongs to it, what it is called."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS
from resviz.readings.structure.block_ends import (
    TAIL_OPERATIONS,
    find_block_end,
    find_own_conditions,
    find_preactivation,
    find_tail,
)
from resviz.readings.structure.channel_axes import to_channels_first
from resviz.readings.structure.graph import ROOT, Graph
from resviz.readings.structure.injected_layers import find_injected_layers
from resviz.readings.structure.outer_regions import (
    find_outer_regions,
    find_region_call,
)
from resviz.readings.structure.parts import Block, Unit
from resviz.readings.structure.plain_blocks import find_chains, find_sibling_calls
from resviz.readings.structure.regions import JoinKind
from resviz.readings.structure.shortcuts import make_missing_shortcut, read_shortcut
from resviz.readings.structure.summed_parts import SCALINGS
from resviz.readings.structure.unit_groups import (
    find_unit_kind,
    merge_units_of_parents,
    split_into_blocks,
)
from resviz.readings.structure.unit_types import classify_unit
from resviz.readings.structure.weights import is_upsampling, is_weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.readings.structure.region_branches import JoinRegion


def find_blocks(graph: Graph, regions: list[JoinRegion]) -> list[Block]:
    """Find the blocks of a graph, in execution order."""
    injected = find_injected_layers(graph, regions)
    regions = [region for region in regions if region.join not in injected]
    residual = find_residual_blocks(graph, regions)
    blocks = [block for _, block in residual]
    blocks += [make_plain_block(graph, *layer) for layer in injected.values()]
    if residual:
        blocks += find_plain_blocks(graph, blocks, [owner for owner, _ in residual])
    blocks.sort(key=lambda block: block.end)
    blocks = merge_units_of_parents(graph, blocks)
    return [block for block in blocks if not is_head(graph, block)]


def find_residual_blocks(
    graph: Graph, regions: list[JoinRegion]
) -> list[tuple[int, Block]]:
    """Find the residual blocks of a graph, each with the call that holds it."""
    residual = [region for region in regions if region.kind is JoinKind.RESIDUAL]
    outer_regions = find_outer_regions(graph, residual)
    outer_joins = {region.join for region in outer_regions}
    beside = frozenset[int]().union(
        *(
            region.parallel_nodes
            for region in residual
            if region.is_multi_branch and region.join not in outer_joins
        )
    )
    blocks: list[tuple[int, Block]] = []
    groups = group_by_call(graph, outer_regions)
    groups_per_call = Counter(owner for owner, _ in groups)
    for owner, members in groups:
        block_regions = split_units(graph, owner, members, beside)
        tail = owner > 0 and groups_per_call[owner] == len(block_regions) == 1
        blocks += [
            (owner, make_residual_block(graph, owner, part, beside, tail=tail))
            for part in block_regions
        ]
    return blocks


def group_by_call(
    graph: Graph, outer_regions: list[JoinRegion]
) -> list[tuple[int, list[JoinRegion]]]:
    """Group regions by the call that holds them; split where the flow is broken.

    It goes on where a region reads what was before the break beside what came after.
    Source: Li et al. 2022, Next-ViT, whose MLP reads attention and convolution.
    """
    groups: list[tuple[int, list[JoinRegion]]] = []
    for region in outer_regions:
        owner = find_region_call(graph, region)
        if groups and continues_group(graph, groups[-1], owner, region):
            groups[-1][1].append(region)
            if len(groups) > 1 and continues_group(graph, groups[-2], owner, region):
                groups[-2][1].extend(groups.pop()[1])
        else:
            groups.append((owner, [region]))
    return groups


def continues_group(
    graph: Graph, group: tuple[int, list[JoinRegion]], owner: int, region: JoinRegion
) -> bool:
    """Tell whether a region of a call continues a group of regions."""
    group_owner, members = group
    return (
        group_owner == owner
        and members[-1].is_exchange is region.is_exchange
        and is_continuation(graph, members[-1], region)
    )


def is_continuation(graph: Graph, before: JoinRegion, region: JoinRegion) -> bool:
    """Tell whether a region keeps the last one's size, or reads it without weights.

    It may read something else too. Source: Chen et al. 2022, RegionViT, whose windows
    take in the tokens of their regions, which attend before.
    """
    if graph.size_of_node(before.end) == graph.size_of_node(region.end):
        return True
    pending, visited = [region.fork], set[int]()
    while pending:
        node = pending.pop()
        if node == before.end:
            return True
        if (
            node > before.end
            and node not in visited
            and not any(map(is_weighted, graph.list_operations([node])))
        ):
            visited.add(node)
            pending += graph.main_sources[node]
    return False


def split_units(
    graph: Graph, owner: int, members: list[JoinRegion], beside: frozenset[int]
) -> list[list[JoinRegion]]:
    """Split regions of one call into those of its blocks, one or several each.

    Two streams that exchange are updated by one block, and so are those that share
    what is added. What else the model's own forward adds is looked at later, block by
    block.
    """
    if members[0].is_exchange:
        count = 2 if has_two_streams(graph, owner, members, beside) else 1
        return [members[k : k + count] for k in range(0, len(members), count)]
    if not owner or len(members) == 1:
        return join_overlapping(graph, [[region] for region in members])
    kinds = [
        find_unit_kind(
            graph,
            list_typed_nodes(region, beside),
            region.nodes - region.main_nodes - beside,
        )
        for region in members
    ]
    rest = iter(members)
    return join_overlapping(
        graph, [[*islice(rest, count)] for count in split_into_blocks(kinds)]
    )


def are_added(graph: Graph, a: JoinRegion, b: JoinRegion) -> bool:
    """Tell whether two sums that multiply something themselves are added at once."""
    if a.addition.addend is None or b.addition.addend is None:
        return False
    return {find_next_sum(graph, a.end)} == {find_next_sum(graph, b.end)} != {None}


def find_next_sum(graph: Graph, node: int) -> int | None:
    """Find the sum that alone reads a node, or what is scaled or activated of it."""
    while len(graph.after[node]) == 1:
        (node,) = graph.after[node]
        if node in graph.joins:
            return node
        if not graph.is_single_operation(node, SCALINGS | ACTIVATIONS):
            break
    return None


def has_two_streams(
    graph: Graph, owner: int, members: list[JoinRegion], beside: frozenset[int]
) -> bool:
    """Tell whether sums in turn update two streams, and not the last states of one.

    Two streams both go on behind the last sums, or their branches differ in type; but
    for those whose branches are the items of one list. Source: Chang et al. 2018, whose
    leapfrog network keeps two states of one; Jacobsen et al. 2018, i-RevNet.
    """
    if len(members) < 2:
        return False
    paths = {find_branch_path(graph, region) for region in members}
    lists = {re.sub("[0-9]+", "*", path) for path in paths}
    are_items = len(paths) == len(members) and len(lists) == 1
    if are_items and (len(members) > 2 or not owner):
        return False
    types = {
        classify_unit(graph, list_typed_nodes(region, beside)) for region in members
    }
    if len(types) > 1:
        return True
    inside = frozenset[int]().union(*(region.nodes for region in members))
    end = members[-2].end
    joins = {region.join for region in members}
    users = {*graph.after[end]} - inside - joins
    return bool(users) or end in graph.returned_nodes


def find_branch_path(graph: Graph, region: JoinRegion) -> str:
    """Find the path of the module that gives the heaviest branch of a region."""
    heavy = graph.efforts.keys() & region.main_branches[-1]
    if len(heavy) == 1:
        (node,) = heavy
        return graph.layers[node].path
    return graph.find_common_path(heavy)


def join_overlapping(
    graph: Graph, parts: list[list[JoinRegion]]
) -> list[list[JoinRegion]]:
    """Join regions of blocks that have layers in common, which are counted once.

    So are sums that multiply a state each, and are added to one another. Source: Chu
    et al. 2022, NAFSSR, whose two views attend to one another by one product; Chen et
    al. 2020, GCNII, which weighs a state and the first one.
    """
    joined: list[list[JoinRegion]] = []
    nodes: set[int] = set()
    for part in parts:
        inside = {node for region in part for node in region.nodes}
        if nodes.isdisjoint(inside) and not (
            joined and are_added(graph, joined[-1][-1], part[0])
        ):
            joined.append(part)
            nodes = inside
        else:
            joined[-1] += part
            nodes |= inside
    return joined


def make_residual_block(
    graph: Graph,
    owner: int,
    members: list[JoinRegion],
    beside: frozenset[int],
    *,
    tail: bool,
) -> Block:
    """Make one block of the residual regions of one call.

    Branches `beside` another, with which they are one convolution, change no type. What
    follows a sum belongs to it: an activation, and where the call holds no other
    block, a `tail` of norms and reshapes too.
    """
    kinds = TAIL_OPERATIONS if tail else ACTIVATIONS
    ends = [region.end for region in members]
    if any(are_added(graph, a, b) for a, b in pairwise(members)):
        ends[-1] = find_next_sum(graph, ends[-1]) or ends[-1]
    units = tuple(
        make_residual_unit(graph, owner, region, end, kinds, beside)
        for region, end in zip(members, ends, strict=True)
    )
    outside = {
        node
        for region in members
        for node in region.conditions
        if not region.is_exchange  # which reads the other stream
    }
    return make_block(graph, owner, units, outside)


def make_block(
    graph: Graph, owner: int, units: tuple[Unit, ...], outside: Iterable[int]
) -> Block:
    """Make a block of some units, named for the call that holds them.

    Args:
        graph: the dataflow.
        owner: the call.
        units: in execution order.
        outside: nodes that they read beside their forks.
    """
    end = units[-1].end
    shape, axis = graph.shape_as_read(end), graph.channel_axes[end]
    nodes = [index for unit in units for index in unit.layer_indices]
    return Block(
        graph.arch,
        path=graph.arch.calls[owner].path if owner else graph.find_common_path(nodes),
        units=units,
        output_shape=to_channels_first(shape, axis),
        output_size=graph.size_of_node(end, shape),
        has_tokens=len(shape) == 3 and axis == 2,
        preactivation=find_preactivation(graph, owner, units[0]),
        conditions=find_own_conditions(graph, owner, {*nodes}, outside),
    )


def make_residual_unit(
    graph: Graph,
    owner: int,
    region: JoinRegion,
    end: int,
    kinds: frozenset[str],
    beside: frozenset[int],
) -> Unit:
    """Make the unit of a residual region, with what follows up to an end."""
    light, *others = region.branches
    heavy = frozenset[int]().union(*others)
    light -= heavy - region.main_branches[0]  # a gate of both is on the main branch
    tail = find_tail(graph, end, owner, kinds)
    if end != region.end:
        tail = (*sorted(graph.find_nodes_between(region.end, end)), *tail)
    end = tail[-1] if tail else end
    main = heavy.union(region.bypass_nodes[:-1]) - light
    return Unit(
        graph.arch,
        type=classify_unit(graph, list_typed_nodes(region, beside)),
        fork=region.fork if region.other_stream is None else region.other_stream,
        join=region.join,
        end=end,
        main_indices=tuple(sorted(main | set(tail[:-1]))),
        shortcut=read_shortcut(graph, region, light, beside),
        gate_indices=tuple(sorted(main - region.main_nodes.union(region.bypass_nodes))),
        taps=region.taps,
    )


def list_typed_nodes(region: JoinRegion, beside: frozenset[int]) -> frozenset[int]:
    """List the nodes by which a unit is typed: its main branch, gates left out."""
    light, *others = region.main_branches
    main = frozenset[int]().union(*others) - light - beside
    if region.addition.addend is not None:
        main |= {region.join}  # which multiplies too
    return main


def find_plain_blocks(
    graph: Graph, known_blocks: list[Block], owners: list[int]
) -> list[Block]:
    """Find more blocks without a shortcut, by their calls or by their operations.

    What enlarges the map is a decoder's stage, and none.
    """
    taken = {node for block in known_blocks for node in block.layer_indices}
    if any(owners):
        numbers = find_sibling_calls(graph, owners, taken)
        calls = [(number, graph.arch.calls[number]) for number in numbers]
        spans = [(number, range(call.start, call.stop)) for number, call in calls]
    else:
        branches = [block.main_indices for block in known_blocks]
        spans = [(0, chain) for chain in find_chains(graph, branches, taken)]
    return [
        make_plain_block(graph, owner, span)
        for owner, span in spans
        if not any(map(is_upsampling, graph.list_operations(span)))
    ]


def make_plain_block(graph: Graph, owner: int, span: Sequence[int]) -> Block:
    """Make a block without a shortcut of some layers."""
    nodes = [index for index in span if index in graph.before]
    end = find_block_end(graph, nodes)
    fork = graph.dominator[nodes[0]]
    main = graph.find_nodes_between(fork, end).intersection(nodes)
    stream = graph.find_nodes_between(fork, end, main_only=True)
    kind = classify_unit(graph, main & stream, "plain")
    fork = max(fork, ROOT)
    unit = Unit(
        graph.arch,
        type=kind,
        fork=fork,
        join=None,
        end=end,
        main_indices=tuple(sorted(main)),
        shortcut=make_missing_shortcut(graph, fork, end),
        gate_indices=tuple(sorted(main - stream)),
    )
    outside = {source for node in main for source in graph.before[node]}
    return make_block(graph, owner, (unit,), outside)


def is_head(graph: Graph, candidate: Block) -> bool:
    """Tell whether a block is of the head: linear layers on one pooled position."""
    if candidate.type != "MLP":
        return False
    batch = graph.arch.batch
    pooled = graph.size_of_node(candidate.fork)[0] == candidate.output_size[0] == batch
    return pooled and graph.size_of_node(ROOT)[0] > batch

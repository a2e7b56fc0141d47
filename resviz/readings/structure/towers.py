"""Towers: which block follows which on the main stream.

A block's predecessor is the nearest block above it. Where several blocks follow one,
one of them goes on with its tower and the others begin their own; so do blocks that
have none above them. Two encoders are two towers, and so are an encoder's two runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.forks import AncestorSearch
from resviz.readings.structure.graph import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.readings.structure.graph import Graph, MapSize
    from resviz.readings.structure.parts import Block

Predecessors = list[int | None]
"""The number of the block above each block; None where there is none."""


def group_by_tower(graph: Graph, blocks: Sequence[Block]) -> list[list[Block]]:
    """Group blocks into towers, these in the order of their first blocks.

    A block that does not go on with the tower above it, and is alone beside blocks of
    its size, stays there; else it goes on with an earlier tower of its size that left
    the same tower and passes into it. Source: Sun et al. 2019, HRNet, whose branches of
    four resolutions take turns.
    """
    predecessors = find_predecessors(graph, blocks)
    if predecessors == [None, *range(len(blocks) - 1)]:
        return [[*blocks]]
    followers: dict[int, list[int]] = {}
    for number, above in enumerate(predecessors):
        if above is not None:
            followers.setdefault(above, []).append(number)
    main_nodes = graph.find_nodes_between(NOWHERE, graph.main_output)
    towers: list[list[Block]] = []
    tower_of: dict[int, int] = {}
    branched_towers: dict[tuple[int, MapSize], int] = {}
    for number, block in enumerate(blocks):
        above = predecessors[number]
        tower = len(towers)
        if above is not None and above in tower_of:
            successor = choose_successor(blocks, above, followers, main_nodes)
            sizes = blocks[above].output_size, blocks[successor].output_size
            is_lone = number not in followers and block.output_size in sizes
            if number == successor or is_lone:
                tower = tower_of[above]
            else:
                key = tower_of[above], block.output_size
                earlier = branched_towers.get(key)
                if earlier is not None and passes_into(
                    graph, towers[earlier][-1], block
                ):
                    tower = earlier
                branched_towers[key] = tower
        if tower == len(towers):
            towers.append([])
        towers[tower].append(block)
        tower_of[number] = tower
    return towers


def passes_into(graph: Graph, block: Block, later: Block) -> bool:
    """Tell whether what a block gives passes into a later one on main sources."""
    above = AncestorSearch(graph.main_sources, later.fork)
    return later.fork >= block.end and above.reaches(block.end)


def choose_successor(
    blocks: Sequence[Block],
    above: int,
    followers: dict[int, list[int]],
    main_nodes: frozenset[int],
) -> int:
    """Choose which of the blocks that follow one goes on with its tower.

    One that leads to the main output; of such, one of the same size; of such, one
    that others follow; else the first.
    """
    return min(
        followers[above],
        key=lambda number: (
            blocks[number].end not in main_nodes,
            blocks[number].output_size != blocks[above].output_size,
            number not in followers,
            number,
        ),
    )


def find_predecessors(graph: Graph, blocks: Sequence[Block]) -> Predecessors:
    """Find for each block the number of the block above it.

    Below a node that several blocks lead to, one of them is taken. Source: Chen et al.
    2020, SA-Gate, which adds to either stream what is made of both.
    """
    above = {
        node: number
        for number, block in enumerate(blocks)
        for node in block.layer_indices
    }
    entries = sorted(
        (find_entry(graph, block), number) for number, block in enumerate(blocks)
    )
    predecessors: Predecessors = [None] * len(blocks)
    mixed: set[int] = set()
    outside = [node for node in graph.main_sources if node not in above]
    done = 0
    for entry, number in entries:
        while done < len(outside) and outside[done] <= entry:
            node = outside[done]
            done += 1
            main = sources = graph.main_sources[node]
            if node in graph.joins:
                sources = graph.joins[node].operands  # of which one may come aside
            candidates: dict[int, tuple[bool, bool]] = {}
            for source in sources:
                if source in above:
                    place = source not in mixed, source in main
                    known = candidates.get(above[source], place)
                    candidates[above[source]] = max(place, known)
            if candidates:
                above[node] = choose_block_above(
                    graph, blocks, node, candidates, predecessors
                )
                if len(candidates) > 1 or not candidates[above[node]][0]:
                    mixed.add(node)
        predecessors[number] = above.get(entry)
    return predecessors


def find_entry(graph: Graph, block: Block) -> int:
    """Find the node that gives a block's input, before its preactivation.

    Of a block that adds to a constant it is the last that it reads beside that.
    """
    node = block.fork
    if block.preactivation:
        node = graph.main_sources[block.preactivation[0]][0]
    if node not in graph.constant_nodes:
        return node
    inside = graph.find_nodes_between(node, block.end).union(block.layer_indices)
    read = {source for index in inside for source in graph.main_sources[index]}
    return max(read - inside - graph.constant_nodes, default=node)


def choose_block_above(
    graph: Graph,
    blocks: Sequence[Block],
    node: int,
    candidates: Mapping[int, tuple[bool, bool]],
    predecessors: Predecessors,
) -> int:
    """Choose which of the blocks that lead to a node is the one above it.

    None that another of them follows, for that is a skip; rather one of the node's own
    size; of such, one that it reads unmixed, and on a main source; of such, one that is
    read nowhere else; else the latest. Source: Hazirbas et al. 2016, FuseNet, which
    adds after each stage of one encoder what the other gives.

    Args:
        graph: the dataflow.
        blocks: in execution order.
        node: outside of blocks.
        candidates: numbers of the blocks that lead to it; of each, whether a source
            comes from it alone, and whether that is a main one.
        predecessors: of the blocks above.
    """
    if len(candidates) < 2:
        return min(candidates)
    followed = {
        number
        for candidate in candidates
        for number in walk_predecessors(predecessors, candidate)
    }
    last = [number for number in candidates if number not in followed] or candidates
    size = graph.size_of_node(node)
    return max(
        last,
        key=lambda number: (
            blocks[number].output_size == size,
            candidates[number],
            leads_to_one(graph, blocks[number].end, node),
            number,
        ),
    )


def leads_to_one(graph: Graph, start: int, end: int) -> bool:
    """Tell whether all that reads a node leads, one by one, to a later one."""
    while start < end and len(graph.after[start]) == 1:
        (start,) = graph.after[start]
    return start == end


def walk_predecessors(predecessors: Predecessors, number: int) -> Iterator[int]:
    """Yield the blocks above a block, the nearest first."""
    visited = {number}
    above = predecessors[number]
    while above is not None and above not in visited:
        visited.add(above)
        yield above
        above = predecessors[above]

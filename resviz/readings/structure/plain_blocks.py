"""Blocks without a shortcut: what stands where residual blocks stand, and adds nothing.

MobileNet's and RegNetZ's first blocks of a stage are such, so the dataflow alone does
not show them. `find_sibling_calls` finds them among module calls: classes are compared,
their names never read. A flattened graph, as torch.fx makes one, runs every layer in
one forward; there `find_chains` finds layers that do, operation by operation, what the
main branch of a residual block does, right before or behind a block.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS
from resviz.readings.structure.graph import ROOT, Graph
from resviz.readings.structure.weights import is_depthwise, is_spatial, is_weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.record import Architecture

CallPlace = tuple[int, tuple[str, ...]]
"""A call around some blocks, and the classes of the calls between it and them."""


def find_sibling_calls(
    graph: Graph, owners: Sequence[int], taken: Iterable[int]
) -> list[int]:
    """Find the calls that are blocks without a shortcut.

    They have weights, hold no residual block and lie in none, and are of the class of
    calls that hold one block each, or stand beside such calls and, as these, have wide
    kernels.

    Args:
        graph: the dataflow.
        owners: the call that holds each residual block.
        taken: layers of residual blocks.
    """
    calls = graph.arch.calls
    types = find_block_types(graph.arch, owners)
    busy, heavy, wide = accumulate_counts(graph, taken)
    peers = Counter(
        place
        for owner in set(owners)
        if wide[calls[owner].stop] > wide[calls[owner].start]
        for place in iter_places(graph.arch, owner)
    )
    sibling_calls: list[int] = []
    end = 0
    for number, call in enumerate(calls):
        weights = heavy[call.stop] - heavy[call.start]
        is_free = call.start >= end and busy[call.stop] == busy[call.start]
        if not is_free or not weights:
            continue
        is_alike = weights > 1 and wide[call.stop] > wide[call.start]
        if call.type in types or (
            is_alike
            and any(peers[place] > 1 for place in iter_places(graph.arch, number))
        ):
            sibling_calls.append(number)
            end = call.stop
    return sibling_calls


def find_block_types(arch: Architecture, owners: Sequence[int]) -> set[str]:
    """Find the classes of calls that hold one block each, and of none with several."""
    blocks_per_call = Counter(owners)
    above = {call for owner in blocks_per_call for call in walk_ancestors(arch, owner)}
    above |= {owner for owner, count in blocks_per_call.items() if count > 1}
    types = {arch.calls[owner].type for owner in blocks_per_call}
    return types - {arch.calls[call].type for call in above}


def iter_places(arch: Architecture, number: int) -> Iterator[CallPlace]:
    """Yield the places of a call: in its parent, and in the parent of that.

    The model's own call is none, in which anything may stand beside blocks.
    """
    between: tuple[str, ...] = ()
    for outer, _ in zip(walk_ancestors(arch, number), range(2), strict=False):
        if outer:
            yield outer, between
        between = (*between, arch.calls[outer].type)


def walk_ancestors(arch: Architecture, number: int) -> Iterator[int]:
    """Yield the calls around a call, the model's own last."""
    outer = arch.calls[number].parent
    while outer is not None:
        yield outer
        outer = arch.calls[outer].parent


def accumulate_counts(
    graph: Graph, taken: Iterable[int]
) -> tuple[list[int], list[int], list[int]]:
    """Count before each layer those in blocks, with weights, with wide kernels."""
    size = len(graph.layers) + 1
    busy, heavy, wide = [0] * size, [0] * size, [0] * size
    for node in taken:
        busy[node + 1] = 1
    for index, effort in graph.efforts.items():
        heavy[index + 1] = effort.weighted > 0
        wide[index + 1] = effort.spatial > 0
    return list(accumulate(busy)), list(accumulate(heavy)), list(accumulate(wide))


OperationKinds = tuple[tuple[str, bool, bool], ...]
"""The operations of a layer: name, whether spatial, whether depthwise."""

ChainPattern = tuple[OperationKinds, ...]
"""What the layers of a main branch do, in order."""


def find_chains(
    graph: Graph, mains: Iterable[Sequence[int]], taken: set[int]
) -> list[list[int]]:
    """Find the chains of nodes that are blocks without a shortcut.

    Args:
        graph: the dataflow.
        mains: nodes of the main branch of each residual block.
        taken: nodes of residual blocks.
    """
    patterns = {
        tuple(list_operation_kinds(graph, node) for node in main)
        for main in mains
        if sum(map(is_weighted, graph.list_operations(main))) > 1
    }
    if not patterns:
        return []
    longest = sorted(patterns, key=len, reverse=True)
    ahead, *inner, behind = find_free_nodes(graph, taken)
    chains: list[list[int]] = []
    for free in (*inner, behind):
        chains += match_from_start(graph, free, longest)
    backwards = [pattern[::-1] for pattern in longest]
    for free in (ahead, *inner):
        reverse_chains = match_from_start(graph, free[::-1], backwards)
        chains += [chain[::-1] for chain in reverse_chains]
    return chains


def list_operation_kinds(graph: Graph, node: int) -> OperationKinds:
    """List the kinds of a node's operations."""
    ops = graph.layers[node].operations
    return tuple((op.name, is_spatial(op), is_depthwise(op)) for op in ops)


def find_free_nodes(graph: Graph, taken: set[int]) -> Iterator[list[int]]:
    """Yield the nodes before the first block, between blocks, and behind the last."""
    free: list[int] = []
    for before, node in pairwise([ROOT, *graph.before]):
        if node not in taken:
            free.append(node)
        elif before not in taken:
            yield free
            free = []
    yield free


def match_from_start(
    graph: Graph, free: list[int], patterns: list[ChainPattern]
) -> Iterator[list[int]]:
    """Yield chains that free nodes begin with, and remove them from these."""
    node_kinds = [list_operation_kinds(graph, node) for node in free]
    stop = 0
    while chain := match_pattern(node_kinds, stop, patterns):
        yield free[chain.start : chain.stop]
        stop = chain.stop
    del free[:stop]


def match_pattern(
    node_kinds: list[OperationKinds], start: int, patterns: list[ChainPattern]
) -> range:
    """Find where a pattern lies at `start`, or one activation later; empty if none."""
    names = {kinds[0][0] for kinds in node_kinds[start : start + 1] if kinds}
    start += bool(names & ACTIVATIONS)
    for pattern in patterns:
        stop = start + len(pattern)
        if tuple(node_kinds[start:stop]) == pattern:
            return range(start, stop)
    return range(0)

"""Blocks without a shortcut in a network whose record knows no module calls.

A flattened graph, as torch.fx makes one, runs every layer in one forward. There a
chain of layers is a block if it does, operation by operation, what the main branch of
a residual block does, and stands right before or behind a block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS
from resviz.readings.structure.graph import (
    Graph,
    is_depthwise,
    is_spatial,
    is_weighted,
    list_live_operations,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

OperationKinds = tuple[tuple[str, bool, bool], ...]
"""The operations of a layer: name, whether spatial, whether depthwise."""


def find_chains(
    graph: Graph, mains: Iterable[Sequence[int]], taken: Iterable[tuple[int, int]]
) -> list[list[int]]:
    """Chains of nodes that are blocks without a shortcut.

    Args:
        graph: the dataflow.
        mains: nodes of the main branch of each residual block.
        taken: first and last node of each residual block, the last not included.
    """
    patterns = {
        tuple(list_operation_kinds(graph, node) for node in main)
        for main in mains
        if sum(map(is_weighted, list_live_operations(graph.select_layers(main)))) > 1
    }
    if not patterns:
        return []
    longest = sorted(patterns, key=len, reverse=True)
    ahead, *inner, behind = find_free_nodes(graph, sorted(taken))
    return [
        *(
            chain
            for free in (*inner, behind)
            for chain in match_from_start(graph, free, longest)
        ),
        *(
            chain
            for free in (ahead, *inner)
            for chain in match_from_end(graph, free, longest)
        ),
    ]


def list_operation_kinds(graph: Graph, node: int) -> OperationKinds:
    """List the kinds of a node's operations."""
    ops = graph.arch.stored_layers[node].operations
    return tuple((op.name, is_spatial(op), is_depthwise(op)) for op in ops)


def begins_with_activation(node_kinds: OperationKinds) -> bool:
    """Whether a node's first operation is an activation."""
    return bool(node_kinds) and node_kinds[0][0] in ACTIVATIONS


def find_free_nodes(graph: Graph, taken: list[tuple[int, int]]) -> Iterator[list[int]]:
    """The nodes before the first block, between blocks, and behind the last."""
    starts = [0, *(stop for _, stop in taken)]
    stops = [*(start for start, _ in taken), len(graph.arch.stored_layers)]
    for start, stop in zip(starts, stops, strict=True):
        yield [node for node in range(start, stop) if node in graph.before]


def match_from_start(
    graph: Graph, free: list[int], patterns: list[tuple[OperationKinds, ...]]
) -> Iterator[list[int]]:
    """Yield chains that free nodes begin with, and remove them from these."""
    node_kinds = [list_operation_kinds(graph, node) for node in free]
    start = 0
    while size := match_length(node_kinds, start, patterns):
        start += begins_with_activation(node_kinds[start])
        yield free[start : start + size]
        start += size
    del free[:start]


def match_from_end(
    graph: Graph, free: list[int], patterns: list[tuple[OperationKinds, ...]]
) -> Iterator[list[int]]:
    """Yield chains that free nodes end with."""
    free.reverse()
    backwards = [pattern[::-1] for pattern in patterns]
    yield from (chain[::-1] for chain in match_from_start(graph, free, backwards))


def match_length(
    node_kinds: list[OperationKinds],
    start: int,
    patterns: list[tuple[OperationKinds, ...]],
) -> int:
    """Length of the pattern at `start`, or one activation later; 0 if none fits."""
    pattern_start = start + (
        start < len(node_kinds) and begins_with_activation(node_kinds[start])
    )
    fitting_patterns = (
        pattern
        for pattern in patterns
        if tuple(node_kinds[pattern_start : pattern_start + len(pattern)]) == pattern
    )
    return next(map(len, fitting_patterns), 0)

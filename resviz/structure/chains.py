"""Blocks without a shortcut in a network whose record knows no module calls.

A flattened graph, as torch.fx makes one, runs every layer in one forward. There a
chain of layers is a block if it does, operation by operation, what the main branch of
a residual block does, and stands right before or behind a block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.structure.graph import Graph, depthwise, operations, spatial, weighted
from resviz.vocabulary import ACTIVATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Kinds = tuple[tuple[str, bool, bool], ...]
"""The operations of a layer: name, whether spatial, whether depthwise."""


def chains(
    graph: Graph, mains: Iterable[Sequence[int]], taken: Iterable[tuple[int, int]]
) -> list[list[int]]:
    """Chains of nodes that are blocks without a shortcut.

    Args:
        graph: the dataflow.
        mains: nodes of the main branch of each residual block.
        taken: first and last node of each residual block, the last not included.
    """
    patterns = {
        tuple(kinds(graph, node) for node in main)
        for main in mains
        if sum(map(weighted, operations(graph.layers(main)))) > 1
    }
    if not patterns:
        return []
    longest = sorted(patterns, key=len, reverse=True)
    ahead, *inner, behind = between(graph, sorted(taken))
    return [
        *(found for free in (*inner, behind) for found in first(graph, free, longest)),
        *(found for free in (ahead, *inner) for found in last(graph, free, longest)),
    ]


def kinds(graph: Graph, node: int) -> Kinds:
    """What a node does."""
    ops = graph.arch.layers[node].operations
    return tuple((op.name, spatial(op), depthwise(op)) for op in ops)


def activates(does: Kinds) -> bool:
    """Whether a node begins with an activation."""
    return bool(does) and does[0][0] in ACTIVATIONS


def between(graph: Graph, taken: list[tuple[int, int]]) -> Iterator[list[int]]:
    """The nodes before the first block, between blocks, and behind the last."""
    starts = [0, *(stop for _, stop in taken)]
    stops = [*(start for start, _ in taken), len(graph.arch.layers)]
    for start, stop in zip(starts, stops, strict=True):
        yield [node for node in range(start, stop) if node in graph.before]


def first(
    graph: Graph, free: list[int], patterns: list[tuple[Kinds, ...]]
) -> Iterator[list[int]]:
    """Chains with which some free nodes begin; they are free no more."""
    does = [kinds(graph, node) for node in free]
    start = 0
    while size := length(does, start, patterns):
        start += activates(does[start])
        yield free[start : start + size]
        start += size
    del free[:start]


def last(
    graph: Graph, free: list[int], patterns: list[tuple[Kinds, ...]]
) -> Iterator[list[int]]:
    """Chains with which some free nodes end."""
    free.reverse()
    backwards = [pattern[::-1] for pattern in patterns]
    yield from (found[::-1] for found in first(graph, free, backwards))


def length(does: list[Kinds], start: int, patterns: list[tuple[Kinds, ...]]) -> int:
    """How long the pattern is that begins at `start`, after one activation; or 0."""
    at = start + (start < len(does) and activates(does[start]))
    fits = (it for it in patterns if tuple(does[at : at + len(it)]) == it)
    return next(map(len, fits), 0)

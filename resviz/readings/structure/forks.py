"""Forks: where the branches of an addition part."""

from __future__ import annotations

from heapq import heappop, heappush
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import RESHAPES
from resviz.readings.structure.weights import is_depthwise, is_weighted
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.joins import Join


class Addition(NamedTuple):
    """A sum of two or more branches, which may take several nodes.

    Attributes:
        fork: the node at which they part; `NOWHERE` if there is none.
        join: its last node.
        operands: the nodes that are added.
        nodes: every node that adds or stacks, the join among them.
        addend: as of its join.
        fork_rule: by which rule the fork was found, in words.
        earlier: operands left out: states of the same stream from above the fork.
    """

    fork: int
    join: int
    operands: tuple[int, ...]
    nodes: frozenset[int]
    addend: int | None
    fork_rule: str
    earlier: tuple[int, ...] = ()


ON_SHORTCUT = "on the shortcut"
DOMINATES = "which every path to it passes"
"""The rules by which a fork is found, in words."""


def make_addition(graph: Graph, join: Join) -> Addition:
    """Make the sum of one join, with its fork.

    The fork lies on a light branch where it can; else it is the last node that every
    path to the join passes. What comes aside is then no operand.
    """
    nodes = join.nodes
    dominator, side = graph.dominator[join.reader], graph.side_edges.get(join.reader)
    fork: int | None = dominator
    if side or dominator not in join.operands:  # else no later node leads to it
        fork = find_fork_on_branch(graph, join, dominator)
    if fork is not None:
        operands, rule = join.operands, ON_SHORTCUT
        return Addition(fork, join.node, operands, nodes, join.addend, rule)
    operands = tuple(node for node in join.operands if not side or node not in side)
    return Addition(dominator, join.node, operands, nodes, join.addend, DOMINATES)


def find_fork_on_branch(graph: Graph, join: Join, dominator: int) -> int | None:
    """Find the last node on a light operand's chain that leads to all the others.

    Where nothing comes aside, the dominator does, and a later node only if something
    else reads it too. Of operands that are put together of alike rows the longest are
    followed.
    """
    operands = join.operands
    is_plain = join.reader not in graph.side_edges and join.node not in graph.dead_joins
    fork: int | None = None
    for operand in operands:
        others: list[AncestorSearch] = []
        for node in walk_light_chain(graph, operand):
            if fork is not None and node <= fork:
                break
            if is_plain and node == dominator:
                fork = node
                break
            if is_plain and node > MODEL_INPUT and len(graph.after[node]) < 2:
                continue
            others = others or [
                AncestorSearch(graph.main_sources, other)
                for other in operands
                if other != operand
            ]
            if all(other.reaches(node) for other in others):
                fork = node
                break
    if fork is None:
        rows = find_longest_rows(graph, operands)
        if rows:
            join = join._replace(operands=rows)
            return find_fork_on_branch(graph, join, dominator)
    return fork


def find_longest_rows(graph: Graph, operands: Sequence[int]) -> tuple[int, ...]:
    """Find the longest parts where all operands put rows of the same numbers together.

    As class tokens and patches; parts of channels are none. Source: Bertasius et al.
    2021, TimeSformer, whose attention over space takes class tokens for each frame.
    """
    parts: list[tuple[int, ...]] = []
    for operand in operands:
        *_, end = walk_light_chain(graph, operand)
        if not graph.is_single_operation(end, {"cat"}):
            return ()
        (op,) = graph.operations[end]
        axis = op.arguments.get("dim", 0) % len(op.outputs[0])
        if graph.channel_axes[end] in {None, axis}:
            return ()
        parts.append(graph.main_sources[end])
    first, *others = ([graph.shape_of_node(n) for n in each] for each in parts)
    if len(first) < 2 or any(shapes != first for shapes in others):
        return ()
    longest = max(range(len(first)), key=lambda k: prod(first[k]))
    return tuple(each[longest] for each in parts)


class AncestorSearch:
    """Searches what a node descends from on some edges, backwards and on demand."""

    def __init__(self, edges: Mapping[int, tuple[int, ...]], node: int) -> None:
        self.edges = edges
        self.visited, self.pending = {node}, [-node]

    def reaches(self, node: int) -> bool:
        """Tell whether it descends from, or is, a node; ask for later nodes first."""
        while self.pending and -self.pending[0] > node:
            for source in self.edges.get(-heappop(self.pending), ()):
                if source not in self.visited:
                    self.visited.add(source)
                    heappush(self.pending, -source)
        return node in self.visited


def walk_light_chain(graph: Graph, node: int) -> Iterator[int]:
    """Yield a node and what alone leads to it, back to a sum or past one weight.

    A depthwise convolution does not count, as in GhostNet's shortcut. Parts that are
    put together are the whole again.
    """
    weighted_count = 0
    while True:
        yield node
        sources = graph.main_sources.get(node, ())
        if len(sources) > 1:
            sources = find_whole(graph, node)
        if len(sources) != 1:
            return
        if node in graph.efforts:
            weighted_count += sum(
                is_weighted(op) and not is_depthwise(op)
                for op in graph.operations[node]
            )
            if weighted_count > 1:
                return
        (node,) = sources


def walk_trunk(graph: Graph, node: int, start: int) -> Iterator[int]:
    """Yield the nodes of a stream from one back to a start, past what it adds."""
    while node >= start:
        *chain, node = walk_unweighted_chain(graph, node)
        yield from (*chain, node)
        if node not in graph.joins:
            return
        addition = make_addition(graph, graph.joins[node])
        if addition.fork_rule is not ON_SHORTCUT:
            return
        node = addition.fork


def walk_unweighted_chain(graph: Graph, node: int) -> Iterator[int]:
    """Yield a node and what alone leads to it, back to a sum or to a weight."""
    for above in walk_light_chain(graph, node):
        yield above
        if above in graph.efforts or above in graph.joins:
            return


def find_whole(graph: Graph, node: int) -> tuple[int, ...]:
    """Find the tensor whose parts a node puts together, reshaped at most; else ().

    Source: Jacobsen et al. 2018, i-RevNet, whose pixels go to channels row by row.
    """
    if not graph.is_single_operation(node, {"stack", "cat"}):
        return ()
    first, *others = (walk_parts(graph, part) for part in graph.main_sources[node])
    common = set(first).intersection(*others)
    return (max(common),) if common else ()


def walk_parts(graph: Graph, node: int) -> list[int]:
    """Walk from a part of a tensor to what it is part of; return all above it."""
    wholes: list[int] = []
    is_part = False
    while node >= 0 and len(graph.sources[node]) == 1:
        names = [op.name for op in graph.operations[node]]
        is_part = is_part or not PARTINGS.isdisjoint(names)
        if not (RESHAPES | PARTINGS).issuperset(names):
            break
        (node,) = graph.sources[node]
        if is_part:
            wholes.append(node)
    return wholes


SPLIT_OPERATIONS = {"split", "split_with_sizes", "unsafe_split", "unbind", "chunk"}
"""Operations whose outputs are parts of what they read."""

PARTINGS = SPLIT_OPERATIONS | {"slice", "select", "narrow"}
"""Operations that take parts of what they read."""

"""Forks: where the branches of an addition part."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from resviz.readings.structure.weights import is_depthwise, is_weighted
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    """

    fork: int
    join: int
    operands: tuple[int, ...]
    nodes: frozenset[int]
    addend: int | None
    fork_rule: str


ON_SHORTCUT = "on the shortcut"
DOMINATES = "which every path to it passes"
"""The rules by which a fork is found, in words."""


def make_addition(graph: Graph, join: Join) -> Addition:
    """Make the sum of one join, with its fork.

    The fork lies on a light branch where it can; else it is the last node that every
    path to the join passes. What comes aside is then no operand.
    """
    nodes = frozenset((join.node, join.reader))
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
    else reads it too.
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
    return fork


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

    A depthwise convolution does not count, as in GhostNet's shortcut.
    """
    weighted_count = 0
    while True:
        yield node
        sources = graph.main_sources.get(node, ())
        if len(sources) != 1:
            return
        weighted_count += sum(
            is_weighted(op) and not is_depthwise(op) for op in graph.operations[node]
        )
        if weighted_count > 1:
            return
        (node,) = sources

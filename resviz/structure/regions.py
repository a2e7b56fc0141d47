"""Regions: what lies between a fork of the dataflow and the addition that ends it.

The rules read shapes and edges alone; neither a name nor a class is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resviz.structure.graph import (
    ROOT,
    Graph,
    depthwise,
    live_product,
    operations,
    spatial,
    weighted,
)
from resviz.structure.joins import Addition, additions, is_a


class Join(StrEnum):
    """What an addition of two branches is."""

    RESIDUAL = "residual"
    PARALLEL = "parallel sum"
    WEIGHTLESS = "weightless sum"
    OPEN = "open join"


@dataclass(frozen=True, slots=True)
class Region:
    """The nodes on paths from a fork to a join.

    Attributes:
        fork: the immediate dominator of the join.
        join: the node that adds.
        branches: nodes of each branch, the lightest first; () is an identity.
        kind: what the addition is.
        around: where only some of the channels are added to, the nodes that carry
            the others past it and, last, the one that puts them together.
    """

    fork: int
    join: int
    branches: tuple[frozenset[int], ...]
    kind: Join
    around: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        """The node that gives the sum, with the channels that went past it."""
        return self.around[-1] if self.around else self.join

    @property
    def nodes(self) -> frozenset[int]:
        """Every node of every branch, and those that carry channels past the sum."""
        return frozenset().union(*self.branches, self.around[:-1])


def regions(graph: Graph) -> list[Region]:
    """The region of every join, in execution order."""
    return [region(graph, added) for added in additions(graph)]


def region(graph: Graph, added: Addition) -> Region:
    """The region of a sum, its branches and its kind."""
    fork, join = added.fork, added.join
    latest = max(graph.after[join], default=join)
    branches = []
    for operand in dict.fromkeys(added.operands):
        nodes = set()
        for node in graph.between(fork, operand):
            if graph.after[node][-1:] > [latest]:  # surely open, so look no further
                return Region(fork, join, (), Join.OPEN)
            nodes.add(node)
        branches.append(frozenset(nodes))
    branches.sort(key=lambda branch: effort(graph, branch))
    within = frozenset().union(*branches)
    around = way_around(graph, within, added)
    if around is None or not reads_one(graph, within | added.nodes, fork):
        return Region(fork, join, tuple(branches), Join.OPEN)
    kind = kind_of([effort(graph, branch) for branch in branches])
    return Region(fork, join, tuple(branches), kind, around)


def reads_one(graph: Graph, nodes: frozenset[int], fork: int) -> bool:
    """Whether all branches read the same tensor of their fork.

    Different inputs of the model, or parts of a split, are no two ways of one.
    """
    if fork != ROOT and not is_a(graph, fork, SPLITS):
        return True
    read = {
        source.output
        for layer in graph.layers(nodes)
        for source in layer.sources
        if source.layer == fork
    }
    return len(read) == 1


SPLITS = {"split", "split_with_sizes", "unsafe_split", "unbind", "chunk"}
"""Operations whose outputs are parts of what they read."""

Effort = tuple[int, int, int, int, int]
"""Weighted, spatial, attention and depthwise operations of a branch, and its nodes."""


def effort(graph: Graph, branch: frozenset[int]) -> Effort:
    """How heavy a branch is."""
    ops = operations(graph.layers(branch))
    kinds = (weighted, spatial, live_product, depthwise)
    heavy, wide, products, deep = (sum(map(kind, ops)) for kind in kinds)
    return heavy, wide, products, deep, len(branch)


def kind_of(efforts: list[Effort]) -> Join:
    """What a closed addition of branches, the lightest first, is.

    A shortcut has at most one weighted operation, or a depthwise convolution and a
    1×1, as GhostNet's.
    """
    light, light_spatial, light_products, light_depthwise, _ = efforts[0]
    heavy, heavy_spatial, *_ = efforts[-1]
    if not heavy:
        return Join.WEIGHTLESS
    against_wider = light == heavy == 1 and light_spatial < heavy_spatial
    too_heavy = light > 1 and (light, light_depthwise) != (2, 1)
    if light_products or too_heavy or (light == heavy and not against_wider):
        return Join.PARALLEL
    return Join.RESIDUAL


SLICES = {"slice", "split", "split_with_sizes", "narrow", "chunk"}
"""Operations that take some of the channels."""


def way_around(
    graph: Graph, nodes: frozenset[int], added: Addition
) -> tuple[int, ...] | None:
    """The nodes that carry some channels past a sum; () if all take part.

    None if a region's nodes are used elsewhere too, so that it is not closed.
    """
    if nodes & graph.returned:
        return None
    join = added.join
    past = {user for node in nodes for user in graph.after[node]} - nodes - added.nodes
    users = graph.after[join]
    end = max(users, default=join)
    rewritten = len(users) > 1 and is_a(graph, end, {"copy"})
    if not past and not rewritten:
        return ()
    carriers = (past | set(users)) - {end}
    sliced = [node for node in graph.before.get(end, ()) if node != join]
    partial = (
        join not in graph.returned
        and is_a(graph, end, {"cat", "copy"})
        and all(is_a(graph, node, SLICES) for node in (*carriers, *sliced))
        and all(graph.after[node] == [end] for node in carriers)
    )
    if partial:
        return (*sorted(carriers), end)
    return None if past else ()

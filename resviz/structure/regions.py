"""Regions: what lies between a fork of the dataflow and the addition that ends it.

The rules read shapes and edges alone; neither a name nor a class is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from resviz.structure.graph import (
    ROOT,
    Graph,
    depthwise,
    live_product,
    operations,
    spatial,
    weighted,
)
from resviz.vocabulary import JOINS

if TYPE_CHECKING:
    from resviz.record import Layer


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
    """The region of every join, in execution order; merged joins count once."""
    found: list[Region] = []
    merged: dict[int, tuple[int, ...]] = {}
    for node in graph.before:
        operands = joined(graph, node)
        if len(operands) < 2:
            continue
        fork = fork_of(graph, node)
        spread = spread_operands(graph, operands, fork, merged)
        if follows(graph, node, fork):
            merged[node] = spread
            continue
        found.append(region(graph, fork, node, spread))
    return found


def joined(graph: Graph, node: int) -> tuple[int, ...]:
    """The different live operands of an addition; one or none is no join.

    An operand of another shape is a bias or a gate, not a branch.
    """
    layer: Layer = graph.arch.layers[node]
    shape = layer.output_shape
    if not any(op.name in JOINS and sum(op.flowing) > 1 for op in layer.operations):
        stack = summed_stack(graph, node)
        if stack is None:
            return ()
        layer = graph.arch.layers[stack]
    tensors = zip(layer.sources, layer.inputs, strict=True)
    equal = (source.layer for source, tensor in tensors if tensor.shape == shape)
    return tuple(dict.fromkeys(node for node in equal if node in graph.after))


def fork_of(graph: Graph, join: int) -> int:
    """The last node that every path to a join passes."""
    stack = summed_stack(graph, join)
    return graph.dominator[join if stack is None else stack]


def summed_stack(graph: Graph, node: int) -> int | None:
    """The `stack` whose new axis a node sums away: together they are an addition."""
    source = graph.before[node][0]
    if not is_a(graph, node, {"sum"}) or not is_a(graph, source, {"stack"}):
        return None
    (total,) = graph.arch.layers[node].operations
    (stack,) = graph.arch.layers[source].operations
    rank = len(stack.outputs[0])
    summed = [axis % rank for axis in total.arguments.get("dim") or ()]
    whole = summed == [stack.arguments.get("dim", 0) % rank]
    drops = len(total.outputs[0]) < rank and len(graph.after[source]) == 1
    return source if whole and drops else None


def is_a(graph: Graph, node: int, names: set[str]) -> bool:
    """Whether a node is one operation, one of some names."""
    if node == ROOT:
        return False
    ops = graph.arch.layers[node].operations
    return len(ops) == 1 and ops[0].name in names


def follows(graph: Graph, node: int, fork: int) -> bool:
    """Whether the only use of a join is another join with the same fork."""
    users = graph.after[node]
    return (
        len(users) == 1
        and len(joined(graph, users[0])) > 1
        and fork_of(graph, users[0]) == fork
        and node not in graph.returned
    )


def spread_operands(
    graph: Graph,
    operands: tuple[int, ...],
    fork: int,
    merged: dict[int, tuple[int, ...]],
) -> tuple[int, ...]:
    """Operands with those that are merged joins replaced by their own."""
    spread: list[int] = []
    for operand in operands:
        same = operand in merged and fork_of(graph, operand) == fork
        spread.extend(merged[operand] if same else (operand,))
    return tuple(spread)


def region(graph: Graph, fork: int, join: int, operands: tuple[int, ...]) -> Region:
    """The region between `fork` and `join`, its branches and its kind."""
    latest = max(graph.after[join], default=join)
    branches = []
    for operand in operands:
        nodes = set()
        for node in graph.between(fork, operand):
            if graph.after[node][-1:] > [latest]:  # surely open, so look no further
                return Region(fork, join, (), Join.OPEN)
            nodes.add(node)
        branches.append(frozenset(nodes))
    branches.sort(key=lambda branch: effort(graph, branch))
    around = way_around(graph, frozenset().union(*branches), join)
    if around is None:
        return Region(fork, join, tuple(branches), Join.OPEN)
    kind = kind_of([effort(graph, branch) for branch in branches])
    return Region(fork, join, tuple(branches), kind, around)


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
    graph: Graph, nodes: frozenset[int], join: int
) -> tuple[int, ...] | None:
    """The nodes that carry some channels past a join; () if all take part.

    None if a region's nodes are used elsewhere too, so that it is not closed.
    """
    if nodes & graph.returned:
        return None
    outside = {user for node in nodes for user in graph.after[node]} - nodes
    past = {user for user in outside if not leads_only_to(graph, user, join)}
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


def leads_only_to(graph: Graph, node: int, join: int) -> bool:
    """Whether `node` is an addition merged into `join`, or a stack summed there."""
    while node != join:
        users = graph.after[node]
        if len(users) != 1:
            return False
        adds = len(joined(graph, node)) > 1 or summed_stack(graph, users[0]) == node
        if not adds:
            return False
        node = users[0]
    return True

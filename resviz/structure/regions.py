"""Regions: what lies between a fork of the dataflow and the addition that ends it.

The rules read shapes and edges alone; neither a name nor a class is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import TYPE_CHECKING

from resviz.structure.graph import (
    Graph,
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
    """

    fork: int
    join: int
    branches: tuple[frozenset[int], ...]
    kind: Join

    @property
    def nodes(self) -> frozenset[int]:
        """Every node of every branch."""
        return frozenset().union(*self.branches)


def regions(graph: Graph) -> list[Region]:
    """The region of every join, in execution order; merged joins count once."""
    found: list[Region] = []
    merged: dict[int, tuple[int, ...]] = {}
    for node in graph.before:
        operands = joined(graph, node)
        if len(operands) < 2:
            continue
        fork = graph.dominator[node]
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
    adds = any(op.name in JOINS and sum(op.flowing) > 1 for op in layer.operations)
    if not adds:
        return ()
    tensors = zip(layer.sources, layer.inputs, strict=True)
    equal = (s.layer for s, tensor in tensors if tensor.shape == layer.output_shape)
    return tuple(dict.fromkeys(node for node in equal if node in graph.after))


def follows(graph: Graph, node: int, fork: int) -> bool:
    """Whether the only use of a join is another join with the same fork."""
    users = graph.after[node]
    return (
        len(users) == 1
        and len(joined(graph, users[0])) > 1
        and graph.dominator[users[0]] == fork
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
        same = operand in merged and graph.dominator[operand] == fork
        spread.extend(merged[operand] if same else (operand,))
    return tuple(spread)


def region(graph: Graph, fork: int, join: int, operands: tuple[int, ...]) -> Region:
    """The region between `fork` and `join`, its branches and its kind."""
    branches = [graph.between(fork, operand) for operand in operands]
    weighed = [(effort(graph, branch), branch) for branch in branches]
    weighed.sort(key=itemgetter(0))
    ranked = tuple(branch for _, branch in weighed)
    found = Region(fork, join, ranked, kind_of([weight for weight, _ in weighed]))
    return found if closed(graph, found) else Region(fork, join, ranked, Join.OPEN)


Effort = tuple[int, int, int, int]
"""Weighted, spatial and attention operations of a branch, and its nodes."""


def effort(graph: Graph, branch: frozenset[int]) -> Effort:
    """How heavy a branch is."""
    ops = operations(graph.layers(branch))
    return (
        sum(map(weighted, ops)),
        sum(map(spatial, ops)),
        sum(map(live_product, ops)),
        len(branch),
    )


def kind_of(efforts: list[Effort]) -> Join:
    """What a closed addition of branches, the lightest first, is."""
    light, light_spatial, light_products, _ = efforts[0]
    heavy, heavy_spatial, *_ = efforts[-1]
    if not heavy:
        return Join.WEIGHTLESS
    against_wider = light == heavy == 1 and light_spatial < heavy_spatial
    if light_products or light > 1 or (light == heavy and not against_wider):
        return Join.PARALLEL
    return Join.RESIDUAL


def closed(graph: Graph, found: Region) -> bool:
    """Whether every use of the region's nodes lies in the region or is its join."""
    inside = found.nodes
    allowed = inside | {found.join}
    # Chained additions of one sum stand between the branches and the join.
    for node in inside:
        if node in graph.returned:
            return False
        for user in graph.after[node]:
            if user not in allowed and not leads_only_to(graph, user, found.join):
                return False
    return True


def leads_only_to(graph: Graph, node: int, join: int) -> bool:
    """Whether `node` is an addition merged into `join`."""
    while node != join:
        users = graph.after[node]
        if len(joined(graph, node)) < 2 or len(users) != 1:
            return False
        node = users[0]
    return True

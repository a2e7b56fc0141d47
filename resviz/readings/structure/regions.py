"""Regions: what lies between a fork of the dataflow and the addition that ends it.

A join is an addition in which branches of the dataflow meet, however it is written. The
rules read shapes and edges alone; neither a name nor a class is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import JOINS
from resviz.readings.structure.graph import ROOT, Graph
from resviz.readings.structure.weights import (
    is_depthwise,
    is_live_product,
    is_spatial,
    is_weighted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Layer


class Addition(NamedTuple):
    """A sum of two or more branches, which may take several nodes.

    Attributes:
        fork: the last node that every path to it passes.
        join: its last node.
        operands: the live nodes that are added.
        nodes: every node that adds or stacks, the join among them.
    """

    fork: int
    join: int
    operands: list[int]
    nodes: set[int]


def find_additions(graph: Graph) -> Iterator[Addition]:
    """Yield every sum of a graph, in execution order; merged ones once."""
    merged: set[int] = set()
    for node in graph.before:
        if len(find_operands(graph, node)) < 2:
            continue
        if merges_into_next(graph, node):
            merged.add(node)
        else:
            yield collect_addition(graph, node, merged)


def collect_addition(graph: Graph, join: int, merged: set[int]) -> Addition:
    """Collect the sum that ends at `join`, with the additions merged into it."""
    fork = find_fork(graph, join)
    collected = Addition(fork, join, [], set())
    pending = [join]
    while pending:
        node = pending.pop()
        stack = find_summed_stack(graph, node)
        collected.nodes.update([node] if stack is None else [node, stack])
        for operand in find_operands(graph, node):
            same = operand in merged and find_fork(graph, operand) == fork
            (pending if same else collected.operands).append(operand)
    return collected


def find_operands(graph: Graph, node: int) -> tuple[int, ...]:
    """Find the different live operands of an addition; fewer than two are no join.

    An operand of another shape is a bias or a gate, not a branch.
    """
    layer: Layer = graph.arch.stored_layers[node]
    shape = layer.output_shape
    if not any(op.name in JOINS and sum(op.flowing) > 1 for op in layer.operations):
        stack = find_summed_stack(graph, node)
        if stack is None:
            return ()
        layer = graph.arch.stored_layers[stack]
    tensors = zip(layer.sources, layer.inputs, strict=True)
    equal = (source.layer for source, tensor in tensors if tensor.shape == shape)
    return tuple(dict.fromkeys(node for node in equal if node in graph.after))


def find_fork(graph: Graph, join: int) -> int:
    """Find the last node that every path to a join passes."""
    stack = find_summed_stack(graph, join)
    return graph.dominator[join if stack is None else stack]


def find_summed_stack(graph: Graph, node: int) -> int | None:
    """Find the `stack` whose new axis a node sums away: both together add."""
    source = graph.before[node][0]
    if not is_single_operation(graph, node, {"sum"}) or not is_single_operation(
        graph, source, {"stack"}
    ):
        return None
    (total,) = graph.arch.stored_layers[node].operations
    (stack,) = graph.arch.stored_layers[source].operations
    rank = len(stack.outputs[0])
    summed = [axis % rank for axis in total.arguments.get("dim") or ()]
    sums_new_axis = summed == [stack.arguments.get("dim", 0) % rank]
    drops_axis = len(total.outputs[0]) < rank and len(graph.after[source]) == 1
    return source if sums_new_axis and drops_axis else None


def is_single_operation(graph: Graph, node: int, names: set[str]) -> bool:
    """Tell whether a node is a single operation with one of some names."""
    if node == ROOT:
        return False
    ops = graph.arch.stored_layers[node].operations
    return len(ops) == 1 and ops[0].name in names


def merges_into_next(graph: Graph, node: int) -> bool:
    """Tell whether the only use of a join is another join with the same fork."""
    users = graph.after[node]
    return (
        len(users) == 1
        and len(find_operands(graph, users[0])) > 1
        and find_fork(graph, users[0]) == find_fork(graph, node)
        and node not in graph.returned_nodes
    )


class JoinKind(StrEnum):
    """The kinds of an addition of two branches."""

    RESIDUAL = "residual"
    PARALLEL = "parallel sum"
    WEIGHTLESS = "weightless sum"
    OPEN = "open join"


@dataclass(frozen=True, slots=True)
class JoinRegion:
    """The nodes on paths from a fork to a join.

    Attributes:
        fork: the immediate dominator of the join.
        join: the node that adds.
        branches: nodes of each branch, the lightest first; () is an identity.
        kind: what the addition is.
        bypass_nodes: where only some of the channels are added to, the nodes that carry
            the others past it and, last, the one that puts them together.
    """

    fork: int
    join: int
    branches: tuple[frozenset[int], ...]
    kind: JoinKind
    bypass_nodes: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        """The node that gives the sum, with the channels that went past it."""
        return self.bypass_nodes[-1] if self.bypass_nodes else self.join

    @property
    def nodes(self) -> frozenset[int]:
        """Every node of every branch, and those that carry channels past the sum."""
        return frozenset[int]().union(*self.branches, self.bypass_nodes[:-1])


def find_regions(graph: Graph) -> list[JoinRegion]:
    """Find the region of every join, in execution order."""
    return [read_region(graph, addition) for addition in find_additions(graph)]


def read_region(graph: Graph, addition: Addition) -> JoinRegion:
    """Read the region of a sum: its branches and its kind."""
    fork, join = addition.fork, addition.join
    latest = max(graph.after[join], default=join)
    branches: list[frozenset[int]] = []
    for operand in dict.fromkeys(addition.operands):
        nodes: set[int] = set()
        for node in graph.walk_back(fork, operand):
            if graph.after[node][-1:] > [latest]:  # surely open, so look no further
                return JoinRegion(fork, join, (), JoinKind.OPEN)
            nodes.add(node)
        branches.append(frozenset(nodes))
    branches.sort(key=lambda branch: weigh_branch(graph, branch))
    inner_nodes = frozenset[int]().union(*branches)
    bypass_nodes = find_bypass_nodes(graph, inner_nodes, addition)
    if bypass_nodes is None or not reads_one_tensor(
        graph, inner_nodes | addition.nodes, fork
    ):
        return JoinRegion(fork, join, tuple(branches), JoinKind.OPEN)
    kind = classify_join([weigh_branch(graph, branch) for branch in branches])
    return JoinRegion(fork, join, tuple(branches), kind, bypass_nodes)


def reads_one_tensor(graph: Graph, nodes: frozenset[int], fork: int) -> bool:
    """Tell whether all branches read the same tensor of their fork.

    Different inputs of the model, or parts of a split, are no two ways of one.
    """
    if fork != ROOT and not is_single_operation(graph, fork, SPLIT_OPERATIONS):
        return True
    outputs_read = {
        source.output
        for layer in graph.select_layers(nodes)
        for source in layer.sources
        if source.layer == fork
    }
    return len(outputs_read) == 1


SPLIT_OPERATIONS = {"split", "split_with_sizes", "unsafe_split", "unbind", "chunk"}
"""Operations whose outputs are parts of what they read."""

BranchWeight = tuple[int, int, int, int, int]
"""Weighted, spatial, attention and depthwise operations of a branch, and its nodes."""


def weigh_branch(graph: Graph, branch: frozenset[int]) -> BranchWeight:
    """Count a branch's operations by weight class."""
    ops = graph.list_operations(branch)
    kinds = (is_weighted, is_spatial, is_live_product, is_depthwise)
    heavy, wide, products, deep = (sum(map(kind, ops)) for kind in kinds)
    return heavy, wide, products, deep, len(branch)


def classify_join(branch_weights: list[BranchWeight]) -> JoinKind:
    """Classify a closed addition by its branches' weights, lightest first.

    A shortcut has at most one weighted operation, or a depthwise convolution and a
    1×1, as GhostNet's.
    """
    light, light_spatial, light_products, light_depthwise, _ = branch_weights[0]
    heavy, heavy_spatial, *_ = branch_weights[-1]
    if not heavy:
        return JoinKind.WEIGHTLESS
    against_wider = light == heavy == 1 and light_spatial < heavy_spatial
    too_heavy = light > 1 and (light, light_depthwise) != (2, 1)
    if light_products or too_heavy or (light == heavy and not against_wider):
        return JoinKind.PARALLEL
    return JoinKind.RESIDUAL


SLICE_OPERATIONS = {"slice", "split", "split_with_sizes", "narrow", "chunk"}
"""Operations that take some of the channels."""


def find_bypass_nodes(
    graph: Graph, nodes: frozenset[int], addition: Addition
) -> tuple[int, ...] | None:
    """Find the nodes that carry channels past a sum; () if all are added.

    None if a region's nodes are used elsewhere too, so that it is not closed.
    """
    if nodes & graph.returned_nodes:
        return None
    join = addition.join
    bypassing = (
        {user for node in nodes for user in graph.after[node]} - nodes - addition.nodes
    )
    users = graph.after[join]
    end = max(users, default=join)
    rewritten = len(users) > 1 and is_single_operation(graph, end, {"copy"})
    if not bypassing and not rewritten:
        return ()
    carriers = (bypassing | set(users)) - {end}
    sliced = [node for node in graph.before.get(end, ()) if node != join]
    is_partial = (
        join not in graph.returned_nodes
        and is_single_operation(graph, end, {"cat", "copy"})
        and all(
            is_single_operation(graph, node, SLICE_OPERATIONS)
            for node in (*carriers, *sliced)
        )
        and all(graph.after[node] == [end] for node in carriers)
    )
    if is_partial:
        return (*sorted(carriers), end)
    return None if bypassing else ()

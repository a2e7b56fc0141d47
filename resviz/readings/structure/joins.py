"""Joins: the additions in which branches of the dataflow meet, however written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import JOINS
from resviz.readings.structure.graph import ROOT, Graph

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
    """Every sum of a graph, in execution order; merged ones once."""
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
    """The last node that every path to a join passes."""
    stack = find_summed_stack(graph, join)
    return graph.dominator[join if stack is None else stack]


def find_summed_stack(graph: Graph, node: int) -> int | None:
    """The `stack` whose new axis a node sums away: together they are an addition."""
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
    """Whether a node is a single operation with one of some names."""
    if node == ROOT:
        return False
    ops = graph.arch.stored_layers[node].operations
    return len(ops) == 1 and ops[0].name in names


def merges_into_next(graph: Graph, node: int) -> bool:
    """Whether the only use of a join is another join with the same fork."""
    users = graph.after[node]
    return (
        len(users) == 1
        and len(find_operands(graph, users[0])) > 1
        and find_fork(graph, users[0]) == find_fork(graph, node)
        and node not in graph.returned_nodes
    )

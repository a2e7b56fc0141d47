"""Joins: the additions in which branches of the dataflow meet, however written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import JOINS
from resviz.readings.structure.side_edges import number_source

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph


class Join(NamedTuple):
    """An addition of different live tensors of one shape.

    Attributes:
        node: the layer that gives the sum.
        reader: the layer that reads what is added: the same, or a `stack`.
        operands: the nodes that are added, two at least.
    """

    node: int
    reader: int
    operands: tuple[int, ...]


def find_joins(graph: Graph) -> dict[int, Join]:
    """Find every addition of a graph by its node, in execution order.

    An operand of another shape is a bias or a gate, not a branch.
    """
    joins: dict[int, Join] = {}
    for node, sources in graph.sources.items():
        reader: int | None = None
        if len(sources) > 1 and any(
            op.name in JOINS and sum(op.flowing) > 1 for op in graph.operations[node]
        ):
            reader = node
        elif len(sources) == 1:
            reader = find_summed_stack(graph, node)
        if reader is None:
            continue
        shape = graph.arch.stored_layers[node].output_shape
        layer = graph.arch.stored_layers[reader]
        tensors = zip(layer.sources, layer.inputs, strict=True)
        equal = {number_source(s) for s, tensor in tensors if tensor.shape == shape}
        operands = tuple(node for node in graph.sources[reader] if node in equal)
        if len(operands) > 1:
            joins[node] = Join(node, reader, operands)
    return joins


def find_summed_stack(graph: Graph, node: int) -> int | None:
    """Find the `stack` whose new axis a node sums away: both together add."""
    if not is_single_operation(graph, node, {"sum"}):
        return None
    source = graph.sources[node][0]
    if not is_single_operation(graph, source, {"stack"}):
        return None
    (total,) = graph.operations[node]
    (stack,) = graph.operations[source]
    rank = len(stack.outputs[0])
    summed = [axis % rank for axis in total.arguments.get("dim") or ()]
    sums_new_axis = summed == [stack.arguments.get("dim", 0) % rank]
    drops_axis = len(total.outputs[0]) < rank and len(graph.after[source]) == 1
    return source if sums_new_axis and drops_axis else None


def is_single_operation(graph: Graph, node: int, names: set[str]) -> bool:
    """Tell whether a node is a single operation with one of some names."""
    if node < 0:
        return False
    ops = graph.arch.stored_layers[node].operations
    return len(ops) == 1 and ops[0].name in names

"""Joins: the additions in which branches of the dataflow meet, however written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import JOINS, adds_product
from resviz.readings.structure.side_edges import number_source
from resviz.readings.structure.weights import is_cell

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph


class Join(NamedTuple):
    """An addition of different live tensors of one shape.

    Attributes:
        node: the layer that gives the sum.
        reader: the layer that reads what is added: the same, a `stack` or a `cat`.
        operands: the nodes that are added, two at least but where it adds a product.
        addend: where it adds what it multiplies with a weight itself, as `addmm`, the
            operand that it does not multiply, or the one that it does both with.
    """

    node: int
    reader: int
    operands: tuple[int, ...]
    addend: int | None = None


def find_joins(graph: Graph) -> dict[int, Join]:
    """Find every addition of a graph by its node, in execution order.

    An operand of another shape is a bias or a gate, not a branch; a cell's input and
    state are none either.
    """
    joins: dict[int, Join] = {}
    for node, sources in graph.sources.items():
        reader: int | None = None
        ops = graph.operations[node]
        if len(sources) == 1:
            if ops[-1].name in TOTALS:
                reader = find_summed_stack(graph, node)
            elif node in graph.efforts and any(map(adds_product, ops)):
                joins[node] = Join(node, node, sources, addend=sources[0])
        else:
            for op in ops:
                if op.name in JOINS and sum(op.flowing) > 1:
                    reader = node
                elif adds_product(op):
                    joins[node] = Join(node, node, sources, addend=sources[0])
        if reader is None:
            continue
        operands = find_operands(graph, reader, node)
        if len(operands) > 1 and not is_cell(graph.layers[node]):
            joins[node] = Join(node, reader, operands)
    return joins


def find_operands(graph: Graph, reader: int, node: int) -> tuple[int, ...]:
    """Find the sources of a sum that are added, without the places of `index_add`."""
    if not graph.is_single_operation(node, {"index_add"}):
        return find_equal_sources(graph, reader, node)
    layer = graph.layers[node]
    read = zip(layer.sources, layer.inputs, strict=True)
    places = {number_source(s) for s, t in read if t.dtype.startswith("int")}
    return tuple(source for source in graph.sources[node] if source not in places)


def find_equal_sources(graph: Graph, reader: int, node: int) -> tuple[int, ...]:
    """Find the sources of a reader whose tensors have the shape that a node gives.

    Those that a `cat` puts together for it have one axis more.
    """
    shape = graph.layers[node].output_shape
    layer = graph.layers[reader]
    if graph.is_single_operation(reader, {"cat"}):
        axis = layer.operations[0].arguments.get("dim", 0) % (len(shape) + 1)
        shape = (*shape[:axis], 1, *shape[axis:])
    tensors = zip(layer.sources, layer.inputs, strict=True)
    equal = {number_source(s) for s, tensor in tensors if tensor.shape == shape}
    return tuple(source for source in graph.sources[reader] if source in equal)


def find_summed_stack(graph: Graph, node: int) -> int | None:
    """Find the `stack` whose new axis a node sums away: both together add.

    So does a mean, but for a scale; a `cat` along an axis of one is a stack too.
    """
    if not graph.is_single_operation(node, TOTALS):
        return None
    source = graph.sources[node][0]
    if not graph.is_single_operation(source, {"stack", "cat"}):
        return None
    (total,) = graph.operations[node]
    (stack,) = graph.operations[source]
    rank = len(stack.outputs[0])
    place: int = stack.arguments.get("dim", 0) % rank
    summed = [axis % rank for axis in total.arguments.get("dim") or ()]
    sums_new_axis = summed == [place] and (
        stack.name == "stack"
        or all(graph.shape_of_node(n)[place] == 1 for n in graph.sources[source])
    )
    drops_axis = len(total.outputs[0]) < rank and len(graph.after[source]) == 1
    return source if sums_new_axis and drops_axis else None


TOTALS = {"sum", "mean"}
"""Operations that make one value of all along an axis by adding."""

"""Joins: the additions in which branches of the dataflow meet, however written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import JOINS, adds_product
from resviz.readings.structure.side_edges import number_source
from resviz.readings.structure.summed_parts import (
    TOTALS,
    find_summed_parts,
    keeps_parts,
)
from resviz.readings.structure.weights import is_cell

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph


class Join(NamedTuple):
    """An addition of different live tensors of one shape.

    Attributes:
        node: the layer that gives the sum, in the shape of what is added.
        reader: the layer that reads what is added: the same, a `stack` or a `cat`.
        between: those that lay out anew what that puts together.
        operands: the nodes that are added, two at least but where it adds a product.
        addend: where it adds what it multiplies with a weight itself, as `addmm`, the
            operand that it does not multiply, or the one that it does both with.
    """

    node: int
    reader: int
    operands: tuple[int, ...]
    addend: int | None = None
    between: tuple[int, ...] = ()

    @property
    def nodes(self) -> frozenset[int]:
        """Every layer that takes part."""
        return frozenset((self.node, self.reader, *self.between))


def find_joins(graph: Graph) -> dict[int, Join]:
    """Find every addition of a graph by its node, in execution order.

    An operand of another shape is a bias or a gate, not a branch; a cell's input and
    state are none either.
    """
    joins: dict[int, Join] = {}
    for node, sources in graph.sources.items():
        ops = graph.operations[node]
        if len(sources) == 1:
            if ops[-1].name in TOTALS:
                join = make_join_of_parts(graph, node)
                if join:
                    joins[join.node] = join
            elif node in graph.efforts and any(map(adds_product, ops)):
                joins[node] = Join(node, node, sources, addend=sources[0])
            continue
        for op in ops:
            if op.name in JOINS and sum(op.flowing) > 1:
                operands = find_operands(graph, node)
                if len(operands) > 1 and not is_cell(graph.layers[node]):
                    joins[node] = Join(node, node, operands)
            elif adds_product(op):
                joins[node] = Join(node, node, sources, addend=sources[0])
    return {node: joins[node] for node in sorted(joins)}


def find_operands(graph: Graph, node: int) -> tuple[int, ...]:
    """Find the sources of a sum that are added: those of the shape that it gives.

    The places of an `index_add` are none.
    """
    layer = graph.layers[node]
    read = zip(layer.sources, layer.inputs, strict=True)
    if graph.is_single_operation(node, {"index_add"}):
        places = {number_source(s) for s, t in read if t.dtype.startswith("int")}
        return tuple(n for n in graph.sources[node] if n not in places)
    shape = layer.output_shape
    equal = {number_source(source) for source, tensor in read if tensor.shape == shape}
    return tuple(source for source in graph.sources[node] if source in equal)


def make_join_of_parts(graph: Graph, node: int) -> Join | None:
    """Make the join of a node that adds what a `stack` or a `cat` put together.

    So does a mean, but for a scale. What else reads the parts on the way there wants
    them apart. A product of matrices gives the sum in another shape than they had.
    """
    parts = find_summed_parts(graph.layers, node)
    if parts is None:
        return None
    reader, between = parts
    operands = graph.sources.get(reader, ())
    are_read_once = all(len(graph.after[n]) == 1 for n in (reader, *between))
    if len(operands) < 2 or not are_read_once:
        return None
    shape, end = graph.shape_of_node(operands[0]), node
    behind: list[int] = []
    while graph.shape_of_node(end) != shape and len(graph.after[end]) == 1:
        (user,) = graph.after[end]
        if len(graph.sources[user]) > 1 or not keeps_parts(graph.layers[user]):
            break
        behind.append(end)
        end = user
    if graph.shape_of_node(end) != shape:
        return Join(node, reader, operands, between=between)
    return Join(end, reader, operands, between=(*between, *behind))

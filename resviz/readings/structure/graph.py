"""The dataflow graph of a record: live layers, their edges, their dominators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import CREATIONS, PRODUCTS
from resviz.readings.structure.channel_axes import (
    MapSize,
    follow_layer_axis,
    size_of_tensor,
)
from resviz.readings.structure.weights import is_weighted, list_live_operations
from resviz.record import MODEL_INPUT, Architecture, Layer, Operation, Shape
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = MODEL_INPUT
"""The node that stands for all inputs of the model."""


class Graph:
    """Layers as nodes, tensors as edges, in execution order.

    Only what is live is kept: what descends from the model's input. A parameter,
    a constant and what is computed from them alone are no nodes.

    Attributes:
        arch: the record.
        before: live sources of each node, each once, in operand order.
        after: live users of each node.
        dominator: immediate dominator of each node, the last one that every path
            from the input to the node passes.
        channel_axes: in which axis of each node's output its channels lie; None if
            unknown.
    """

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.before: dict[int, tuple[int, ...]] = {}
        self.after: dict[int, list[int]] = {ROOT: []}
        self.dominator: dict[int, int] = {}
        self.dominator_depth: dict[int, int] = {ROOT: 0}
        self.input_axes = [find_input_axis(arch, k) for k in range(len(arch.inputs))]
        self.channel_axes: dict[int, int | None] = {
            ROOT: next(iter(self.input_axes), None)
        }
        for layer in arch.stored_layers:
            ops = list_live_operations([layer])
            if any(op.name not in CREATIONS for op in ops):
                self.add_layer(layer)
        self.returned_nodes = {source.layer for source in arch.outputs}

    def add_layer(self, layer: Layer) -> None:
        """Add a live layer whose sources are there."""
        sources = dict.fromkeys(source.layer for source in layer.sources)
        live_sources = tuple(node for node in sources if node in self.after)
        if not live_sources:
            return
        self.before[layer.index] = live_sources
        self.after[layer.index] = []
        for node in live_sources:
            self.after[node].append(layer.index)
        nearest = live_sources[0]
        axis = self.channel_axes[nearest]
        if nearest == ROOT:
            read = next(source for source in layer.sources if source.layer == ROOT)
            axis = self.input_axes[read.output]
        self.channel_axes[layer.index] = follow_layer_axis(layer, axis)
        for node in live_sources[1:]:
            nearest = self.find_common_dominator(nearest, node)
        self.dominator[layer.index] = nearest
        self.dominator_depth[layer.index] = self.dominator_depth[nearest] + 1

    def find_common_dominator(self, a: int, b: int) -> int:
        """Find the last node that dominates, or is, both `a` and `b`."""
        while a != b:
            if self.dominator_depth[a] >= self.dominator_depth[b]:
                a = self.dominator[a]
            else:
                b = self.dominator[b]
        return a

    def dominates(self, node: int, later: int) -> bool:
        """Tell whether every path to a later node passes `node`, or is it."""
        while self.dominator_depth[later] > self.dominator_depth[node]:
            later = self.dominator[later]
        return later == node

    def walk_back(self, fork: int, operand: int) -> Iterator[int]:
        """Yield the nodes on paths from `operand` back to `fork`, without the fork."""
        visited: set[int] = set()
        pending = [operand]
        while pending:
            node = pending.pop()
            if node != fork and node not in visited:
                visited.add(node)
                pending.extend(self.before[node])
                yield node

    def select_layers(self, nodes: Iterable[int]) -> Iterator[Layer]:
        """Select the layers that some nodes stand for, in execution order."""
        return (self.arch.stored_layers[node] for node in sorted(nodes))

    def list_operations(self, nodes: Iterable[int]) -> list[Operation]:
        """List the live operations of some nodes, in execution order."""
        return list_live_operations(self.select_layers(nodes))

    def shape_of_node(self, node: int) -> Shape:
        """Return the shape of a node's first output."""
        if node == ROOT:
            return self.arch.input_shape
        return self.arch.stored_layers[node].output_shape

    def shape_as_read(self, node: int) -> Shape:
        """Return the shape that is read from a node: all of what it wrote a part of."""
        for user in self.after[node][-1:]:
            layer = self.arch.stored_layers[user]
            for source, tensor in zip(layer.sources, layer.inputs, strict=True):
                if source.layer == node:
                    return tensor.shape
        return self.shape_of_node(node)

    def size_of_node(self, node: int, shape: Shape | None = None) -> MapSize:
        """Return positions and width of a node's first output, or of one of `shape`."""
        axis = self.channel_axes.get(node)
        if node == ROOT and shape is not None:
            shapes = [tensor.shape for tensor in self.arch.inputs]
            axis = self.input_axes[shapes.index(shape)] if shape in shapes else axis
        return size_of_tensor(shape or self.shape_of_node(node), axis)


def find_input_axis(arch: Architecture, number: int) -> int | None:
    """Find the channel axis of an input; linear layers read the last axis.

    The weighted operation that it reaches first decides; axis 1 if there is none. A
    map without a batch axis has them in axis 0.
    """
    rank = len(arch.inputs[number].shape)
    reached = {(ROOT, number)}
    for layer in arch.stored_layers:
        sources = {(source.layer, source.output) for source in layer.sources}
        if not reached & sources:
            continue
        for op in list_live_operations([layer]):
            if is_weighted(op) and op.name in PRODUCTS:
                return max(rank - 1, 0)
            if is_weighted(op):
                axes = len(op.window.kernel) if op.window else rank - 2
                return max(rank - axes - 1, 0) if rank > axes else 1
        reached |= {(layer.index, k) for k in range(len(layer.outputs))}
    return 1


@cache_reading
def build_graph(arch: Architecture) -> Graph:
    """Build the graph of a record; it is shared and must not be changed."""
    return Graph(arch)

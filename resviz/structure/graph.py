"""The dataflow graph of a record: live layers, their edges, their dominators."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.once import once
from resviz.record import MODEL_INPUT, Architecture, Layer, Operation, Shape
from resviz.structure.axes import Extent, axis_after, extent
from resviz.vocabulary import CONVOLUTIONS, CREATIONS, PRODUCTS

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
        axis: in which axis of each node's output its channels lie; None if unknown.
    """

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.before: dict[int, tuple[int, ...]] = {}
        self.after: dict[int, list[int]] = {ROOT: []}
        self.dominator: dict[int, int] = {}
        self.depth: dict[int, int] = {ROOT: 0}
        self.entries = [entry_axis(arch, k) for k in range(len(arch.inputs))]
        self.axis: dict[int, int | None] = {ROOT: next(iter(self.entries), None)}
        for layer in arch.layers:
            if live(layer):
                self.add(layer)
        self.returned = {source.layer for source in arch.outputs}

    def add(self, layer: Layer) -> None:
        """Add a live layer whose sources are there."""
        sources = dict.fromkeys(source.layer for source in layer.sources)
        known = tuple(node for node in sources if node in self.after)
        if not known:
            return
        self.before[layer.index] = known
        self.after[layer.index] = []
        for node in known:
            self.after[node].append(layer.index)
        self.axis[layer.index] = axis_after(layer, self.axis_read(layer, known[0]))
        nearest = known[0]
        for node in known[1:]:
            nearest = self.common_dominator(nearest, node)
        self.dominator[layer.index] = nearest
        self.depth[layer.index] = self.depth[nearest] + 1

    def axis_read(self, layer: Layer, node: int) -> int | None:
        """The channel axis of what a layer reads of a node; inputs differ in it."""
        if node != ROOT:
            return self.axis[node]
        return self.entries[next(s.output for s in layer.sources if s.layer == ROOT)]

    def common_dominator(self, a: int, b: int) -> int:
        """The last node that dominates, or is, both `a` and `b`."""
        while a != b:
            if self.depth[a] >= self.depth[b]:
                a = self.dominator[a]
            else:
                b = self.dominator[b]
        return a

    def dominates(self, node: int, later: int) -> bool:
        """Whether every path to a later node passes `node`, or is it."""
        while self.depth[later] > self.depth[node]:
            later = self.dominator[later]
        return later == node

    def between(self, fork: int, operand: int) -> Iterator[int]:
        """Nodes on paths from `fork` to `operand`, backwards, without the fork."""
        found: set[int] = set()
        pending = [operand]
        while pending:
            node = pending.pop()
            if node != fork and node not in found:
                found.add(node)
                pending.extend(self.before[node])
                yield node

    def layers(self, nodes: Iterable[int]) -> Iterator[Layer]:
        """The layers that some nodes stand for, in execution order."""
        return (self.arch.layers[node] for node in sorted(nodes))

    def shape(self, node: int) -> Shape:
        """Shape of a node's first output."""
        if node == ROOT:
            return self.arch.input_shape
        return self.arch.layers[node].output_shape

    def whole_shape(self, node: int) -> Shape:
        """Shape of what is read of a node: of the whole, where it wrote to a part."""
        for user in self.after[node][-1:]:
            layer = self.arch.layers[user]
            for source, tensor in zip(layer.sources, layer.inputs, strict=True):
                if source.layer == node:
                    return tensor.shape
        return self.shape(node)

    def extent(self, node: int, shape: Shape | None = None) -> Extent:
        """Positions and width of a node's first output, or of another of its shape."""
        axis = self.axis.get(node)
        if node == ROOT and shape is not None:
            shapes = [tensor.shape for tensor in self.arch.inputs]
            axis = self.entries[shapes.index(shape)] if shape in shapes else axis
        return extent(shape or self.shape(node), axis)


def entry_axis(arch: Architecture, number: int) -> int | None:
    """In which axis the channels of an input lie: linear layers read the last.

    The weighted operation that it reaches first decides; axis 1 if there is none. A
    map without a batch axis has them in axis 0.
    """
    rank = len(arch.inputs[number].shape)
    reached = {(ROOT, number)}
    for layer in arch.layers:
        sources = {(source.layer, source.output) for source in layer.sources}
        if not reached & sources:
            continue
        for op in operations([layer]):
            if weighted(op):
                return entry_axis_of(op, rank)
        reached |= {(layer.index, k) for k in range(len(layer.outputs))}
    return 1


def entry_axis_of(op: Operation, rank: int) -> int:
    """The channel axis of an input of some rank that a weighted operation reads."""
    if op.name in PRODUCTS:
        return max(rank - 1, 0)
    axes = len(op.window.kernel) if op.window else rank - 2
    return max(rank - axes - 1, 0) if rank > axes else 1


@once
def dataflow(arch: Architecture) -> Graph:
    """The graph of a record, which nobody changes."""
    return Graph(arch)


def live(layer: Layer) -> bool:
    """Whether something of the model's input flows through a layer."""
    return any(any(op.flowing) and op.name not in CREATIONS for op in layer.operations)


def weighted(op: Operation) -> bool:
    """Whether an operation combines what flows with a parameter: conv or linear."""
    if op.name in CONVOLUTIONS:
        return True
    return op.name in PRODUCTS and sum(op.flowing[-2:]) == 1


def weights(layer: Layer) -> int:
    """Weighted operations of a layer that follow one another.

    One weight may act many times, as in an LSTM, whose every step takes it up.
    """
    acting = sum(weighted(op) and any(op.flowing) for op in layer.operations)
    if acting < 2:
        return acting
    matrices = sum(len(parameter.shape) > 1 for parameter in layer.parameters)
    return min(acting, max(matrices, 1))


def live_product(op: Operation) -> bool:
    """Whether an operation multiplies two matrices that both flow, as attention."""
    return op.name in PRODUCTS and all(op.flowing[-2:])


def spatial(op: Operation) -> bool:
    """Whether an operation is a convolution that sees more than one position."""
    window = op.window
    return op.name in CONVOLUTIONS and window is not None and prod(window.kernel) > 1


def depthwise(op: Operation) -> bool:
    """Whether an operation is a convolution of each channel by itself."""
    window = op.window
    if window is None or window.groups == 1:
        return False
    return window.groups == op.inputs[0][1]


def operations(layers: Iterable[Layer]) -> list[Operation]:
    """The operations of some layers that something flows through, in order."""
    return [op for layer in layers for op in layer.operations if any(op.flowing)]

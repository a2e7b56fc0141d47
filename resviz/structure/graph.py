"""The dataflow graph of a record: live layers, their edges, their dominators."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.record import MODEL_INPUT, Architecture, Layer, Operation, Shape
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
    """

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.before: dict[int, tuple[int, ...]] = {}
        self.after: dict[int, list[int]] = {ROOT: []}
        self.dominator: dict[int, int] = {}
        self.depth: dict[int, int] = {ROOT: 0}
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
        nearest = known[0]
        for node in known[1:]:
            nearest = self.common_dominator(nearest, node)
        self.dominator[layer.index] = nearest
        self.depth[layer.index] = self.depth[nearest] + 1

    def common_dominator(self, a: int, b: int) -> int:
        """The last node that dominates, or is, both `a` and `b`."""
        while a != b:
            if self.depth[a] >= self.depth[b]:
                a = self.dominator[a]
            else:
                b = self.dominator[b]
        return a

    def between(self, fork: int, operand: int) -> frozenset[int]:
        """Nodes on paths from `fork` to `operand`, without the fork itself."""
        found: set[int] = set()
        pending = [operand]
        while pending:
            node = pending.pop()
            if node != fork and node not in found:
                found.add(node)
                pending.extend(self.before[node])
        return frozenset(found)

    def layers(self, nodes: Iterable[int]) -> Iterator[Layer]:
        """The layers that some nodes stand for, in execution order."""
        return (self.arch.layers[node] for node in sorted(nodes))

    def shape(self, node: int) -> Shape:
        """Shape of a node's first output."""
        if node == ROOT:
            return self.arch.inputs[0].shape
        return self.arch.layers[node].output_shape


def live(layer: Layer) -> bool:
    """Whether something of the model's input flows through a layer."""
    return any(any(op.flowing) and op.name not in CREATIONS for op in layer.operations)


def weighted(op: Operation) -> bool:
    """Whether an operation combines what flows with a parameter: conv or linear."""
    if op.name in CONVOLUTIONS:
        return True
    return op.name in PRODUCTS and sum(op.flowing[-2:]) == 1


def live_product(op: Operation) -> bool:
    """Whether an operation multiplies two matrices that both flow, as attention."""
    return op.name in PRODUCTS and all(op.flowing[-2:])


def spatial(op: Operation) -> bool:
    """Whether an operation is a convolution that sees more than one position."""
    window = op.window
    return op.name in CONVOLUTIONS and window is not None and prod(window.kernel) > 1


def operations(layers: Iterable[Layer]) -> list[Operation]:
    """The operations of some layers that something flows through, in order."""
    return [op for layer in layers for op in layer.operations if any(op.flowing)]

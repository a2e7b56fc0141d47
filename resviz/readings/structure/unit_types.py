"""What the main branch of a residual unit is called, by its kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import (
    ATTENTIONS,
    ELEMENTWISE,
    PRODUCTS,
    RESHAPES,
    SOFTMAXES,
)
from resviz.readings.structure.weights import (
    is_depthwise,
    is_recurrent,
    is_weighted,
)
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph
    from resviz.record import Operation

UNIT_TYPES: dict[tuple[int, ...], str] = {(3, 3): "basic", (1, 3, 1): "bottleneck"}
"""What the kernels on the main branch are called. Source: He et al. 2015, figure 5."""


def classify_unit(graph: Graph, nodes: frozenset[int], other: str = "residual") -> str:
    """Classify a main branch by the kernels of its nodes, those of no gate.

    What none of the types fits is the `other` one.
    """
    heavy = nodes & graph.efforts.keys()
    products = [node for node in heavy if graph.efforts[node].products]
    if len(products) > 1 or (products and attends(graph, products[0])):
        return "attention"
    if any(map(is_recurrent, graph.select_layers(heavy))):
        return "recurrent"
    weighted_ops = [op for op in graph.list_operations(heavy) if is_weighted(op)]
    if is_inverted_bottleneck(weighted_ops):
        return "inverted bottleneck"
    if len(weighted_ops) > 1 and all(op.name in PRODUCTS for op in weighted_ops):
        return "MLP"
    return UNIT_TYPES.get(list_kernel_sizes(weighted_ops), other)


def attends(graph: Graph, node: int) -> bool:
    """Tell whether a product of live matrices is attention by itself.

    It is if a softmax makes its weights; else it may be over a graph's edges. Source:
    Veličković et al. 2018, GAT; Kipf and Welling 2017, whose product is none.
    """
    if graph.efforts[node].products > 1:
        return True
    if any(op.name in ATTENTIONS for op in graph.operations[node]):
        return True
    return any(is_softmax(graph, source) for source in graph.sources[node])


def is_softmax(graph: Graph, node: int) -> bool:
    """Tell whether a node, or what is only reshaped and scaled there, is a softmax."""
    while node > MODEL_INPUT:
        names = {op.name for op in graph.operations[node]}
        if names & SOFTMAXES:
            return True
        if not names <= RESHAPES | ELEMENTWISE or len(graph.sources[node]) > 1:
            return False
        (node,) = graph.sources[node]
    return False


def list_kernel_sizes(ops: list[Operation]) -> tuple[int, ...]:
    """List the kernel sizes of weighted operations; that of a linear one is 1."""
    return tuple(max(op.window.kernel) if op.window else 1 for op in ops)


def is_inverted_bottleneck(weighted_ops: list[Operation]) -> bool:
    """Tell whether a 1×1 widens, a depthwise convolution filters, and a 1×1 narrows.

    Source: Sandler et al. 2018, MobileNetV2, figure 3.
    """
    if list_kernel_sizes(weighted_ops[::2]) != (1, 1) or len(weighted_ops) != 3:
        return False
    middle, last = weighted_ops[1:]
    width = last.outputs[0][1 if last.window else -1]
    return is_depthwise(middle) and width < middle.outputs[0][1]

"""What the main branch of a residual unit is called, by its kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import ATTENTIONS, PRODUCTS, SOFTMAXES
from resviz.readings.structure.weights import (
    is_depthwise,
    is_live_product,
    is_weighted,
)

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph
    from resviz.record import Operation

UNIT_TYPES: dict[tuple[int, ...], str] = {(3, 3): "basic", (1, 3, 1): "bottleneck"}
"""What the kernels on the main branch are called. Source: He et al. 2015, figure 5."""


def classify_unit(graph: Graph, nodes: frozenset[int], other: str = "residual") -> str:
    """Classify a main branch by the kernels of its nodes, those of no gate.

    What none of the types fits is the `other` one.
    """
    ops = graph.list_operations(nodes & graph.efforts.keys())
    products = [op for op in ops if is_live_product(op)]
    if products and attends(products, graph.list_operations(nodes)):
        return "attention"
    weighted_ops = [op for op in ops if is_weighted(op)]
    if is_inverted_bottleneck(weighted_ops):
        return "inverted bottleneck"
    if len(weighted_ops) > 1 and all(op.name in PRODUCTS for op in weighted_ops):
        return "MLP"
    return UNIT_TYPES.get(list_kernel_sizes(weighted_ops), other)


def attends(products: list[Operation], ops: list[Operation]) -> bool:
    """Tell whether products of live matrices among operations are attention.

    One alone is if a softmax makes its weights; else it may be over a graph's edges.
    Source: Veličković et al. 2018, GAT; Kipf and Welling 2017, whose product is none.
    """
    is_fused = products[0].name in ATTENTIONS
    return is_fused or len(products) > 1 or any(op.name in SOFTMAXES for op in ops)


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

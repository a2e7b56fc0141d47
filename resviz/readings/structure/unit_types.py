"""What the main branch of a residual unit is called, by its kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import PRODUCTS
from resviz.readings.structure.weights import (
    is_depthwise,
    is_live_product,
    is_weighted,
)

if TYPE_CHECKING:
    from resviz.record import Operation

UNIT_TYPES: dict[tuple[int, ...], str] = {(3, 3): "basic", (1, 3, 1): "bottleneck"}
"""What the kernels on the main branch are called. Source: He et al. 2015, figure 5."""


def classify_unit(ops: list[Operation], other: str = "residual") -> str:
    """Classify a main branch by the kernels of its operations, those of no gate.

    What none of the types fits is the `other` one.
    """
    if any(map(is_live_product, ops)):
        return "attention"
    weighted_ops = [op for op in ops if is_weighted(op)]
    if is_inverted_bottleneck(weighted_ops):
        return "inverted bottleneck"
    if len(weighted_ops) > 1 and all(op.name in PRODUCTS for op in weighted_ops):
        return "MLP"
    return UNIT_TYPES.get(list_kernel_sizes(weighted_ops), other)


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

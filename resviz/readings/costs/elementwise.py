"""Element-wise work: what is done to values without multiplying and accumulating.

It is a count of its own and never part of the MACs.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations import families
from resviz.readings.costs.mac_rules import is_cost_known

if TYPE_CHECKING:
    from resviz.record import Layer, Operation

ELEMENTS_UNIT = (
    "elements: values of element-wise work (norms, activations, pools, additions "
    "…), those written, or read where that is more, as in a pool"
)
"""The unit of every element count here, to be printed beside it."""

ELEMENTWISE_WORK = (
    families.NORMS
    | families.ACTIVATIONS
    | families.SOFTMAXES
    | families.AVERAGE_POOLS
    | families.MAX_POOLS
    | families.INTERPOLATIONS
    | families.ELEMENTWISE
)
"""Operations that work on values one by one; what only moves them is no work."""


def count_elements(layer: Layer) -> int | None:
    """Elements that one layer works on; None if it has an unknown operation.

    Units: values for the whole batch: the larger of what an operation reads first
    and writes first. A norm, an activation, an addition count what they write, a
    pool or a sum what it reads, each value once however many windows see it.
    A bias belongs to its convolution or product; the softmax inside a fused
    attention and the gates inside a fused LSTM are not seen.
    """
    if not all(is_cost_known(op) for op in layer.operations):
        return None
    return sum(
        count_worked_values(op)
        for op in layer.operations
        if op.name in ELEMENTWISE_WORK
    )


def count_worked_values(op: Operation) -> int:
    """Values that one operation works on."""
    read = prod(op.inputs[0]) if op.inputs else 0
    return max(read, prod(op.outputs[0]))

"""What one layer costs: multiply-accumulates, and element-wise work.

One MAC is one multiply-accumulate; the ResNet paper calls it a FLOP. Convolutions,
linear layers and matrix products are counted, at the record's batch, also where torch
runs several of them as one fused operation; biases, normalisation, activations, pools
and additions are not. Products of parameters alone, as spectral norm's, are counted,
since every forward runs them. Source: He et al. 2015, section 3.3; torchvision's `_ops`
and pycls count alike.

Element-wise work is what is done to values without multiplying and accumulating. It is
a count of its own and never part of the MACs.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import ELEMENTWISE_WORK, FREE_OPERATIONS
from resviz.operations.table import OPERATIONS

if TYPE_CHECKING:
    from resviz.operations.kind import MacRule
    from resviz.record import Layer, Operation

MAC_CONVENTION = (
    "MACs of convolutions, linear layers and matrix products; 1 MAC = 2 FLOPs"
)
"""The convention of every MAC count here, to be printed beside it."""

MACS = "MACs"
"""What this count is called."""

ELEMENTS_UNIT = (
    "elements: values of element-wise work (norms, activations, pools, additions "
    "…), those written, or read where that is more, as in a pool"
)
"""The unit of every element count here, to be printed beside it."""

COST_RULES: dict[str, MacRule] = {
    row.name: row.macs for row in OPERATIONS.values() if row.macs
}
"""The rule of each operation that multiplies and accumulates."""


def is_cost_known(op: Operation) -> bool:
    """Tell whether there is a rule for `op`, or it is known to have no MACs.

    What is done with constants alone, as making an index, need not be known.
    """
    return op.name in COST_RULES or op.name in FREE_OPERATIONS or not any(op.flowing)


def count_macs(layer: Layer) -> int | None:
    """Count the MACs of one layer; None if one of its operations has no rule."""
    if not all(is_cost_known(op) for op in layer.operations):
        return None
    return sum(
        COST_RULES[op.name](op) for op in layer.operations if op.name in COST_RULES
    )


def count_elements(layer: Layer) -> int | None:
    """Count the elements that one layer works on; None if it has an unknown operation.

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
    """Count the values that one operation works on."""
    read = prod(op.inputs[0]) if op.inputs else 0
    return max(read, prod(op.outputs[0]))

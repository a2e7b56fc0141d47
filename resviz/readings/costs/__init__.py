"""What a record costs: multiply-accumulates, element-wise work, parameters.

One MAC is one multiply-accumulate; the ResNet paper calls it a FLOP. Convolutions,
linear layers and matrix products are counted, at the record's batch, also where torch
runs several of them as one fused operation; biases, normalisation, activations, pools
and additions are not. Products of parameters alone, as spectral norm's, are counted,
since every forward runs them. Source: He et al. 2015, section 3.3; torchvision's `_ops`
count alike.

What has a usual count without being a product, as a Fourier transform, an inverse or
distances of all pairs, is counted by that, and tables say so.

Element-wise work is what is done to values without multiplying and accumulating. It is
a count of its own and never part of the MACs. What other tools count, `conventions`
says.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.operations import transforms
from resviz.operations.families import (
    CONVOLUTIONS,
    ELEMENTWISE_WORK,
    FREE_OPERATIONS,
    HIDDEN_WEIGHTS,
    PACKED_CONVOLUTIONS,
    WEIGHT_COUNTS,
)
from resviz.operations.own_rules import OWN_RULES, count_by_own_rule
from resviz.operations.table import OPERATIONS
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from resviz.operations.kind import MacRule
    from resviz.record import Architecture, Layer, Operation

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

CONVENTIONS_IN_WORDS = {
    row.name: row.convention for row in OPERATIONS.values() if row.convention
}
"""What is counted by which convention, of operations that are no products."""

TRANSFORMS = frozenset(row.name for row in transforms.ROWS)
"""Fourier transforms, of which real MACs are counted, complex or not."""


def find_mac_rule(op: Operation) -> MacRule | None:
    """Find the rule of an operation, one's own included; None if it has none."""
    return COST_RULES.get(op.name) or (
        count_by_own_rule if op.name in OWN_RULES else None
    )


def is_cost_known(op: Operation) -> bool:
    """Tell whether there is a rule for `op`, or it is known to have no MACs."""
    return is_operation_known(op) or op.name in OWN_RULES


def is_operation_known(op: Operation) -> bool:
    """Tell whether resviz knows an operation itself, or it need not.

    What is done with constants alone, as making an index, need not be known, but for
    what reads weights, as the exponential of a matrix of parameters. Records of before
    transforms were counted do not say along which axes they are, nor those of before
    packed weights were read how large their windows are.
    """
    if op.name in TRANSFORMS and "dim" not in op.arguments:
        return not any(op.flowing)
    if op.name in PACKED_CONVOLUTIONS and op.window is None:
        return False
    if op.name in COST_RULES or op.name in FREE_OPERATIONS:
        return True
    return not any(op.flowing) and not reads_weights(op)


def count_macs(layer: Layer) -> int | None:
    """Count the MACs of one layer; None if one of its operations has no rule."""
    total = sum_layer_costs((layer,))
    return None if total.leaves_out else total.macs


def count_known_macs(layer: Layer) -> int:
    """Count the MACs of those operations of one layer that have a rule."""
    return sum_layer_costs((layer,)).macs


def count_elements(layer: Layer) -> int | None:
    """Count the elements that one layer works on; None if it has an unknown operation.

    Units: as `count_known_elements`.
    """
    total = sum_layer_costs((layer,))
    return None if total.leaves_out else total.elements


def count_known_elements(layer: Layer) -> int:
    """Count the elements that the known operations of one layer work on.

    Units: values for the whole batch: the larger of what an operation reads first
    and writes first. A norm, an activation, an addition count what they write, a
    pool or a sum what it reads, each value once however many windows see it.
    A bias belongs to its convolution or product; the softmax inside a fused
    attention and the gates inside a fused LSTM are not seen.
    """
    return sum_layer_costs((layer,)).elements


def count_operation_elements(op: Operation) -> int:
    """Count the elements that one operation works on."""
    whole = None if op.name.startswith("_foreach_") else 1
    read = prod(op.inputs[0]) if op.inputs else 0
    written = sum(map(prod, op.outputs[:whole]))
    return max(read, written)


def count_activations(layer: Layer) -> int:
    """Count the output elements of the convolutions of one layer.

    Source: Radosavovic et al. 2020, Designing Network Design Spaces, section 2; their
    pycls adds what the max pool and the last linear layer give.
    """
    return sum_layer_costs((layer,)).activations


@dataclass(frozen=True, slots=True)
class CostTotals:
    """Sums over some layers.

    Units: parameters, MACs, output elements of convolutions, and elements of
    element-wise work, at the record's batch; of the parameters also those that are
    frozen, as far as the record says so. What has no rule adds nothing, and
    `leaves_out` tells that there is such.
    """

    params: int
    macs: int
    activations: int
    elements: int
    frozen_params: int = 0
    leaves_out: bool = False


def sum_layer_costs(layers: Iterable[Layer]) -> CostTotals:
    """Add up the costs of some layers; operations without a rule add nothing.

    `find_uncounted` names those; every total stands beside it.
    """
    params = macs = activations = elements = frozen_params = 0
    leaves_out = False
    for layer in layers:
        for parameter in layer.parameters:
            params += parameter.numel
            frozen_params += parameter.numel if parameter.frozen else 0
        for op in layer.operations:
            if not is_cost_known(op):
                leaves_out = True
            elif rule := find_mac_rule(op):
                macs += rule(op)
            if op.name in CONVOLUTIONS:
                activations += prod(op.outputs[0])
            if op.name in ELEMENTWISE_WORK:
                elements += count_operation_elements(op)
    return CostTotals(params, macs, activations, elements, frozen_params, leaves_out)


@cache_reading
def list_layer_costs(arch: Architecture) -> tuple[CostTotals, ...]:
    """List the costs of every layer of a record; several outputs tell of each."""
    return tuple([sum_layer_costs((layer,)) for layer in arch.stored_layers])


@cache_reading
def sum_record_costs(arch: Architecture) -> CostTotals:
    """Add up the costs of a whole record; operations without a rule add nothing."""
    return sum_layer_costs(arch.stored_layers)


@cache_reading
def count_complex_macs(arch: Architecture) -> int:
    """Count the MACs of layers that read complex numbers or parameters.

    Those of Fourier transforms are of real numbers.
    """
    return sum(
        rule(op)
        for layer in arch.stored_layers
        if any(
            tensor.dtype.startswith("complex")
            for tensor in (*layer.inputs, *layer.parameters)
        )
        for op in layer.operations
        if op.name not in TRANSFORMS
        and (rule := find_mac_rule(op))
        and is_cost_known(op)
    )


@cache_reading
def sum_macs_by_convention(arch: Architecture) -> dict[str, int]:
    """Add up the MACs of what is no product, by the convention that counts it."""
    sums: dict[str, int] = {}
    for layer in arch.stored_layers:
        for op in layer.operations:
            convention = CONVENTIONS_IN_WORDS.get(op.name)
            rule = find_mac_rule(op) if convention else None
            if convention and rule and is_cost_known(op):
                sums[convention] = sums.get(convention, 0) + rule(op)
    return sums


@cache_reading
def find_uncounted(arch: Architecture) -> tuple[UncountedOperation, ...]:
    """List the operations without a cost rule, which no total includes."""
    if not sum_record_costs(arch).leaves_out:
        return ()
    return select_uncounted(arch.stored_layers, lambda _: True)


def name_gaps(arch: Architecture) -> list[str]:
    """Name what no total includes: operations without a rule, and what was not seen.

    Totals are at least so large where there is one.
    """
    unseen = [f"what made an operand of {name}" for name in arch.unseen]
    return [gap.operation for gap in find_uncounted(arch)] + unseen


@cache_reading
def find_uncounted_weights(arch: Architecture) -> tuple[UncountedOperation, ...]:
    """List those of them that read weights."""
    if not sum_record_costs(arch).leaves_out:
        return ()
    return select_uncounted(arch.stored_layers, reads_weights)


def find_uncounted_of(layers: Iterable[Layer]) -> tuple[UncountedOperation, ...]:
    """List the operations of some layers that have no cost rule."""
    return select_uncounted(layers, lambda _: True)


def reads_weights(op: Operation) -> bool:
    """Tell whether its weights are packed or sparse, or do not depend on the input.

    The latter have two axes or more; fewer have biases, scales and indices.
    """
    if op.name in WEIGHT_COUNTS or op.name in HIDDEN_WEIGHTS:
        return True
    operands = zip(op.inputs, op.flowing, strict=True)
    return any(len(shape) > 1 and not flows for shape, flows in operands)


def select_uncounted(
    layers: Iterable[Layer], is_wanted: Callable[[Operation], bool]
) -> tuple[UncountedOperation, ...]:
    """List the wanted operations without a cost rule."""
    layer_names: dict[str, list[str]] = {}
    for layer in layers:
        for op in layer.operations:
            if not is_cost_known(op) and is_wanted(op):
                layer_names.setdefault(op.name, []).append(layer.name)
    return list_uncounted(layer_names)


@dataclass(frozen=True, slots=True)
class UncountedOperation:
    """An operation without a rule: how often it ran, and in which layer first."""

    operation: str
    count: int
    first: str


def list_uncounted(
    layer_names: Mapping[str, Sequence[str]],
) -> tuple[UncountedOperation, ...]:
    """List uncounted operations, by the names of the layers in which each ran.

    Example:
        >>> list_uncounted({"sinc": ["wave", "wave#2"]})
        (UncountedOperation(operation='sinc', count=2, first='wave'),)
    """
    return tuple(
        UncountedOperation(operation, len(names), names[0])
        for operation, names in layer_names.items()
    )

"""Costs of some layers together, and what no total includes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.readings.costs.layer_costs import (
    count_elements,
    count_macs,
    is_cost_known,
)
from resviz.readings.uncounted import UncountedOperation, list_uncounted
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Layer


def count_activations(layer: Layer) -> int:
    """Output elements of the convolutions of one layer.

    Source: Radosavovic et al. 2020, Designing Network Design Spaces, section 2;
    pycls counts convolutions alone.
    """
    convolutions = (op for op in layer.operations if op.name == "convolution")
    return sum(prod(op.outputs[0]) for op in convolutions)


@dataclass(frozen=True, slots=True)
class CostTotals:
    """Sums over some layers.

    Units: parameters, MACs, output elements of convolutions, and elements of
    element-wise work, at the record's batch.
    """

    params: int
    macs: int
    activations: int
    elements: int


def sum_layer_costs(layers: Iterable[Layer]) -> CostTotals:
    """Costs of some layers together; layers without a rule add nothing.

    `find_uncounted` names those; every total stands beside it.
    """
    members = list(layers)
    return CostTotals(
        sum(layer.params for layer in members),
        sum(count_macs(layer) or 0 for layer in members),
        sum(count_activations(layer) for layer in members),
        sum(count_elements(layer) or 0 for layer in members),
    )


@cache_reading
def sum_record_costs(arch: Architecture) -> CostTotals:
    """Costs of a whole record; layers without a rule add nothing."""
    return sum_layer_costs(arch.stored_layers)


@cache_reading
def find_uncounted(arch: Architecture) -> tuple[UncountedOperation, ...]:
    """List the operations without a cost rule, which no total includes."""
    places: dict[str, list[str]] = {}
    for layer in arch.stored_layers:
        for op in layer.operations:
            if not is_cost_known(op):
                places.setdefault(op.name, []).append(layer.name)
    return list_uncounted(places)

"""Costs of some layers together, and what no total includes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.costs.elements import elements
from resviz.costs.rules import known, macs
from resviz.gaps import Gap, gaps
from resviz.once import once

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Layer


def activations(layer: Layer) -> int:
    """Output elements of the convolutions of one layer.

    Source: Radosavovic et al. 2020, Designing Network Design Spaces, section 2;
    pycls counts convolutions alone.
    """
    convolutions = (op for op in layer.operations if op.name == "convolution")
    return sum(prod(op.outputs[0]) for op in convolutions)


@dataclass(frozen=True, slots=True)
class Costs:
    """Sums over some layers.

    Units: parameters, MACs, output elements of convolutions, and elements of
    element-wise work, at the record's batch.
    """

    params: int
    macs: int
    activations: int
    elements: int


def total(layers: Iterable[Layer]) -> Costs:
    """Costs of some layers together; layers without a rule add nothing.

    `not_counted` names those; every total stands beside it.
    """
    members = list(layers)
    return Costs(
        sum(layer.params for layer in members),
        sum(macs(layer) or 0 for layer in members),
        sum(activations(layer) for layer in members),
        sum(elements(layer) or 0 for layer in members),
    )


@once
def whole(arch: Architecture) -> Costs:
    """Costs of a whole record; layers without a rule add nothing."""
    return total(arch.layers)


@once
def not_counted(arch: Architecture) -> tuple[Gap, ...]:
    """Operations that no total includes, because no rule says what they cost."""
    places: dict[str, list[str]] = {}
    for layer in arch.layers:
        for op in layer.operations:
            if not known(op):
                places.setdefault(op.name, []).append(layer.name)
    return gaps(places)

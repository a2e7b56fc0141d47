"""Costs that add and subtract, and a weighted layer as the product that it costs."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.readings.costs import sum_layer_costs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Layer, Shape


@dataclass(frozen=True, slots=True)
class CostShare:
    """Parameters, MACs and activations of a part, or what a change adds to them.

    Units: as `CostTotals`; what has no rule adds nothing.
    """

    params: int = 0
    macs: int = 0
    activations: int = 0

    def __add__(self, other: CostShare) -> CostShare:
        return CostShare(
            self.params + other.params,
            self.macs + other.macs,
            self.activations + other.activations,
        )

    def __sub__(self, other: CostShare) -> CostShare:
        return CostShare(
            self.params - other.params,
            self.macs - other.macs,
            self.activations - other.activations,
        )

    def __bool__(self) -> bool:
        return bool(self.params or self.macs or self.activations)


NOTHING = CostShare()


def add_shares(shares: Iterable[CostShare]) -> CostShare:
    """Add up shares."""
    return sum(shares, NOTHING)


def share_of_layers(layers: Iterable[Layer]) -> CostShare:
    """Add up what some layers cost."""
    totals = sum_layer_costs(layers)
    return CostShare(totals.params, totals.macs, totals.activations)


@dataclass(frozen=True, slots=True)
class Factors:
    """The factors of a convolution's or a linear layer's cost.

    Units: MACs are positions · out · (in / groups) · kernel; positions are those of the
    whole batch.

    Attributes:
        positions: that it gives.
        cin: channels that it reads.
        cout: channels that it gives.
        kernel: one size an axis.
        groups: of its channels.
        has_bias: whether it adds one.
        owns: whether its weight is first read here.
        is_convolution: whether what it gives counts as activations.
        extras: further parameters of each channel that it gives, as the gain of a
            standardised weight.
    """

    positions: int
    cin: int
    cout: int
    kernel: Shape
    groups: int
    has_bias: bool
    owns: bool
    is_convolution: bool
    extras: int = 0

    @property
    def taps(self) -> int:
        """Weights of one input channel for one output channel."""
        return prod(self.kernel)

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is read by itself and gives one."""
        return self.groups == self.cin == self.cout and self.groups > 1

    @property
    def are_divisible(self) -> bool:
        """Whether the groups divide the channels."""
        return self.cin % self.groups == 0 and self.cout % self.groups == 0

    @property
    def share(self) -> CostShare:
        """What the product costs."""
        each = self.cout * (self.cin // self.groups) * self.taps
        params = (each + self.cout * (self.has_bias + self.extras)) * self.owns
        activations = self.cout * self.positions * self.is_convolution
        return CostShare(params, each * self.positions, activations)

"""Costs that add and subtract, and a weighted layer as the product that it costs."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import CREATIONS, POOLS, RESHAPES
from resviz.readings.costs import sum_layer_costs
from resviz.units import dtype_itemsize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Layer, Operation, Shape


@dataclass(frozen=True, slots=True)
class CostShare:
    """Parameters, MACs, activations, memory of a part, or what a change adds to them.

    Units: as `CostTotals`; what has no rule adds nothing. Memory is in bytes, of what
    every operation gives, as if none wrote in place; views give nothing.
    """

    params: int = 0
    macs: int = 0
    activations: int = 0
    memory: int = 0

    def __add__(self, other: CostShare) -> CostShare:
        return CostShare(
            self.params + other.params,
            self.macs + other.macs,
            self.activations + other.activations,
            self.memory + other.memory,
        )

    def __sub__(self, other: CostShare) -> CostShare:
        return CostShare(
            self.params - other.params,
            self.macs - other.macs,
            self.activations - other.activations,
            self.memory - other.memory,
        )

    def __bool__(self) -> bool:
        return bool(self.params or self.macs or self.activations or self.memory)

    @property
    def without_memory(self) -> CostShare:
        """The same, but for the memory."""
        return CostShare(self.params, self.macs, self.activations)


NOTHING = CostShare()


def add_shares(shares: Iterable[CostShare]) -> CostShare:
    """Add up shares."""
    return sum(shares, NOTHING)


def share_of_layers(layers: Iterable[Layer]) -> CostShare:
    """Add up what some layers cost."""
    layers = [*layers]
    totals = sum_layer_costs(layers)
    memory = sum(map(count_given_bytes, layers))
    return CostShare(totals.params, totals.macs, totals.activations, memory)


RANDOM_MASKS = {"bernoulli", "native_dropout"}
"""Operations that draw what dropout keeps."""

SILENT = RESHAPES | RANDOM_MASKS | {"div"}
"""Operations that are not spoken of, and whose results are not counted."""


def list_flowing(layer: Layer) -> list[Operation]:
    """List the operations of a layer that something flows through."""
    return [
        op for op in layer.operations if True in op.flowing and op.name not in CREATIONS
    ]


def is_idle_pool(op: Operation) -> bool:
    """Tell whether an operation pools over one position, and so does nothing."""
    window = op.window if op.name in POOLS else None
    return bool(window) and prod(window.kernel) == prod(window.stride) == 1


def count_given_bytes(layer: Layer) -> int:
    """Count the bytes of what the operations of a layer give, their first results."""
    if not layer.outputs:
        return 0
    given = (
        prod(op.outputs[0])
        for op in list_flowing(layer)
        if op.name not in SILENT and op.outputs and not is_idle_pool(op)
    )
    return sum(given) * dtype_itemsize(layer.outputs[0].dtype)


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
        element_bytes: memory of each value that it gives.
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
    element_bytes: int = 0

    @property
    def taps(self) -> int:
        """Weights of one input channel for one output channel."""
        return prod(self.kernel)

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is read by itself, and gives one or several."""
        return self.groups == self.cin > 1

    @property
    def multiplier(self) -> int:
        """Channels that each channel gives."""
        return self.cout // self.cin

    @property
    def are_divisible(self) -> bool:
        """Whether the groups divide the channels."""
        return self.cin % self.groups == 0 and self.cout % self.groups == 0

    @property
    def share(self) -> CostShare:
        """What the product costs."""
        each = self.cout * (self.cin // self.groups) * self.taps
        params = (each + self.cout * (self.has_bias + self.extras)) * self.owns
        values = self.cout * self.positions
        return CostShare(
            params,
            each * self.positions,
            values * self.is_convolution,
            values * self.element_bytes,
        )

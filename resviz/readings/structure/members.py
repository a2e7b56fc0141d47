"""What a part of a network can say of its layers: which they are, what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from resviz.readings.costs import CostTotals, sum_layer_costs

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer


class PartOfNetwork(Protocol):
    """A stage, a block, a unit or a shortcut: some layers of a record."""

    @property
    def arch(self) -> Architecture:
        """The record it was read off."""
        ...

    @property
    def layer_indices(self) -> tuple[int, ...]:
        """Numbers of its layers, in execution order."""
        ...


class LayerSums:
    """The layers of a part of a network, and their costs at the record's batch."""

    __slots__ = ()

    @property
    def layers(self: PartOfNetwork) -> tuple[Layer, ...]:
        """Its layers, in execution order; () for a plain identity."""
        return tuple(self.arch.layers[index] for index in self.layer_indices)

    @property
    def params(self: PartOfNetwork) -> int:
        """Number of parameters that its layers read first."""
        return sum_part_costs(self).params

    @property
    def macs(self: PartOfNetwork) -> int:
        """Multiply-accumulates of its layers, as far as rules know them."""
        return sum_part_costs(self).macs

    @property
    def elements(self: PartOfNetwork) -> int:
        """Elements of element-wise work of its layers, as far as rules know them."""
        return sum_part_costs(self).elements


def sum_part_costs(part: PartOfNetwork) -> CostTotals:
    """Add the costs of the layers of a part."""
    return sum_layer_costs(
        part.arch.stored_layers[index] for index in part.layer_indices
    )

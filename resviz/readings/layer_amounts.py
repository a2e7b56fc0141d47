"""What each layer costs, one number a layer, for shares of a total."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from resviz.readings import costs
from resviz.readings.growth import find_layer_field
from resviz.readings.memory import count_allocated_bytes
from resviz.readings.receptive import WHOLE, compute_receptive_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture

Amount = float | None
"""A number; infinite for a field that is all of the input; None if it is not known."""


@dataclass(frozen=True, slots=True)
class LayerAmounts:
    """An amount for each layer of a record.

    Attributes:
        layers: the amounts, in execution order.
        total: of the record, layers that are not known left out; None of what does not
            add up, as fields.
        gaps: what has no rule, as words.
        idle: the part of the total that belongs to no layer.
    """

    layers: tuple[Amount, ...]
    total: int | None
    gaps: tuple[str, ...] = ()
    idle: int = 0


def list_params(arch: Architecture) -> LayerAmounts:
    """List the parameters of each layer; those that no layer read are in the total."""
    amounts = tuple(layer.params for layer in arch.stored_layers)
    idle = sum(p.numel for group in arch.uncalled for p in group.parameters)
    return LayerAmounts(amounts, arch.params, idle=idle)


def list_macs(arch: Architecture) -> LayerAmounts:
    """List the MACs of each layer, at the record's batch."""
    gaps = tuple(gap.operation for gap in costs.find_uncounted(arch))
    amounts = map(costs.count_macs, arch.stored_layers)
    return LayerAmounts(tuple(amounts), costs.sum_record_costs(arch).macs, gaps)


def list_activations(arch: Architecture) -> LayerAmounts:
    """List what the convolutions of each layer give, at the record's batch."""
    amounts = map(costs.count_activations, arch.stored_layers)
    return LayerAmounts(tuple(amounts), costs.sum_record_costs(arch).activations)


def list_memory(arch: Architecture) -> LayerAmounts:
    """List the bytes that each layer allocates.

    Raises:
        RecordError: as `memory.build_timeline`.
    """
    amounts = count_allocated_bytes(arch)
    return LayerAmounts(amounts, sum(amounts))


def list_fields(arch: Architecture) -> LayerAmounts:
    """List the field of each layer along its largest axis, in pixels.

    It is 0 of a layer that does not see the input.
    """
    fields = compute_receptive_fields(arch)
    amounts: list[Amount] = []
    for seen in fields.layers:
        if seen is not None and WHOLE in seen and None not in seen:
            amounts.append(inf)
        else:
            amounts.append(find_layer_field(seen) if seen is not None else 0)
    gaps = tuple(gap.why for gap in fields.unknown)
    return LayerAmounts(tuple(amounts), None, gaps)


def merge_amounts(amounts: Iterable[Amount], *, adds_up: bool) -> Amount:
    """Merge the amounts of some layers: their sum or the largest; None if any is."""
    members = [*amounts]
    known = [amount for amount in members if amount is not None]
    if len(known) < len(members):
        return None
    return sum(known) if adds_up else max(known, default=0)

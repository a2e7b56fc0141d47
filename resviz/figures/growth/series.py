"""Series over depth: parameters, MACs, activations, receptive field."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from resviz.readings import costs
from resviz.readings.receptive import Axis, compute_receptive_fields
from resviz.readings.structure import read_structure
from resviz.readings.structure.graph import is_weighted, list_live_operations
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.receptive import Seen
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class DepthPoint:
    """A network's totals and its receptive field up to one depth.

    Attributes:
        depth: weighted layers on the main path so far; a ResNet-50 ends at 50.
        params: of all layers that ran before the next weighted one.
        macs: theirs, per sample.
        activations: output values of their convolutions, per sample.
        field: receptive field along the longest axis, in pixels; None where all of
            the input is seen, or where no rule tells.
    """

    depth: int
    params: int
    macs: int
    activations: int
    field: int | None


def build_depth_series(arch: Architecture) -> tuple[DepthPoint, ...]:
    """Build a point for each weighted layer on the main path; () if there is none."""
    structure = read_structure(arch)
    fields = compute_receptive_fields(arch).layers if arch.inputs else ()
    ends: list[list[int]] = []
    for index in structure.main_path:
        heavy = sum(map(is_weighted, list_live_operations([arch.layers[index]])))
        ends += [[] for _ in range(heavy)]
        if ends:
            ends[-1].append(index)
    stops = [len(arch.layers)]
    for members in reversed(ends[1:]):
        stops.append(min(members, default=stops[-1]))
    return tuple(
        build_depth_point(arch, number, stop, find_largest_field(fields, members))
        for number, members, stop in zip(count(1), ends, stops[::-1], strict=False)
    )


def find_largest_field(
    fields: Sequence[tuple[Seen, ...] | None], members: Sequence[int]
) -> int | None:
    """Return the largest field among some layers; None where one is no number."""
    known = [
        size
        for index in members
        if (size := layer_field_size(fields[index])) is not None
    ]
    return max(known, default=None)


def layer_field_size(fields: tuple[Seen, ...] | None) -> int | None:
    """Return the field of one layer, along the axis on which it is largest."""
    sizes = [axis.size for axis in fields or () if isinstance(axis, Axis)]
    return max(sizes) if sizes and len(sizes) == len(fields or ()) else None


def build_depth_point(
    arch: Architecture, depth: int, stop: int, field: int | None
) -> DepthPoint:
    """Sum the costs of the layers before `stop`."""
    params, macs, activations = cumulate_costs(arch)[stop]
    batch = max(arch.batch, 1)
    return DepthPoint(depth, params, macs // batch, activations // batch, field)


@cache_reading
def cumulate_costs(arch: Architecture) -> list[tuple[int, int, int]]:
    """Sum parameters, MACs and activations of the first 0, 1, … all layers."""
    running = [(0, 0, 0)]
    for layer in arch.layers:
        params, macs, activations = running[-1]
        running.append(
            (
                params + layer.params,
                macs + (costs.count_macs(layer) or 0),
                activations + costs.count_activations(layer),
            )
        )
    return running

"""What grows with depth: parameters, MACs, activations, receptive field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings import costs
from resviz.readings.receptive import Axis, compute_receptive_fields
from resviz.readings.structure import read_structure
from resviz.readings.structure.weights import is_weighted, list_live_operations
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
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
        layer: index of the weighted layer.
    """

    depth: int
    params: int
    macs: int
    activations: int
    field: int | None
    layer: int


def build_depth_series(arch: Architecture) -> tuple[DepthPoint, ...]:
    """Build a point for each weighted layer on the main path; () if there is none."""
    structure = read_structure(arch)
    fields = compute_receptive_fields(arch).layers if arch.inputs else ()
    ends: list[list[int]] = []
    weighted: list[int] = []
    for index in structure.main_path:
        heavy = sum(map(is_weighted, list_live_operations([arch.layers[index]])))
        ends += [[] for _ in range(heavy)]
        weighted += [index] * heavy
        if ends:
            ends[-1].append(index)
    stops = [len(arch.layers)]
    for members in reversed(ends[1:]):
        stops.append(min(members, default=stops[-1]))
    totals, batch = cumulate_costs(arch), max(arch.batch, 1)
    points: list[DepthPoint] = []
    for members, stop, layer in zip(ends, stops[::-1], weighted, strict=False):
        params, macs, activations = totals[stop]
        sizes = [find_layer_field(fields[index]) for index in members]
        field = max((size for size in sizes if size is not None), default=None)
        depth = len(points) + 1
        points.append(
            DepthPoint(depth, params, macs // batch, activations // batch, field, layer)
        )
    return tuple(points)


def find_layer_field(fields: tuple[Seen, ...] | None) -> int | None:
    """Return the field of one layer, along the axis on which it is largest."""
    sizes = [axis.size for axis in fields or () if isinstance(axis, Axis)]
    return max(sizes) if sizes and len(sizes) == len(fields or ()) else None


@cache_reading
def cumulate_costs(arch: Architecture) -> list[tuple[int, int, int]]:
    """Sum parameters, MACs and activations of the first 0, 1, … all layers."""
    running = [(0, 0, 0)]
    for layer in arch.layers:
        params, macs, activations = running[-1]
        own = costs.sum_layer_costs((layer,))
        running.append(
            (params + own.params, macs + own.macs, activations + own.activations)
        )
    return running

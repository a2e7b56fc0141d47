"""What grows with depth: parameters, MACs, activations, the receptive field."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from resviz import costs
from resviz.once import once
from resviz.receptive import Axis, fields
from resviz.structure import structure
from resviz.structure.graph import operations, weighted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.receptive import Seen
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class Point:
    """What a network has taken and seen up to one depth.

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


def series(arch: Architecture) -> tuple[Point, ...]:
    """A point for each weighted layer on the main path; () if there is none."""
    read = structure(arch)
    seen = fields(arch).layers if arch.inputs else ()
    ends: list[list[int]] = []
    for index in read.spine:
        heavy = sum(map(weighted, operations([arch.layers[index]])))
        ends += [[] for _ in range(heavy)]
        if ends:
            ends[-1].append(index)
    stops = [len(arch.layers)]
    for members in reversed(ends[1:]):
        stops.append(min(members, default=stops[-1]))
    return tuple(
        point(arch, number, stop, fields_of(seen, members))
        for number, members, stop in zip(count(1), ends, stops[::-1], strict=False)
    )


def fields_of(
    seen: Sequence[tuple[Seen, ...] | None], members: Sequence[int]
) -> int | None:
    """The largest field among some layers; None where one is no number."""
    known = [size for index in members if (size := field(seen[index])) is not None]
    return max(known, default=None)


def field(seen: tuple[Seen, ...] | None) -> int | None:
    """The field of one layer, along the axis on which it is largest."""
    sizes = [it.size for it in seen or () if isinstance(it, Axis)]
    return max(sizes) if sizes and len(sizes) == len(seen or ()) else None


def point(arch: Architecture, depth: int, stop: int, field: int | None) -> Point:
    """What the layers before `stop` come to."""
    params, macs, activations = totals(arch)[stop]
    batch = max(arch.batch, 1)
    return Point(depth, params, macs // batch, activations // batch, field)


@once
def totals(arch: Architecture) -> list[tuple[int, int, int]]:
    """Parameters, MACs and activations of the first 0, 1, … all layers."""
    found = [(0, 0, 0)]
    for layer in arch.layers:
        params, macs, activations = found[-1]
        found.append(
            (
                params + layer.params,
                macs + (costs.macs(layer) or 0),
                activations + costs.activations(layer),
            )
        )
    return found

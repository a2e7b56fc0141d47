"""Shapes as people read them: positions before channels, 56×56×64 and 197×768."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.batch_axes import (
    SampledShape,
    find_sample_shape,
    put_batch_first,
)
from resviz.readings.channel_places import find_shown_channel_axis

if TYPE_CHECKING:
    from resviz.record import Architecture, Shape, Source


class WrittenShape(SampledShape):
    """A shape that knows how its sizes are written for people.

    Attributes:
        sizes: of one sample, its channels last where it is known which they are.
    """

    sizes: Shape

    def __init__(self, shape: SampledShape, sizes: Shape) -> None:
        super().__init__(tuple(shape), shape.sample)
        self.sizes = sizes


def arrange_shape(
    arch: Architecture,
    shape: Shape,
    source: Source | None = None,
    axis: int | None = None,
) -> WrittenShape:
    """Arrange a shape for people; as a list it stays as torch has it.

    Args:
        arch: the record.
        shape: of a tensor.
        source: what gives it, where that is known.
        axis: in which its channels lie, where no source says so.
    """
    if source is not None:
        axis = find_shown_channel_axis(arch, source)
    sampled = find_sample_shape(arch, shape, source)
    first, axis = put_batch_first(arch, shape, axis, source)
    if not axis or first[:1] != (arch.batch,) or axis >= len(first):
        return WrittenShape(sampled, sampled.sample)
    return WrittenShape(sampled, (*first[1:axis], *first[axis + 1 :], first[axis]))

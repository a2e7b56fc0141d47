"""What a layer does with what it is given, whatever its name and its place.

The blocks of a stage repeat one another: what the rules say of one layer, on each way
that they can go, they say of every other with the same task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from resviz.record import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resviz.operations.view_sizes import ResizedAxis
    from resviz.readings.resized import ResizedRecord
    from resviz.record import Layer, Operation, Shape

MADE, NOT_MADE = -3, -4
"""In place of a storage's number: one that an earlier layer made, one that none did."""


def describe_task(
    resized: ResizedRecord, layer: Layer, given: Sequence[Shape], storages: list[int]
) -> tuple[bytes, str] | None:
    """Describe all that the rules of a layer may look at; None where that is more.

    Args:
        resized: the record, followed so far.
        layer: the one that comes next.
        given: the shapes of what it reads, numbers or formulas.
        storages: the numbers of those that it makes, in order.

    Returns:
        the layer without its names and places, and what it is given; equal for layers
        of which the rules say the same.
    """
    if any(op.name == "expand" for op in layer.operations):
        return None  # as the size of a gate comes from a map that later layers read
    places = {number: place for place, number in enumerate(storages)}

    def find_place(number: int) -> int:
        """Return which storage that is, as every layer with this task has it."""
        if number < 0:
            return number
        made = MADE if number in resized.made else NOT_MADE
        return places.get(number, made)

    sources = tuple(
        Source(int(source in resized.orders.loose)) for source in layer.sources
    )
    nameless = replace(
        layer,
        index=0,
        name="",
        path="",
        call=0,
        sources=sources,
        parameters=(),
        operations=tuple(replace_storages(op, find_place) for op in layer.operations),
    )
    sizes = [resized.arch.storages[number].bytes for number in storages]
    task = msgspec.msgpack.encode((nameless, sizes))
    return task, repr([(size, describe_parts(size)) for s in given for size in s])


def describe_parts(size: int) -> list[tuple[ResizedAxis, object]]:
    """Describe the axes of which a size was made, and those of which they were."""
    parts: tuple[ResizedAxis, ...] = getattr(size, "parts", ())
    return [(axis, describe_parts(axis.now)) for axis in parts]


def replace_storages(op: Operation, find_place: Callable[[int], int]) -> Operation:
    """Return an operation with other numbers of what it reads and writes."""
    reads, writes = (tuple(map(find_place, n)) for n in (op.reads, op.writes))
    return replace(op, reads=reads, writes=writes)

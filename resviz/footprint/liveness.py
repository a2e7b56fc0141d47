"""How much memory a forward holds at each of its operations."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import RecordError
from resviz.once import once

if TYPE_CHECKING:
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class Timeline:
    """Storages over the operations of a record, in order.

    Attributes:
        live: bytes held while each operation runs, what it makes included.
        layers: index of the layer of each operation.
        made: the operation that made each storage; None for an input's.
    """

    live: tuple[int, ...]
    layers: tuple[int, ...]
    made: tuple[int | None, ...]

    def held(self, layer: int) -> int | None:
        """Most bytes held while one layer runs; None if it ran nothing."""
        first = bisect_left(self.layers, layer)
        last = bisect_right(self.layers, layer)
        return max(self.live[first:last], default=None)

    def maker(self, storage: int) -> int | None:
        """Index of the layer that made a storage; None for an input's."""
        number = self.made[storage]
        return None if number is None else self.layers[number]


@once
def timeline(arch: Architecture) -> Timeline:
    """What is held while each operation of a record runs.

    A storage is held from the operation that makes it until the forward let go of it,
    as it was seen to do; inputs and outputs are held throughout. What a kernel takes
    for itself while it runs is not known and not counted.

    Raises:
        RecordError: if the record holds no storages.
    """
    touched = any(op.reads or op.writes for it in arch.layers for op in it.operations)
    if not arch.storages and not touched and arch.layers:
        raise RecordError(
            f"{arch.name}: recorded without its storages, as by an older resviz: "
            "trace the model again"
        )
    made: list[int | None] = [None] * len(arch.storages)
    seen: set[int] = set()
    layers: list[int] = []
    change = [0]
    for layer in arch.layers:
        for op in layer.operations:
            seen.update(op.reads)
            fresh = [n for n in op.writes if n >= 0 and n not in seen]
            for number in fresh:
                made[number] = len(layers)
            seen.update(fresh)
            layers.append(layer.index)
            change.append(0)
    for storage, number in zip(arch.storages, made, strict=True):
        change[number or 0] += storage.bytes
        change[storage.released] -= storage.bytes
    held, live = 0, []
    for amount in change[:-1]:
        held += amount
        live.append(held)
    return Timeline(tuple(live), tuple(layers), tuple(made))


@dataclass(frozen=True, slots=True)
class Peak:
    """The operation at which a forward holds most.

    Attributes:
        bytes: held there, the model's input included, its parameters not.
        layer: index of its layer; None if nothing ran.
        held: numbers of the storages that are held there, the largest first.
    """

    bytes: int
    layer: int | None
    held: tuple[int, ...]


@once
def peak(arch: Architecture) -> Peak:
    """Where a forward without gradients holds most; the first place of several.

    Raises:
        RecordError: as `timeline`.
    """
    line = timeline(arch)
    if not line.live:
        return Peak(sum(it.bytes for it in arch.storages), None, ())
    top = line.live.index(max(line.live))
    held = [
        number
        for number, (it, made) in enumerate(zip(arch.storages, line.made, strict=True))
        if (made or 0) <= top < it.released
    ]
    held.sort(key=lambda number: -arch.storages[number].bytes)
    return Peak(line.live[top], line.layers[top], tuple(held))

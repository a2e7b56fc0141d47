"""How much memory a forward holds at each of its operations."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import RecordError
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class Timeline:
    """Storages over the operations of a record, in order.

    Attributes:
        live_bytes: bytes held while each operation runs, what it makes included.
        layers: index of the layer of each operation.
        made_by: the operation that made each storage; None for an input's.
    """

    live_bytes: tuple[int, ...]
    layers: tuple[int, ...]
    made_by: tuple[int | None, ...]

    def max_live_bytes(self, layer: int) -> int | None:
        """Return the most bytes held while one layer runs; None if it ran nothing."""
        first = bisect_left(self.layers, layer)
        last = bisect_right(self.layers, layer)
        return max(self.live_bytes[first:last], default=None)

    def find_maker(self, storage: int) -> int | None:
        """Index of the layer that made a storage; None for an input's."""
        number = self.made_by[storage]
        return None if number is None else self.layers[number]


@cache_reading
def build_timeline(arch: Architecture) -> Timeline:
    """Build the timeline of bytes held while each operation runs.

    A storage is held from the operation that makes it until the forward let go of it,
    as it was seen to do; inputs and outputs are held throughout. What a kernel takes
    for itself while it runs is not known and not counted.

    Raises:
        RecordError: if the record holds no storages.
    """
    has_storages = any(
        op.reads or op.writes for layer in arch.stored_layers for op in layer.operations
    )
    if not arch.storages and not has_storages and arch.stored_layers:
        raise RecordError(
            f"{arch.name}: recorded without its storages, as by an older resviz: "
            "trace the model again"
        )
    made_by: list[int | None] = [None] * len(arch.storages)
    seen: set[int] = set()
    layers: list[int] = []
    byte_changes = [0]
    for layer in arch.stored_layers:
        for op in layer.operations:
            seen.update(op.reads)
            new_storages = [n for n in op.writes if n >= 0 and n not in seen]
            for number in new_storages:
                made_by[number] = len(layers)
            seen.update(new_storages)
            layers.append(layer.index)
            byte_changes.append(0)
    for storage, number in zip(arch.storages, made_by, strict=True):
        byte_changes[number or 0] += storage.bytes
        byte_changes[storage.released] -= storage.bytes
    held_bytes = 0
    live_bytes: list[int] = []
    for amount in byte_changes[:-1]:
        held_bytes += amount
        live_bytes.append(held_bytes)
    return Timeline(tuple(live_bytes), tuple(layers), tuple(made_by))


@dataclass(frozen=True, slots=True)
class Peak:
    """The operation at which a forward holds most.

    Attributes:
        bytes: held there, the model's input included, its parameters not.
        layer: index of its layer; None if nothing ran.
        held_storages: numbers of the storages that are held there, the largest first.
    """

    bytes: int
    layer: int | None
    held_storages: tuple[int, ...]


@cache_reading
def find_peak(arch: Architecture) -> Peak:
    """Find the first operation at which an inference forward holds most.

    Raises:
        RecordError: as `build_timeline`.
    """
    line = build_timeline(arch)
    if not line.live_bytes:
        return Peak(sum(storage.bytes for storage in arch.storages), None, ())
    peak_operation = line.live_bytes.index(max(line.live_bytes))
    held_storages = [
        number
        for number, (storage, maker) in enumerate(
            zip(arch.storages, line.made_by, strict=True)
        )
        if (maker or 0) <= peak_operation < storage.released
    ]
    held_storages.sort(key=lambda number: -arch.storages[number].bytes)
    return Peak(
        line.live_bytes[peak_operation],
        line.layers[peak_operation],
        tuple(held_storages),
    )

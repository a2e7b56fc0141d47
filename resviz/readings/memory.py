"""How much memory a network takes: parameters, one forward, what training keeps.

Bytes of tensors, read off the storages that a forward was seen to make and let go of.
What a kernel takes for itself while it runs and what an allocator rounds up are facts
of a device and not counted. `build_timeline` says what a forward holds at each of its
operations, `find_saved_for_backward` what training keeps until the backward.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import RecordError
from resviz.operations.families import NO_GRADIENT
from resviz.operations.kind import SavedTensors
from resviz.operations.table import OPERATIONS
from resviz.readings.costs import UncountedOperation, list_uncounted
from resviz.readings.matrix_products import OperationPlace, find_copied_factors
from resviz.record import LEARNED
from resviz.record.cached import cache_reading
from resviz.units import count_tensor_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.operations.kind import SavedRule
    from resviz.record import Architecture, Layer, Operation, Parameter

MEMORY_CONVENTION = (
    "bytes of tensors, each storage once, as long as the forward held it; no "
    "workspace of a kernel, no rounding of an allocator; 1 MiB = 1,048,576 bytes"
)
"""What every number of bytes here counts, to be printed beside it."""


def count_parameter_bytes(arch: Architecture) -> dict[str, int]:
    """Count the bytes of all parameters by dtype, those that no layer read included."""
    return sum_bytes_by_dtype(iterate_parameters(arch))


def count_gradient_bytes(arch: Architecture) -> dict[str, int]:
    """Count the bytes of gradients by dtype: one a parameter that asks for it."""
    return sum_bytes_by_dtype(p for p in iterate_parameters(arch) if not p.frozen)


def count_activation_bytes(arch: Architecture) -> dict[str, int]:
    """Count the bytes that one forward allocates by dtype; in place takes none.

    Raises:
        RecordError: as `build_timeline`.
    """
    sizes: Counter[str] = Counter()
    for storage, made_by in zip(
        arch.storages, build_timeline(arch).made_by, strict=True
    ):
        if made_by is not None:
            sizes[storage.dtype] += storage.bytes
    return dict(sizes)


def count_allocated_bytes(arch: Architecture) -> tuple[int, ...]:
    """Count the bytes that each layer allocates.

    Raises:
        RecordError: as `build_timeline`.
    """
    line = build_timeline(arch)
    sizes = [0] * len(arch.stored_layers)
    for number, storage in enumerate(arch.storages):
        layer = line.find_maker(number)
        if layer is not None:
            sizes[layer] += storage.bytes
    return tuple(sizes)


def count_own_parameter_bytes(layer: Layer) -> int:
    """Count the bytes of the parameters that belong to one layer."""
    return sum(sum_bytes_by_dtype(layer.parameters).values())


def count_idle_bytes(arch: Architecture) -> int:
    """Count the bytes of the parameters that no layer reads."""
    parameters = (p for group in arch.uncalled for p in group.parameters)
    return sum(sum_bytes_by_dtype(parameters).values())


def iterate_parameters(arch: Architecture) -> Iterable[Parameter]:
    """Yield every parameter of a record once."""
    for holder in (*arch.stored_layers, *arch.uncalled):
        yield from holder.parameters


def sum_bytes_by_dtype(parameters: Iterable[Parameter]) -> dict[str, int]:
    """Add up the bytes of some parameters by dtype."""
    sizes: Counter[str] = Counter()
    for parameter in parameters:
        sizes[parameter.dtype] += count_tensor_bytes(parameter.shape, parameter.dtype)
    return dict(sizes)


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


SAVED_RULES: dict[str, SavedRule] = {
    row.name: row.saved for row in OPERATIONS.values() if row.saved
}
"""The rule of each operation of which it is known what autograd saves."""

SAVES_RESULT_IN_PLACE = frozenset(
    row.name for row in OPERATIONS.values() if row.saves_result_in_place
)
"""Operations that keep their operand, and in place the result that took its place."""


@dataclass(frozen=True, slots=True)
class SavedForBackward:
    """Bytes that autograd saves for the backward pass.

    Attributes:
        layers: of each layer, what no earlier one keeps.
        dtypes: the same by dtype.
        uncounted: operations without a rule of what is kept.
    """

    layers: tuple[int, ...]
    dtypes: dict[str, int]
    uncounted: tuple[UncountedOperation, ...]

    @property
    def bytes(self) -> int:
        """Total of all layers."""
        return sum(self.layers)


@cache_reading
def find_saved_for_backward(arch: Architecture) -> SavedForBackward:
    """Find what autograd saves of this forward, in the mode of the trace.

    Every parameter that asks for a gradient gets one. Parameters and buffers are kept
    anyway and are not counted; the model's input is, where a derivative reads it.

    Raises:
        RecordError: if the record holds no storages.
    """
    build_timeline(arch)  # which refuses an old record
    tape = BackwardTape(arch)
    tape.save_record()
    return SavedForBackward(
        tuple(tape.layers), tape.dtypes, list_uncounted(tape.uncounted)
    )


def find_kept_storages(arch: Architecture) -> list[int] | None:
    """Find the numbers of the storages that autograd keeps.

    None where they are not all: where an operand is copied before it is written over,
    or an operation has no rule.
    """
    tape = BackwardTape(arch)
    tape.save_record()
    kept = sum(arch.storages[number].bytes for number in tape.saved_storages)
    is_whole = not tape.uncounted and kept == sum(tape.layers)
    return sorted(tape.saved_storages) if is_whole else None


class BackwardTape:
    """What autograd has saved of the operations so far.

    Args:
        arch: the record.
        unsaved: numbers of layers that save nothing, as they are computed again.
    """

    def __init__(
        self, arch: Architecture, unsaved: frozenset[int] = frozenset()
    ) -> None:
        self.arch = arch
        self.unsaved = unsaved
        self.learning_storages = {LEARNED}
        self.saved_storages: set[int] = set()
        self.layers = [0] * len(arch.stored_layers)
        self.dtypes: dict[str, int] = {}
        self.uncounted: dict[str, list[str]] = {}

    def save_record(self) -> None:
        """Keep what the derivatives of all operations read, in their order."""
        copied = find_copied_factors(self.arch)
        for layer in self.arch.stored_layers:
            for number, op in enumerate(layer.operations):
                place = OperationPlace(layer.index, number)
                self.save_operation(layer.index, op, copied.get(place))

    def save_operation(self, layer: int, op: Operation, copied: int | None) -> None:
        """Keep what the derivative of one operation reads.

        Args:
            layer: number of its layer.
            op: the operation.
            copied: the operand that training copies first if the other one learns.
        """
        operand_learns = tuple(
            [number in self.learning_storages for number in op.reads]
        )
        if not any(operand_learns):
            return
        rule = SAVED_RULES.get(op.name)
        if rule is None and op.name not in NO_GRADIENT:
            self.uncounted.setdefault(op.name, []).append(
                self.arch.stored_layers[layer].name
            )
        saved_tensors = rule(op, operand_learns) if rule else SavedTensors()
        if layer in self.unsaved:
            saved_tensors = SavedTensors()
        if copied is not None and not operand_learns[1 - copied]:
            copied = None
        for dtype, size in self.find_newly_saved(op, saved_tensors, copied):
            self.layers[layer] += size
            self.dtypes[dtype] = self.dtypes.get(dtype, 0) + size
        if op.name not in NO_GRADIENT:
            self.learning_storages.update(filter(self.can_learn, op.writes))

    def find_newly_saved(
        self, op: Operation, saved_tensors: SavedTensors, copied: int | None
    ) -> Iterator[tuple[str, int]]:
        """Yield dtype and bytes of what is kept for the first time.

        An operand that is about to be written over is copied first, as is that of
        number `copied`.
        """
        numbers = [
            op.writes[place]
            for place in saved_tensors.results
            if place < len(op.writes)
        ]
        for place in saved_tensors.operands:
            number = op.reads[place]
            if place == copied:
                dtype = self.arch.storages[op.writes[0]].dtype
                yield dtype, count_tensor_bytes(op.inputs[place], dtype)
            elif (
                number >= 0
                and number in op.writes
                and op.name not in SAVES_RESULT_IN_PLACE
            ):
                dtype = self.arch.storages[number].dtype
                yield dtype, count_tensor_bytes(op.inputs[place], dtype)
            else:
                numbers.append(number)
        for number in numbers:
            if number >= 0 and number not in self.saved_storages:
                self.saved_storages.add(number)
                storage = self.arch.storages[number]
                yield storage.dtype, storage.bytes

    def can_learn(self, number: int) -> bool:
        """Tell whether a gradient can flow into a storage: not into integers."""
        return number >= 0 and "int" not in self.arch.storages[number].dtype

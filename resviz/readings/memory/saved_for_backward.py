"""What training keeps of a forward until its backward: saved tensors, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.operations.families import NO_GRADIENT
from resviz.operations.kind import SavedTensors
from resviz.operations.table import OPERATIONS
from resviz.readings.costs import UncountedOperation, list_uncounted
from resviz.readings.memory.liveness import build_timeline
from resviz.record import LEARNED
from resviz.record.cached import cache_reading
from resviz.units import count_tensor_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.operations.kind import OperandLearns, SavedRule
    from resviz.record import Architecture, Operation

SAVED_RULES: dict[str, SavedRule] = {
    row.name: row.saved for row in OPERATIONS.values() if row.saved
}
"""The rule of each operation of which it is known what autograd saves."""

SAVES_RESULT_IN_PLACE = frozenset(
    row.name for row in OPERATIONS.values() if row.saves_result_in_place
)
"""Operations that keep their operand, and in place the result that took its place."""


def is_saving_known(op: Operation) -> bool:
    """Tell whether it is known what autograd keeps of an operation."""
    return op.name in SAVED_RULES or op.name in NO_GRADIENT


def find_saved_tensors(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Find what autograd saves of an operation; nothing if no operand learns."""
    rule = SAVED_RULES.get(op.name)
    return rule(op, learns) if rule and any(learns) else SavedTensors()


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
    for layer in arch.stored_layers:
        for op in layer.operations:
            tape.save_operation(layer.index, op)
    return SavedForBackward(
        tuple(tape.layers), tape.dtypes, list_uncounted(tape.uncounted)
    )


class BackwardTape:
    """What autograd has saved of the operations so far."""

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.learning_storages = {LEARNED}
        self.saved_storages: set[int] = set()
        self.layers = [0] * len(arch.stored_layers)
        self.dtypes: dict[str, int] = {}
        self.uncounted: dict[str, list[str]] = {}

    def save_operation(self, layer: int, op: Operation) -> None:
        """Keep what the derivative of one operation reads."""
        operand_learns = tuple(
            [number in self.learning_storages for number in op.reads]
        )
        if not any(operand_learns):
            return
        if not is_saving_known(op):
            self.uncounted.setdefault(op.name, []).append(
                self.arch.stored_layers[layer].name
            )
        for dtype, size in self.find_newly_saved(
            op, find_saved_tensors(op, operand_learns)
        ):
            self.layers[layer] += size
            self.dtypes[dtype] = self.dtypes.get(dtype, 0) + size
        if op.name not in NO_GRADIENT:
            self.learning_storages.update(filter(self.can_learn, op.writes))

    def find_newly_saved(
        self, op: Operation, saved_tensors: SavedTensors
    ) -> Iterator[tuple[str, int]]:
        """Yield dtype and bytes of what is kept for the first time.

        An operand that is about to be written over is copied first.
        """
        numbers = [
            op.writes[place]
            for place in saved_tensors.results
            if place < len(op.writes)
        ]
        for place in saved_tensors.operands:
            number = op.reads[place]
            if (
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

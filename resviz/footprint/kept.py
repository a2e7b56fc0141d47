"""What training keeps of a forward until its backward: saved tensors, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.footprint.liveness import timeline
from resviz.footprint.saved import BY_RESULT, CONSTANT, Saved, known, saved
from resviz.gaps import Gap, gaps
from resviz.once import once
from resviz.record import LEARNED
from resviz.units import nbytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Operation


@dataclass(frozen=True, slots=True)
class Kept:
    """What autograd keeps, in bytes.

    Attributes:
        layers: of each layer, what no earlier one keeps.
        dtypes: the same by dtype.
        gaps: operations without a rule of what is kept.
    """

    layers: tuple[int, ...]
    dtypes: dict[str, int]
    gaps: tuple[Gap, ...]

    @property
    def bytes(self) -> int:
        """All of it."""
        return sum(self.layers)


@once
def kept(arch: Architecture) -> Kept:
    """What autograd would keep of this forward, in the mode that it was traced in.

    Every parameter that asks for a gradient gets one. Parameters and buffers are kept
    anyway and are not counted; the model's input is, where a derivative reads it.

    Raises:
        RecordError: if the record holds no storages.
    """
    timeline(arch)  # which refuses an old record
    tape = Tape(arch)
    for layer in arch.layers:
        for op in layer.operations:
            tape.add(layer.index, op)
    return Kept(tuple(tape.layers), tape.dtypes, gaps(tape.unknown))


class Tape:
    """What is kept of the operations so far."""

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.learning = {LEARNED}
        self.held: set[int] = set()
        self.layers = [0] * len(arch.layers)
        self.dtypes: dict[str, int] = {}
        self.unknown: dict[str, list[str]] = {}

    def add(self, layer: int, op: Operation) -> None:
        """Keep what the derivative of one operation reads."""
        learns = tuple([number in self.learning for number in op.reads])
        if not any(learns):
            return
        if not known(op):
            self.unknown.setdefault(op.name, []).append(self.arch.layers[layer].name)
        for dtype, size in self.new(op, saved(op, learns)):
            self.layers[layer] += size
            self.dtypes[dtype] = self.dtypes.get(dtype, 0) + size
        if op.name not in CONSTANT:
            self.learning.update(filter(self.learnable, op.writes))

    def new(self, op: Operation, kept: Saved) -> Iterator[tuple[str, int]]:
        """Dtype and bytes of what is kept for the first time.

        An operand that is about to be written over is copied first.
        """
        numbers = [op.writes[place] for place in kept.results if place < len(op.writes)]
        for place in kept.operands:
            number = op.reads[place]
            if number >= 0 and number in op.writes and op.name not in BY_RESULT:
                dtype = self.arch.storages[number].dtype
                yield dtype, nbytes(op.inputs[place], dtype)
            else:
                numbers.append(number)
        for number in numbers:
            if number >= 0 and number not in self.held:
                self.held.add(number)
                storage = self.arch.storages[number]
                yield storage.dtype, storage.bytes

    def learnable(self, number: int) -> bool:
        """Whether a gradient can flow into a storage: its values are no integers."""
        return number >= 0 and "int" not in self.arch.storages[number].dtype

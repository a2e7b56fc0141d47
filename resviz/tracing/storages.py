"""Which memory each tensor lies in, and when the forward lets go of it.

A program holds a tensor by its variables, which no graph of operations shows: the
shortcut's name lives on until its block returns. So what dies is noted as it dies.
Tensors of the meta device have a storage too, with a size and without memory.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from torch.nn.parameter import is_lazy

from resviz.record import CONSTANT, LEARNED, Storage

if TYPE_CHECKING:
    from collections.abc import Sized

    import torch

    from resviz.tracing.clone import Clone

    Memory = Any


@dataclass(slots=True)
class Held:
    """One storage: its size, what for, and how many steps had run when it died."""

    bytes: int
    dtype: torch.dtype
    released: int | None = None


class Storages:
    """Numbers the storages that a forward makes, in order.

    Attributes:
        found: the storages by their numbers.
        inputs: numbers of those that the model was given.
    """

    def __init__(self, clone: Clone, steps: Sized) -> None:
        self.clone = clone
        self.steps = steps
        self.found: list[Held] = []
        self.inputs: tuple[int, ...] = ()
        self.numbers: dict[int, int] = {}
        self.watched: dict[int, ref[Memory]] = {}

    def feed(self, tensor: torch.Tensor) -> None:
        """Number the storage of an input of the model."""
        self.inputs += self.made([tensor])

    def read(self, operands: list[torch.Tensor]) -> tuple[int, ...]:
        """The number of each operand's storage, `LEARNED` or `CONSTANT`."""
        return tuple([self.number(tensor) for tensor in operands])

    def number(self, tensor: torch.Tensor) -> int:
        """The number of an operand's storage; an unknown one is older than we."""
        held = memory(tensor)
        number = self.numbers.get(key(held))
        if number is None:
            number = LEARNED if self.clone.learns(id(tensor)) else CONSTANT
            self.watch(held, number)
        return number

    def made(self, results: list[torch.Tensor]) -> tuple[int, ...]:
        """The numbers of the storages of what was made, each once; none if empty."""
        numbers: dict[int, None] = {}
        for tensor in results:
            held = memory(tensor)
            number = self.numbers.get(key(held))
            if number is None:
                size = nbytes(tensor, held)
                if not size:
                    continue
                number = len(self.found)
                self.found.append(Held(size, tensor.dtype))
                self.watch(held, number)
            numbers[number] = None
        return tuple(numbers)

    def watch(self, held: Memory, number: int) -> None:
        """Number a storage for as long as it lives."""
        address = key(held)
        self.numbers[address] = number
        self.watched[address] = ref(held, partial(self.release, address))

    def release(self, address: int, gone: object) -> None:
        """Note that a storage is gone; another may soon lie at its address."""
        del gone, self.watched[address]
        number = self.numbers.pop(address)
        if number >= 0:
            self.found[number].released = len(self.steps)


class Renumbered:
    """Storages numbered anew, by their first use in steps that become operations."""

    def __init__(self, storages: Storages) -> None:
        self.found = storages.found
        self.new: dict[int, int] = {}
        self.numbers(storages.inputs)

    def numbers(self, given: tuple[int, ...]) -> tuple[int, ...]:
        """The new numbers of some storages."""
        new = self.new
        return tuple(n if n < 0 else new.setdefault(n, len(new)) for n in given)

    def kept(self, ran: list[int]) -> tuple[Storage, ...]:
        """The storages in use, where the steps `ran` became operations, in order."""
        held = (self.found[old] for old in self.new)
        return tuple(
            Storage(it.bytes, name(it.dtype), released(it, ran)) for it in held
        )


def released(held: Held, ran: list[int]) -> int:
    """How many of the steps `ran` had run when a storage was let go of."""
    return len(ran) if held.released is None else bisect_left(ran, held.released)


def buffers(clone: Clone) -> dict[str, int]:
    """Bytes of a model's buffers by dtype, each tensor once."""
    held = (b for module in clone.modules for b in vars(module)["_buffers"].values())
    found = {id(b): b for b in held if b is not None and not is_lazy(b)}
    sizes: dict[str, int] = {}
    for buffer in found.values():
        size = buffer.numel() * buffer.element_size()
        sizes[dtype(buffer)] = sizes.get(dtype(buffer), 0) + size
    return sizes


def memory(tensor: torch.Tensor) -> Memory:
    """The storage of a tensor; a sparse one, which has none, stands for itself."""
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):
        return tensor


def address(tensor: torch.Tensor) -> int:
    """What tells the memory of one tensor from that of another, while both live."""
    return key(memory(tensor))


def key(held: Memory) -> int:
    """The address of a storage."""
    return held._cdata  # noqa: SLF001 - torch has no other name for it


def nbytes(tensor: torch.Tensor, held: Memory) -> int:
    """Bytes of the memory of a tensor; of a sparse one, as if it were dense."""
    return tensor.numel() * tensor.element_size() if held is tensor else held.nbytes()


def dtype(tensor: torch.Tensor) -> str:
    """Name of a tensor's dtype, "float32"."""
    return name(tensor.dtype)


def name(kind: torch.dtype) -> str:
    """Name of a dtype, "float32"."""
    return str(kind).removeprefix("torch.")

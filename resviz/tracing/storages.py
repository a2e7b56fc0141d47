"""Which memory each tensor lies in, and when the forward lets go of it.

A program holds a tensor by its variables, which no graph of operations shows: the
shortcut's name lives on until its block returns. So what dies is noted as it dies.
Tensors of the meta device have a storage too, with a size and without memory.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import ref

from torch.nn.parameter import is_lazy

from resviz.record import CONSTANT, LEARNED, Storage
from resviz.tracing.postponed import at_hand
from resviz.tracing.values import EAGER, dtype_name

if TYPE_CHECKING:
    from collections.abc import Container, Sized

    import torch

    from resviz.tracing.clone import Clone
    from resviz.tracing.events import Step

    Memory = Any


class Storages:
    """Numbers the storages that a forward makes, in order.

    Attributes:
        learned: `id` of the parameters that ask for a gradient.
        steps: those that have run.
        found: bytes and dtype of each storage, by its number.
        released: how many steps had run when a storage was let go of.
        inputs: numbers of those that the model was given.
        shared: addresses of storages that several tensors may lie in.
    """

    def __init__(self, learned: Container[int], steps: Sized) -> None:
        self.learned = learned
        self.steps = steps
        self.found: list[tuple[int, torch.dtype]] = []
        self.released: dict[int, int] = {}
        self.inputs: tuple[int, ...] = ()
        self.numbers: dict[int, int] = {}
        self.shared: set[int] = set()
        self.watched: list[Watch] = []

    def feed(self, tensor: torch.Tensor) -> None:
        """Number the storage of an input of the model."""
        self.inputs += self.made([tensor], new=True)

    def read(self, operand: torch.Tensor) -> int:
        """The number of an operand's storage, `LEARNED` or `CONSTANT`."""
        held = memory(operand)
        number = self.numbers.get(held._cdata)  # noqa: SLF001 - as `address`
        if number is None:  # it is older than the forward
            number = self.older(id(operand))
            self.watch(held, number)
        return number

    def older(self, key: int) -> int:
        """What stands for the storage of a tensor older than the forward, by `id`."""
        return LEARNED if key in self.learned else CONSTANT

    def made(self, results: list[torch.Tensor], *, new: bool) -> tuple[int, ...]:
        """The numbers of the storages of what was made, each once; none if empty.

        `new` says that they are no operands written to, but tensors of their own.
        """
        numbers: list[int] = []
        for tensor in results:
            held = memory(tensor)
            place = held._cdata  # noqa: SLF001 - as `address`
            number = self.numbers.get(place)
            if number is None:
                size = nbytes(tensor, held)
                if not size:
                    continue
                number = self.add(held, size, tensor.dtype)
            elif new:
                self.shared.add(place)
            if number not in numbers:
                numbers.append(number)
        return tuple(numbers)

    def fresh(self, tensor: torch.Tensor) -> tuple[int, ...]:
        """The number of the storage of a dense tensor just made; () without bytes."""
        held = tensor.untyped_storage()
        size = held.nbytes()
        return (self.add(held, size, tensor.dtype),) if size else ()

    def add(self, held: Memory, size: int, kind: torch.dtype) -> int:
        """Number a storage that was not known so far."""
        number = len(self.found)
        self.found.append((size, kind))
        self.watch(held, number)
        return number

    def watch(self, held: Memory, number: int) -> None:
        """Number a storage for as long as it lives."""
        place = held._cdata  # noqa: SLF001 - as `address`
        self.numbers[place] = number
        watch = Watch(held, self.release)
        watch.place = place
        self.watched.append(watch)

    def release(self, gone: Watch) -> None:
        """Note that a storage is gone; another may soon lie at its place."""
        self.released[self.numbers.pop(gone.place)] = len(self.steps)
        self.shared.discard(gone.place)


class Watch(ref):
    """A reference to a storage that knows its address when it is gone."""

    __slots__ = ("place",)
    place: int


class Renumbered(dict[int, int]):
    """Storages numbered anew, by their first use in steps that become operations.

    Attributes:
        same: whether every step becomes one, so that all keep their numbers.
    """

    def __init__(self, storages: Storages, steps: list[Step]) -> None:
        self.storages = storages
        self.same = all(step.operation.inputs for step in steps)
        self.older = {LEARNED: LEARNED, CONSTANT: CONSTANT}
        super().__init__(self.older)
        self.numbers(storages.inputs)

    def __missing__(self, old: int) -> int:
        """The next number."""
        self[old] = new = len(self) - len(self.older)
        return new

    def numbers(self, given: tuple[int, ...]) -> tuple[int, ...]:
        """The new numbers of some storages."""
        return given if self.same else tuple(map(self.__getitem__, given))

    def kept(self, ran: list[int]) -> tuple[Storage, ...]:
        """The storages in use, where the steps `ran` became operations, in order.

        What was never let go of is held after the last of them.
        """
        found, released, end = self.storages.found, self.storages.released, len(ran)
        return tuple(
            [
                Storage(
                    found[old][0],
                    dtype_name(found[old][1]),
                    bisect_left(ran, released[old]) if old in released else end,
                )
                for old in (range(len(found)) if self.same else self)
                if old >= 0
            ]
        )


def buffers(clone: Clone) -> dict[str, int]:
    """Bytes of a model's buffers by dtype, each tensor once."""
    groups = [at_hand(vars(module)["_buffers"]) for module in clone.modules]
    held = {id(one): one for group in groups for one in group.values()}
    for key in held.keys() & clone.copies.keys():  # it waits, and another's does not
        del held[key]
        held[id(clone.copies[key])] = clone.copies[key]
    tensors = held.values()
    if not EAGER.issuperset(map(type, tensors)):
        tensors = [one for one in tensors if one is not None and not is_lazy(one)]
    sizes: Counter[torch.dtype] = Counter()
    for kind, size in map(attrgetter("dtype", "nbytes"), tensors):
        sizes[kind] += size
    return {dtype_name(kind): size for kind, size in sizes.items()}


def memory(tensor: torch.Tensor) -> Memory:
    """The storage of a tensor; a sparse one, which has none, stands for itself."""
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):
        return tensor


def address(tensor: torch.Tensor) -> int:
    """What tells the memory of one tensor from that of another, while both live."""
    return memory(tensor)._cdata  # noqa: SLF001 - torch names it no other way


def nbytes(tensor: torch.Tensor, held: Memory) -> int:
    """Bytes of the memory of a tensor; of a sparse one, as if it were dense."""
    return tensor.numel() * tensor.element_size() if held is tensor else held.nbytes()

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
from resviz.tracing.tensors import EAGER_CLASSES, dtype_name

if TYPE_CHECKING:
    from collections.abc import Container, Sequence, Sized

    import torch

    from resviz.tracing.events import TraceStep

    AnyStorage = Any


class StorageNumbers:
    """Numbers the storages that a forward makes, in order.

    Attributes:
        trainable_ids: `id` of the parameters that ask for a gradient.
        steps: those that have run.
        sizes_and_dtypes: bytes and dtype of each storage, by its number.
        released_after: how many steps had run when a storage was let go of.
        input_numbers: numbers of those that the model was given.
        shared_addresses: addresses of storages that several tensors may lie in.
    """

    def __init__(self, learned: Container[int], steps: Sized) -> None:
        self.trainable_ids = learned
        self.steps = steps
        self.sizes_and_dtypes: list[tuple[int, torch.dtype]] = []
        self.released_after: dict[int, int] = {}
        self.input_numbers: tuple[int, ...] = ()
        self.shared_addresses: set[int] = set()
        self._numbers: dict[int, int] = {}
        self.references: list[StorageReference] = []
        self._released: list[StorageReference] = []

    @property
    def numbers(self) -> dict[int, int]:
        """The numbers of the storages that live, by address."""
        if self._released:
            self.note_releases()
        return self._numbers

    def number_input(self, tensor: torch.Tensor) -> None:
        """Number the storage of an input of the model."""
        self.input_numbers += self.number_results([tensor], new=True)

    def number_operand(self, operand: torch.Tensor) -> int:
        """Return the number of an operand's storage, `LEARNED` or `CONSTANT`."""
        storage = find_storage(operand)
        number = self.numbers.get(storage._cdata)  # noqa: SLF001 - as `find_storage_address`
        if number is None:  # it is older than the forward
            number = self.number_older_tensor(id(operand))
            self.watch_storage(storage, number)
        return number

    def number_older_tensor(self, key: int) -> int:
        """Return `LEARNED` or `CONSTANT` for the `id` of an older tensor."""
        return LEARNED if key in self.trainable_ids else CONSTANT

    def number_results(
        self, results: list[torch.Tensor], *, new: bool
    ) -> tuple[int, ...]:
        """Return the storage numbers of what an operation made, each once.

        `new` says that they are no operands written to, but tensors of their own.
        """
        numbers: list[int] = []
        known = self.numbers
        for tensor in results:
            storage = find_storage(tensor)
            address = storage._cdata  # noqa: SLF001 - as `find_storage_address`
            number = known.get(address)
            if number is None:
                size = count_storage_bytes(tensor, storage)
                if not size:
                    continue
                number = self.add_storage(storage, size, tensor.dtype)
            elif new:
                self.shared_addresses.add(address)
            if number not in numbers:
                numbers.append(number)
        return tuple(numbers)

    def add_storage(self, storage: AnyStorage, size: int, dtype: torch.dtype) -> int:
        """Number a storage that was not known so far."""
        number = len(self.sizes_and_dtypes)
        self.sizes_and_dtypes.append((size, dtype))
        self.watch_storage(storage, number)
        return number

    def watch_storage(self, storage: AnyStorage, number: int) -> None:
        """Number a storage for as long as it lives."""
        address = storage._cdata  # noqa: SLF001 - as `find_storage_address`
        self.numbers[address] = number
        # What torch calls when a storage dies must be no code of Python's: an
        # interrupt that is raised there is lost.
        reference = StorageReference(storage, self._released.append)
        reference.address, reference.number = address, number
        self.references.append(reference)

    def note_releases(self) -> None:
        """Note which storages are gone since the last step."""
        while self._released:
            gone = self._released.pop()
            self.released_after[gone.number] = len(self.steps)
            if self._numbers.get(gone.address) == gone.number:
                del self._numbers[gone.address]
            self.shared_addresses.discard(gone.address)


class StorageReference(ref):
    """A reference to a storage that knows its address and number when it is gone."""

    __slots__ = ("address", "number")
    address: int
    number: int


class RenumberedStorages(dict[int, int]):
    """New storage numbers, in order of first use by recorded operations.

    Attributes:
        keeps_numbers: whether every step becomes one, so that all keep their numbers.
    """

    def __init__(self, storages: StorageNumbers, steps: list[TraceStep]) -> None:
        self.storages = storages
        self.keeps_numbers = all(step.operation.inputs for step in steps)
        self.fixed_numbers = {LEARNED: LEARNED, CONSTANT: CONSTANT}
        super().__init__(self.fixed_numbers)
        storages.note_releases()
        self.renumber(storages.input_numbers)

    def __missing__(self, old_number: int) -> int:
        """Assign the next number."""
        self[old_number] = new_number = len(self) - len(self.fixed_numbers)
        return new_number

    def renumber(self, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """Return the new numbers of some storages."""
        return numbers if self.keeps_numbers else tuple(map(self.__getitem__, numbers))

    def list_storages_in_use(self, ran: list[int]) -> tuple[Storage, ...]:
        """Return the storages in use, where the steps `ran` became operations.

        What was never let go of is held after the last of them.
        """
        sizes_and_dtypes = self.storages.sizes_and_dtypes
        old_numbers = range(len(sizes_and_dtypes)) if self.keeps_numbers else self
        storages: list[Storage] = []
        for old_number in old_numbers:
            if old_number >= 0:
                size, dtype = sizes_and_dtypes[old_number]
                released = self.storages.released_after.get(old_number)
                end = len(ran) if released is None else bisect_left(ran, released)
                storages.append(Storage(size, dtype_name(dtype), end))
        return tuple(storages)


def count_bytes_by_dtype(tensors: Sequence[torch.Tensor | None]) -> dict[str, int]:
    """Return the bytes of tensors by dtype; lazy ones have none."""
    if not EAGER_CLASSES.issuperset(map(type, tensors)):
        tensors = [t for t in tensors if t is not None and not is_lazy(t)]
    sizes: Counter[torch.dtype] = Counter()
    for dtype, item, count in map(attrgetter("dtype", "itemsize", "numel"), tensors):
        sizes[dtype] += item * count()  # a sparse one as if it were dense
    return {dtype_name(dtype): size for dtype, size in sizes.items()}


def find_storage(tensor: torch.Tensor) -> AnyStorage:
    """Return a tensor's storage; a sparse tensor stands for itself."""
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):
        return tensor


def find_storage_address(tensor: torch.Tensor) -> int:
    """Return a key of a tensor's storage that is unique while it lives."""
    return find_storage(tensor)._cdata  # noqa: SLF001 - torch names it no other way


def count_storage_bytes(tensor: torch.Tensor, storage: AnyStorage) -> int:
    """Return the bytes of a tensor's storage, as if a sparse one were dense."""
    return (
        tensor.numel() * tensor.element_size()
        if storage is tensor
        else storage.nbytes()
    )

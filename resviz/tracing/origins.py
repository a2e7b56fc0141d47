"""Where each tensor comes from that a forward is fed or makes, and which are unknown.

Tensors are known by their `id` and a weak reference, and so never held. What other
threads made is seen by no mode and no hook, and has no origin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from msgspec import Struct

from resviz.record import Source, Tensor
from resviz.tracing.storages import find_storage_address
from resviz.tracing.tensors import EAGER_CLASSES, dtype_name, tensors_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from resviz.tracing.clone import Clone
    from resviz.tracing.events import TraceStep


class TensorOrigin(Struct, eq=False, gc=False):
    """Where a tensor comes from that was made, or fed, in this trace.

    `tensor` refers to it, since the `id` of one that is gone is soon another's.
    """

    tensor: ref[torch.Tensor]
    source: Source
    flowing: bool


class Origins:
    """The tensors of one trace.

    Attributes:
        origin_by_id: what is known of each, by `id`.
        last_writers: the last step that wrote to memory which several tensors share,
            by its address.
    """

    def __init__(self) -> None:
        self.origin_by_id: dict[int, TensorOrigin] = {}
        self.last_writers: dict[int, TraceStep] = {}

    def remember_tensor(
        self, tensor: torch.Tensor, source: Source, *, flowing: bool
    ) -> None:
        """Note that `tensor` is what `source` names, for as long as it lives."""
        self.origin_by_id[id(tensor)] = TensorOrigin(ref(tensor), source, flowing)

    def find_origin(self, tensor: torch.Tensor) -> TensorOrigin | None:
        """Return a tensor's origin; None if it is older than the forward."""
        origin = self.origin_by_id.get(id(tensor))
        if origin is None or origin.tensor() is not tensor:
            return None
        return self.follow_rewrite(tensor, origin) if self.last_writers else origin

    def follow_rewrite(
        self, tensor: torch.Tensor, origin: TensorOrigin
    ) -> TensorOrigin:
        """Return the origin of a tensor whose memory may have been written to.

        An in-place operation on a view changes what the viewed tensor holds: from
        then on that tensor is one more output of the operation.
        """
        writer = self.last_writers.get(find_storage_address(tensor))
        if writer is None or writer.number <= origin.source.layer:
            return origin
        source = Source(writer.number, len(writer.outputs))
        writer.outputs.append(describe_tensor(tensor))
        self.remember_tensor(tensor, source, flowing=writer.depends_on_input)
        return self.origin_by_id[id(tensor)]

    def find_source(self, tensor: torch.Tensor) -> Source | None:
        """Return where a tensor comes from, if that is known."""
        origin = self.find_origin(tensor)
        return None if origin is None else origin.source

    def find_sources(self, value: Any) -> tuple[Source, ...]:
        """Return the known sources of the tensors in `value`."""
        if type(value) in EAGER_CLASSES:
            origin = self.find_origin(value)
            return () if origin is None else (origin.source,)
        found_sources = map(self.find_source, tensors_in(value))
        return tuple([source for source in found_sources if source is not None])


def describe_tensor(tensor: torch.Tensor) -> Tensor:
    """Return shape and dtype of a tensor, as the record holds them."""
    return Tensor(tuple(tensor.shape), dtype_name(tensor.dtype))


class UntrackedSteps:
    """The steps that read a tensor which no recorded operation has made.

    Constants of the user's have values, so only what has none can be told from them.
    Whole numbers are left out: torch makes a list that indexes a tensor one too.

    Attributes:
        steps: their numbers.
    """

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        self.steps: set[int] = set()
        self.model_addresses: set[int] = set()
        self.tensors_seen = 0

    def note_read(
        self, step: int, tensor: torch.Tensor, storage_numbers: Mapping[int, int]
    ) -> None:
        """Note that a step reads a tensor of unknown origin and in no known memory.

        `storage_numbers` gives the number of a storage by its address, below 0 for an
        older one.
        """
        if id(tensor) in self.clone.own_ids or self.clone.real:
            return
        has_values = not tensor.is_meta or not tensor.dtype.is_floating_point
        if not has_values and not self.shares_known_storage(tensor, storage_numbers):
            self.steps.add(step)

    def shares_known_storage(
        self, tensor: torch.Tensor, storage_numbers: Mapping[int, int]
    ) -> bool:
        """Tell whether a tensor shares its storage with a known one.

        A tensor is given another class, or made a parameter, without an operation.
        """
        # Some are made in the forward.
        new_tensors = self.clone.tensors[self.tensors_seen :]
        self.tensors_seen += len(new_tensors)
        self.model_addresses.update(map(find_storage_address, new_tensors))
        address = find_storage_address(tensor)
        return storage_numbers.get(address, -1) >= 0 or address in self.model_addresses

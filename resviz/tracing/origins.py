"""Where each tensor comes from that a forward is fed or makes.

Tensors are known by their `id` and a weak reference, and so never held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from msgspec import Struct

from resviz.record import Source, Tensor
from resviz.tracing.nested_tensors import tensors_in
from resviz.tracing.storages import find_storage_address
from resviz.tracing.values import EAGER_CLASSES, tensor_dtype_name

if TYPE_CHECKING:
    import torch

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
    return Tensor(tuple(tensor.shape), tensor_dtype_name(tensor))

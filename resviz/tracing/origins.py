"""Where each tensor comes from that a forward is fed or makes.

Tensors are known by their `id` and a weak reference, and so never held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from msgspec import Struct

from resviz.record import Source, Tensor
from resviz.tracing.nests import tensors_in
from resviz.tracing.storages import address
from resviz.tracing.values import EAGER, dtype

if TYPE_CHECKING:
    import torch

    from resviz.tracing.events import Step


class Made(Struct, eq=False, gc=False):
    """What is known of a tensor that was made, or fed, in this trace.

    `tensor` refers to it, since the `id` of one that is gone is soon another's.
    """

    tensor: ref[torch.Tensor]
    source: Source
    flowing: bool


class Origins:
    """The tensors of one trace.

    Attributes:
        made: what is known of each, by `id`.
        writers: the last step that wrote to memory which several tensors share, by its
            address.
    """

    def __init__(self) -> None:
        self.made: dict[int, Made] = {}
        self.writers: dict[int, Step] = {}

    def remember(self, tensor: torch.Tensor, source: Source, *, flowing: bool) -> None:
        """Note that `tensor` is what `source` names, for as long as it lives."""
        self.made[id(tensor)] = Made(ref(tensor), source, flowing)

    def known(self, tensor: torch.Tensor) -> Made | None:
        """What is known of a tensor; None for one that is older than the forward."""
        made = self.made.get(id(tensor))
        if made is None or made.tensor() is not tensor:
            return None
        return self.rewritten(tensor, made) if self.writers else made

    def rewritten(self, tensor: torch.Tensor, made: Made) -> Made:
        """What is known of a tensor whose memory may have been written to.

        An in-place operation on a view changes what the viewed tensor holds: from
        then on that tensor is one more output of the operation.
        """
        writer = self.writers.get(address(tensor))
        if writer is None or writer.number <= made.source.layer:
            return made
        given = Source(writer.number, len(writer.outputs))
        writer.outputs.append(described(tensor))
        self.remember(tensor, given, flowing=writer.live)
        return self.made[id(tensor)]

    def source(self, tensor: torch.Tensor) -> Source | None:
        """Where a tensor comes from, if that is known."""
        made = self.known(tensor)
        return None if made is None else made.source

    def sources(self, value: Any) -> tuple[Source, ...]:
        """Where the tensors in `value` come from, those that are known."""
        if type(value) in EAGER:
            made = self.known(value)
            return () if made is None else (made.source,)
        known = map(self.source, tensors_in(value))
        return tuple([source for source in known if source is not None])


def described(tensor: torch.Tensor) -> Tensor:
    """Shape and dtype of a tensor."""
    return Tensor(tuple(tensor.shape), dtype(tensor))

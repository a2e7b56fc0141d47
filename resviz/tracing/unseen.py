"""What is made out of sight: in other threads, or without an operation of torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.record import Source
    from resviz.tracing.clone import Clone


class Unseen:
    """Tensors that no operation gave, and what they may be.

    Constants of the user's have values, so only what has none can be told from them.

    Attributes:
        strays: such operands, by the step that read them.
    """

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        self.strays: list[tuple[int, torch.Tensor]] = []
        self.places: dict[tuple[Any, ...], Source] = {}
        self.indexed = 0

    def may_hide(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor of unknown origin is neither the model's nor the user's."""
        ours = id(tensor) in self.clone.own
        return not ours and not self.clone.real and tensor.is_meta

    def recognised(
        self,
        tensor: torch.Tensor,
        known: Sequence[torch.Tensor],
        sources: Mapping[int, Source],
    ) -> Source | None:
        """The source of the same values in another wrapping.

        A tensor is given another class, or made a parameter, without an operation.
        """
        for other in known[self.indexed :]:
            self.places[place(other)] = sources[id(other)]
        self.indexed = len(known)
        return self.places.get(place(tensor))

    def note(self, step: int, unknown: Sequence[torch.Tensor]) -> None:
        """Note operands of unknown origin that a step reads.

        Whole numbers are left out: torch makes a list that indexes a tensor one too.
        """
        hidden = (t for t in unknown if self.may_hide(t))
        self.strays += [(step, t) for t in hidden if t.dtype.is_floating_point]

    def steps(self, known: Sequence[torch.Tensor]) -> set[int]:
        """The steps that read what is no view of the model's or of a known tensor."""
        if not self.strays:
            return set()
        seen = {storage(tensor) for tensor in (*self.clone.tensors, *known)}
        return {step for step, stray in self.strays if storage(stray) not in seen}


def storage(tensor: torch.Tensor) -> int:
    """What tells the memory of one tensor from that of another."""
    try:
        return tensor.untyped_storage()._cdata  # noqa: SLF001 - torch names no other
    except (NotImplementedError, RuntimeError):  # sparse and quantised tensors
        return -id(tensor)


def place(tensor: torch.Tensor) -> tuple[Any, ...]:
    """What tensors share that are the same values in different wrappings."""
    if tensor.layout is not torch.strided:
        return (id(tensor),)
    return storage(tensor), tensor.storage_offset(), tensor.shape, tensor.stride()

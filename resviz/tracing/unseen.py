"""What is made out of sight: in other threads, where no mode and no hook looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import torch

    from resviz.tracing.clone import Clone


class Unseen:
    """The steps that read a tensor which nothing that was seen has made.

    Constants of the user's have values, so only what has none can be told from them.
    Whole numbers are left out: torch makes a list that indexes a tensor one too.

    Attributes:
        steps: their numbers.
    """

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        self.steps: set[int] = set()
        self.memories: set[int] = set()
        self.noted = 0

    def note(
        self,
        step: int,
        unknown: Iterable[torch.Tensor],
        known: Sequence[torch.Tensor],
    ) -> None:
        """Note what a step reads of unknown origin, if none of the known holds it."""
        if any(
            self.hides(tensor) and not self.held(tensor, known) for tensor in unknown
        ):
            self.steps.add(step)

    def hides(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor of unknown origin is neither the model's nor the user's."""
        ours = id(tensor) in self.clone.own
        empty = tensor.is_meta and not self.clone.real
        return empty and not ours and tensor.dtype.is_floating_point

    def held(self, tensor: torch.Tensor, known: Sequence[torch.Tensor]) -> bool:
        """Whether a tensor shares its memory with one that is the model's or known.

        A tensor is given another class, or made a parameter, without an operation.
        """
        if not self.memories:
            self.memories.update(map(storage, self.clone.tensors))
        self.memories.update(map(storage, known[self.noted :]))
        self.noted = len(known)
        return storage(tensor) in self.memories


def storage(tensor: torch.Tensor) -> int:
    """What tells the memory of one tensor from that of another."""
    try:
        return tensor.untyped_storage()._cdata  # noqa: SLF001 - torch names no other
    except (NotImplementedError, RuntimeError):  # sparse and quantised tensors
        return -id(tensor)

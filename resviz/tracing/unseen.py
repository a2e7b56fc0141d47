"""What is made out of sight: in other threads, where no mode and no hook looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.tracing.storages import address

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        self.counted = 0

    def note(self, step: int, tensor: torch.Tensor, known: Mapping[int, int]) -> None:
        """Note that a step reads a tensor of unknown origin and in no known memory.

        `known` gives the number of a storage by its address, below 0 for an older one.
        """
        if self.hides(tensor) and not self.held(tensor, known):
            self.steps.add(step)

    def hides(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor of unknown origin is neither the model's nor the user's."""
        if id(tensor) in self.clone.own or self.clone.real:
            return False
        return tensor.is_meta and tensor.dtype.is_floating_point

    def held(self, tensor: torch.Tensor, known: Mapping[int, int]) -> bool:
        """Whether a tensor shares its memory with one that is the model's or known.

        A tensor is given another class, or made a parameter, without an operation.
        """
        later = self.clone.tensors[self.counted :]  # some are made in the forward
        self.counted += len(later)
        self.memories.update(map(address, later))
        place = address(tensor)
        return known.get(place, -1) >= 0 or place in self.memories

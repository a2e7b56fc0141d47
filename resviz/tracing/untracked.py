"""What is made out of sight: in other threads, where no mode and no hook looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.tracing.storages import find_storage_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from resviz.tracing.clone import Clone


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
        if self.is_of_unknown_origin(tensor) and not self.shares_known_storage(
            tensor, storage_numbers
        ):
            self.steps.add(step)

    def is_of_unknown_origin(self, tensor: torch.Tensor) -> bool:
        """Return whether a tensor is neither the model's nor the user's."""
        if id(tensor) in self.clone.own_ids or self.clone.real:
            return False
        return tensor.is_meta and tensor.dtype.is_floating_point

    def shares_known_storage(
        self, tensor: torch.Tensor, storage_numbers: Mapping[int, int]
    ) -> bool:
        """Return whether a tensor shares its storage with a known one.

        A tensor is given another class, or made a parameter, without an operation.
        """
        new_tensors = self.clone.tensors[
            self.tensors_seen :
        ]  # some are made in the forward
        self.tensors_seen += len(new_tensors)
        self.model_addresses.update(map(find_storage_address, new_tensors))
        place = find_storage_address(tensor)
        return storage_numbers.get(place, -1) >= 0 or place in self.model_addresses

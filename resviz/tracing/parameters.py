"""The parameters of a model, under the first name of each.

One that several modules share is counted once. Parameters are found by the `id` of
what stands for them in a clone, and of the model's own while that waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from resviz.record import Parameter
from resviz.tracing.postponed import at_hand
from resviz.tracing.values import dtype

if TYPE_CHECKING:
    import torch
    from torch import nn

    from resviz.tracing.postponed import Tensors


class Owned(Struct, eq=False):
    """A parameter: its name, the module that owns it and its path, and a tensor."""

    name: str
    path: str
    module: nn.Module
    tensor: torch.Tensor


class Parameters(dict[int, Owned]):
    """What is known of each parameter, by the `id` of all that stand for it.

    Attributes:
        learned: `id` of those that ask for a gradient, or are scripted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.learned: set[int] = set()

    def own(self, path: str, module: nn.Module, copies: Tensors) -> None:
        """Note the parameters of a module, given what stands for each."""
        given, copies = vars(module)["_parameters"], at_hand(copies)
        start = f"{path}." if path else ""
        for name, tensor in given.items():
            copy = copies[name]
            key = id(copy)
            if copy is None or key in self:
                continue
            if id(tensor) in self:
                self.also(tensor, copy)
                continue
            self[key] = Owned(start + name, path, module, copy)
            if tensor.requires_grad:
                self.learned.add(key)

    def note(
        self, tensor: torch.Tensor, name: str, path: str, module: nn.Module
    ) -> None:
        """Note one parameter."""
        self[id(tensor)] = Owned(name, path, module, tensor)

    def also(self, tensor: torch.Tensor, copy: torch.Tensor) -> None:
        """Let another tensor stand for a parameter too."""
        old, new = id(tensor), id(copy)
        self[new] = owned = self[old]
        owned.tensor = copy
        if old in self.learned:
            self.learned.add(new)

    def record(self, key: int) -> Parameter:
        """The record of the parameter with this `id`."""
        owned = self[key]
        tensor = owned.tensor
        frozen = key not in self.learned
        return Parameter(owned.name, tuple(tensor.shape), dtype(tensor), frozen)

    def names(self) -> set[str]:
        """The names of all."""
        return {owned.name for owned in self.values()}

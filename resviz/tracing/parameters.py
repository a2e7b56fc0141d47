"""The parameters of a model, under the first name of each.

One that several modules share is counted once. Parameters are found by the `id` of
what stands for them in a clone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from resviz.record import Parameter
from resviz.tracing.values import tensor_dtype_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import nn


class OwnedParameter(Struct, eq=False):
    """A parameter: its name, the module that owns it and its path, and a tensor."""

    name: str
    path: str
    module: nn.Module
    tensor: torch.Tensor


class ModelParameters(dict[int, OwnedParameter]):
    """What is known of each parameter, by the `id` of all that stand for it.

    Attributes:
        trainable_ids: `id` of those that ask for a gradient, or are scripted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trainable_ids: set[int] = set()

    def add_module_parameters(
        self, path: str, module: nn.Module, copies: Mapping[str, torch.Tensor | None]
    ) -> None:
        """Note the parameters of a module, given the copy of each."""
        originals = vars(module)["_parameters"]
        prefix = f"{path}." if path else ""
        for name, tensor in originals.items():
            copy = copies[name]
            key = id(copy)
            if copy is None or key in self:
                continue
            self[key] = OwnedParameter(prefix + name, path, module, copy)
            if tensor.requires_grad:
                self.trainable_ids.add(key)

    def add_parameter(
        self, tensor: torch.Tensor, name: str, path: str, module: nn.Module
    ) -> None:
        """Note one parameter."""
        self[id(tensor)] = OwnedParameter(name, path, module, tensor)

    def to_record(self, key: int) -> Parameter:
        """Return the record of the parameter with this `id`."""
        owned = self[key]
        tensor = owned.tensor
        frozen = key not in self.trainable_ids
        return Parameter(
            owned.name, tuple(tensor.shape), tensor_dtype_name(tensor), frozen
        )

    def list_names(self) -> set[str]:
        """Return the names of all parameters."""
        return {owned.name for owned in self.values()}

"""Twins: a module without weights built once, and copied where it stands again.

Of the 50 blocks of a ResNet-152, 8 differ, and a variant of it has most of them too.
Torch takes five times as long to build a block as it takes to copy its dictionaries.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

META = torch.device("meta")

HOLDERS = frozenset({dict, OrderedDict, set})
"""What a module keeps its parts and hooks in."""


def twin(module: nn.Module) -> nn.Module:
    """A module like one without weights, with parameters and buffers of its own."""
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - modes see all that is asked
        return copied(module)


def copied(module: nn.Module) -> nn.Module:
    """The same, where no mode sees it."""
    other = object.__new__(type(module))
    state = {
        name: value.copy() if type(value) in HOLDERS else value
        for name, value in vars(module).items()
    }
    state["_modules"] = {
        name: None if inner is None else copied(inner)
        for name, inner in state["_modules"].items()
    }
    for place in ("_parameters", "_buffers"):
        held = state[place]
        for name, tensor in held.items():
            if tensor is not None:
                held[name] = fresh(tensor)
    object.__setattr__(other, "__dict__", state)
    return other


def fresh(tensor: Tensor) -> Tensor:
    """Another tensor without values, of the same shape, dtype and class."""
    other = torch.empty(tensor.shape, dtype=tensor.dtype, device=META)
    if type(tensor) is Tensor:
        return other
    return nn.Parameter(other, requires_grad=tensor.requires_grad)

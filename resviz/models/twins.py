"""Twins: a module without weights built once, and copied where it stands again.

Of the 50 blocks of a ResNet-152, 8 differ. Torch takes five times as long to build a
block as it takes to copy its dictionaries.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

HOLDERS = (dict, OrderedDict, set)
"""What a module keeps its parts and hooks in."""


def is_empty(module: nn.Module) -> bool:
    """Whether every parameter and buffer is a plain one without values."""
    return all(
        type(tensor) in {Tensor, nn.Parameter} and tensor.is_meta
        for part in module.modules()
        for tensor in (*part.parameters(recurse=False), *part.buffers(recurse=False))
    )


def twin(module: nn.Module) -> nn.Module:
    """A module like an empty one, with parameters and buffers of its own."""
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - modes see all that is asked
        return copied(module)


def copied(module: nn.Module) -> nn.Module:
    """The same, where no mode sees it."""
    other = object.__new__(type(module))
    kept = {name: own(value) for name, value in vars(module).items()}
    kept["_modules"] = {
        name: None if inner is None else copied(inner)
        for name, inner in kept["_modules"].items()
    }
    for place in ("_parameters", "_buffers"):
        kept[place] = {name: fresh(tensor) for name, tensor in kept[place].items()}
    vars(other).update(kept)
    return other


def own(value: Any) -> Any:
    """A copy of what holds things, anything else as it is."""
    return value.copy() if type(value) in HOLDERS else value


def fresh(tensor: Tensor | None) -> Tensor | None:
    """Another tensor without values, of the same shape and dtype."""
    if tensor is None:
        return None
    other = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    return nn.Parameter(other) if type(tensor) is nn.Parameter else other

"""Twins: a module without weights built once, and copied where it stands again.

Of the 50 blocks of a ResNet-152, 8 differ, and a variant of it has most of them too;
one of another width still has most layers. Torch takes five times as long to build a
block as it takes to copy its dictionaries.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

Module = TypeVar("Module", bound=nn.Module)

META = torch.device("meta")

HOLDERS = frozenset({dict, OrderedDict, set})
"""What a module keeps its parts and hooks in."""


def made(make: Callable[..., Module], *args: Any) -> Module:
    """What `make` gives: without weights a copy of what it gave before.

    Args:
        make: a function or class that makes the same of the same arguments.
        args: which can be told from others by their hash.
    """
    if not torch.empty(0).is_meta:
        return make(*args)
    # What else it depends on: somebody may have put other layers into torch.nn.
    layers = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU)
    model: Any = kept(make, args, torch.get_default_dtype(), layers, *map(type, args))
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - modes see all that is asked
        return twin(model)


@lru_cache(maxsize=256)
def kept(
    make: Callable[..., nn.Module], args: tuple[Any, ...], *besides: object
) -> nn.Module:
    """A module without weights, to be copied."""
    del besides
    return make(*args)


def twin(module: Module) -> Module:
    """A module like one without weights, with parameters and buffers of its own."""
    other: Any = object.__new__(type(module))
    state = {
        name: value.copy() if type(value) in HOLDERS else value
        for name, value in vars(module).items()
    }
    state["_modules"] = {
        name: None if inner is None else twin(inner)
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

"""Twins: a module without weights built once, and copied where it stands again.

Of the 50 blocks of a ResNet-152, 8 differ, and a variant of it has most of them too;
one of another width still has most layers. Torch takes five times as long to build a
block as it takes to copy its dictionaries.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules import module as all_modules
from torch.overrides import _get_current_function_mode

if TYPE_CHECKING:
    from collections.abc import Callable

Module = TypeVar("Module", bound=nn.Module)

META = torch.device("meta")

WATCHERS = (
    "_global_parameter_registration_hooks", "_global_buffer_registration_hooks",
    "_global_module_registration_hooks",
)  # fmt: skip
"""Hooks that see what modules are made of."""

HOLDERS = frozenset({dict, OrderedDict, set})
"""What a module keeps its parts and hooks in."""

MODES = frozenset({"torch.utils._device", "resviz.source.build"})
"""Where the modes are defined in which tensors are made on the meta device."""

function_modes = torch._C._len_torch_function_stack  # noqa: SLF001 - nothing public

TENSORS = ("_parameters", "_buffers")
"""Where it keeps its tensors."""


class Mould(NamedTuple):
    """A module without weights, as it is to be copied.

    Attributes:
        kind: its class.
        state: its attributes.
        holders: names of the dictionaries and sets among them.
        inner: moulds of the modules in it.
    """

    kind: type[nn.Module]
    state: dict[str, Any]
    holders: list[str]
    inner: list[tuple[str, Mould | None]]


def moulded(module: nn.Module) -> Mould:
    """The mould of a module without weights."""
    state = vars(module)
    inner = state["_modules"].items()
    return Mould(
        type(module),
        state,
        [name for name, held in state.items() if type(held) in HOLDERS],
        [(name, None if it is None else moulded(it)) for name, it in inner],
    )


def prototype(
    make: Callable[..., nn.Module], dtype: torch.dtype, layers: object, *args: Any
) -> Mould:
    """The mould of a module that `make` builds."""
    del dtype, layers
    return moulded(make(*args))


OF_BLOCKS = lru_cache(maxsize=128, typed=True)(prototype)
"""Blocks that variants of a network have in common."""

OF_LAYERS = lru_cache(maxsize=64, typed=True)(prototype)
"""Layers that the blocks of one network have in common."""


def twin_of(
    prototypes: Callable[..., Any], make: Callable[..., Module], *args: Any
) -> Module:
    """What `make` builds; without weights, a copy of what it built before.

    Args:
        prototypes: `OF_BLOCKS` or `OF_LAYERS`, where it is kept.
        make: a function or class that builds the same from the same arguments.
        args: what cannot be hashed is not looked up.
    """
    if not weightless() or any(map(vars(all_modules).__getitem__, WATCHERS)):
        return make(*args)
    try:
        hash(args)
    except TypeError:
        return make(*args)
    # Somebody may have put other layers into torch.nn, or changed how they are made.
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.AvgPool2d, nn.Sequential)
    layers = tuple([(kind, kind.__init__) for kind in kinds])
    mould = prototypes(make, torch.get_default_dtype(), layers, *args)
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - a mode would see all of it
        return cast(mould)


def weightless() -> bool:
    """Whether new tensors have no values, and nobody's mode makes others of them."""
    if function_modes() != 1:
        return False
    mode = type(_get_current_function_mode()).__module__
    return mode in MODES and torch.empty(0).is_meta


def cast(mould: Mould) -> Any:
    """A module with parameters, buffers and holders of its own."""
    kind, given, holders, inner = mould
    state = given.copy()
    for name in holders:
        state[name] = given[name].copy()
    state["_modules"] = {name: None if it is None else cast(it) for name, it in inner}
    for place in TENSORS:
        held = state[place]
        for name, tensor in held.items():
            if tensor is not None:
                held[name] = fresh(tensor)
    module = object.__new__(kind)
    object.__setattr__(module, "__dict__", state)
    return module


def fresh(tensor: Tensor) -> Tensor:
    """Another tensor without values, of the same shape, dtype and class."""
    shape = tensor.shape
    if shape:  # the oldest way to make one of the same dtype and device is the quickest
        other = tensor.new(*shape)
    else:
        other = torch.empty(shape, dtype=tensor.dtype, device=META)
    if type(tensor) is Tensor:
        return other
    return nn.Parameter(other, requires_grad=tensor.requires_grad)

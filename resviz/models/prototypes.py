"""Prototypes: a module without weights built once, and copied where it stands again.

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

ModuleT = TypeVar("ModuleT", bound=nn.Module)

META_DEVICE = torch.device("meta")

REGISTRATION_HOOKS = (
    "_global_parameter_registration_hooks", "_global_buffer_registration_hooks",
    "_global_module_registration_hooks",
)  # fmt: skip
"""Hooks that see what modules are made of."""

HOLDER_CLASSES = frozenset({dict, OrderedDict, set})
"""What a module keeps its parts and hooks in."""

META_MODE_MODULES = frozenset({"torch.utils._device", "resviz.source.build"})
"""Where the modes are defined in which tensors are made on the meta device."""

count_function_modes = torch._C._len_torch_function_stack  # noqa: SLF001 - nothing public

TENSOR_GROUPS = ("_parameters", "_buffers")
"""Where it keeps its tensors."""


class ModulePrototype(NamedTuple):
    """A module without weights, kept to be copied.

    Attributes:
        module_class: its class.
        state: its attributes.
        holder_names: names of the dictionaries and sets among them.
        children: prototypes of the modules in it.
    """

    module_class: type[nn.Module]
    state: dict[str, Any]
    holder_names: list[str]
    children: list[tuple[str, ModulePrototype | None]]


def make_prototype(module: nn.Module) -> ModulePrototype:
    """Make the prototype of a module without weights."""
    state = vars(module)
    inner = state["_modules"].items()
    return ModulePrototype(
        type(module),
        state,
        [name for name, value in state.items() if type(value) in HOLDER_CLASSES],
        [
            (name, None if child is None else make_prototype(child))
            for name, child in inner
        ],
    )


def build_prototype(
    make: Callable[..., nn.Module], dtype: torch.dtype, layers: object, *args: Any
) -> ModulePrototype:
    """Build a module and return its prototype."""
    del dtype, layers
    return make_prototype(make(*args))


BLOCK_PROTOTYPES = lru_cache(maxsize=128, typed=True)(build_prototype)
"""Blocks that variants of a network have in common."""

LAYER_PROTOTYPES = lru_cache(maxsize=64, typed=True)(build_prototype)
"""Layers that the blocks of one network have in common."""


def build_or_copy(
    find_prototype: Callable[..., Any], make: Callable[..., ModuleT], *args: Any
) -> ModuleT:
    """Build a module; without weights, copy one that was built before.

    Args:
        find_prototype: `BLOCK_PROTOTYPES` or `LAYER_PROTOTYPES`, where it is kept.
        make: a function or class that builds the same from the same arguments.
        args: what cannot be hashed is not looked up.
    """
    if not is_building_weightless() or any(
        map(vars(all_modules).__getitem__, REGISTRATION_HOOKS)
    ):
        return make(*args)
    try:
        hash(args)
    except TypeError:
        return make(*args)
    # Somebody may have put other layers into torch.nn, or changed how they are made.
    classes = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.AvgPool2d, nn.Sequential)
    layers = tuple([(layer, layer.__init__) for layer in classes])
    module_prototype = find_prototype(make, torch.get_default_dtype(), layers, *args)
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - a mode would see all of it
        return copy_prototype(module_prototype)


def is_building_weightless() -> bool:
    """Tell whether new tensors are on meta, and only our mode or torch's acts.

    Ours may say that prototypes are not to be copied.
    """
    if count_function_modes() != 1:
        return False
    mode = _get_current_function_mode()
    if type(mode).__module__ not in META_MODE_MODULES:
        return False
    return getattr(mode, "copies_prototypes", True) and torch.empty(0).is_meta


def copy_prototype(module_prototype: ModulePrototype) -> Any:
    """Copy a prototype, with parameters, buffers and holders of its own."""
    module_class, attributes, holder_names, children = module_prototype
    state = attributes.copy()
    for name in holder_names:
        state[name] = attributes[name].copy()
    state["_modules"] = {
        name: None if child is None else copy_prototype(child)
        for name, child in children
    }
    for group in TENSOR_GROUPS:
        group_tensors = state[group]
        for name, tensor in group_tensors.items():
            if tensor is not None:
                group_tensors[name] = make_empty_copy(tensor)
    module = object.__new__(module_class)
    object.__setattr__(module, "__dict__", state)
    return module


def make_empty_copy(tensor: Tensor) -> Tensor:
    """Return another tensor without values, of the same shape and class."""
    shape = tensor.shape
    if shape:  # the oldest way to make one of the same dtype and device is the quickest
        other = tensor.new(*shape)
    else:
        other = torch.empty(shape, dtype=tensor.dtype, device=META_DEVICE)
    if type(tensor) is Tensor:
        return other
    return nn.Parameter(other, requires_grad=tensor.requires_grad)

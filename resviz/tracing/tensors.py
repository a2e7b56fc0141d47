"""Tensors: their classes, those without values, and nests of whatever holds them.

A nest is what modules are handed and give back: lists, mappings, dataclasses.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import copy
from dataclasses import fields, is_dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from resviz.errors import TraceError
from resviz.inputs import InputSpec

PLAIN_CLASSES = frozenset({type(None), bool, int, float, str})
"""Values that hold nothing else; most attributes of a module are such."""

MAPPING_CLASSES = frozenset({dict, OrderedDict, defaultdict, Counter})

EAGER_CLASSES = frozenset({torch.Tensor, nn.Parameter})
"""The usual classes of tensors, none of which is lazy."""

META_DEVICE = torch.device("meta")

NESTED_REFUSAL = (
    "a nested tensor holds samples of several sizes, and has no shape to follow: give "
    "a padded one, torch.nested.to_padded_tensor(x, 0.0), or one sample"
)
"""Why none is traced."""

empty_strided = torch.empty_strided
"""As torch has it; other tracers put a function of their own in its place."""


def make_weightless(
    tensor: torch.Tensor, device: torch.device = META_DEVICE
) -> torch.Tensor:
    """Return a meta tensor of the same shape, dtype and class.

    A lazy one has no values yet, and is made on the device `device`.

    Raises:
        TraceError: if it is nested.
    """
    tensor_class: Any = type(tensor)
    if tensor_class not in EAGER_CLASSES and is_lazy(tensor):
        return tensor_class(requires_grad=False, device=device, dtype=tensor.dtype)
    if tensor.is_nested:
        raise TraceError(NESTED_REFUSAL)
    if tensor.layout is torch.strided and not tensor.is_quantized:
        # torch.empty_like on meta is Python, and imports sympy.
        empty = empty_strided(
            tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META_DEVICE
        )
    else:
        empty = torch.empty_like(tensor, device=META_DEVICE)
    if tensor_class is torch.Tensor or not isinstance(tensor, nn.Parameter):
        return empty
    return nn.Parameter(empty, requires_grad=False)


@cache
@cache
def dtype_name(dtype: torch.dtype) -> str:
    """Return the name of a dtype, as "float32"."""
    return str(dtype).removeprefix("torch.")


ChangeLeaf = Callable[[Any, str], Any]
"""What to put in the place of a leaf, given it and its name, as "batch.ids"."""


def find_members(value: Any) -> Mapping[Any, Any] | None:
    """Return a holder's members by key, position or field; else None."""
    if isinstance(value, (torch.Tensor, InputSpec)):
        return None
    if isinstance(value, (tuple, list)):
        return dict(enumerate(value))
    if isinstance(value, (dict, Mapping)):  # an abstract class answers slowly
        return value
    if is_dataclass(value) and not isinstance(value, type):
        field_names = (field.name for field in fields(value))
        return {
            name: getattr(value, name) for name in field_names if hasattr(value, name)
        }
    return vars(value) if type(value) is SimpleNamespace else None


def iterate_leaves(value: Any) -> Iterator[Any]:
    """Iterate over the values in a nest that hold nothing themselves."""
    inner = find_members(value)
    if inner is None:
        yield value
    else:
        for member in inner.values():
            yield from iterate_leaves(member)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Iterate over the tensors in a nest, in dataclasses and mappings too."""
    return (leaf for leaf in iterate_leaves(value) if isinstance(leaf, torch.Tensor))


def holds_tensors(arguments: Any) -> bool:
    """Tell whether arguments are tensors of the user's, not sizes."""
    return any(True for _ in tensors_in(arguments))


def map_leaves(value: Any, name: str, change: ChangeLeaf) -> Any:
    """Return a nest with changed leaves; unchanged parts stay the same."""
    inner = find_members(value)
    if inner is None:
        return change(value, name)
    prefix = f"{name}." if name else ""
    pairs = ((key, map_leaves(inner[key], f"{prefix}{key}", change)) for key in inner)
    replaced = {key: member for key, member in pairs if member is not inner[key]}
    if not replaced:
        return value
    all_members = {**inner, **replaced}
    if isinstance(value, tuple):
        members: Any = all_members.values()
        return type(value)(*members) if hasattr(value, "_fields") else tuple(members)
    if isinstance(value, Mapping) and not isinstance(value, MutableMapping):
        return all_members
    holder = copy(value)
    for key, member in replaced.items():
        if isinstance(holder, (list, MutableMapping)):
            holder[key] = member
        else:  # a frozen dataclass has no other way
            object.__setattr__(holder, key, member)
    return holder

"""Nests of tensors: what modules are handed and give back, in whatever holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import copy
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any

import torch

from resviz.inputs import InputSpec

ChangeLeaf = Callable[[Any, str], Any]
"""What to put in the place of a leaf, given it and its name, as "batch.ids"."""


def find_members(value: Any) -> Mapping[Any, Any] | None:
    """Return a holder's members by key, position or field; else None."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, (tuple, list)):
        return dict(enumerate(value))
    if is_dataclass(value) and not isinstance(value, type):
        field_names = (field.name for field in fields(value))
        return {
            name: getattr(value, name) for name in field_names if hasattr(value, name)
        }
    return vars(value) if type(value) is SimpleNamespace else None


def iterate_leaves(value: Any) -> Iterator[Any]:
    """Iterate over the values in a nest that hold nothing themselves."""
    inner = (
        None if isinstance(value, (torch.Tensor, InputSpec)) else find_members(value)
    )
    if inner is None:
        yield value
        return
    for member in inner.values():
        yield from iterate_leaves(member)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Iterate over the tensors in a nest, in dataclasses and mappings too."""
    return (leaf for leaf in iterate_leaves(value) if isinstance(leaf, torch.Tensor))


def map_leaves(value: Any, name: str, change: ChangeLeaf) -> Any:
    """Return a nest with changed leaves; unchanged parts stay the same."""
    inner = (
        None if isinstance(value, (torch.Tensor, InputSpec)) else find_members(value)
    )
    if inner is None:
        return change(value, name)
    prefix = f"{name}." if name else ""
    pairs = ((key, map_leaves(inner[key], f"{prefix}{key}", change)) for key in inner)
    replaced = {key: member for key, member in pairs if member is not inner[key]}
    return (
        replace_members(value, {**inner, **replaced}, replaced) if replaced else value
    )


def replace_members(
    value: Any, all_members: dict[Any, Any], replaced: dict[Any, Any]
) -> Any:
    """Copy a holder, with some members replaced."""
    if isinstance(value, tuple):
        kind: Any = type(value)
        return (
            kind(*all_members.values())
            if hasattr(value, "_fields")
            else (*all_members.values(),)
        )
    if isinstance(value, Mapping) and not isinstance(value, MutableMapping):
        return all_members
    holder = copy(value)
    for key, member in replaced.items():
        if isinstance(holder, (list, MutableMapping)):
            holder[key] = member
        else:  # a frozen dataclass has no other way
            object.__setattr__(holder, key, member)
    return holder

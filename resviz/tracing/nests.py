"""Nests of tensors: what modules are handed and give back, in whatever holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import copy
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any

import torch

from resviz.inputs import Given

Change = Callable[[Any, str], Any]
"""What to put in the place of a leaf, given it and its name, as "batch.ids"."""


def members(value: Any) -> Mapping[Any, Any] | None:
    """What a holder holds, by key, position or field; None for what is no holder."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, (tuple, list)):
        return dict(enumerate(value))
    if is_dataclass(value) and not isinstance(value, type):
        own = (field.name for field in fields(value))
        return {name: getattr(value, name) for name in own if hasattr(value, name)}
    return vars(value) if type(value) is SimpleNamespace else None


def leaves(value: Any) -> Iterator[Any]:
    """What a nest holds that holds nothing itself, in order."""
    held = None if isinstance(value, (torch.Tensor, Given)) else members(value)
    if held is None:
        yield value
        return
    for member in held.values():
        yield from leaves(member)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in a nest, also in dataclasses and mappings of any kind."""
    return (leaf for leaf in leaves(value) if isinstance(leaf, torch.Tensor))


def changed(value: Any, name: str, change: Change) -> Any:
    """The same nest with changed leaves; what holds none of them is given as it is."""
    held = None if isinstance(value, (torch.Tensor, Given)) else members(value)
    if held is None:
        return change(value, name)
    dotted = f"{name}." if name else ""
    pairs = ((key, changed(held[key], f"{dotted}{key}", change)) for key in held)
    new = {key: member for key, member in pairs if member is not held[key]}
    return with_members(value, {**held, **new}, new) if new else value


def with_members(value: Any, every: dict[Any, Any], new: dict[Any, Any]) -> Any:
    """A holder like `value` with some members in the place of others."""
    if isinstance(value, tuple):
        kind: Any = type(value)
        return (
            kind(*every.values()) if hasattr(value, "_fields") else (*every.values(),)
        )
    if isinstance(value, Mapping) and not isinstance(value, MutableMapping):
        return every
    other = copy(value)
    for key, member in new.items():
        if isinstance(other, (list, MutableMapping)):
            other[key] = member
        else:  # a frozen dataclass has no other way
            object.__setattr__(other, key, member)
    return other

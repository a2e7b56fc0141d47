"""What stands for the values that a model holds, each copied once.

Tensors become empty ones, or copies where a forward is run for real; whatever a forward
may write to or draw from is copied; what it cannot change stands for itself.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from functools import partial
from types import MethodType, SimpleNamespace
from typing import Any
from weakref import ref

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils.hooks import RemovableHandle

from resviz.tracing.modules import original
from resviz.tracing.objects import holds_attributes, own
from resviz.tracing.values import EAGER, MAPPINGS, PLAIN, weightless


class Copies:
    """Copies of values, found by the `id` of what they stand for.

    Attributes:
        real: whether tensors keep their values.
        own: `id` of each tensor that the copies hold.
        tensors: those that stand for the model's.
        originals: what was copied, kept alive since it is known by its `id`.
    """

    def __init__(self, *, real: bool) -> None:
        self.real = real
        self.copies: dict[int, Any] = {}
        self.own: set[int] = set()
        self.tensors: list[torch.Tensor] = []
        self.originals: list[Any] = []

    def announce(self, path: str, module: nn.Module) -> nn.Module:
        """The copy of a module that was not known so far."""
        raise NotImplementedError  # a clone knows how

    def stand_in(self, tensor: torch.Tensor) -> torch.Tensor:
        """What stands for a tensor of the user's: an empty one, or a copy."""
        if not self.real or tensor.is_meta:
            return weightless(tensor)
        if type(tensor) not in EAGER and is_lazy(tensor):
            return weightless(tensor, tensor.device)
        copy = tensor.detach().clone()
        if isinstance(tensor, nn.Parameter):
            copy = nn.Parameter(copy, requires_grad=False)
        self.own.add(id(copy))
        self.originals.append(copy)
        return copy

    def copied(self, value: Any, path: str) -> Any:
        """What stands for `value` in the clone.

        Modules and tensors are replaced, also in plain containers, partial
        functions and methods; `path` names a module that is registered nowhere.
        """
        kind = type(value)
        if kind in PLAIN:
            return value
        copy = self.copies.get(id(value))
        if copy is not None:
            return copy
        if kind in EAGER:
            return self.copied_tensor(value)
        return self.copied_holder(value, path)

    def copied_holder(self, value: Any, path: str) -> Any:
        """What stands for a value that may hold others."""
        if type(value) in MAPPINGS:
            return self.copied_mapping(value, path)
        if isinstance(value, nn.Module):
            value = original(value)
            known = self.copies.get(id(value))
            return self.announce(path, value) if known is None else known
        if isinstance(value, torch.Tensor):
            return self.copied_tensor(value)
        return self.copied_function(value, path)

    def copied_tensor(self, value: torch.Tensor) -> torch.Tensor:
        """What stands for a tensor of the model's."""
        copy = self.stand_in(value)
        self.own.add(id(copy))
        self.tensors.append(copy)
        self.originals.append(value)
        self.copies[id(value)] = copy
        return copy

    def copied_mapping(self, value: Any, path: str, made: Any = None) -> Any:
        """A dictionary whose keys and members are copied; `made` if that is given."""
        kind = type(value)
        if made is None:
            made = kind(value.default_factory) if kind is defaultdict else kind()
        copy = self.keep(value, made)
        copies = self.copies
        for key, member in value.items():
            own = key if type(key) in PLAIN else self.copied(key, path)
            known = copies.get(id(member))
            copy[own] = self.copied(member, path) if known is None else known
        return copy

    def copied_function(self, value: Any, path: str) -> Any:
        """What stands for a method, a partial function, a handle or a reference."""
        if isinstance(value, MethodType):
            return MethodType(value.__func__, self.copied(value.__self__, path))
        if type(value) is RemovableHandle:
            return self.copied_handle(value, path)
        if type(value) is partial:
            parts = (value.func, value.args, value.keywords)
            function, args, keywords = (self.copied(part, path) for part in parts)
            return partial(function, *args, **keywords)
        if type(value) is ref and isinstance(value(), nn.Module):
            return ref(self.copied(value(), path))
        return self.copied_container(value, path)

    def copied_handle(self, value: RemovableHandle, path: str) -> RemovableHandle:
        """A handle that removes its hook from the clone, as a lazy module does."""
        copy = object.__new__(RemovableHandle)
        hooks = value.hooks_dict_ref()
        copied = OrderedDict() if hooks is None else self.copied(hooks, path)
        copy.id, copy.hooks_dict_ref, copy.extra_dict_ref = value.id, ref(copied), ()
        return copy

    def copied_container(self, value: Any, path: str) -> Any:
        """A new container like `value` whose members are copied; else itself."""
        kind = type(value)
        if isinstance(value, tuple):
            members = [self.copied(member, path) for member in value]
            if all(a is b for a, b in zip(members, value, strict=True)):
                return value
            return kind(*members) if hasattr(value, "_fields") else tuple(members)
        if kind in {list, deque, set}:
            copy = self.keep(value, kind())
            add = copy.add if kind is set else copy.append
            for member in value:
                add(self.copied(member, path))
            return copy
        if kind is SimpleNamespace:
            copy = self.keep(value, SimpleNamespace())
            vars(copy).update(self.copied(vars(value), path))
            return copy
        return self.copied_object(value, path)

    def copied_object(self, value: Any, path: str) -> Any:
        """A copy of what a forward may write to or draw from; else itself."""
        private = own(value)
        if private is not None:
            return self.keep(value, private)
        if not holds_attributes(value):
            return value
        copy = self.keep(value, object.__new__(type(value)))
        for key, member in vars(value).items():
            vars(copy)[key] = self.copied(member, path)
        return copy

    def keep(self, value: Any, copy: Any) -> Any:
        """Note what `value` became, for other places that hold it."""
        self.originals.append(value)
        self.copies[id(value)] = copy
        return copy

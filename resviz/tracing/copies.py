"""What stands for the values that a model holds, each copied once.

Tensors become empty ones, or copies where a forward is run for real; whatever a forward
may write to or draw from is copied; what it cannot change stands for itself.
"""

from __future__ import annotations

import random
import sys
from collections import OrderedDict, defaultdict, deque
from copy import deepcopy
from enum import Enum
from functools import lru_cache, partial
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any
from weakref import (
    ProxyTypes,
    WeakKeyDictionary,
    WeakMethod,
    WeakValueDictionary,
    proxy,
    ref,
)

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils.hooks import RemovableHandle

from resviz.tracing.functions import (
    CACHED_FUNCTION,
    FOREIGN_PACKAGES,
    METHOD_CLASSES,
    FunctionCopies,
    find_package,
)
from resviz.tracing.modules import join_module_path, unwrap_module
from resviz.tracing.tensors import (
    EAGER_CLASSES,
    MAPPING_CLASSES,
    PLAIN_CLASSES,
    make_weightless,
)

REFERENCE_CLASSES = (ref, WeakMethod, *ProxyTypes)
"""Classes of weak references."""

WEAK_MAPPING_CLASSES = (WeakKeyDictionary, WeakValueDictionary)


class Copies(FunctionCopies):
    """Copies of values, found by the `id` of what they stand for.

    Attributes:
        real: whether tensors keep their values.
        own_ids: `id` of each tensor that the copies hold.
        tensors: those that stand for the model's.
        reached_parameters: those that were copied, and under which path.
        kept_alive: what was copied, kept alive since it is known by its `id`.
    """

    def __init__(self, *, real: bool) -> None:
        super().__init__()
        self.real = real
        self.copies: dict[int, Any] = {}
        self.own_ids: set[int] = set()
        self.tensors: list[torch.Tensor] = []
        self.reached_parameters: list[tuple[nn.Parameter, str]] = []
        self.kept_alive: list[Any] = []

    def copy_module(self, path: str, module: nn.Module) -> nn.Module:
        """Return the copy of a module that was not known so far."""
        raise NotImplementedError  # a clone knows how

    def make_placeholder(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return an empty tensor in place of the user's; a copy if `real`."""
        if not self.real or tensor.is_meta:
            return make_weightless(tensor)
        if type(tensor) not in EAGER_CLASSES and is_lazy(tensor):
            return make_weightless(tensor, tensor.device)
        copy = tensor.detach().clone()
        if isinstance(tensor, nn.Parameter):
            copy = nn.Parameter(copy, requires_grad=False)
        self.own_ids.add(id(copy))
        self.kept_alive.append(copy)
        return copy

    def copy_value(self, value: Any, path: str) -> Any:
        """Return the copy of a value, made once.

        Modules and tensors are replaced, also in plain containers, partial
        functions and methods; `path` names a module that is registered nowhere, in a
        container with its place there.
        """
        kind = type(value)
        if kind in PLAIN_CLASSES:
            return value
        copy = self.copies.get(id(value))
        if copy is not None:
            return copy
        if kind in EAGER_CLASSES:
            if kind is nn.Parameter:
                self.reached_parameters.append((value, path))
            return self.copy_tensor(value)
        return self.copy_holder(value, path)

    def copy_holder(self, value: Any, path: str) -> Any:
        """Copy a value that may hold other values."""
        if type(value) in MAPPING_CLASSES:
            return self.copy_mapping(value, path)
        if type(value) in REFERENCE_CLASSES:  # before a proxy is asked for its class
            return self.copy_reference(value, path)
        if isinstance(value, nn.Module):
            value = unwrap_module(value)
            copy = self.copies.get(id(value))
            return self.copy_module(path, value) if copy is None else copy
        if isinstance(value, torch.Tensor):
            return self.copy_tensor(value)
        return self.copy_function(value, path)

    def copy_tensor(self, value: torch.Tensor) -> torch.Tensor:
        """Copy one of the model's tensors and remember it."""
        copy = self.note_copy(value, self.make_placeholder(value))
        self.own_ids.add(id(copy))
        self.tensors.append(copy)
        return copy

    def copy_mapping(self, value: Any, path: str, target: Any = None) -> Any:
        """Copy a dictionary, keys and members, into `target` if that is there."""
        kind = type(value)
        if target is None:
            factory = self.copy_value(getattr(value, "default_factory", None), path)
            target = kind(factory) if kind is defaultdict else kind()
        copy = self.note_copy(value, target)
        copies = self.copies
        for key, member in value.items():
            new_key = key if type(key) in PLAIN_CLASSES else self.copy_value(key, path)
            member_copy = copies.get(id(member))
            copy[new_key] = (
                self.copy_member(member, path, key)
                if member_copy is None
                else member_copy
            )
        return copy

    def copy_member(self, member: Any, path: str, key: Any) -> Any:
        """Copy a member of a container; a parameter has the container's name."""
        is_named = type(key) in {int, str} and type(member) is not nn.Parameter
        return self.copy_value(
            member, join_module_path(path, key) if is_named else path
        )

    def copy_function(self, value: Any, path: str) -> Any:
        """Copy a function, a method, a partial function, a handle or a reference."""
        if isinstance(value, METHOD_CLASSES):
            return self.copy_method(value, path)
        if type(value) is FunctionType:
            return self.copy_python_function(value)
        if type(value) is CACHED_FUNCTION:
            function = self.copy_value(value.__wrapped__, path)
            return self.note_copy(
                value, lru_cache(**value.cache_parameters())(function)
            )
        if type(value) is RemovableHandle:
            return self.copy_handle(value, path)
        if type(value) is partial:
            parts = (value.func, value.args, value.keywords)
            function, args, keywords = (self.copy_value(part, path) for part in parts)
            return partial(function, *args, **keywords)
        return self.copy_container(value, path)

    def copy_method(self, value: Any, path: str) -> Any:
        """Copy a method together with what it is bound to; of a list's, the list."""
        owner = value.__self__
        owner_copy = self.copy_value(owner, path)
        if isinstance(value, MethodType):
            return MethodType(self.copy_value(value.__func__, path), owner_copy)
        return value if owner_copy is owner else getattr(owner_copy, value.__name__)

    def copy_reference(self, value: Any, path: str) -> Any:
        """Copy a weak reference, method or proxy, of what is copied too."""
        kind = type(value)
        try:  # a method of a proxy's is bound to what that stands for
            referent = value.__init__.__self__ if kind in ProxyTypes else value()
        except ReferenceError:  # which is gone
            return value
        copy = self.copy_value(referent, path)
        if copy is referent:
            return value
        self.kept_alive.append(copy)
        return proxy(copy) if kind in ProxyTypes else kind(copy)

    def copy_handle(self, value: RemovableHandle, path: str) -> RemovableHandle:
        """Copy a handle, so that it removes its hook from the clone."""
        copy = object.__new__(RemovableHandle)
        hooks = value.hooks_dict_ref()
        hooks_copy = OrderedDict() if hooks is None else self.copy_value(hooks, path)
        copy.id, copy.hooks_dict_ref = value.id, ref(hooks_copy)
        copy.extra_dict_ref = ()
        return copy

    def copy_container(self, value: Any, path: str) -> Any:
        """Copy a container with its members; return other values unchanged."""
        kind = type(value)
        if isinstance(value, tuple):
            members = [self.copy_member(m, path, k) for k, m in enumerate(value)]
            if all(a is b for a, b in zip(members, value, strict=True)):
                return value
            return kind(*members) if hasattr(value, "_fields") else tuple(members)
        if kind in WEAK_MAPPING_CLASSES:
            return self.copy_mapping(value, path)
        if kind in {list, deque, set}:
            empty = deque(maxlen=value.maxlen) if kind is deque else kind()
            copy = self.note_copy(value, empty)
            add = copy.add if kind is set else copy.append
            for number, member in enumerate(value):
                add(self.copy_member(member, path, number))
            return copy
        return self.copy_object(value, path)

    def copy_object(self, value: Any, path: str) -> Any:
        """Copy an object that a forward may change; else return it as it is."""
        stateful_copy = copy_generator_or_array(value)
        if stateful_copy is not None:
            return self.note_copy(value, stateful_copy)
        kind: Any = type(value)
        if kind is not SimpleNamespace and not is_attribute_holder(value):
            return value
        copy = self.note_copy(value, kind.__new__(kind))
        for key, member in vars(value).items():
            vars(copy)[key] = self.copy_member(member, path, key)
        return copy

    def note_copy(self, value: Any, copy: Any) -> Any:
        """Remember the copy of a value for other places that hold it."""
        self.kept_alive.append(value)
        self.copies[id(value)] = copy
        return copy


def is_attribute_holder(value: Any) -> bool:
    """Tell whether `value` is an object of a plain class with attributes of its own.

    As a cache or a configuration. An empty one may be a mark that is compared by
    identity, and one that cleans up after itself would do so twice.
    """
    kind = type(value)
    if kind.__new__ is not object.__new__ or hasattr(kind, "__del__"):
        return False
    if find_package(kind) in FOREIGN_PACKAGES or isinstance(value, Enum):
        return False
    return bool(getattr(value, "__dict__", None))


def copy_generator_or_array(value: Any) -> Any:
    """Copy a random generator or an array; return None for anything else."""
    if isinstance(value, torch.Generator):
        copy = torch.Generator(value.device)
        copy.set_state(value.get_state())
        return copy
    if isinstance(value, random.Random):
        return deepcopy(value)
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.ndarray):
        return value.copy()
    generators = (numpy.random.Generator, numpy.random.RandomState)
    return deepcopy(value) if isinstance(value, generators) else None

"""A shallow clone of a module tree that holds no weights and shares no state.

The clone, not the user's model, is run: whatever its forward does to itself
(training flags, counters, running statistics, lazy parameters) stays there.
"""

from __future__ import annotations

from collections import OrderedDict
from types import MethodType
from typing import Any

import torch
from torch import nn

from resviz.record import Parameter

COPIED = (dict, list, tuple, OrderedDict)
"""Plain containers that are copied, since a forward may add to them."""

HOOKS = (
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
)
"""Where a module keeps the hooks of its forward."""


class Clone:
    """A runnable copy of `model` on the meta device.

    Attributes:
        root: the copy of the model itself.
        modules: every copied module, parents first.
        paths: module path of each copied module, by `id`.
        parameters: record of each copied parameter, by `id`; a parameter shared
            between modules stands under the first of its names.
        owners: path and class of the module that owns it, by parameter name.
        depth: how deeply modules nest.
    """

    def __init__(self, model: nn.Module, *, training: bool) -> None:
        self.copies: dict[int, Any] = {}
        self.paths: dict[int, str] = {}
        self.parameters: dict[int, Parameter] = {}
        self.owners: dict[str, tuple[str, str]] = {}
        self.depth = 0
        found = named_modules(model)
        for _, module in found:
            self.copies[id(module)] = object.__new__(type(module))
        for path, module in found:
            self.depth = max(self.depth, path.count(".") + 1)
            self.fill(path, module, training=training)
        self.modules: list[nn.Module] = [self.copies[id(m)] for _, m in found]
        self.root = self.modules[0]

    def fill(self, path: str, module: nn.Module, *, training: bool) -> None:
        """Give the copy of `module` its state."""
        copy = self.copies[id(module)]
        self.paths[id(copy)] = path
        state = dict(vars(module))
        state.pop("_compiled_call_impl", None)
        state["training"] = training
        for key, value in state.items():
            state[key] = self.copied(value)
        for key in HOOKS:
            state[key] = OrderedDict(state[key])
        vars(copy).update(state)
        for name, parameter in vars(module)["_parameters"].items():
            if parameter is not None:
                self.own(path, module, name, parameter)

    def own(
        self, path: str, module: nn.Module, name: str, parameter: nn.Parameter
    ) -> None:
        """Note under which name the model first holds `parameter`."""
        copy = self.copies[id(parameter)]
        if id(copy) not in self.parameters:
            full = f"{path}.{name}" if path else name
            self.parameters[id(copy)] = Parameter(full, tuple(parameter.shape))
            self.owners[full] = (path, type(module).__name__)

    def copied(self, value: Any) -> Any:
        """What stands for `value` in the clone: modules and tensors replaced."""
        if id(value) in self.copies:
            return self.copies[id(value)]
        if isinstance(value, torch.Tensor):
            copy = self.copies[id(value)] = weightless(value)
            return copy
        if type(value) in COPIED:
            return self.copied_container(value)
        if isinstance(value, MethodType) and id(value.__self__) in self.copies:
            return MethodType(value.__func__, self.copies[id(value.__self__)])
        return value

    def copied_container(self, value: Any) -> Any:
        """A new container like `value` whose members are copied."""
        if isinstance(value, tuple):
            return tuple(self.copied(member) for member in value)
        copy = self.copies[id(value)] = type(value)()
        if not value:
            return copy
        if isinstance(value, list):
            copy.extend(self.copied(member) for member in value)
        else:
            copy.update((key, self.copied(member)) for key, member in value.items())
        return copy


def named_modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Every module once, with its first path, parents first.

    As `nn.Module.named_modules`, but compares by identity and never recurses, so
    that neither a module's own `__eq__` nor a deep nesting matters.
    """
    found: list[tuple[str, nn.Module]] = []
    seen: set[int] = set()
    pending: list[tuple[str, nn.Module]] = [("", model)]
    while pending:
        path, module = pending.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        found.append((path, module))
        children = [
            (f"{path}.{name}" if path else name, child)
            for name, child in vars(module)["_modules"].items()
            if child is not None
        ]
        pending.extend(reversed(children))
    return found


def weightless(tensor: torch.Tensor) -> torch.Tensor:
    """A meta tensor of the same shape, dtype and class; no value is read."""
    if tensor.layout is torch.strided and not tensor.is_quantized:
        # torch.empty_like on meta is Python, and imports sympy.
        empty = torch.empty_strided(
            tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta"
        )
    else:
        empty = torch.empty_like(tensor, device="meta")
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(empty, requires_grad=False)
    return empty

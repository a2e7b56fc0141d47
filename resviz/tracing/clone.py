"""A clone of a module tree that holds no weights and shares no state.

The clone, not the user's model, is run: whatever its forward does to itself
(training flags, counters, running statistics, lazy parameters) stays there.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from functools import partial
from operator import call
from types import MethodType, SimpleNamespace
from typing import Any
from weakref import ref

import torch
from torch import nn
from torch.jit import ScriptModule
from torch.utils.hooks import RemovableHandle

from resviz.errors import TraceError, first_line
from resviz.record import Parameter
from resviz.tracing.modules import Layout, named_modules, original
from resviz.tracing.objects import holds_attributes, own
from resviz.tracing.scripted import class_name, scripted_copy
from resviz.tracing.storages import dtype
from resviz.tracing.values import EAGER, MAPPINGS, PLAIN, weightless


class Clone:
    """A runnable copy of `model`, without weights or, if `real`, with copies of them.

    Attributes:
        root: the copy of the model itself.
        modules: every copied module, parents first.
        paths: module path of each copied module, by `id`.
        owners: path and class of the module that owns a parameter, by its name.
        own: `id` of each tensor with values that is the clone's.
        tensors: those that stand for the model's.
        strays: `id` of each parameter that only unregistered modules hold.
        depth: how deeply modules nest.
    """

    def __init__(self, model: nn.Module, *, training: bool, real: bool = False) -> None:
        self.training = training
        self.real = real
        self.copies: dict[int, Any] = {}
        self.layouts: dict[tuple[Any, ...], Layout] = {}
        self.modules: list[nn.Module] = []
        self.paths: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.held: dict[int, nn.Parameter] = {}
        self.frozen: set[int] = set()
        self.owners: dict[str, tuple[str, str]] = {}
        self.own: set[int] = set()
        self.tensors: list[torch.Tensor] = []
        self.strays: set[int] = set()
        # Originals are kept alive, since copies are found by their id.
        self.found: list[tuple[str, nn.Module]] = []
        self.originals: list[Any] = []
        for path, module in named_modules(original(model)):
            self.announce(path, module)
        registered = len(self.found)
        for place, (path, module) in enumerate(self.found):  # which grows by strays
            self.fill(path, module, stray=place >= registered)
        self.root = self.modules[0]
        self.depth = max(path.count(".") + 1 for path in self.paths.values())

    def announce(self, path: str, module: nn.Module) -> nn.Module:
        """An empty copy of `module`, to be filled when all are known.

        A scripted module is copied at once, with all that it holds.

        Raises:
            TraceError: if a scripted module cannot be copied.
        """
        if isinstance(module, ScriptModule):
            copy = self.scripted(path, module)
        else:
            copy = object.__new__(type(module))
            self.found.append((path, module))
        self.copies[id(module)] = copy
        self.modules.append(copy)
        self.paths[id(copy)] = path
        return copy

    def scripted(self, path: str, module: ScriptModule) -> nn.Module:
        """A copy of a scripted module; its parameters stand under its own name.

        Raises:
            TraceError: if torch cannot copy it.
        """
        try:
            copy = scripted_copy(module, training=self.training, real=self.real)
        except Exception as error:
            raise TraceError(
                f"{path or 'the model'}: a scripted module that torch cannot copy, "
                f"{first_line(error)}: trace the module that it was made from"
            ) from error
        for name, parameter in copy.named_parameters():
            full = f"{path}.{name}" if path else name
            self.names[id(parameter)] = full
            self.held[id(parameter)] = parameter
            self.owners[full] = (path, class_name(module))
        held = [*copy.parameters(), *copy.buffers()]
        self.own.update(map(id, held))
        self.tensors.extend(held)
        return copy

    def fill(self, path: str, module: nn.Module, *, stray: bool) -> None:
        """Give the copy of `module` its state; a stray is registered nowhere."""
        copy = self.copies[id(module)]
        state = dict(vars(module))
        state.pop("_compiled_call_impl", None)
        dotted = f"{path}." if path else ""
        alike = (type(module), *state, *map(type, state.values()))
        layout = self.layouts.get(alike)
        if layout is None:
            layout = self.layouts[alike] = Layout.of(module, state)
        filled = [*filter(state.__getitem__, layout.holders), *layout.others]
        held = [(key, state[key]) for key in filled]
        state.update(zip(layout.holders, map(call, layout.kinds), strict=True))
        for key, value in held:
            if type(value) is tuple and PLAIN.issuperset(map(type, value)):
                continue  # sizes and strides, of which a network has thousands
            state[key] = self.copied(value, f"{dotted}{key}")
        vars(copy).update(state, training=self.training)
        if isinstance(module, nn.TransformerEncoder):
            vars(copy)["use_nested_tensor"] = False  # it has no shapes on meta
        for slot in layout.slots:
            if hasattr(module, slot):
                value = self.copied(getattr(module, slot), f"{dotted}{slot}")
                object.__setattr__(copy, slot, value)
        if state["_parameters"]:
            named = self.name(path, module, state["_parameters"])
            self.strays.update(named if stray else ())

    def name(
        self, path: str, module: nn.Module, copies: dict[str, nn.Parameter | None]
    ) -> list[int]:
        """Note parameters under their first names; gives the `id` of each new one."""
        owner = (path, class_name(module))
        given = vars(module)["_parameters"]
        named = []
        for name, copy in copies.items():
            key = id(copy)
            if copy is None or key in self.names:
                continue
            full = f"{path}.{name}" if path else name
            named.append(key)
            self.names[key] = full
            self.held[key] = copy
            self.owners[full] = owner
            if not given[name].requires_grad:
                self.frozen.add(key)
        return named

    def parameter(self, key: int, name: str) -> Parameter:
        """The record of the copied parameter with this `id` and name.

        One that several modules share stands under the first of its names.
        """
        held, frozen = self.held[key], key in self.frozen
        return Parameter(name, tuple(held.shape), dtype(held), frozen)

    def learns(self, key: int) -> bool:
        """Whether the tensor with this `id` is a parameter that asks for a gradient."""
        return key in self.names and key not in self.frozen

    @property
    def dtype(self) -> torch.dtype | None:
        """The model's own: that of its first floating parameter; None for torch's."""
        found = (p.dtype for p in self.held.values() if p.dtype.is_floating_point)
        return next(found, None)

    @property
    def device(self) -> torch.device:
        """Where its parameters lie; the CPU if it has none.

        Raises:
            TraceError: if it is to run for real, and they hold no values.
        """
        device = next((p.device for p in self.held.values()), torch.device("cpu"))
        if not self.real:
            return torch.device("meta")
        if device.type == "meta":
            raise TraceError(
                "its forward looks at values, and its parameters have none: build it "
                "on a real device"
            )
        return device

    def stand_in(self, tensor: torch.Tensor) -> torch.Tensor:
        """What stands for a tensor of the user's: an empty one, or a copy."""
        if not self.real or tensor.is_meta:
            return weightless(tensor)
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
        copy = self.stand_in(value) if self.real else weightless(value)
        self.own.add(id(copy))
        self.tensors.append(copy)
        self.originals.append(value)
        self.copies[id(value)] = copy
        return copy

    def copied_mapping(self, value: Any, path: str) -> Any:
        """A dictionary like `value` whose keys and members are copied."""
        kind = type(value)
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


class Lent(Clone):
    """A model in the place of its own clone: one without values, built to be traced.

    It is left with our hooks, in training mode or not as was asked, and as its forward
    left it; the next trace of it takes their places.
    """

    def announce(self, path: str, module: nn.Module) -> nn.Module:
        """The module itself."""
        self.found.append((path, module))
        self.copies[id(module)] = module
        self.modules.append(module)
        self.paths[id(module)] = path
        return module

    def fill(self, path: str, module: nn.Module, *, stray: bool) -> None:
        """Note what it holds."""
        state = vars(module)
        state["training"] = self.training
        named = self.name(path, module, state["_parameters"])
        self.strays.update(named if stray else ())
        held = [*state["_parameters"].values(), *state["_buffers"].values()]
        own = [tensor for tensor in held if tensor is not None]
        self.own.update(map(id, own))
        self.tensors.extend(own)

"""A clone of a module tree that holds no weights and shares no state.

The clone, not the user's model, is run: whatever its forward does to itself
(training flags, counters, running statistics, lazy parameters) stays there.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from itertools import count, islice
from types import FunctionType, MappingProxyType, MethodType
from typing import TYPE_CHECKING, Any

import torch
from msgspec import Struct
from torch import nn
from torch.jit import ScriptModule

from resviz.errors import TraceError, first_error_line
from resviz.record import Parameter
from resviz.tracing.copies import Copies
from resviz.tracing.functions import (
    CONTAINER_CLASSES,
    FOREIGN_PACKAGES,
    find_package,
)
from resviz.tracing.modules import (
    COMPILED_CALL,
    HOOK_HOLDERS,
    find_traced_module,
    join_module_path,
    list_named_modules,
    list_slots,
)
from resviz.tracing.tensors import PLAIN_CLASSES, dtype_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EMPTY: Mapping[Any, Any] = MappingProxyType({})
"""No functions that others stand for."""


class OwnedParameter(Struct, eq=False):
    """A parameter: its name, the module that owns it and its path, and a tensor."""

    name: str
    path: str
    module: nn.Module
    tensor: torch.Tensor


class ModelParameters(dict[int, OwnedParameter]):
    """The parameters of a model, by the `id` of what stands for each in a clone.

    One that several modules share is counted once, under its first name.

    Attributes:
        trainable_ids: `id` of those that ask for a gradient.
        unregistered_names: names of those that no registered module holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trainable_ids: set[int] = set()
        self.unregistered_names: set[str] = set()

    def add_module_parameters(
        self, path: str, module: nn.Module, copies: Mapping[str, torch.Tensor | None]
    ) -> None:
        """Note the parameters of a module, given the copy of each."""
        originals = vars(module)["_parameters"]
        prefix = f"{path}." if path else ""
        for name, tensor in originals.items():
            copy = copies[name]
            key = id(copy)
            if copy is None or key in self:
                continue
            self[key] = OwnedParameter(prefix + name, path, module, copy)
            if tensor.requires_grad:
                self.trainable_ids.add(key)

    def to_record(self, key: int) -> Parameter:
        """Return the record of the parameter with this `id`."""
        name, tensor = self[key].name, self[key].tensor
        frozen, unregistered = (
            key not in self.trainable_ids,
            name in self.unregistered_names,
        )
        dtype = dtype_name(tensor.dtype)
        return Parameter(name, tuple(tensor.shape), dtype, frozen, unregistered)

    def list_names(self) -> set[str]:
        """Return the names of all parameters."""
        return {owned.name for owned in self.values()}


class Clone(Copies):
    """A runnable copy of `model`, without weights or, if `real`, with copies of them.

    Attributes:
        root: the copy of the model itself.
        modules: every copied module, parents first.
        paths: module path of each copied module, by `id`.
        taken_paths: of all of them.
        parameters: the name and owner of each parameter.
        depth: how deeply modules nest.
        method: that of the root which is called, "" for its forward.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        training: bool,
        real: bool = False,
        stand_ins: Mapping[FunctionType, Any] = EMPTY,
    ) -> None:
        super().__init__(real=real)
        self.functions.update(stand_ins)
        self.training = training
        self.method = ""
        self.modules: list[nn.Module] = []
        self.paths: dict[int, str] = {}
        self.taken_paths: set[str] = set()
        self.parameters = ModelParameters()
        self.source_modules: list[tuple[str, nn.Module]] = []
        for path, module in list_named_modules(find_traced_module(model)):
            self.copy_module(path, module)
        registered = len(self.source_modules)
        for path, module in islice(self.source_modules, registered):
            self.fill_copy(path, module)
        self.root = self.modules[0]
        if len(self.source_modules) > registered or self.reached_parameters:
            self.add_unregistered(registered)
        self.depth = max(path.count(".") + 1 for path in self.paths.values())

    def add_unregistered(self, registered: int) -> None:
        """Fill copies of modules beyond the registered ones, and note parameters."""
        registered_names = self.parameters.list_names()
        # The list grows while modules are found that are registered nowhere.
        for path, module in islice(self.source_modules, registered, None):
            self.fill_copy(path, module)
        for parameter, path in self.reached_parameters:
            self.note_reached_parameter(parameter, self.copies[id(parameter)], path)
        names = self.parameters.list_names()
        self.parameters.unregistered_names = names - registered_names

    def copy_module(self, path: str, module: nn.Module) -> nn.Module:
        """Create an empty copy of `module`, filled once all copies are known.

        A scripted module is copied at once, with all that it holds.

        Raises:
            TraceError: if a scripted module cannot be copied.
        """
        if path in self.taken_paths:
            path = self.make_path_unique(path)
        self.taken_paths.add(path)
        if isinstance(module, ScriptModule):
            copy = self.copy_scripted(path, module)
        else:
            copy = object.__new__(type(module))
            self.source_modules.append((path, module))
        self.copies[id(module)] = copy
        self.modules.append(copy)
        self.paths[id(copy)] = path
        return copy

    def make_path_unique(self, path: str) -> str:
        """Return a path that no module has, as "head#2" beside another "head"."""
        unique, number = path, 1
        while unique in self.taken_paths:
            number += 1
            unique = f"{path}#{number}"
        return unique

    def copy_scripted(self, path: str, module: ScriptModule) -> nn.Module:
        """Copy a scripted module; its parameters get its path as a prefix.

        Raises:
            TraceError: if torch cannot copy it.
        """
        try:
            copy = copy_scripted_module(module, training=self.training, real=self.real)
        except Exception as error:
            raise TraceError(
                f"{path or 'the model'}: a scripted module that torch cannot copy, "
                f"{first_error_line(error)}: trace the module that it was made from"
            ) from error
        trainable = {n for n, p in module.named_parameters() if p.requires_grad}
        for name, parameter in copy.named_parameters():
            full_name, key = join_module_path(path, name), id(parameter)
            self.parameters[key] = OwnedParameter(full_name, path, module, parameter)
            if name in trainable:
                self.parameters.trainable_ids.add(key)
        tensors = [*copy.parameters(), *copy.buffers()]
        self.own_ids.update(map(id, tensors))
        self.tensors.extend(tensors)
        return copy

    def fill_copy(self, path: str, module: nn.Module) -> None:
        """Give the copy of `module` copies of its attributes."""
        state = vars(module).copy()
        state.pop(COMPILED_CALL, None)
        for name, value in state.items():
            if type(value) not in PLAIN_CLASSES:
                state[name] = self.copy_attribute(path, name, value)
        self.set_state(path, module, state, list_slots(type(module)))

    def copy_attribute(self, path: str, name: str, value: Any) -> Any:
        """Copy the attribute `name` of the module at `path`."""
        if name in HOOK_HOLDERS and isinstance(value, dict):  # of whatever class
            for hook in value.values():
                if self.copy_value(hook, path) is hook and holds_state(hook):
                    raise TraceError(
                        f"{path or 'the model'}: its hook {type(hook).__name__} may "
                        "keep what it sees in an object that cannot be copied: remove "
                        "the hook before the trace, and put it back after"
                    )
            return self.copy_mapping(value, path, OrderedDict())
        if name == "_modules":
            return self.copy_mapping(value, path)
        return self.copy_value(value, join_module_path(path, name))

    def set_state(
        self, path: str, module: nn.Module, state: dict[str, Any], slots: Iterable[str]
    ) -> None:
        """Give the copy of `module` its state, and note its parameters."""
        copy = self.copies[id(module)]
        state["training"] = self.training
        kind = type(module)
        shadows = self.class_copies.get(kind)
        if shadows is None:
            shadows = self.copy_class_members(kind)
        for name, value, is_method in shadows:
            state.setdefault(name, MethodType(value, copy) if is_method else value)
        if isinstance(module, nn.TransformerEncoder):
            state["use_nested_tensor"] = False  # it has no shapes on meta
        object.__setattr__(copy, "__dict__", state)
        for slot in slots:
            if hasattr(module, slot):
                value = getattr(module, slot)
                slot_copy = self.copy_value(value, join_module_path(path, slot))
                object.__setattr__(copy, slot, slot_copy)
        if vars(module)["_parameters"]:
            self.note_parameters(path, module, state["_parameters"])

    def note_parameters(
        self, path: str, module: nn.Module, copies: Mapping[str, torch.Tensor | None]
    ) -> None:
        """Note the parameters of `module`, given the copy of each."""
        self.parameters.add_module_parameters(path, module, copies)

    def note_reached_parameter(
        self, parameter: nn.Parameter, copy: nn.Parameter, path: str
    ) -> None:
        """Note a parameter that a function or a container holds, if no module does."""
        if id(copy) in self.parameters:
            return
        names, name = self.parameters.list_names(), path
        for number in count(2):
            if name not in names:
                break
            name = f"{path}#{number}"
        self.parameters[id(copy)] = OwnedParameter(name, "", self.root, copy)
        if parameter.requires_grad:
            self.parameters.trainable_ids.add(id(copy))

    def list_buffers(self) -> list[torch.Tensor | None]:
        """List the tensors that stand for the model's buffers, each once."""
        groups = [vars(module)["_buffers"] for module in self.modules]
        tensors = [tensor for group in groups for tensor in group.values()]
        return [*{id(tensor): tensor for tensor in tensors}.values()]

    def release_copies(self) -> None:
        """Release the copies."""
        self.modules.clear()
        self.copies.clear()
        self.release_functions()
        del self.root

    @property
    def may_mix_modes(self) -> bool:
        """Tell whether modules of the model may be of both modes."""
        modes = {module.training for _, module in self.source_modules}
        has_scripted = len(self.source_modules) < len(self.paths)
        return len(modes) > 1 or has_scripted

    @property
    def dtype(self) -> torch.dtype | None:
        """Return the dtype of the first floating parameter, or None."""
        dtypes = (owned.tensor.dtype for owned in self.parameters.values())
        return next((dtype for dtype in dtypes if dtype.is_floating_point), None)

    @property
    def device(self) -> torch.device:
        """Return the device of the parameters; the CPU if there are none.

        Raises:
            TraceError: if it is to run for real, and they hold no values.
        """
        devices = (owned.tensor.device for owned in self.parameters.values())
        device = next(devices, torch.device("cpu"))
        if not self.real:
            return torch.device("meta")
        if device.type == "meta":
            raise TraceError(
                "its forward looks at values, and its parameters have none: build it "
                "on a real device"
            )
        return device


def holds_state(hook: Any) -> bool:
    """Tell whether a hook that was not copied is an object that may keep tensors."""
    if isinstance(hook, FunctionType) or find_package(type(hook)) in FOREIGN_PACKAGES:
        return False
    names = {*getattr(hook, "__dict__", ()), *list_slots(type(hook))}
    members = [getattr(hook, name, None) for name in names]
    return any(
        type(member) in CONTAINER_CLASSES
        or isinstance(member, (nn.Module, torch.Tensor))
        for member in members
    )


def copy_scripted_module(module: Any, *, training: bool, real: bool) -> ScriptModule:
    """Copy a scripted module, without weights unless it is `real`.

    It is saved to memory and loaded onto another device: torch makes no other copy.
    """
    # torch.jit.load does the same, and warns that it is going to be retired.
    torch_c: Any = torch._C  # noqa: SLF001 - nothing public
    wrap: Any = vars(torch.jit)["_recursive"].wrap_cpp_module
    loaded = torch_c.import_ir_module_from_buffer(
        torch_c.CompilationUnit(),
        module.save_to_buffer(),
        None if real else torch.device("meta"),
        {},
        False,  # restore no shapes
    )
    copy: Any = wrap(loaded)
    with suppress(AttributeError, RuntimeError):  # a frozen one has no mode
        copy.train(training)
    return copy

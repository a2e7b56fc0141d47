"""A clone of a module tree that holds no weights and shares no state.

The clone, not the user's model, is run: whatever its forward does to itself
(training flags, counters, running statistics, lazy parameters) stays there.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch._C import DisableTorchFunction
from torch.jit import ScriptModule

from resviz.errors import TraceError, first_error_line
from resviz.tracing.copies import Copies
from resviz.tracing.fast.lazy_tensors import PostponedTensors, TensorsByName
from resviz.tracing.fast.module_layouts import (
    CALL_OVERRIDE,
    HOOK_HOLDERS,
    NON_PERSISTENT_NAMES,
    TENSOR_GROUPS,
    ModuleLayouts,
    SharedHooks,
)
from resviz.tracing.fast.module_rules import MODULE_RULES
from resviz.tracing.modules import list_named_modules, unwrap_module
from resviz.tracing.parameters import ModelParameters
from resviz.tracing.scripted import copy_scripted_module
from resviz.tracing.values import (
    EAGER_CLASSES,
    PLAIN_CLASSES,
    NoFuncTorch,
    NoTorchDispatch,
)

if TYPE_CHECKING:
    from resviz.tracing.fast.module_layouts import ModuleLayout

TENSOR_OR_NONE = EAGER_CLASSES | {type(None)}
"""What a module holds in the place of a parameter or a buffer."""


class Clone(Copies):
    """A runnable copy of `model`, without weights or, if `real`, with copies of them.

    Attributes:
        root: the copy of the model itself.
        modules: every copied module, parents first.
        bypassable: those of them that need not be run where a rule speaks for them.
        paths: module path of each copied module, by `id`.
        parameters: what is known of each.
        unregistered_names: names of those that only unregistered modules hold.
        depth: how deeply modules nest.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        training: bool,
        real: bool = False,
        bypass: bool = True,
    ) -> None:
        super().__init__(real=real)
        self.bypass = bypass and not real
        self.has_filled = False
        self.training = training
        self.layouts = ModuleLayouts()
        self.shared_hooks = {name: SharedHooks() for name in HOOK_HOLDERS}
        self.modules: list[nn.Module] = []
        self.bypassable: list[nn.Module] = []
        self.paths: dict[int, str] = {}
        self.parameters = ModelParameters()
        self.source_modules: list[tuple[str, nn.Module]] = []
        for path, module in list_named_modules(unwrap_module(model)):
            self.copy_module(path, module)
        registered = len(self.source_modules)
        for path, module in islice(self.source_modules, registered):
            self.fill_copy(path, module)
        registered_names = self.parameters.list_names()
        for path, module in islice(
            self.source_modules, registered, None
        ):  # which grows
            self.fill_copy(path, module)
        self.unregistered_names = self.parameters.list_names() - registered_names
        self.root = self.modules[0]
        self.depth = max(path.count(".") + 1 for path in self.paths.values())

    def copy_module(self, path: str, module: nn.Module) -> nn.Module:
        """Create an empty copy of `module`, filled once all copies are known.

        A scripted module is copied at once, with all that it holds.

        Raises:
            TraceError: if a scripted module cannot be copied.
        """
        if isinstance(module, ScriptModule):
            copy = self.copy_scripted(path, module)
        else:
            copy = object.__new__(type(module))
            self.source_modules.append((path, module))
        self.copies[id(module)] = copy
        self.modules.append(copy)
        self.paths[id(copy)] = path
        return copy

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
        for name, parameter in copy.named_parameters():
            self.parameters.add_parameter(
                parameter, join_module_path(path, name), path, module
            )
            self.parameters.trainable_ids.add(id(parameter))
        tensors = [*copy.parameters(), *copy.buffers()]
        self.own_ids.update(map(id, tensors))
        self.tensors.extend(tensors)
        return copy

    def fill_copy(self, path: str, module: nn.Module) -> None:
        """Give the copy of `module` its state."""
        attributes, copy = vars(module), self.copies[id(module)]
        layout = self.layouts.find_layout(module)
        # The model itself is a call of its own, also where it is a single layer.
        if self.bypass and path and self.can_postpone(module, layout):
            self.bypassable.append(copy)
            state = attributes | self.shared_hooks  # sooner than {**given, …}
            state["_modules"], state[NON_PERSISTENT_NAMES] = {}, set()
            for group in TENSOR_GROUPS:
                group_tensors = attributes[group]
                state[group] = (
                    PostponedTensors(group_tensors, self.copy_postponed)
                    if group_tensors
                    else {}
                )
        else:
            state = attributes | layout.make_empty_holders()
            self.copy_attributes(path, attributes, layout, state)
        state.pop(CALL_OVERRIDE, None)
        state["training"] = self.training
        if isinstance(module, nn.TransformerEncoder):
            state["use_nested_tensor"] = False  # it has no shapes on meta
        object.__setattr__(copy, "__dict__", state)
        for slot in layout.slots:
            if hasattr(module, slot):
                value = self.copy_value(
                    getattr(module, slot), join_module_path(path, slot)
                )
                object.__setattr__(copy, slot, value)
        if attributes["_parameters"]:
            self.parameters.add_module_parameters(path, module, state["_parameters"])

    def can_postpone(self, module: nn.Module, layout: ModuleLayout) -> bool:
        """Return whether a module holds only tensors that are not copied yet.

        It has neither hooks nor methods nor objects of its own then.
        """
        attributes = vars(module)
        if (
            type(module) not in MODULE_RULES
            or layout.read_other_holders is None
            or any(layout.read_other_holders(attributes))
        ):
            return False
        for group in TENSOR_GROUPS:
            tensors = attributes[group]
            if tensors and not TENSOR_OR_NONE.issuperset(map(type, tensors.values())):
                return False
            if tensors and self.tensors and self.has_copies(tensors):
                return False
        return True

    def copy_attributes(
        self,
        path: str,
        attributes: dict[str, Any],
        layout: ModuleLayout,
        state: dict[str, Any],
    ) -> None:
        """Put copies of a module's attributes into the state of its copy."""
        filled_holders = filter(attributes.__getitem__, layout.holder_classes)
        for key in (*filled_holders, *layout.other_names):
            value = attributes[key]
            if key in HOOK_HOLDERS and isinstance(value, dict):  # of whatever class
                state[key] = self.copy_mapping(value, path, OrderedDict())
            elif type(value) is not tuple or not PLAIN_CLASSES.issuperset(
                map(type, value)
            ):
                state[key] = self.copy_value(value, join_module_path(path, key))

    def copy_postponed(self, tensor: torch.Tensor | None) -> Any:
        """Copy a tensor that was postponed, in the middle of a forward."""
        with (  # each from where it stands, for some act as soon as they are made
            torch.inference_mode(False),
            NoTorchDispatch(),
            DisableTorchFunction(),
            NoFuncTorch(),
        ):
            copy = self.copy_value(tensor, "")
        self.has_filled = True
        if tensor is not None and id(tensor) in self.parameters:
            self.parameters.add_alias(tensor, copy)
        return copy

    def find_untouched_tensors(self, state: dict[str, Any]) -> TensorsByName | None:
        """Return a module's own tensors; None once their copies were made."""
        parameters, buffers = state["_parameters"], state["_buffers"]
        if type(parameters) is PostponedTensors:
            parameters = parameters.originals
        elif parameters:
            return None
        if type(buffers) is PostponedTensors:
            buffers = buffers.originals
        elif buffers:
            return None
        if parameters is None or buffers is None:
            return None
        tensors = {**parameters, **buffers} if buffers else parameters
        # Another module may hold one of them too, and somebody have come to that.
        return None if self.has_filled and self.has_copies(tensors) else tensors

    def has_copies(self, tensors: TensorsByName) -> bool:
        """Return whether one of these tensors already has a copy."""
        return not self.copies.keys().isdisjoint(map(id, tensors.values()))

    @property
    def wrote_shared_hooks(self) -> bool:
        """Return whether something was written to the shared hook holders."""
        return any(hooks.was_written for hooks in self.shared_hooks.values())

    def release_copies(self) -> None:
        """Release the copies; postponed tensors can still be made."""
        for holder in (self.modules, self.bypassable, self.copies):
            holder.clear()
        del self.root

    @property
    def dtype(self) -> torch.dtype | None:
        """Return the dtype of the first floating parameter, or None."""
        kinds = (owned.tensor.dtype for owned in self.parameters.values())
        return next((kind for kind in kinds if kind.is_floating_point), None)

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


def join_module_path(path: str, name: str) -> str:
    """Return the path of a name inside the module at `path`."""
    return f"{path}.{name}" if path else name

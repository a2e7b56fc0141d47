"""Clones of which only what a forward asks for is made.

A clone needs empty tensors only where its forward comes to them: what a module gives
that is bypassed is worked out from the shapes of the model's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch._C import DisableTorchFunction

from resviz.tracing.clone import Clone
from resviz.tracing.fast.module_layouts import (
    NON_PERSISTENT_NAMES,
    TENSOR_GROUPS,
    ModuleLayouts,
    SharedHooks,
)
from resviz.tracing.fast.module_rules import MODULE_RULES
from resviz.tracing.modules import COMPILED_CALL, HOOK_HOLDERS
from resviz.tracing.tensors import EAGER_CLASSES, PLAIN_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resviz.tracing.fast.module_layouts import ModuleLayout

TENSOR_OR_NONE = EAGER_CLASSES | {type(None)}
"""What a module holds in the place of a parameter or a buffer."""

NoTorchDispatch = torch._C._DisableTorchDispatch  # noqa: SLF001 - torch has no other
"""A context in which our own operations are not taken for those of the forward."""

NoFuncTorch = torch._C._DisableFuncTorch  # noqa: SLF001 - torch has no other
"""A context in which tensors are made as they are outside of `torch.func`."""


TensorsByName = dict[str, torch.Tensor | None]
"""Parameters or buffers of a module, by name."""


class PostponedTensors(dict[str, Any]):
    """Parameters or buffers of a copy, made on the first access.

    Attributes:
        originals: the model's own, of which shape, dtype and layout may be read, and
            no values; None once filled.
        make_copy: makes the copy of one of them.
    """

    __slots__ = ("make_copy", "originals")

    def __init__(
        self,
        originals: TensorsByName,
        make_copy: Callable[[torch.Tensor | None], torch.Tensor | None],
    ) -> None:
        self.originals: TensorsByName | None = originals
        self.make_copy = make_copy

    def make_all(self) -> None:
        """Make the copy of each of the model's own tensors."""
        originals, self.originals = self.originals, None
        if originals is not None:
            copies = {
                name: self.make_copy(tensor) for name, tensor in originals.items()
            }
            super().update(copies)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as what it holds."""
        return dict, ({**self},)


def find_available_tensors(
    tensors: Mapping[str, torch.Tensor | None],
) -> Mapping[str, torch.Tensor | None]:
    """Return the model's own tensors while postponed, else their copies."""
    if type(tensors) is PostponedTensors:
        return tensors.originals or tensors
    return tensors


def make_filling_method(name: str) -> Callable[..., Any]:
    """Make a dictionary method that fills a postponed dictionary first."""
    dict_method = getattr(dict, name)

    def method(tensors: PostponedTensors, *args: Any, **kwargs: Any) -> Any:
        tensors.make_all()
        return dict_method(tensors, *args, **kwargs)

    return method


DICT_METHODS = (
    "__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__",
    "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__", "__setitem__",
    "clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update",
    "values",
)  # fmt: skip
"""All that dictionaries do."""

for name in DICT_METHODS:
    setattr(PostponedTensors, name, make_filling_method(name))


class FastClone(Clone):
    """A clone without weights, most of whose tensors are made when they are asked for.

    Attributes:
        bypassable: modules that need not be run where a rule speaks for them.
    """

    def __init__(self, model: nn.Module, *, training: bool) -> None:
        self.has_filled = False
        self.layouts = ModuleLayouts()
        self.shared_hooks = {name: SharedHooks() for name in HOOK_HOLDERS}
        self.bypassable: list[nn.Module] = []
        super().__init__(model, training=training)

    def fill_copy(self, path: str, module: nn.Module) -> None:
        """Give the copy of `module` its state, or as much as rules need of it."""
        attributes, layout = vars(module), self.layouts.find_layout(module)
        # The model itself is a call of its own, also where it is a single layer.
        if path and self.can_postpone(module, layout):
            self.postpone_tensors(path, module)
            return
        holders = layout.holder_classes.items()
        state = attributes | {name: make_empty() for name, make_empty in holders}
        self.copy_attributes(path, attributes, layout, state)
        state.pop(COMPILED_CALL, None)
        self.set_state(path, module, state, layout.slots)

    def postpone_tensors(self, path: str, module: nn.Module) -> None:
        """Give the copy of `module` its state; its tensors are made on demand.

        As `set_state` would, sooner: the class is torch's, and has nothing to shadow.
        """
        attributes, copy = vars(module), self.copies[id(module)]
        state = attributes | self.shared_hooks  # sooner than {**attributes, …}
        state["_modules"], state[NON_PERSISTENT_NAMES] = {}, set()
        for group in TENSOR_GROUPS:
            tensors = attributes[group]
            state[group] = (
                PostponedTensors(tensors, self.copy_postponed) if tensors else {}
            )
        state.pop(COMPILED_CALL, None)
        state["training"] = self.training
        object.__setattr__(copy, "__dict__", state)
        self.bypassable.append(copy)
        if parameters := attributes["_parameters"]:
            self.parameters.add_module_parameters(path, module, parameters)

    def can_postpone(self, module: nn.Module, layout: ModuleLayout) -> bool:
        """Tell whether a module holds only tensors that are not copied yet.

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
            is_tuple = type(value) is tuple
            if not is_tuple or not PLAIN_CLASSES.issuperset(map(type, value)):
                state[key] = self.copy_attribute(path, key, value)

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
            self.add_parameter_copy(tensor, copy)
        return copy

    def note_parameters(
        self, path: str, module: nn.Module, copies: Mapping[str, torch.Tensor | None]
    ) -> None:
        """Note the parameters of `module`; the model's own while copies are not made.

        One whose copy another module postponed is known by the model's own so far.
        """
        available = find_available_tensors(copies)
        if available is copies:
            for name, tensor in vars(module)["_parameters"].items():
                copy = copies[name]
                if copy is None or id(copy) in self.parameters:
                    continue
                if id(tensor) in self.parameters:
                    self.add_parameter_copy(tensor, copy)
        super().note_parameters(path, module, available)

    def note_reached_parameter(
        self, parameter: nn.Parameter, copy: nn.Parameter, path: str
    ) -> None:
        """Note a parameter that is reached; one may be known by the model's own."""
        if id(parameter) in self.parameters and id(copy) not in self.parameters:
            self.add_parameter_copy(parameter, copy)
        super().note_reached_parameter(parameter, copy, path)

    def add_parameter_copy(self, tensor: torch.Tensor, copy: torch.Tensor) -> None:
        """Let the copy of a parameter stand for it too."""
        old_id, new_id = id(tensor), id(copy)
        self.parameters[new_id] = owned = self.parameters[old_id]
        owned.tensor = copy
        if old_id in self.parameters.trainable_ids:
            self.parameters.trainable_ids.add(new_id)

    def list_buffers(self) -> list[torch.Tensor | None]:
        """List the buffers, each once; the model's own while copies are not made."""
        groups = [find_available_tensors(vars(m)["_buffers"]) for m in self.modules]
        tensors = [tensor for group in groups for tensor in group.values()]
        tensor_by_id = {id(tensor): tensor for tensor in tensors}
        if not tensor_by_id.keys().isdisjoint(self.copies):
            # One module postponed a tensor, and another has its copy.
            copies = [self.copies.get(id(tensor), tensor) for tensor in tensors]
            tensor_by_id = {id(tensor): tensor for tensor in copies}
        return [*tensor_by_id.values()]

    def find_untouched_tensors(self, state: dict[str, Any]) -> TensorsByName | None:
        """Return a module's own tensors; None once their copies were made."""
        tensors: TensorsByName = {}
        for group in TENSOR_GROUPS:
            group_tensors = state[group]
            if type(group_tensors) is PostponedTensors:
                group_tensors = group_tensors.originals
                if group_tensors is None:
                    return None
                tensors = tensors | group_tensors if tensors else group_tensors
            elif group_tensors:
                return None
        # Another module may hold one of them too, and somebody have come to that.
        return None if self.has_filled and self.has_copies(tensors) else tensors

    def has_copies(self, tensors: TensorsByName) -> bool:
        """Tell whether one of these tensors already has a copy."""
        return not self.copies.keys().isdisjoint(map(id, tensors.values()))

    @property
    def wrote_shared_hooks(self) -> bool:
        """Tell whether something was written to the shared hook holders."""
        return any(hooks.was_written for hooks in self.shared_hooks.values())

    def release_copies(self) -> None:
        """Release the copies; postponed tensors can still be made."""
        self.bypassable.clear()
        super().release_copies()


class TraceOnlyClone(FastClone):
    """A network that was built to be traced, used as its own clone.

    It is left with our hooks, in training mode or not as was asked, and as its forward
    left it; the next trace of it takes their places.
    """

    def copy_module(self, path: str, module: nn.Module) -> nn.Module:
        """Return the module itself, and note its path."""
        self.source_modules.append((path, module))
        self.copies[id(module)] = module
        self.modules.append(module)
        self.paths[id(module)] = path
        return module

    def fill_copy(self, path: str, module: nn.Module) -> None:
        """Note the parameters and buffers of a module."""
        state = vars(module)
        state["training"] = self.training
        if path and type(module) in MODULE_RULES:
            self.bypassable.append(module)
        self.parameters.add_module_parameters(path, module, state["_parameters"])
        tensors_or_none = [*state["_parameters"].values(), *state["_buffers"].values()]
        tensors = [tensor for tensor in tensors_or_none if tensor is not None]
        self.own_ids.update(map(id, tensors))
        self.tensors.extend(tensors)

    def find_untouched_tensors(self, state: dict[str, Any]) -> TensorsByName:
        """Return a module's tensors: our forwards write to nothing that rules read."""
        return {**state["_parameters"], **state["_buffers"]}

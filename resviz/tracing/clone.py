"""A clone of a module tree that holds no weights and shares no state.

The clone, not the user's model, is run: whatever its forward does to itself
(training flags, counters, running statistics, lazy parameters) stays there.
"""

from __future__ import annotations

from itertools import islice
from operator import call
from typing import Any

import torch
from torch import nn
from torch._C import DisableTorchFunction
from torch.jit import ScriptModule

from resviz.errors import TraceError, first_line
from resviz.record import Parameter
from resviz.tracing.copies import Copies
from resviz.tracing.layouts import GROUPS, SEAM, Layout
from resviz.tracing.module_rules import RULES
from resviz.tracing.modules import named_modules, original
from resviz.tracing.postponed import Postponed, Tensors, at_hand
from resviz.tracing.scripted import scripted_copy
from resviz.tracing.storages import dtype
from resviz.tracing.values import EAGER, PLAIN, Unnoticed, Untransformed

USUAL = EAGER | {type(None)}
"""What a module holds in the place of a parameter or a buffer."""


class Clone(Copies):
    """A runnable copy of `model`, without weights or, if `real`, with copies of them.

    Attributes:
        root: the copy of the model itself.
        modules: every copied module, parents first.
        bypassable: those of them that need not be run where a rule speaks for them.
        paths: module path of each copied module, by `id`.
        names: of each parameter, by `id` of what stands for it, and of the model's
            own while that waits.
        owners: path and module that own a parameter, by its name.
        learned: `id` of each of them that asks for a gradient, or is scripted.
        strays: names of those that only unregistered modules hold.
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
        self.filled = False
        self.training = training
        self.layouts: dict[tuple[Any, ...], Layout] = {}
        self.modules: list[nn.Module] = []
        self.bypassable: list[nn.Module] = []
        self.paths: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.held: dict[int, torch.Tensor] = {}
        self.learned: set[int] = set()
        self.owners: dict[str, tuple[str, nn.Module]] = {}
        self.found: list[tuple[str, nn.Module]] = []
        for path, module in named_modules(original(model)):
            self.announce(path, module)
        registered = len(self.found)
        for path, module in islice(self.found, registered):
            self.fill(path, module)
        named = len(self.owners)
        for path, module in islice(self.found, registered, None):  # which grows
            self.fill(path, module)
        self.strays = {*islice(self.owners, named, None)}
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
            full = dotted(path, name)
            self.names[id(parameter)] = full
            self.held[id(parameter)] = parameter
            self.learned.add(id(parameter))
            self.owners[full] = (path, module)
        held = [*copy.parameters(), *copy.buffers()]
        self.own.update(map(id, held))
        self.tensors.extend(held)
        return copy

    def fill(self, path: str, module: nn.Module) -> None:
        """Give the copy of `module` its state."""
        kind, given = type(module), vars(module)
        state = dict(given)
        state.pop(SEAM, None)
        alike = (kind, *state, *map(type, state.values()))
        layout = self.layouts.get(alike)
        if layout is None:
            layout = self.layouts[alike] = Layout.of(module, state)
        filled = [*filter(given.__getitem__, layout.holders), *layout.others]
        state.update(zip(layout.plain, map(call, layout.kinds), strict=True))
        copy = self.copies[id(module)]
        # The model itself is a call of its own, also where it is a single layer.
        if self.bypass and path and kind in RULES and self.may_wait(given, filled):
            self.bypassable.append(copy)
            state.update(layout.spare)
            for key in filled:
                state[key] = Postponed(given[key], self.late)
        else:
            state.update(layout.hooks())
            self.copy_all(path, given, filled, state)
        state["training"] = self.training
        if isinstance(module, nn.TransformerEncoder):
            state["use_nested_tensor"] = False  # it has no shapes on meta
        object.__setattr__(copy, "__dict__", state)
        for slot in layout.slots:
            if hasattr(module, slot):
                value = self.copied(getattr(module, slot), dotted(path, slot))
                object.__setattr__(copy, slot, value)
        if given["_parameters"]:
            self.name(path, module, state["_parameters"])

    def may_wait(self, given: dict[str, Any], filled: list[str]) -> bool:
        """Whether a module has nothing but tensors, and nothing stands for these yet.

        It has neither hooks nor methods nor objects of its own then.
        """
        known = self.copies.keys()
        for name in filled:
            if name not in GROUPS:
                return False
            tensors = given[name].values()
            if not USUAL.issuperset(map(type, tensors)):
                return False
            if not known.isdisjoint(map(id, tensors)):
                return False
        return True

    def copy_all(
        self, path: str, given: dict[str, Any], filled: list[str], state: dict[str, Any]
    ) -> None:
        """Put copies of a module's attributes into the state of its copy."""
        for key in filled:
            value = given[key]
            if type(value) is not tuple or not PLAIN.issuperset(map(type, value)):
                state[key] = self.copied(value, dotted(path, key))

    def late(self, tensor: torch.Tensor | None) -> Any:
        """What stands for a tensor of the model's, made in the middle of a forward."""
        with (  # each from where it stands, for some act as soon as they are made
            torch.inference_mode(False),
            Unnoticed(),
            DisableTorchFunction(),
            Untransformed(),
        ):
            copy = self.copied(tensor, "")
        self.filled = True
        if tensor is not None and id(tensor) in self.names:
            self.also(tensor, copy)
        return copy

    def untouched(self, state: dict[str, Any]) -> Tensors | None:
        """The model's own tensors of a module; None once the copy's were asked for."""
        parameters, buffers = state["_parameters"], state["_buffers"]
        if type(parameters) is Postponed:
            parameters = parameters.originals
        elif parameters:
            return None
        if type(buffers) is Postponed:
            buffers = buffers.originals
        elif buffers:
            return None
        if parameters is None or buffers is None:
            return None
        found = {**parameters, **buffers} if buffers else parameters
        # Another module may hold one of them too, and somebody have come to that.
        tied = self.filled and not self.copies.keys().isdisjoint(
            map(id, found.values())
        )
        return None if tied else found

    def name(self, path: str, module: nn.Module, copies: Tensors) -> None:
        """Note parameters under their first names; those that wait are the model's."""
        names, given = self.names, vars(module)["_parameters"]
        copies = at_hand(copies)
        for name, tensor in given.items():
            copy = copies[name]
            key = id(copy)
            if copy is None or key in names:
                continue
            if id(tensor) in names:
                self.also(tensor, copy)
                continue
            names[key] = full = dotted(path, name)
            self.held[key] = copy
            self.owners[full] = (path, module)
            if tensor.requires_grad:
                self.learned.add(key)

    def also(self, tensor: torch.Tensor, copy: torch.Tensor) -> None:
        """Give a parameter's name to its copy too."""
        old, new = id(tensor), id(copy)
        self.names[new] = self.names[old]
        self.held[old] = self.held[new] = copy
        if old in self.learned:
            self.learned.add(new)

    def parameter(self, key: int, name: str) -> Parameter:
        """The record of the parameter with this `id` and name.

        One that several modules share stands under the first of its names.
        """
        held = self.held[key]
        return Parameter(name, tuple(held.shape), dtype(held), key not in self.learned)

    @property
    def crowded(self) -> bool:
        """Whether something was put into a holder that modules share."""
        layouts = self.layouts.values()
        return any(
            spare.crowded for layout in layouts for spare in layout.spare.values()
        )

    def clear(self) -> None:
        """Let go of the copies; what still waits in them can be made nevertheless."""
        for holder in (self.modules, self.bypassable, self.copies, self.layouts):
            holder.clear()
        del self.root

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


def dotted(path: str, name: str) -> str:
    """The path of what the module at `path` holds under a name."""
    return f"{path}.{name}" if path else name

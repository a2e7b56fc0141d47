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

from resviz.errors import TraceError, first_line
from resviz.tracing.copies import Copies
from resviz.tracing.layouts import GROUPS, HOOKS, OMITTED, SEAM, Layouts, Spare
from resviz.tracing.module_rules import RULES
from resviz.tracing.modules import named_modules, original
from resviz.tracing.parameters import Parameters
from resviz.tracing.postponed import Postponed, Tensors
from resviz.tracing.scripted import scripted_copy
from resviz.tracing.values import EAGER, PLAIN, Unnoticed, Untransformed

if TYPE_CHECKING:
    from resviz.tracing.layouts import Layout

USUAL = EAGER | {type(None)}
"""What a module holds in the place of a parameter or a buffer."""


class Clone(Copies):
    """A runnable copy of `model`, without weights or, if `real`, with copies of them.

    Attributes:
        root: the copy of the model itself.
        modules: every copied module, parents first.
        bypassable: those of them that need not be run where a rule speaks for them.
        paths: module path of each copied module, by `id`.
        parameters: what is known of each.
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
        self.layouts = Layouts()
        self.spare = {name: Spare() for name in HOOKS}
        self.modules: list[nn.Module] = []
        self.bypassable: list[nn.Module] = []
        self.paths: dict[int, str] = {}
        self.parameters = Parameters()
        self.found: list[tuple[str, nn.Module]] = []
        for path, module in named_modules(original(model)):
            self.announce(path, module)
        registered = len(self.found)
        for path, module in islice(self.found, registered):
            self.fill(path, module)
        named = self.parameters.names()
        for path, module in islice(self.found, registered, None):  # which grows
            self.fill(path, module)
        self.strays = self.parameters.names() - named
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
            self.parameters.note(parameter, dotted(path, name), path, module)
            self.parameters.learned.add(id(parameter))
        held = [*copy.parameters(), *copy.buffers()]
        self.own.update(map(id, held))
        self.tensors.extend(held)
        return copy

    def fill(self, path: str, module: nn.Module) -> None:
        """Give the copy of `module` its state."""
        given, copy = vars(module), self.copies[id(module)]
        layout = self.layouts.of(module)
        # The model itself is a call of its own, also where it is a single layer.
        if self.bypass and path and self.may_wait(module, layout):
            self.bypassable.append(copy)
            state = given | self.spare  # sooner than {**given, …}
            state["_modules"], state[OMITTED] = {}, set()
            for group in GROUPS:
                held = given[group]
                state[group] = Postponed(held, self.late) if held else {}
        else:
            state = given | layout.empty()
            self.copy_all(path, given, layout, state)
        state.pop(SEAM, None)
        state["training"] = self.training
        if isinstance(module, nn.TransformerEncoder):
            state["use_nested_tensor"] = False  # it has no shapes on meta
        object.__setattr__(copy, "__dict__", state)
        for slot in layout.slots:
            if hasattr(module, slot):
                value = self.copied(getattr(module, slot), dotted(path, slot))
                object.__setattr__(copy, slot, value)
        if given["_parameters"]:
            self.parameters.own(path, module, state["_parameters"])

    def may_wait(self, module: nn.Module, layout: Layout) -> bool:
        """Whether a module has nothing but tensors, and nothing stands for these yet.

        It has neither hooks nor methods nor objects of its own then.
        """
        given = vars(module)
        if type(module) not in RULES or layout.rest is None or any(layout.rest(given)):
            return False
        for group in GROUPS:
            held = given[group]
            if held and not USUAL.issuperset(map(type, held.values())):
                return False
            if held and self.tensors and self.known(held):
                return False
        return True

    def copy_all(
        self, path: str, given: dict[str, Any], layout: Layout, state: dict[str, Any]
    ) -> None:
        """Put copies of a module's attributes into the state of its copy."""
        filled = filter(given.__getitem__, layout.holders)
        for key in (*filled, *layout.others):
            value = given[key]
            if key in HOOKS and isinstance(value, dict):  # of whatever class
                state[key] = self.copied_mapping(value, path, OrderedDict())
            elif type(value) is not tuple or not PLAIN.issuperset(map(type, value)):
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
        if tensor is not None and id(tensor) in self.parameters:
            self.parameters.also(tensor, copy)
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
        return None if self.filled and self.known(found) else found

    def known(self, held: Tensors) -> bool:
        """Whether a copy stands for one of a module's tensors."""
        return not self.copies.keys().isdisjoint(map(id, held.values()))

    @property
    def crowded(self) -> bool:
        """Whether something was put into a holder that modules share."""
        return any(spare.crowded for spare in self.spare.values())

    def clear(self) -> None:
        """Let go of the copies; what still waits in them can be made nevertheless."""
        for holder in (self.modules, self.bypassable, self.copies):
            holder.clear()
        del self.root

    @property
    def dtype(self) -> torch.dtype | None:
        """The model's own: that of its first floating parameter; None for torch's."""
        kinds = (owned.tensor.dtype for owned in self.parameters.values())
        return next((kind for kind in kinds if kind.is_floating_point), None)

    @property
    def device(self) -> torch.device:
        """Where its parameters lie; the CPU if it has none.

        Raises:
            TraceError: if it is to run for real, and they hold no values.
        """
        held = (owned.tensor.device for owned in self.parameters.values())
        device = next(held, torch.device("cpu"))
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

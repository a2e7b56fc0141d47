"""Networks that were built to be traced, and need no clone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.tracing.clone import Clone
from resviz.tracing.module_rules import RULES

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.postponed import Tensors


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

    def fill(self, path: str, module: nn.Module) -> None:
        """Note what it holds."""
        state = vars(module)
        state["training"] = self.training
        if path and type(module) in RULES:
            self.bypassable.append(module)
        self.parameters.own(path, module, state["_parameters"])
        held = [*state["_parameters"].values(), *state["_buffers"].values()]
        own = [tensor for tensor in held if tensor is not None]
        self.own.update(map(id, own))
        self.tensors.extend(own)

    def untouched(self, state: dict[str, Any]) -> Tensors:
        """A module's tensors: no forward of ours writes to what a rule reads."""
        return {**state["_parameters"], **state["_buffers"]}

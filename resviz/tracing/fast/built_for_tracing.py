"""Networks that were built to be traced, and need no clone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.tracing.clone import Clone
from resviz.tracing.fast.module_rules import MODULE_RULES

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.fast.lazy_tensors import TensorsByName


class TraceOnlyClone(Clone):
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
        """A module's tensors: no forward of ours writes to what a rule reads."""
        return {**state["_parameters"], **state["_buffers"]}

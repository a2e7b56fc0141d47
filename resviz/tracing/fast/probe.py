"""Whether modules still do what their rules say: torch's classes and functions change.

Somebody may have put methods or functions of their own in the place of torch's. A tiny
module is called then, and watched: what changes nothing, as a logger, is no reason to
run all modules.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules import module as all_modules
from torch.utils._python_dispatch import TorchDispatchMode

from resviz.tracing.dispatched import describe_overload
from resviz.tracing.fast.module_rules import (
    MODULE_RULES,
    BatchNorm2d,
    Conv2d,
    ReLU,
    SiLU,
)
from resviz.tracing.fast.shape_rules import SHAPE_RULES
from resviz.tracing.modules import COMPILED_CALL
from resviz.tracing.tensors import META_DEVICE

Implementations = tuple[object, ...]
"""What modules do by: methods and functions."""

MODULE_METHODS = (
    "__call__",
    "_call_impl",
    "forward",
    "_conv_forward",
    "_check_input_dim",
)

FUNCTION_NAMES = ("conv2d", "batch_norm", "relu", "relu_", "silu")

TINY_ARGUMENTS: dict[type[nn.Module], tuple[Any, ...]] = {
    Conv2d: (1, 1, 1), BatchNorm2d: (1,), ReLU: (), SiLU: (),
}  # fmt: skip
"""Arguments of a tiny module of each class that has a rule."""

FAITHFUL_CLASSES: dict[Implementations, frozenset[type[nn.Module]]] = {}
"""The classes that do what their rules say, by what they did it by."""


GLOBAL_PRE_HOOKS = vars(all_modules)["_global_forward_pre_hooks"]
"""Hooks before the calls of all modules."""

GLOBAL_HOOKS = vars(all_modules)["_global_forward_hooks"]
"""Hooks after them."""


class OperationProbe(TorchDispatchMode):
    """A mode that notes the operations of a tiny module without a kernel."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # as the recorder's

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[str, Any]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Answer one operation by its shape rule."""
        if func is torch.ops.aten.empty.memory_format:  # the reserve of a norm
            return func(*args, **(kwargs or {}))
        output = SHAPE_RULES[func](*args, **(kwargs or {}))
        self.operations.append((describe_overload(func).name, output))
        return output


def find_faithful_classes() -> frozenset[type[nn.Module]]:
    """Return the module classes that still do what their rules say.

    None where hooks look on at all modules: they would see the tiny ones, too.
    """
    if GLOBAL_PRE_HOOKS or GLOBAL_HOOKS:
        return frozenset()
    implementations = list_implementations()
    if implementations not in FAITHFUL_CLASSES:
        FAITHFUL_CLASSES[implementations] = frozenset(
            filter(follows_its_rule, MODULE_RULES)
        )
    return FAITHFUL_CLASSES[implementations]


def list_implementations() -> Implementations:
    """Return the methods and functions that these classes run at present."""
    methods = [
        getattr(module_class, name, None)
        for module_class in MODULE_RULES
        for name in MODULE_METHODS
    ]
    functions = [getattr(functional, name, None) for name in FUNCTION_NAMES]
    return (*methods, *functions, torch.conv2d, torch.batch_norm, torch.relu)


def follows_its_rule(module_class: type[nn.Module]) -> bool:
    """Tell whether a tiny module runs just the operation of its rule.

    And whether its call goes where a rule would stand.
    """
    try:
        with torch.device(META_DEVICE):
            module = module_class(*TINY_ARGUMENTS[module_class]).eval()
            x = torch.empty(1, 1, 1, 1)
        with torch.no_grad(), OperationProbe() as probe:
            result = module(x)
        vars(module)[COMPILED_CALL] = lambda _: module_class
        is_reached = module(x) is module_class
    except Exception:  # noqa: BLE001 - whatever somebody's own function raises
        return False
    if len(probe.operations) != 1 or not is_reached:
        return False
    ((name, output),) = probe.operations
    state = vars(module)
    tensors = {**state["_parameters"], **state["_buffers"]}
    ruled = MODULE_RULES[module_class](state, tensors, tuple(x.shape), x.dtype)
    first = output[0] if isinstance(output, tuple) else output
    return result is first and ruled is not None and ruled[0].operation.name == name

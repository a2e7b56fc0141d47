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
from torch.utils._python_dispatch import TorchDispatchMode

from resviz.tracing.layouts import SEAM
from resviz.tracing.module_rules import RULES, BatchNorm2d, Conv2d, ReLU, SiLU
from resviz.tracing.operations import kind
from resviz.tracing.shapes import RULES as SHAPE_RULES
from resviz.tracing.values import META

Making = tuple[object, ...]
"""What modules do by: methods and functions."""

METHODS = ("__call__", "_call_impl", "forward", "_conv_forward", "_check_input_dim")

FUNCTIONS = ("conv2d", "batch_norm", "relu", "relu_", "silu")

SMALL: dict[type[nn.Module], tuple[Any, ...]] = {
    Conv2d: (1, 1, 1), BatchNorm2d: (1,), ReLU: (), SiLU: (),
}  # fmt: skip
"""Arguments of a tiny module of each class that has a rule."""

FOUND: dict[Making, frozenset[type[nn.Module]]] = {}
"""The classes that do what their rules say, by what they did it by."""


class Seen(TorchDispatchMode):
    """Notes the operations of a tiny module, which no kernel runs."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # as the recorder's

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, Any]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Answer one operation by its shape rule."""
        if func is torch.ops.aten.empty.memory_format:  # the reserve of a norm
            return func(*args, **(kwargs or {}))
        output = SHAPE_RULES[func](*args, **(kwargs or {}))
        self.steps.append((kind(func).name, output))
        return output


def as_ruled() -> frozenset[type[nn.Module]]:
    """The classes whose modules do what their rules say."""
    making = made_by()
    if making not in FOUND:
        FOUND[making] = frozenset(filter(does_as_ruled, RULES))
    return FOUND[making]


def made_by() -> Making:
    """What modules of these classes do by at present."""
    methods = [getattr(one, name, None) for one in RULES for name in METHODS]
    functions = [getattr(functional, name, None) for name in FUNCTIONS]
    return (*methods, *functions, torch.conv2d, torch.batch_norm, torch.relu)


def does_as_ruled(one: type[nn.Module]) -> bool:
    """Whether a tiny module gives what one operation does, that of its rule.

    And whether its call goes where a rule would stand.
    """
    try:
        with torch.device(META):
            module, x = one(*SMALL[one]).eval(), torch.empty(1, 1, 1, 1)
        with torch.no_grad(), Seen() as seen:
            given = module(x)
        vars(module)[SEAM] = lambda _: one
        reached = module(x) is one
    except Exception:  # noqa: BLE001 - whatever somebody's own function raises
        return False
    if len(seen.steps) != 1 or not reached:
        return False
    ((name, output),) = seen.steps
    state = vars(module)
    tensors = {**state["_parameters"], **state["_buffers"]}
    found = RULES[one](state, tensors, tuple(x.shape), x.dtype)
    first = output[0] if isinstance(output, tuple) else output
    return given is first and found is not None and found[0].operation.name == name

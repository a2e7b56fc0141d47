"""A module tree: which modules it holds, and which of their attributes hold things."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from torch import nn
from torch.jit import ScriptModule

from resviz.tracing.values import PLAIN

HOLDERS = frozenset({dict, OrderedDict, set})
"""Where a module keeps hooks and children, mostly none."""

PARALLEL = (nn.DataParallel, nn.parallel.DistributedDataParallel)
"""Wrappers that split a batch."""


class Layout(NamedTuple):
    """Which of a module's attributes a copy may not share.

    Attributes:
        holders: names of dictionaries and sets, most of which are empty.
        kinds: their classes.
        others: names of what else may hold tensors or modules.
        slots: names of those that it may keep outside of its `__dict__`.
    """

    holders: tuple[str, ...]
    kinds: tuple[type, ...]
    others: tuple[str, ...]
    slots: tuple[str, ...]

    @classmethod
    def of(cls, module: nn.Module, state: dict[str, Any]) -> Layout:
        """The layout of a module with these attributes."""
        kinds = {name: type(value) for name, value in state.items()}
        holders = tuple(name for name, kind in kinds.items() if kind in HOLDERS)
        return cls(
            holders,
            tuple(kinds[name] for name in holders),
            tuple(n for n, kind in kinds.items() if kind not in HOLDERS | PLAIN),
            slots(type(module)),
        )


def slots(kind: type[nn.Module]) -> tuple[str, ...]:
    """Attributes that modules of a class may keep outside of their `__dict__`."""
    named = [vars(base).get("__slots__", ()) for base in kind.__mro__]
    flat = [(given,) if isinstance(given, str) else given for given in named]
    return tuple(s for group in flat for s in group if not s.startswith("__"))


def original(module: nn.Module) -> nn.Module:
    """The module inside of what `torch.compile` or a parallel wrapper made of it.

    A wrapper would split the batch and run its parts in threads or processes.
    """
    if isinstance(module, ScriptModule):
        return module
    children = vars(module)["_modules"]
    if not children:
        return module
    inner = children.get("module" if isinstance(module, PARALLEL) else "_orig_mod")
    return module if inner is None else original(inner)


def named_modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Every registered module once, with its first path, parents first.

    As `nn.Module.named_modules`, but compares by identity and never recurses, so
    that neither a module's own `__eq__` nor a deep nesting matters.
    """
    found: list[tuple[str, nn.Module]] = []
    seen: set[int] = set()
    pending: list[tuple[str, nn.Module]] = [("", model)]
    while pending:
        path, module = pending.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        found.append((path, module))
        inner = () if isinstance(module, ScriptModule) else vars(module)["_modules"]
        children = [
            (f"{path}.{name}" if path else name, original(child))
            for name, child in dict(inner).items()
            if child is not None
        ]
        pending.extend(reversed(children))
    return found

"""A module tree: which modules it holds, and which of their attributes hold things."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from torch import nn
from torch.jit import ScriptModule

from resviz.tracing.values import PLAIN

HOLDERS = frozenset({dict, OrderedDict, set})
"""Where a module keeps hooks and children, mostly none."""

SEAM = "_compiled_call_impl"
"""The attribute that torch calls, if it is set, in the place of a module's own call."""

GROUPS = frozenset({"_parameters", "_buffers"})
"""Where a module keeps its tensors."""

SIZES = frozenset({
    "kernel_size", "stride", "padding", "dilation", "output_padding",
    "_reversed_padding_repeated_twice", "output_size", "normalized_shape",
})  # fmt: skip
"""Attributes of torch's own modules that are numbers, which nobody writes to."""

PARALLEL = (nn.DataParallel, nn.parallel.DistributedDataParallel)
"""Wrappers that split a batch."""


class Crowded(BaseException):
    """Something was put into a holder that modules share; no forward may catch it."""


class Spare(OrderedDict[Any, Any]):
    """A holder of hooks, empty for good, that all modules of a layout share.

    A ResNet-152 has five thousand such holders, and no hook.
    """

    def __setitem__(self, key: Any, value: Any) -> None:
        raise Crowded


class Layout(NamedTuple):
    """Which of a module's attributes a copy may not share.

    Attributes:
        holders: names of dictionaries and sets, most of which are empty.
        plain: those that hold no hooks.
        kinds: their classes.
        spare: what stands for the others in modules that nobody hooks.
        others: names of what else may hold tensors or modules.
        slots: names of those that it may keep outside of its `__dict__`.
    """

    holders: tuple[str, ...]
    plain: tuple[str, ...]
    kinds: tuple[type, ...]
    spare: dict[str, Spare]
    others: tuple[str, ...]
    slots: tuple[str, ...]

    @classmethod
    def of(cls, module: nn.Module, state: dict[str, Any]) -> Layout:
        """The layout of a module with these attributes."""
        kinds = {name: type(value) for name, value in state.items()}
        holders = tuple(name for name, kind in kinds.items() if kind in HOLDERS)
        plain = tuple(name for name in holders if kinds[name] is not OrderedDict)
        shared = SIZES if type(module).__module__.startswith("torch.nn.") else ()
        others = [n for n, kind in kinds.items() if kind not in HOLDERS | PLAIN]
        return cls(
            holders,
            plain,
            tuple(kinds[name] for name in plain),
            {name: Spare() for name in holders if name not in plain},
            tuple(name for name in others if name not in shared),
            slots(type(module)),
        )

    def hooks(self) -> dict[str, OrderedDict[Any, Any]]:
        """Empty holders of a module's own."""
        return {name: OrderedDict() for name in self.spare}


def part(module: nn.Module) -> None:
    """Give a module holders of hooks of its own in the place of spare ones."""
    state = vars(module)
    shared = [name for name, value in state.items() if type(value) is Spare]
    state.update((name, OrderedDict()) for name in shared)


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
        key = id(module)
        if key in seen:
            continue
        seen.add(key)
        found.append((path, module))
        inner = () if isinstance(module, ScriptModule) else vars(module)["_modules"]
        if not inner:
            continue
        children = [
            (f"{path}.{name}" if path else name, original(child))
            for name, child in inner.items()
            if child is not None
        ]
        pending.extend(reversed(children))
    return found

"""A module tree: which modules it holds, under which paths, and what they are called.

Wrappers that compile a module or spread it over devices are looked through. Scripted
modules are compiled to a language of torch's own, so no hook looks inside; their
operations are still seen as they run.
"""

from __future__ import annotations

from collections import OrderedDict
from inspect import Parameter, signature
from typing import Any

from torch import nn
from torch.jit import ScriptModule

from resviz.errors import SpecError, suggest_nearest

COMPILED_CALL = "_compiled_call_impl"
"""The attribute that torch calls, if it is set, in the place of a module's own call."""

HOOK_HOLDERS = tuple(
    name for name, value in vars(nn.Module()).items() if type(value) is OrderedDict
)
"""Names of the attributes in which a module of torch's keeps hooks."""

PARALLEL_WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)
"""Wrappers that split a batch."""


def unwrap_module(module: nn.Module) -> nn.Module:
    """Return the module inside of a compiled or parallel wrapper.

    A wrapper would split the batch and run its parts in threads or processes.
    """
    if isinstance(module, ScriptModule):
        return module
    children = vars(module)["_modules"]
    if not children:
        return module
    inner = children.get(
        "module" if isinstance(module, PARALLEL_WRAPPERS) else "_orig_mod"
    )
    return module if inner is None else unwrap_module(inner)


def has_own_call(module: nn.Module) -> bool:
    """Tell whether a module's class says what a call of it does, past its hooks."""
    call = type(module).__call__
    return call is not nn.Module.__call__ and not isinstance(module, ScriptModule)


def find_traced_module(model: nn.Module) -> nn.Module:
    """Return the module whose forward is a model's.

    A model with a call of its own and no forward, as one that reads pictures from files
    and draws what it finds, is a door to the only module that it holds.
    """
    module = unwrap_module(model)
    if not has_own_call(module) or type(module).forward is not nn.Module.forward:
        return module
    children = [*vars(module)["_modules"].values()]
    sole = children[0] if len(children) == 1 else None
    return module if sole is None else find_traced_module(sole)


def find_module_modes(model: nn.Module) -> dict[str, bool]:
    """Find which modules are in training mode, where not all are alike; else {}.

    Of a part that is all alike its outermost module stands for all.
    """
    modes: dict[str, bool] = {}
    switched: dict[str, bool] = {}
    for path, module in list_named_modules(find_traced_module(model)):
        around = path
        while around not in modes and around:
            around = around.rpartition(".")[0]
        outer = modes.get(around, True)
        modes[path] = bool(getattr(module, "training", outer))  # a frozen one has none
        if path and modes[path] != outer:
            switched[path] = modes[path]
    return {"": modes[""], **switched} if switched else {}


def list_named_modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """List every registered module once, with its first path, parents first.

    As `nn.Module.named_modules`, but compares by identity and never recurses, so
    that neither a module's own `__eq__` nor a deep nesting matters.
    """
    modules: list[tuple[str, nn.Module]] = []
    seen: set[int] = set()
    pending: list[tuple[str, nn.Module]] = [("", model)]
    while pending:
        path, module = pending.pop()
        key = id(module)
        if key in seen:
            continue
        seen.add(key)
        modules.append((path, module))
        inner = () if isinstance(module, ScriptModule) else vars(module)["_modules"]
        if not inner:
            continue
        children = [
            (f"{path}.{name}" if path else name, unwrap_module(child))
            for name, child in inner.items()
            if child is not None
        ]
        pending.extend(reversed(children))
    return modules


def join_module_path(path: str, name: str | int) -> str:
    """Return the path of a name inside the module at `path`."""
    return f"{path}.{name}" if path else str(name)


def list_slots(module_class: type[nn.Module]) -> tuple[str, ...]:
    """Return names of attributes that a class may keep outside `__dict__`."""
    declared = [vars(base).get("__slots__", ()) for base in module_class.__mro__]
    flat = [(names,) if isinstance(names, str) else names for names in declared]
    return tuple(s for group in flat for s in group if not s.startswith("__"))


def list_forward_parameters(
    module: Any, method: str = "", *, positional: bool = False
) -> list[str]:
    """Return the names of a forward's parameters, or only of its `positional` ones.

    Args:
        module: whose forward it is.
        method: the one that stands for it, if another does.
        positional: leave out those that are given by name.
    """
    try:
        forward = getattr(module, method or "forward")
        parameters = signature(forward).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return []
    kinds = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    if not positional:
        kinds.add(Parameter.KEYWORD_ONLY)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def check_method(model: nn.Module, method: str) -> None:
    """Check that a model has a method that can be followed in its forward's place.

    Raises:
        SpecError: if it has not, naming those that are near.
    """
    module = find_traced_module(model)
    name = find_class_name(module)
    value = getattr(module, method, None)
    if isinstance(value, nn.Module):
        by_name = f"as a SPEC net.py:build().{method}"
        remedy = f"trace that by itself, model.{method}, {by_name}"
        raise SpecError(f"method: {method!r} is a part of {name}: {remedy}")
    if not callable(value) or hasattr(nn.Module, method):
        kind = type(module)
        own = [name for name in dir(kind) if not hasattr(nn.Module, name)]
        near = suggest_nearest(method, [each for each in own if each[0] != "_"])
        raise SpecError(f"method: {name} has no forward called {method!r}{near}")


def find_class_name(module: nn.Module) -> str:
    """Return a module's class name, for a scripted one its original's."""
    if isinstance(module, ScriptModule):
        return str(getattr(module, "original_name", "ScriptModule"))
    return type(module).__name__

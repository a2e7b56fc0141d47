"""A module tree: which modules it holds, under which paths."""

from __future__ import annotations

from torch import nn
from torch.jit import ScriptModule

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

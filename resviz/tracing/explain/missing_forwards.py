"""What to follow or to call where a module has no forward."""

from __future__ import annotations

from difflib import get_close_matches
from inspect import unwrap
from typing import TYPE_CHECKING

from torch import nn

from resviz.tracing.modules import find_class_name, list_forward_parameters

if TYPE_CHECKING:
    from types import CodeType

MISSING_FORWARD = 'is missing the required "forward" function'
"""How torch complains of a module that has none."""

MAX_METHODS_NAMED = 4
"""Methods that a message names."""


def explain_missing_forward(module: nn.Module, *, is_root: bool) -> str:
    """Say which method to follow, or what to call, in place of a forward.

    Args:
        module: that has none.
        is_root: whether it is the model itself, of which a method can be named.
    """
    if isinstance(module, (nn.ModuleList, nn.ModuleDict)) and not is_root:
        return "it only holds modules: call them in turn, or make it a Sequential"
    methods = list_methods_with_modules(module)
    misspelt = get_close_matches("forward", methods, n=1)
    methods = [*dict.fromkeys((*misspelt, *methods))][:MAX_METHODS_NAMED]
    names = " or ".join(methods)
    if not is_root:
        return f"call its {names}" if names else ""
    if methods:
        return f"name a method: --method {names}, in Python method={methods[0]!r}"
    parts = [name for name, part in module.named_children() if part is not None]
    kind = find_class_name(module)
    example = f", as model.{parts[0]}, in a SPEC {kind}().{parts[0]}" if parts else ""
    return f"give it one, or trace its parts{example}"


def list_methods_with_modules(module: nn.Module) -> list[str]:
    """List a module's own methods that take something and call modules of it.

    Nothing is run: their code is read for the names of modules, also by way of other
    methods.
    """
    kind = type(module)
    codes = {
        name: code
        for base in reversed(kind.__mro__)
        for name, value in vars(base).items()
        if not hasattr(nn.Module, name)
        if (code := getattr(unwrap(value), "__code__", None)) is not None
    }
    return [
        name
        for name in codes
        if not name.startswith("_")
        and list_forward_parameters(module, name)
        and calls_modules(name, codes, {*vars(module)["_modules"]}, set())
    ]


def calls_modules(
    name: str, codes: dict[str, CodeType], modules: set[str], seen: set[str]
) -> bool:
    """Tell whether a method's code names a module, or a method that does so."""
    seen.add(name)
    used = codes[name].co_names
    return not modules.isdisjoint(used) or any(
        calls_modules(other, codes, modules, seen)
        for other in used
        if other in codes and other not in seen
    )

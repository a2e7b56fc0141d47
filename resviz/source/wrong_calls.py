"""What a callable takes that a SPEC called with something else."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress
from dis import get_instructions
from inspect import Parameter, Signature, signature
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from resviz.errors import suggest_nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from resviz.source.spec import Spec

NAMES_OF_OPTIONS = {
    "args",
    "opt",
    "opts",
    "options",
    "cfg",
    "conf",
    "config",
    "hparams",
}
"""Names of arguments that are often a namespace, as argparse makes them."""

NAMESPACES = (Namespace, SimpleNamespace)
"""Classes of an object that holds options."""

MAX_NAMES_SHOWN = 8
"""Arguments of a callable that a message names."""


def explain_wrong_call(error: BaseException | None, target: Any, spec: Spec) -> str:
    """Say what a callable takes, if it was called with something else; else "".

    Args:
        error: what the call raised.
        target: what was called.
        spec: with which arguments.
    """
    if isinstance(error, AttributeError) and isinstance(error.obj, dict):
        return f"; want it as Namespace({error.name}=…)"
    if isinstance(error, AttributeError) and isinstance(error.obj, NAMESPACES):
        shown = [f"{name}=…" for name in (*vars(error.obj), error.name)]
        return f"; want that in it too, Namespace({', '.join(shown)})"
    if not isinstance(error, TypeError):
        return ""
    try:
        called = signature(target)
    except (TypeError, ValueError):
        return ""
    with suppress(TypeError):
        called.bind(*spec.args, **spec.options)
        return ""  # it failed further in
    taken = [
        parameter
        for parameter in called.parameters.values()
        if parameter.kind not in {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
    ]
    names = [parameter.name for parameter in taken]
    wrong = [name for name in spec.options if name not in names]
    near = suggest_nearest(wrong[0], names, 1) if wrong else ""
    shown = [
        parameter.name
        if parameter.default is Parameter.empty
        else f"{parameter.name}=…"
        for parameter in taken[:MAX_NAMES_SHOWN]
    ]
    if len(taken) > len(shown):
        shown.append("…")
    how = "" if near else explain_lacking_arguments(target, called, spec)
    return f"{near}: it takes ({', '.join(shown)}){how}"


def list_lacking_arguments(
    called: Signature, args: Collection[Any] = (), options: Collection[str] = ()
) -> list[str]:
    """List what a callable must be given, and is not by some arguments."""
    kinds = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    taken = called.parameters.values()
    positional = [parameter.name for parameter in taken if parameter.kind in kinds]
    given = {*positional[: len(args)], *options}
    return [
        parameter.name
        for parameter in taken
        if parameter.default is Parameter.empty
        and parameter.kind in {*kinds, Parameter.KEYWORD_ONLY}
        and parameter.name not in given
    ]


def explain_lacking_arguments(target: Any, called: Signature, spec: Spec) -> str:
    """Say where arguments go that a call lacks: into the SPEC, or a function."""
    lacking = list_lacking_arguments(called, spec.args, spec.options)
    if not lacking:
        return ""
    inside = spec.text.partition("(")[2].rpartition(")")[0]
    shown = [f"{name}={describe_value(target, name)}" for name in lacking]
    arguments = ", ".join(filter(None, (inside, *shown)))
    pronoun = "it" if len(lacking) == 1 else "them"
    text = f"{spec.module}:{spec.name}({arguments})"
    return (
        f"; give {pronoun} in the SPEC, {text!r}, or write a function without "
        "arguments that builds it, and name that"
    )


def describe_value(target: Any, name: str) -> str:
    """Describe the value of an argument: options that are read of it, or "…"."""
    if name not in NAMES_OF_OPTIONS:
        return "…"
    function = target.__init__ if isinstance(target, type) else target
    code = getattr(function, "__code__", None)
    read = (
        after.argval
        for before, after in pairwise(get_instructions(code) if code else ())
        if before.opname.startswith("LOAD_FAST")
        and before.argval == name
        and after.opname in {"LOAD_ATTR", "LOAD_METHOD"}
    )
    shown = [f"{option}=…" for option in dict.fromkeys(read)]
    return f"Namespace({', '.join(shown) or '…'})"


def format_call(target: Any) -> str:
    """Format the call of something with what it must be given, as "Net(width=…)"."""
    lacking = []
    with suppress(TypeError, ValueError):
        lacking = list_lacking_arguments(signature(target))
    arguments = ", ".join(f"{name}=…" for name in lacking)
    return f"{getattr(target, '__name__', '…')}({arguments})"

"""What a callable takes that a SPEC called with something else."""

from __future__ import annotations

import re
from argparse import Namespace
from contextlib import suppress
from dis import get_instructions
from inspect import Parameter, Signature, signature
from itertools import pairwise
from socket import gaierror
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from resviz.models.options import suggest_option

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

REFUSED_OPTION = re.compile(
    r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'"
)
"""What Python says of an option that a callable does not take."""

REST = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
"""Kinds of parameters that take whatever is left."""


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
        return explain_refused_option(error)  # it failed further in
    names = list_taken_names(called)
    wrong = [name for name in spec.options if name not in names]
    near = suggest_option(wrong[0], names, 1) if wrong else ""
    how = "" if near else explain_lacking_arguments(target, called, spec)
    return f"{near}: it takes {format_taken_arguments(called)}{how}"


def explain_refused_option(error: BaseException | None) -> str:
    """Say what a callable takes that an option was handed on to; else ""."""
    refusal = REFUSED_OPTION.search(str(error))
    if error is None or refusal is None:
        return ""
    try:
        called = signature(find_named_callable(error, refusal[1]))
    except (TypeError, ValueError):
        return ""
    near = suggest_option(refusal[2], list_taken_names(called), 1)
    owner = refusal[1].removesuffix(".__init__")
    return f"{near}: {owner} takes {format_taken_arguments(called)}"


def find_named_callable(error: BaseException, name: str) -> Any:
    """Find a function or a class by the qualified name of what Python calls.

    Args:
        error: was raised where it was called.
        name: "build", or "Net.__init__" for the class.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return None
    for value in [
        *trace.tb_frame.f_locals.values(),
        *trace.tb_frame.f_globals.values(),
    ]:
        owner = value if isinstance(value, type) else type(value)
        for known in (value, *owner.__mro__):
            function = vars(known).get("__init__") if isinstance(known, type) else known
            if isinstance(function, FunctionType) and function.__qualname__ == name:
                return known
    return None


def list_taken_names(called: Signature) -> list[str]:
    """List the names of the arguments that a callable takes."""
    return [name for name, each in called.parameters.items() if each.kind not in REST]


def format_taken_arguments(called: Signature) -> str:
    """Format the arguments that a callable takes, as "(depth, width=…)"."""
    taken = list_taken_names(called)
    shown = [
        name if called.parameters[name].default is Parameter.empty else f"{name}=…"
        for name in taken[:MAX_NAMES_SHOWN]
    ]
    return f"({', '.join([*shown, *['…'] * (len(taken) > len(shown))])})"


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
    shown = [f"{option}=…" for option in list_options_read(target, name)]
    return f"Namespace({', '.join(shown) or '…'})"


def list_options_read(target: Any, name: str) -> list[str]:
    """List what a callable reads of an argument, before it stores any such itself.

    Of a class, what its methods read of the attribute of that name is read too.
    """
    is_class = isinstance(target, type)
    first = target.__init__ if is_class else target
    others = [each for each in vars(target).values() if is_class and each is not first]
    is_read: dict[str, bool] = {}
    for function in (first, *others):
        code = getattr(function, "__code__", None)
        for before, after in pairwise(get_instructions(code) if code else ()):
            is_local = before.opname.startswith("LOAD_FAST") and function is first
            is_holder = is_local or before.opname == "LOAD_ATTR"
            if is_holder and before.argval == name and after.opname in ATTRIBUTE_CODES:
                is_read.setdefault(after.argval, after.opname != "STORE_ATTR")
    return [option for option, read in is_read.items() if read]


ATTRIBUTE_CODES = {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR"}
"""Instructions that read or write an attribute."""


def format_call(target: Any) -> str:
    """Format the call of something with what it must be given, as "Net(width=…)"."""
    lacking = []
    with suppress(TypeError, ValueError):
        lacking = list_lacking_arguments(signature(target))
    arguments = ", ".join(f"{name}=…" for name in lacking)
    return f"{getattr(target, '__name__', '…')}({arguments})"


def advise_on_download(error: BaseException | None) -> str:
    """Say what helps where building a model reached for the network in vain."""
    while error is not None:
        if isinstance(error, DOWNLOAD_ERRORS):
            return (
                "; it fetches weights, which a trace does not read: leave them out, "
                "as by pretrained=False or weights=None, or build the network in a "
                "function of your own"
            )
        error = error.__cause__ or error.__context__
    return ""


DOWNLOAD_ERRORS = (URLError, ConnectionError, gaierror)
"""What is raised, or lies behind what is raised, where no host was reached."""

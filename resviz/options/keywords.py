"""Keyword arguments of Python's functions, checked by what is declared of options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from inspect import Parameter, signature
from numbers import Integral
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from resviz.errors import OptionError, suggest, suggest_nearest
from resviz.options.declared import TABLE_OPTIONS, TRACE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

P = ParamSpec("P")
R = TypeVar("R")


OLD_KEYWORDS = {"all": "every", "layers": "every"}
"""Keywords of older versions of Python functions, and what they are called now."""

CHECKED_KINDS = {
    **{
        name: TABLE_OPTIONS[name].kind
        for name in (
            "sort",
            "depth",
            "top",
            "once",
            "every",
            "why",
            "reverse",
            "fused",
            "measure",
        )
    },
    **{name: TRACE_OPTIONS[name].kind for name in ("training", "method", "kwargs")},
    **dict.fromkeys(("where", "scheduler"), "text"),
    **dict.fromkeys(("limit", "jobs"), "number"),
    "resume": "switch",
}
"""How options of tables, traces and sweeps are written whose type is checked."""

LEGAL_TYPES: dict[str, tuple[type, str]] = {
    "number": (Integral, "a whole number"),
    "switch": (Integral, "True or False"),
    "text": (str, "text"),
    "object": (Mapping, "a dictionary of the forward's arguments by name"),
}
"""The type that a value of each kind has, and what it is called."""


def takes_options(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that checks and shows the names of its options.

    Old keywords are renamed, wrong ones raise an `OptionError` that says which is
    meant, and `help` and notebooks see each option of a trace by its name.
    """
    original = signature(function)
    parameters = [
        parameter
        for parameter in original.parameters.values()
        if parameter.kind is not Parameter.VAR_KEYWORD
    ]
    if len(parameters) < len(original.parameters):
        parameters += [
            Parameter(name, Parameter.KEYWORD_ONLY, default=None)
            for name in TRACE_OPTIONS
        ]
    names = [
        parameter.name
        for parameter in parameters
        if parameter.kind is not Parameter.VAR_POSITIONAL
    ]

    kinds = [parameter.kind for parameter in parameters]
    most = kinds.count(Parameter.POSITIONAL_OR_KEYWORD)

    @wraps(function)
    def with_options(*args: Any, **options: Any) -> R:
        door = function.__name__
        if len(args) > most and Parameter.VAR_POSITIONAL not in kinds:
            by_name = f"want {most}, others by name, as {names[most]}=…"
            several = f"want one, or a list: {door}([18, 50])"
            remedy = several if names[0] == "networks" else by_name
            raise OptionError(f"{door}: got {len(args)} values, {remedy}")
        if not options.keys() <= {*names}:
            if original.return_annotation == "Table":
                refuse_columns(door, options, names)
            options = rename_keywords(door, options, names)
        check_option_types(door, options)
        return function(*args, **options)

    wrapper: Any = with_options
    wrapper.__signature__ = original.replace(parameters=parameters)
    return wrapper


def refuse_columns(
    function: str, options: Mapping[str, Any], names: Sequence[str]
) -> None:
    """Refuse columns as an option of a table in Python, which selects them afterwards.

    Raises:
        OptionError: for that keyword, or one that is spelt like it.
    """
    for keyword in options:
        if suggest_nearest(keyword, ["columns", *names], 1).endswith("'columns'"):
            remedy = f"want {function}(…).select_columns([…])"
            raise OptionError(f"{function}: unknown option {keyword!r}: {remedy}")


def check_option_types(function: str, options: Mapping[str, Any]) -> None:
    """Check that options are whole numbers, switches, text or dictionaries.

    Those of figures are checked where a figure is drawn.

    Raises:
        OptionError: for another type.
    """
    for name, kind in CHECKED_KINDS.items():
        value = options.get(name)
        legal, wanted = LEGAL_TYPES[kind]
        is_legal = isinstance(value, legal) and (kind != "switch" or value in {0, 1})
        if value is not None and not is_legal:
            raise OptionError(f"{function}: {name}: got {value!r}, want {wanted}")
    stray = [key for key in options.get("kwargs") or () if not isinstance(key, str)]
    if stray:
        raise OptionError(
            f"{function}: kwargs: got the key {stray[0]!r}, want names of arguments"
        )


def rename_keywords(
    function: str, options: Mapping[str, Any], names: Sequence[str]
) -> dict[str, Any]:
    """Return keyword arguments with old keywords under their new names.

    Raises:
        OptionError: for an unknown keyword, or one that is there under both names.
    """
    renamed: dict[str, Any] = {}
    for keyword, value in options.items():
        name = OLD_KEYWORDS.get(keyword, keyword) if keyword not in names else keyword
        if name not in names:
            spelt = (o.name for o in TRACE_OPTIONS.values() if keyword in o.spellings)
            meant = next(spelt, keyword)
            raise OptionError(
                f"{function}: unknown option {keyword!r}: {suggest(meant, names)}"
            )
        if name in renamed or (name != keyword and name in options):
            raise OptionError(f"{function}: {keyword} and {name}: want one of them")
        renamed[name] = value
    return renamed

"""Arguments of a tool: their JSON Schema, and their values as options of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import OptionError, SpecError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.options import Option

LISTED_KINDS = {"words", "inputs"}
"""Kinds of options whose value may be a list, each between spaces or commas as text."""


def describe_option(option: Option) -> dict[str, Any]:
    """Return the JSON Schema of an option's value."""
    words = option.legal_words()
    if option.kind == "number":
        schema: dict[str, Any] = {"type": "integer", "minimum": 1}
    elif option.kind == "switch":
        schema = {"type": "boolean"}
    elif words:
        schema = {"enum": [*words]}
    elif takes_list(option):
        item = {"type": ["string", "integer"]}
        schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": item}]}
    else:
        schema = {"type": "string"}
    return schema | {"description": option.help}


def takes_list(option: Option) -> bool:
    """Tell whether an option holds several values."""
    return option.several or option.kind in LISTED_KINDS


def read_options(
    arguments: Mapping[str, Any], options: Iterable[Option]
) -> dict[str, Any]:
    """Return the options among a call's arguments as Python has them.

    Raises:
        SpecError: for a value that is not legal; says what is.

    Example:
        >>> from resviz.options import TRACE_OPTIONS
        >>> read_options({"batch": 8}, TRACE_OPTIONS.values())
        {'batch': 8}
    """
    read: dict[str, Any] = {}
    for option in options:
        value = arguments.get(option.name)
        if value is None:
            continue
        try:
            read[option.name] = read_option(option, value)
        except SpecError as error:
            message = str(error).removeprefix("input: ")
            raise SpecError(f"{option.name}: {message}") from error
    return read


def read_option(option: Option, value: Any) -> Any:
    """Return one value as Python has it.

    Raises:
        SpecError: if it is not legal.
    """
    if option.kind == "switch":
        if not isinstance(value, bool):
            raise SpecError(f"got {value!r}, want true or false")
        return value
    if takes_list(option) and isinstance(value, list):
        sizes = all(isinstance(item, int) for item in value)
        between = " " if option.kind == "inputs" and not sizes else ","
        value = between.join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise SpecError(f"got {value!r}, want {describe_option(option)['description']}")
    return option.parse(str(value))


def read_specs(value: Any, name: str, least: int, most: int | None) -> list[str]:
    """Return the SPECs of a call, of which one may stand by itself.

    Raises:
        SpecError: if there are too few or too many, or one is no text and no depth.
    """
    given = value if isinstance(value, list) else [] if value is None else [value]
    wrong = [
        one
        for one in given
        if isinstance(one, bool) or not isinstance(one, (str, int)) or one == ""
    ]
    if wrong:
        raise SpecError(f"{name}: got {wrong[0]!r}, want a SPEC, as 'resnet50'")
    if len(given) < least or (most is not None and len(given) > most):
        want = "one SPEC" if most == 1 else f"{least} SPECs or more"
        if least == 1 != most:
            want = "one SPEC or more"
        got = f"{name} is missing" if value is None else f"{name}: got {len(given)}"
        raise SpecError(f"{got}, want {want}, as 'resnet50'")
    return [str(one) for one in given]


def check_names(tool: str, arguments: Mapping[str, Any], legal: Iterable[str]) -> None:
    """Check the names of a call's arguments.

    Raises:
        OptionError: for one that the tool does not have; says which it has.
    """
    names = [*legal]
    for name in arguments:
        if name not in names:
            raise OptionError(
                f"{tool}: unknown argument {name!r}: {suggest(name, names)}"
            )

"""Checks of the values that options of figures are given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.errors import RenderError, suggest

if TYPE_CHECKING:
    from collections.abc import Collection

    from resviz.options import Option


def check_type(option: Option, value: object) -> None:
    """Check that an option of a figure is text, a number, or of a switch True or False.

    Raises:
        RenderError: if it is neither, or empty where something has to stand.
    """
    if option.several and isinstance(value, (list, tuple)):
        for part in value:
            check_type(replace(option, several=False), part)
        return
    wanted: str = f"text, as {option.example!r}" if option.example else "text"
    if option.kind == "switch":
        is_legal, wanted = isinstance(value, int) and value in {0, 1}, "True or False"
    elif option.kind == "number":
        is_legal = isinstance(value, int) and value is not True and value > 0
        wanted = "a whole number from 1 on"
    else:
        is_legal = isinstance(value, str) and bool(value.strip() or not option.example)
    if option.choices:
        wanted = f"one of {', '.join(option.legal_words())}"
    if not is_legal:
        raise RenderError(f"{option.name}: got {value!r}, want {wanted}")


def check_choice(
    what: str, value: str, legal: Collection[str], older: Collection[str] = ()
) -> None:
    """Check that a word is one of the legal ones.

    Raises:
        RenderError: listing them.
    """
    if value not in legal:
        raise RenderError(f"unknown {what} {value!r}: {suggest(value, legal, older)}")

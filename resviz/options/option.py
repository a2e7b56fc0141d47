"""What an option is: how it is spelt, what is legal, and what is read of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal

from resviz.errors import OptionError, SpecError, suggest
from resviz.inputs import parse_input
from resviz.units import parse_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OptionKind = Literal["text", "words", "number", "length", "switch", "inputs", "object"]
"""How an option is written: text, words between commas, a whole number from 1 on, a
length with its unit, a switch without a value, inputs of a forward, or an object that
only Python has."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        help: what it means, as commands print it.
        kind: how it is written.
        choices: its legal words, or the registry of them, "module:attribute".
        spelling: of commands and documents, where that of Python is another.
        aliases: other spellings, of older versions.
        opposite: of a switch, what the command line writes to turn it off.
        default: what holds where it is left out; None leaves that to the trace.
        example: what stands there, where nothing may not.
        renamed: words of older versions, and what they are called now.
        elsewhere: words that are legal in another place, and what they are there.
        refusal: of what only some figures take, why another refuses it; "{}" stands
            for those that take it.
        several: whether it may be given several times, or hold several values between
            commas; its value is a tuple then.
        name: the keyword in Python.
    """

    help: str
    kind: OptionKind = "text"
    choices: tuple[str, ...] | str = ()
    spelling: str = ""
    aliases: tuple[str, ...] = ()
    opposite: str = ""
    default: str | None = None
    example: str = ""
    renamed: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()
    refusal: str = ""
    several: bool = False
    name: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """How commands and documents write it, the usual way first."""
        return (self.spelling or self.name, *self.aliases)

    def legal_words(self) -> tuple[str, ...]:
        """Return its legal words; none where any text is legal."""
        if isinstance(self.choices, tuple):
            return self.choices
        module, _, attribute = self.choices.partition(":")
        registered: Any = getattr(import_module(module), attribute)
        return tuple(
            registered() if isinstance(registered, FunctionType) else registered
        )

    def parse(self, text: str) -> Any:
        """Return the value of what a command or a document writes.

        Raises:
            SpecError: if it is not legal; says what is.

        Example:
            >>> Option("Sizes.", kind="inputs").parse("3,224,224")[0].text
            'N,3,224,224'
        """
        text = text.strip()
        if self.example and not (text.strip(" ,") if self.several else text):
            raise SpecError(
                f"got {text!r}, want one as {self.example}, or leave it out"
            )
        if self.kind == "number":
            if not text.isdecimal() or not int(text):
                raise SpecError(f"got {text!r}, want a whole number from 1 on")
            return int(text)
        if self.kind == "length":
            parse_length(text, self.example)
        if self.kind == "inputs":
            joined = re.sub(r"\s*,\s*", ",", text)
            return tuple(parse_input(part) for part in joined.split())
        if self.kind == "words" or self.several:
            commas = text if self.several else ",".join(text.split())
            return tuple(filter(None, (part.strip() for part in commas.split(","))))
        words = self.legal_words()
        if not words or text in words:
            return text
        renamed = dict(self.renamed)
        for word in (*words, *renamed):
            if text.casefold() == word.casefold():
                return renamed.get(word, word)
        hint = dict(self.elsewhere).get(text.casefold())
        raise SpecError(f"got {text!r}, {hint or suggest(text, words, renamed)}")


def list_declared_options(declaration: type) -> dict[str, Option]:
    """Return the options that a class declares, by name.

    Example:
        >>> from resviz.options import PlaceOptions
        >>> [*list_declared_options(PlaceOptions)]
        ['figure', 'height', 'alt', 'width']
    """
    return {
        name: replace(hint.__metadata__[0], name=name)
        for name, hint in declaration.__annotations__.items()
    }


def collect_options(
    values: Mapping[str, Any], options: Iterable[Option]
) -> dict[str, Any]:
    """Return values by the names of Python, however they are spelt; None is left out.

    Args:
        values: of a command line or a document, by spelling or name.
        options: which of them to take.

    Raises:
        OptionError: if one stands there in two spellings.

    Example:
        >>> from resviz.options import TRACE_OPTIONS
        >>> collect_options({"input": "3,32,32", "all": True}, TRACE_OPTIONS.values())
        {'input_size': '3,32,32'}
    """
    collected: dict[str, Any] = {}
    for option in options:
        names = dict.fromkeys((option.name, *option.spellings))
        spelt = [name for name in names if values.get(name) is not None]
        if len(spelt) > 1:
            raise OptionError(f"{' and '.join(spelt)}: want one of them")
        if spelt:
            collected[option.name] = values[spelt[0]]
    return collected

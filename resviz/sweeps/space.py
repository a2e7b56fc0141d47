"""A space of configurations: what SPECs with braces, patterns and files stand for.

It is never held as a whole: `Space` knows how many there are and gives them one by one,
in the order in which they are written, inputs and batches varying fastest.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import SpecError, first_error_line
from resviz.source.literals import evaluate_literal
from resviz.source.spec import parse_spec
from resviz.sweeps.grammar import (
    BRACES_WANTED,
    expand_braces,
    split_outside_brackets,
    strip_quotes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Spec = str | int | Path

TRACE_ARGUMENTS = ("input", "batch")
"""Arguments in a SPEC that are the trace's and not the network's."""

SPEC_CALL = re.compile(r"([^()]+?)\s*(?:\((.*)\))?\s*", re.DOTALL)
GLOB_SIGN = re.compile(r"[*?]")


class Configuration(NamedTuple):
    """One variant.

    Attributes:
        spec: the SPEC of the network, as any other command takes it.
        input: its input, as a literal or text; None for what it was published for.
        batch: how many samples; None for one.
        arguments: the arguments that its SPEC says, by name.
    """

    spec: str
    input: Any = None
    batch: int | None = None
    arguments: tuple[tuple[str, Any], ...] = ()

    @property
    def unique_key(self) -> tuple[str, str, int | None]:
        """What tells it from all others."""
        return self.spec, repr(self.input), self.batch


class ArgumentChoice(NamedTuple):
    """One value of a place in a SPEC: its text, and the arguments that it sets."""

    text: str
    arguments: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class BracedSpec:
    """One SPEC with braces: the choices for its name, and for each argument."""

    places: tuple[tuple[ArgumentChoice, ...], ...]
    is_call: bool

    @property
    def variant_count(self) -> int:
        """How many configurations it has."""
        return prod(map(len, self.places))

    @property
    def argument_values(self) -> Iterator[tuple[str, str]]:
        """Names and values of all arguments; "" in a choice that leaves one out.

        The name of the network is one where it is not the whole SPEC.
        """
        for place in self.places if len(self.places) > 1 else self.places[1:]:
            choices = [dict(choice.arguments) for choice in place]
            for name in dict.fromkeys(name for choice in choices for name in choice):
                yield from ((name, repr(choice.get(name, ""))) for choice in choices)

    def __iter__(self) -> Iterator[Configuration]:
        is_traces = [is_trace_argument(place) for place in self.places]
        order = sorted(range(len(is_traces)), key=is_traces.__getitem__)
        for chosen in product(*(self.places[k] for k in order)):
            choices = [choice for _, choice in sorted(zip(order, chosen, strict=True))]
            arguments = {
                name: value for choice in choices for name, value in choice.arguments
            }
            head, *rest = (
                choice.text
                for choice in choices
                if choice.text and not is_trace_argument([choice])
            )
            # One of ours is called anyway, a function of a file is not.
            called = rest or (self.is_call and ":" in head)
            yield Configuration(
                f"{head}({', '.join(rest)})" if called else head,
                arguments.get("input"),
                arguments.get("batch"),
                tuple(arguments.items()),
            )


def is_trace_argument(place: Sequence[ArgumentChoice]) -> bool:
    """Tell whether a place of a SPEC is an argument of the trace."""
    return any(
        name in TRACE_ARGUMENTS for choice in place for name, _ in choice.arguments
    )


class Space:
    """All configurations of some SPECs, each once.

    Args:
        specs: SPECs with braces, `timm:*resnet*`, files of SPECs, a line each, or lists
            of all these.

    Raises:
        SpecError: if one cannot be read, or a pattern meets nothing.
    """

    def __init__(self, specs: Iterable[Spec | list[Spec]]) -> None:
        flat = [
            spec
            for listed in specs
            for spec in (listed if isinstance(listed, list) else [listed])
        ]
        texts = [check_spec_text(spec) for spec in flat]
        self.braced_specs = [
            family for text in texts for family in read_braced_specs(text)
        ]
        if not self.braced_specs:
            raise SpecError("sweep: want at least one SPEC, as 'resnet({18,34})'")

    @property
    def variant_count(self) -> int:
        """How many there are, those counted twice that are there twice."""
        return sum(family.variant_count for family in self.braced_specs)

    @property
    def varying_names(self) -> list[str]:
        """Names of the arguments that vary: of two values or more, in any SPECs.

        Those that are the trace's are there also with one, for no SPEC shows them.
        """
        values: dict[str, set[str]] = {}
        for family in self.braced_specs:
            for name, value in family.argument_values:
                values.setdefault(name, set()).add(value)
        return [
            name
            for name, distinct in values.items()
            if len(distinct) > 1 or name in TRACE_ARGUMENTS
        ]

    def is_set_by_all(self, name: str) -> bool:
        """Tell whether every variant has an argument of this name."""
        return all(
            any(
                all(name in dict(choice.arguments) for choice in place)
                for place in family.places
            )
            for family in self.braced_specs
        )

    def __iter__(self) -> Iterator[Configuration]:
        seen = set[object]()
        for family in self.braced_specs:
            for configuration in family:
                if configuration.unique_key not in seen:
                    seen.add(configuration.unique_key)
                    yield configuration


def check_spec_text(spec: Any) -> str:
    """Check what is to be a SPEC, and return it as text.

    Raises:
        SpecError: if it is nothing that stands for a network.
    """
    if not isinstance(spec, (str, int, Path)):
        raise SpecError(
            f"sweep: got {spec!r:.80}, want SPECs as text, depths, files, or lists of "
            "them; an input is input_size=(3, 64, 64)"
        )
    return str(spec)


def read_braced_specs(text: str) -> Iterator[BracedSpec]:
    """Read one SPEC with braces, or each line of a file of them."""
    text = text.strip()
    path = Path(text)
    if text.endswith(".txt"):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or first_error_line(error)
            raise SpecError(f"{text}: cannot be read, {reason}") from error
        for line in map(str.strip, lines):
            if line and not line.startswith("#"):
                yield from read_braced_specs(strip_quotes(line))
    elif text.startswith("{"):
        yield from map(parse_braced_spec, expand_braces(text))
    else:
        yield parse_braced_spec(text)


def parse_braced_spec(text: str) -> BracedSpec:
    """Parse one SPEC with braces.

    Raises:
        SpecError: if brackets do not match, or a pattern meets nothing.

    Example:
        >>> [variant.spec for variant in parse_braced_spec("resnet({18,34}, groups=1)")]
        ['resnet(18, groups=1)', 'resnet(34, groups=1)']
    """
    if not text.strip():
        parse_spec(text)  # it says what is wanted
    call = SPEC_CALL.fullmatch(text) if "://" not in text else None
    if not call:
        return BracedSpec((find_name_choices(text),), is_call=False)
    head, arguments = call.groups()
    parts = [
        part.strip() for part in split_outside_brackets(arguments or "") if part.strip()
    ]
    places = [find_argument_choices(part, k, head) for k, part in enumerate(parts)]
    return BracedSpec((find_name_choices(head), *places), arguments is not None)


def find_name_choices(text: str) -> tuple[ArgumentChoice, ...]:
    """Find the networks that a name with braces, or with a pattern, stands for.

    Raises:
        SpecError: if it still has braces, or the pattern meets nothing.
    """
    expanded = expand_braces(text)
    if any("{" in pattern.partition("(")[0] for pattern in expanded):
        raise SpecError(f"spec: got {text!r}, {BRACES_WANTED}")
    names = [name for pattern in expanded for name in match_model_names(pattern)]
    return tuple(ArgumentChoice(name, (("name", name),)) for name in names)


def match_model_names(name: str) -> list[str]:
    """Find the models of a package that match a pattern; a plain name is itself.

    Raises:
        SpecError: if there are none.
        BuildError: if the package is not there.
    """
    hub, _, pattern = name.rpartition(":")
    if not GLOB_SIGN.search(name):
        return [name]
    from resviz.source.hubs import list_model_names

    matches = [model for model in list_model_names(hub) if fnmatchcase(model, pattern)]
    if not matches:
        raise SpecError(f"{name}: no model of {hub or 'resviz'} matches {pattern!r}")
    return [f"{hub}:{model}" if hub else model for model in matches]


def find_argument_choices(
    text: str, place: int, network: str
) -> tuple[ArgumentChoice, ...]:
    """Find what one argument with braces stands for.

    Raises:
        SpecError: if there is nothing in its braces, and no name before them.
    """
    expanded = expand_braces(text)
    if "{}" in expanded:
        raise SpecError(f"spec: got '{{}}' in {network}({text}), {BRACES_WANTED}")
    return tuple(
        ArgumentChoice(value, parse_argument(value, place, network))
        for value in expanded
    )


def parse_argument(text: str, place: int, network: str) -> tuple[tuple[str, Any], ...]:
    """Read the name of an argument, and its value: text where it is no literal."""
    if not text:
        return ()
    name, sign, value = map(str.strip, text.partition("="))
    if not sign or not name.isidentifier():
        first = place == 0 and ":" not in network
        return (("depth" if first else f"argument {place + 1}", literal_or_text(text)),)
    return ((name, literal_or_text(value)),)


def literal_or_text(text: str) -> Any:
    """Return the value of a literal, or the text itself."""
    try:
        return evaluate_literal(ast.parse(text.strip(), mode="eval").body)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return text

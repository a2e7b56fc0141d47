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

from resviz.errors import SpecError, first_line
from resviz.source.spec import parse
from resviz.sweeps.grammar import TAKEN, expand, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Spec = str | int | Path

OURS = ("input", "batch")
"""Arguments in a SPEC that are the trace's and not the network's."""

CALL = re.compile(r"([^()]+?)\s*(?:\((.*)\))?\s*", re.DOTALL)
PATTERN = re.compile(r"[*?]")


class Configuration(NamedTuple):
    """One variant.

    Attributes:
        spec: the SPEC of the network, as any other command takes it.
        input: its input, as a literal or text; None for what it was published for.
        batch: how many samples; None for one.
        sets: the arguments that its SPEC says, by name.
    """

    spec: str
    input: Any = None
    batch: int | None = None
    sets: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What tells it from all others."""
        return self.spec, repr(self.input), self.batch


class Choice(NamedTuple):
    """One value of a place in a SPEC: its text, and the arguments that it sets."""

    text: str
    sets: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One SPEC with braces: the choices for its name, and for each argument."""

    places: tuple[tuple[Choice, ...], ...]
    called: bool

    @property
    def size(self) -> int:
        """How many configurations it has."""
        return prod(map(len, self.places))

    @property
    def said(self) -> Iterator[tuple[str, str]]:
        """Names and values of all arguments; "" in a choice that leaves one out.

        The name of the network is one where it is not the whole SPEC.
        """
        for place in self.places if len(self.places) > 1 else self.places[1:]:
            for name in dict.fromkeys(n for choice in place for n, _ in choice.sets):
                values = [dict(choice.sets).get(name, "") for choice in place]
                yield from ((name, repr(value)) for value in values)

    def __iter__(self) -> Iterator[Configuration]:
        fast = [ours(place) for place in self.places]
        order = sorted(range(len(fast)), key=fast.__getitem__)
        for chosen in product(*(self.places[k] for k in order)):
            own = [one for _, one in sorted(zip(order, chosen, strict=True))]
            sets = {name: value for one in own for name, value in one.sets}
            head, *rest = (one.text for one in own if one.text and not ours([one]))
            # One of ours is called anyway, a function of a file is not.
            called = rest or (self.called and ":" in head)
            yield Configuration(
                f"{head}({', '.join(rest)})" if called else head,
                sets.get("input"),
                sets.get("batch"),
                tuple(sets.items()),
            )


def ours(place: Sequence[Choice]) -> bool:
    """Whether a place of a SPEC is an argument of the trace."""
    return any(name in OURS for choice in place for name, _ in choice.sets)


class Space:
    """All configurations of some SPECs, each once.

    Args:
        specs: SPECs with braces, `timm:*resnet*`, files of SPECs, a line each, or lists
            of all these.

    Raises:
        SpecError: if one cannot be read, or a pattern meets nothing.
    """

    def __init__(self, specs: Iterable[Spec | list[Spec]]) -> None:
        several = [one if isinstance(one, list) else [one] for one in specs]
        written = [checked(spec) for some in several for spec in some]
        self.families = [family for text in written for family in families(text)]
        if not self.families:
            raise SpecError("sweep: want at least one SPEC, as 'resnet({18,34})'")

    @property
    def size(self) -> int:
        """How many there are, those counted twice that are there twice."""
        return sum(family.size for family in self.families)

    @property
    def names(self) -> list[str]:
        """Names of the arguments that vary: of two values or more, in any SPECs.

        Those that are the trace's are there also with one, for no SPEC shows them.
        """
        values: dict[str, set[str]] = {}
        for family in self.families:
            for name, value in family.said:
                values.setdefault(name, set()).add(value)
        return [name for name, met in values.items() if len(met) > 1 or name in OURS]

    def all_say(self, name: str) -> bool:
        """Whether every variant has an argument of this name."""
        return all(
            any(all(name in dict(one.sets) for one in place) for place in family.places)
            for family in self.families
        )

    def __iter__(self) -> Iterator[Configuration]:
        seen = set[object]()
        for family in self.families:
            for one in family:
                if one.key not in seen:
                    seen.add(one.key)
                    yield one


def checked(spec: Any) -> str:
    """A SPEC as text.

    Raises:
        SpecError: if it is nothing that stands for a network.
    """
    if not isinstance(spec, (str, int, Path)):
        raise SpecError(
            f"sweep: got {spec!r:.80}, want SPECs as text, depths, files, or lists of "
            "them; an input is input_size=(3, 64, 64)"
        )
    return str(spec)


def families(text: str) -> Iterator[Family]:
    """The families of one SPEC, or of each line of a file of them."""
    text = text.strip()
    path = Path(text)
    if text.endswith(".txt"):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or first_line(error)
            raise SpecError(f"{text}: cannot be read, {reason}") from error
        for line in map(str.strip, lines):
            if line and not line.startswith("#"):
                yield from families(unquoted(line))
    elif text.startswith("{"):
        yield from map(family, expand(text))
    else:
        yield family(text)


def unquoted(line: str) -> str:
    """A line without the quotes that a shell would need.

    Example:
        >>> unquoted("'resnet({18,34})'")
        'resnet({18,34})'
    """
    quoted = len(line) > 1 and line[0] == line[-1] and line[0] in "'\""
    return line[1:-1] if quoted else line


def family(text: str) -> Family:
    """One SPEC with braces.

    Raises:
        SpecError: if brackets do not match, or a pattern meets nothing.

    Example:
        >>> [one.spec for one in family("resnet({18,34}, groups=1)")]
        ['resnet(18, groups=1)', 'resnet(34, groups=1)']
    """
    if not text.strip():
        parse(text)  # it says what is wanted
    found = CALL.fullmatch(text) if "://" not in text else None
    if not found:
        return Family((name_choices(text),), called=False)
    head, arguments = found.groups()
    parts = [part.strip() for part in split(arguments or "") if part.strip()]
    places = [argument_choices(part, k, head) for k, part in enumerate(parts)]
    return Family((name_choices(head), *places), arguments is not None)


def name_choices(text: str) -> tuple[Choice, ...]:
    """The networks that a name with braces, or with a pattern, stands for.

    Raises:
        SpecError: if it still has braces, or the pattern meets nothing.
    """
    written = expand(text)
    if any("{" in one.partition("(")[0] for one in written):
        raise SpecError(f"spec: got {text!r}, {TAKEN}")
    names = [name for one in written for name in matching(one)]
    return tuple(Choice(name, (("name", name),)) for name in names)


def matching(name: str) -> list[str]:
    """The models of a package that match a pattern; a name without one is itself.

    Raises:
        SpecError: if there are none.
        BuildError: if the package is not there.
    """
    hub, _, pattern = name.rpartition(":")
    if not PATTERN.search(name):
        return [name]
    from resviz.source.hubs import names

    found = [one for one in names(hub) if fnmatchcase(one, pattern)]
    if not found:
        raise SpecError(f"{name}: no model of {hub or 'resviz'} matches {pattern!r}")
    return [f"{hub}:{one}" if hub else one for one in found]


def argument_choices(text: str, place: int, network: str) -> tuple[Choice, ...]:
    """What one argument with braces stands for.

    Raises:
        SpecError: if there is nothing in its braces, and no name before them.
    """
    written = expand(text)
    if "{}" in written:
        raise SpecError(f"spec: got '{{}}' in {network}({text}), {TAKEN}")
    return tuple(Choice(one, sets(one, place, network)) for one in written)


def sets(text: str, place: int, network: str) -> tuple[tuple[str, Any], ...]:
    """The name of an argument, and its value: text where it is no literal."""
    if not text:
        return ()
    name, sign, value = map(str.strip, text.partition("="))
    if not sign or not name.isidentifier():
        first = place == 0 and ":" not in network
        return (("depth" if first else f"argument {place + 1}", literal(text)),)
    return ((name, literal(value)),)


def literal(text: str) -> Any:
    """The value of a literal, or the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return text

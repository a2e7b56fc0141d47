"""Braces: one text that stands for many, expanded as a shell would.

`resnet({18,34}, groups={1,2})` is four SPECs. `{1..4}` is a range, `{64..256..64}` one
with a step; braces nest. What stands in quotes or in brackets of its own is not split,
and `{'a': 1}` and `{}` stay as they are: dictionaries. All else in braces is refused.
"""

from __future__ import annotations

import ast
import re
from itertools import product
from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?")

NEARLY = re.compile(r"[\w.+-]*[\w+-]\.\.[\w.+-]*|\.\.[\w.+-]+")
"""What was meant as a range, and is no folder's name."""

TAKEN = "braces take two or more, {18,34}, or whole numbers, {1..8} and {64..256..64}"

CLOSING = {"(": ")", "[": "]", "{": "}"}

MOST = 1_000_000
"""Values of one place in a SPEC; more are a slip of the pen."""


def split(text: str, separator: str = ",") -> list[str]:
    """Parts between separators that stand in no bracket, brace or quote.

    Raises:
        SpecError: if brackets or quotes do not match.

    Example:
        >>> split("50, layers=[3, 4], stem={'a','b'}")
        ['50', ' layers=[3, 4]', " stem={'a','b'}"]
    """
    parts, start = [], 0
    for place, depth in levels(text):
        if not depth and text[place] == separator:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def levels(text: str) -> list[tuple[int, int]]:
    """Each character outside of quotes, and in how many brackets it stands.

    A bracket counts as standing outside of itself.

    Raises:
        SpecError: if brackets or quotes do not match.
    """
    found: list[tuple[int, int]] = []
    awaited: list[str] = []
    quote, escaped = "", False
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
        elif sign in "'\"":
            quote = sign
        elif sign in CLOSING:
            found.append((place, len(awaited)))
            awaited.append(CLOSING[sign])
        elif sign in CLOSING.values():
            if not awaited or awaited.pop() != sign:
                raise SpecError(f"spec: {text!r} has a {sign!r} too many")
            found.append((place, len(awaited)))
        else:
            found.append((place, len(awaited)))
    if awaited or quote:
        raise SpecError(f"spec: {text!r} lacks a closing {(awaited or [quote])[-1]!r}")
    return found


def expand(text: str) -> list[str]:
    """All that a text with braces stands for, the last brace varying fastest.

    Raises:
        SpecError: if brackets or quotes do not match, if braces hold no choice, or it
            stands for too many.

    Example:
        >>> expand("resnet{18,34}")
        ['resnet18', 'resnet34']
        >>> expand("[{2,3},{4..8..2}]")
        ['[2,4]', '[2,6]', '[2,8]', '[3,4]', '[3,6]', '[3,8]']
    """
    pieces = list(alternatives(text))
    count = 1
    for piece in pieces:
        count *= len(piece)
    if count > MOST:
        raise SpecError(f"spec: {text[:60]!r} stands for {count:,} texts, want fewer")
    return ["".join(chosen) for chosen in product(*pieces)]


def alternatives(text: str) -> list[list[str]]:
    """What each piece of a text stands for: what is no choice, for itself."""
    pieces: list[list[str]] = []
    done = 0
    for start, end in braces(text):
        inner = text[start + 1 : end]
        found = choices(inner)
        own = [["{"], *alternatives(inner), ["}"]] if found is None else [found]
        pieces += [[text[done:start]], *own]
        done = end + 1
    return [*pieces, [text[done:]]]


def braces(text: str) -> Iterator[tuple[int, int]]:
    """Where the outermost braces open and close."""
    opened: list[int] = []
    for place, _ in levels(text):
        if text[place] == "{":
            opened.append(place)
        elif text[place] == "}":
            start = opened.pop()
            if not opened:
                yield start, place


def choices(inner: str) -> list[str] | None:
    """What stands between braces, expanded; None where it is a dictionary.

    Raises:
        SpecError: if it is no choice either.
    """
    span = RANGE.fullmatch(inner.strip())
    if span:
        return steps(*(int(number) for number in span.groups() if number))
    parts = [part.strip() for part in split(inner)]
    if parts == [""] or any(map(entry, parts)):
        return None
    if len(parts) < 2 or any(map(NEARLY.fullmatch, parts)):
        raise SpecError(f"spec: got '{{{inner}}}', {TAKEN}")
    return [one for part in parts for one in expand(part)]


def entry(part: str) -> bool:
    """Whether it is an entry of a dictionary, with a literal before its colon.

    Example:
        >>> entry("'a': 1"), entry("timm:resnet50")
        (True, False)
    """
    key, *value = split(part, ":")
    try:
        ast.literal_eval(key.strip())
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return bool(value)


def steps(first: int, last: int, by: int | None = None) -> list[str]:
    """The numbers of a range, its last one included.

    Raises:
        SpecError: if they are too many, or it has no step.
    """
    if by == 0:
        raise SpecError(f"spec: {{{first}..{last}..0}} has a step of 0, want 1 or more")
    size = abs(by or 1)
    if abs(last - first) // size >= MOST:
        raise SpecError(f"spec: {{{first}..{last}}} is too long, want a larger step")
    way = 1 if last >= first else -1
    return [str(number) for number in range(first, last + way, way * size)]

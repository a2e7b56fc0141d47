"""Braces: one text that stands for many, expanded as a shell would.

`resnet({18,34}, groups={1,2})` is four SPECs. `{1..4}` is a range, `{64..256..64}` one
with a step; braces nest. What stands in quotes or in brackets of its own is not split,
and `{'a': 1}` and `{}` stay as they are: dictionaries. All else in braces is refused.
"""

from __future__ import annotations

import ast
import re
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?")

NEARLY_RANGE = re.compile(r"[\w.+-]*[\w+-]\.\.[\w.+-]*|\.\.[\w.+-]+")
"""What was meant as a range, and is no folder's name."""

BRACES_WANTED = (
    "braces take two or more, {18,34}, or whole numbers, {1..8} and {64..256..64}"
)

CLOSING_BRACKETS = {"(": ")", "[": "]", "{": "}"}

MAX_EXPANDED_VALUES = 1_000_000
"""Values of one place in a SPEC; more are a slip of the pen."""


def split_outside_brackets(text: str, separator: str = ",") -> list[str]:
    """Split a text at separators that stand in no bracket, brace or quote.

    Raises:
        SpecError: if brackets or quotes do not match.

    Example:
        >>> split_outside_brackets("50, layers=[3, 4], stem={'a','b'}")
        ['50', ' layers=[3, 4]', " stem={'a','b'}"]
    """
    parts, start = [], 0
    for place, depth in bracket_depths(text):
        if not depth and text[place] == separator:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def bracket_depths(text: str) -> list[tuple[int, int]]:
    """Find the characters outside of quotes, and in how many brackets each stands.

    A bracket counts as standing outside of itself.

    Raises:
        SpecError: if brackets or quotes do not match.
    """
    depths: list[tuple[int, int]] = []
    awaited: list[str] = []
    quote, escaped = "", False
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
            continue
        if sign in "'\"":
            quote = sign
            continue
        if sign in CLOSING_BRACKETS.values() and (not awaited or awaited.pop() != sign):
            raise SpecError(f"spec: {text!r} has a {sign!r} too many")
        depths.append((place, len(awaited)))
        if sign in CLOSING_BRACKETS:
            awaited.append(CLOSING_BRACKETS[sign])
    if awaited or quote:
        raise SpecError(f"spec: {text!r} lacks a closing {(awaited or [quote])[-1]!r}")
    return depths


def expand_braces(text: str) -> list[str]:
    """List all that a text with braces stands for, the last brace varying fastest.

    Raises:
        SpecError: if brackets or quotes do not match, if braces hold no choice, or it
            stands for too many.

    Example:
        >>> expand_braces("resnet{18,34}")
        ['resnet18', 'resnet34']
        >>> expand_braces("[{2,3},{4..8..2}]")
        ['[2,4]', '[2,6]', '[2,8]', '[3,4]', '[3,6]', '[3,8]']
    """
    pieces = piece_alternatives(text)
    count = prod(map(len, pieces))
    if count > MAX_EXPANDED_VALUES:
        raise SpecError(f"spec: {text[:60]!r} stands for {count:,} texts, want fewer")
    return ["".join(chosen) for chosen in product(*pieces)]


def piece_alternatives(text: str) -> list[list[str]]:
    """List what each piece of a text stands for: what is no choice, for itself."""
    pieces: list[list[str]] = []
    piece_start = 0
    for start, end in find_outer_braces(text):
        inner = text[start + 1 : end]
        choices = parse_choices(inner)
        pieces.append([text[piece_start:start]])
        pieces += [choices] if choices else [["{"], *piece_alternatives(inner), ["}"]]
        piece_start = end + 1
    return [*pieces, [text[piece_start:]]]


def find_outer_braces(text: str) -> Iterator[tuple[int, int]]:
    """Find where the outermost braces open and close."""
    opened: list[int] = []
    for place, _ in bracket_depths(text):
        if text[place] == "{":
            opened.append(place)
        elif text[place] == "}":
            start = opened.pop()
            if not opened:
                yield start, place


def parse_choices(inner: str) -> list[str] | None:
    """Expand what stands between braces; None where it is a dictionary.

    Raises:
        SpecError: if it is no choice either.
    """
    span = NUMBER_RANGE.fullmatch(inner.strip())
    if span:
        return expand_range(*(int(number) for number in span.groups() if number))
    parts = [part.strip() for part in split_outside_brackets(inner)]
    if parts == [""] or any(map(is_dictionary_entry, parts)):
        return None
    if len(parts) < 2 or any(map(NEARLY_RANGE.fullmatch, parts)):
        raise SpecError(f"spec: got '{{{inner}}}', {BRACES_WANTED}")
    return [text for part in parts for text in expand_braces(part)]


def strip_quotes(text: str) -> str:
    """Take off the quotes around all of a text, which a shell would need.

    Example:
        >>> strip_quotes("'resnet({18,34})'")
        'resnet({18,34})'
    """
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def is_dictionary_entry(part: str) -> bool:
    """Tell whether it is an entry of a dictionary, with a literal before its colon.

    Example:
        >>> is_dictionary_entry("'a': 1"), is_dictionary_entry("timm:resnet50")
        (True, False)
    """
    key, *value = split_outside_brackets(part, ":")
    try:
        ast.literal_eval(key.strip())
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return bool(value)


def expand_range(first: int, last: int, step: int | None = None) -> list[str]:
    """List the numbers of a range, its last one included.

    Raises:
        SpecError: if they are too many, or it has no step.
    """
    if step == 0:
        raise SpecError(f"spec: {{{first}..{last}..0}} has a step of 0, want 1 or more")
    size = abs(step or 1)
    if abs(last - first) // size >= MAX_EXPANDED_VALUES:
        raise SpecError(f"spec: {{{first}..{last}}} is too long, want a larger step")
    direction = 1 if last >= first else -1
    return [str(number) for number in range(first, last + direction, direction * size)]

"""Markers that are nearly ours: a letter off, in capitals, without their colon."""

from __future__ import annotations

import re
from difflib import get_close_matches

OURS = "resviz"

NEAR = 0.8
"""How like ours a word must be: "rezviz" is, "revise" and "results" are not."""

OTHERS = {"resize"}
"""A word that is as like, and another."""

MARKER = re.compile(
    r"[\s>]*<!--\s*(?P<end>/?)\s*(?P<word>[a-z](?:[-_ ]?[a-z]){3,9})\s*(:.*|-->\s*)",
    re.IGNORECASE,
)
BARE = re.compile(
    r"[\s>]*<!--\s*(?P<word>[a-z](?:[-_]?[a-z]){3,9})\s+(?P<next>\w+).*", re.IGNORECASE
)
"""A word in a comment, with what stands there instead of a colon."""

WANTED = "<!-- resviz: table 18 34 50 -->"


def misspelt(line: str) -> str:
    """What is wrong with a line that is nearly a marker; "" of any other.

    Example:
        >>> misspelt("<!-- reviz: table 18 -->").partition(",")[2]
        ' want the markers <!-- resviz: table 18 34 50 --> and <!-- /resviz -->'
        >>> misspelt("<!-- resviz is a tool -->")
        ''
    """
    found = MARKER.fullmatch(line)
    if found and near(found["word"]):
        return f"got {line.strip()!r}, want the markers {WANTED} and <!-- /{OURS} -->"
    found = BARE.fullmatch(line)
    if found and near(found["word"]) and asks(found["next"]):
        return colonless(line)
    return ""


def colonless(line: str) -> str:
    """What is said of a marker without its colon."""
    return f"got {line.strip()!r}, want a colon after the word: {WANTED}"


def bare(line: str) -> bool:
    """Whether a line is a comment that begins with our word, without its colon."""
    found = BARE.fullmatch(line)
    return bool(found) and near(found["word"])


def near(word: str) -> bool:
    """Whether a word is ours, or nearly."""
    said = re.sub(r"[-_ ]", "", word.lower())
    return said not in OTHERS and bool(get_close_matches(said, [OURS], 1, NEAR))


def asks(word: str) -> bool:
    """Whether a word is a command that a marker can hold."""
    # Late, for nearly no file has such a line.
    from resviz.embed.pieces import TABLES

    return word in {"diagram", *TABLES}

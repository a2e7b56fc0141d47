"""Markers that are nearly ours: a letter off, in capitals, without their colon."""

from __future__ import annotations

import re
from difflib import get_close_matches

OUR_WORD = "resviz"

MIN_SIMILARITY = 0.8
"""How like ours a word must be: "rezviz" is, "revise" and "results" are not."""

OTHER_WORDS = {"resize"}
"""A word that is as like, and another."""

MARKER_COMMENT = re.compile(
    r"[\s>]*<!--\s*(?P<end>/?)\s*(?P<word>[a-z](?:[-_ ]?[a-z]){3,9})\s*(:.*|-->\s*)",
    re.IGNORECASE,
)
BARE_COMMENT = re.compile(
    r"[\s>]*<!--\s*(?P<word>[a-z](?:[-_]?[a-z]){3,9})\s+(?P<next>\w+).*", re.IGNORECASE
)
"""A word in a comment, with what stands there instead of a colon."""

EXAMPLE_MARKER = "<!-- resviz: table 18 34 50 -->"


def explain_misspelling(line: str) -> str:
    """What is wrong with a line that is nearly a marker; "" of any other.

    Example:
        >>> explain_misspelling("<!-- reviz: table 18 -->").partition(",")[2]
        ' want the markers <!-- resviz: table 18 34 50 --> and <!-- /resviz -->'
        >>> explain_misspelling("<!-- resviz is a tool -->")
        ''
    """
    match = MARKER_COMMENT.fullmatch(line)
    if match and is_nearly_our_word(match["word"]):
        return (
            f"got {line.strip()!r}, want the markers {EXAMPLE_MARKER} "
            f"and <!-- /{OUR_WORD} -->"
        )
    match = BARE_COMMENT.fullmatch(line)
    if match and is_nearly_our_word(match["word"]) and is_marker_command(match["next"]):
        return explain_missing_colon(line)
    return ""


def explain_missing_colon(line: str) -> str:
    """What is said of a marker without its colon."""
    return f"got {line.strip()!r}, want a colon after the word: {EXAMPLE_MARKER}"


def is_marker_without_colon(line: str) -> bool:
    """Whether a line is a comment that begins with our word, without its colon."""
    match = BARE_COMMENT.fullmatch(line)
    return bool(match) and is_nearly_our_word(match["word"])


def is_nearly_our_word(word: str) -> bool:
    """Whether a word is ours, or nearly."""
    plain = re.sub(r"[-_ ]", "", word.lower())
    return plain not in OTHER_WORDS and bool(
        get_close_matches(plain, [OUR_WORD], 1, MIN_SIMILARITY)
    )


def is_marker_command(word: str) -> bool:
    """Whether a word is a command that a marker can hold."""
    # Late, for nearly no file has such a line.
    from resviz.tables import TABLES

    return word in {"diagram", *TABLES}

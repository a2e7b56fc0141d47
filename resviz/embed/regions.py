"""Marked regions of a Markdown file: where they are, and putting text into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPENING = re.compile(r"(?P<indent>[ \t]*(?:>[ \t]?)*[ \t]*)<!--\s*resviz:(?P<rest>.*)")
"""A marker, behind what stands before it in a list or a quotation."""

CLOSING = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*<!--\s*/resviz\s*-->\s*")
COMMENT_END = re.compile(r"(?P<command>.*?)-->\s*")

EXAMPLE_MARKER = "<!-- resviz: table 18 34 50 -->"

OUR_WORD = "resviz"

MIN_SIMILARITY = 0.8
"""How like ours a word must be: "rezviz" is, "revise" and "results" are not."""

OTHER_WORDS = {"resize"}
"""A word that is as like, and another."""

MISSPELT_MARKER = re.compile(
    r"[\s>]*<!--\s*(?P<end>/?)\s*(?P<word>[a-z](?:[-_ ]?[a-z]){3,9})\s*(:.*|-->\s*)",
    re.IGNORECASE,
)
COLONLESS_MARKER = re.compile(
    r"[\s>]*<!--\s*(?P<word>[a-z](?:[-_]?[a-z]){3,9})\s+(?P<next>\w+).*", re.IGNORECASE
)
"""A word in a comment, with what stands there instead of a colon."""

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class MarkedRegion:
    """What stands between two markers.

    Attributes:
        line: of the opening marker, counted from 1.
        command: what is asked for.
        start: number of lines up to and with the opening marker.
        stop: number of lines before the closing one.
        indent: what stands before the marker, and before every line of the region.
    """

    line: int
    command: str
    start: int
    stop: int
    indent: str = ""


def fill_regions(
    text: str, where: str, render: Callable[[MarkedRegion], str]
) -> tuple[str, list[MarkedRegion]]:
    """Fill each region of a text; return the text and the regions that changed.

    Args:
        text: of a file; its line ends and its byte order mark are kept, and all that
            is in no region. A region in a list or a quotation stays there.
        where: the file's name, for errors.
        render: gives the lines of a region.

    Raises:
        SpecError: with file and line, if a region is not closed or not opened.
    """
    lines = text.removeprefix(BOM).split("\n")
    filled_lines: list[str] = []
    changed: list[MarkedRegion] = []
    done = 0
    for region in find_regions(lines, where):
        end = "\r" if lines[region.start - 1].endswith("\r") else ""
        content = render(region).strip("\n").split("\n")
        region_lines = [
            f"{region.indent}{line}{end}" if line else f"{region.indent.rstrip()}{end}"
            for line in ("", *content, "")
        ]
        if region_lines != lines[region.start : region.stop]:
            changed.append(region)
        filled_lines += [*lines[done : region.start], *region_lines]
        done = region.stop
    mark = BOM if text.startswith(BOM) else ""
    return mark + "\n".join((*filled_lines, *lines[done:])), changed


def find_regions(lines: list[str], where: str) -> Iterator[MarkedRegion]:
    """Find the regions of a file; markers inside blocks of code are none.

    Raises:
        SpecError: as `fill_regions`.
    """
    opened: tuple[int, str, str] | None = None
    colonless: tuple[int, str] | None = None
    for number, line in _find_markers(lines):
        if match := OPENING.match(line):
            if opened:
                raise _unclosed_error(where, opened[0])
            command = _parse_command(match["rest"], f"{where}:{number}")
            opened = (number, command, match["indent"])
        elif CLOSING.fullmatch(line):
            if opened:
                start, command, indent = opened
                yield MarkedRegion(start, command, start, number - 1, indent)
            elif colonless:
                start, text = colonless
                raise SpecError(f"{where}:{start}: {_explain_missing_colon(text)}")
            else:
                raise SpecError(f"{where}:{number}: <!-- /resviz --> closes no region")
            opened = colonless = None
        elif message := explain_misspelling(line):
            raise SpecError(f"{where}:{number}: {message}")
        else:
            colonless = (number, line)
    if opened:
        raise _unclosed_error(where, opened[0])


def _find_markers(lines: list[str]) -> list[tuple[int, str]]:
    """Find the lines that are markers, well spelt or not, numbered from 1.

    What is HTML and what is code, by a fence or by its indent, the Markdown parser
    knows; only a file with a marker is parsed.
    """
    markers = [
        (number, line) for number, line in enumerate(lines, 1) if _is_marker(line)
    ]
    if not markers:
        return []
    from markdown_it import MarkdownIt

    # The parser takes a return inside a line for a line end, which shifts numbers.
    text = "\n".join(line.replace("\r", " ") for line in lines)
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).disable("inline")
    html_lines = {
        number
        for token in parser.parse(text)
        if token.type == "html_block" and token.map
        for number, line in enumerate(token.content.split("\n"), token.map[0] + 1)
        # What is put below a marker so deep inside HTML would be code.
        if number <= token.map[1] and not line.startswith("    ")
    }
    return [(number, line) for number, line in markers if number in html_lines]


def _is_marker(line: str) -> bool:
    """Tell whether a line looks like a marker, well spelt or not."""
    if "<!--" not in line:
        return False
    return bool(
        OPENING.match(line)
        or CLOSING.fullmatch(line)
        or explain_misspelling(line)
        or _lacks_colon(line)
    )


def _parse_command(rest: str, where: str) -> str:
    """Return the command of a marker, out of what stands behind its colon.

    Raises:
        SpecError: if more than the marker stands on the line.
    """
    match = COMMENT_END.fullmatch(rest)
    if match is None:
        raise SpecError(
            f"{where}: want the marker on a line of its own, {EXAMPLE_MARKER}"
        )
    return match["command"].strip()


def _unclosed_error(where: str, number: int) -> SpecError:
    """Return the error of a region without its end."""
    return SpecError(
        f"{where}:{number}: region is not closed, want <!-- /resviz --> after it"
    )


def explain_misspelling(line: str) -> str:
    """Say what is wrong with a line that is nearly a marker; "" of any other.

    Nearly is a letter off, in capitals, or without the colon before a command.

    Example:
        >>> explain_misspelling("<!-- reviz: table 18 -->").partition(",")[2]
        ' want the markers <!-- resviz: table 18 34 50 --> and <!-- /resviz -->'
        >>> explain_misspelling("<!-- resviz is a tool -->")
        ''
    """
    match = MISSPELT_MARKER.fullmatch(line)
    if match and _resembles_our_word(match["word"]):
        return (
            f"got {line.strip()!r}, want the markers {EXAMPLE_MARKER} "
            f"and <!-- /{OUR_WORD} -->"
        )
    match = COLONLESS_MARKER.fullmatch(line)
    if match and _resembles_our_word(match["word"]) and _is_command(match["next"]):
        return _explain_missing_colon(line)
    return ""


def _explain_missing_colon(line: str) -> str:
    """Say what a marker without its colon wants."""
    return f"got {line.strip()!r}, want a colon after the word: {EXAMPLE_MARKER}"


def _lacks_colon(line: str) -> bool:
    """Tell whether a line is a comment that begins with our word, without its colon."""
    match = COLONLESS_MARKER.fullmatch(line)
    return bool(match) and _resembles_our_word(match["word"])


def _resembles_our_word(word: str) -> bool:
    """Tell whether a word is ours, or nearly."""
    plain = re.sub(r"[-_ ]", "", word.lower())
    return plain not in OTHER_WORDS and bool(
        get_close_matches(plain, [OUR_WORD], 1, MIN_SIMILARITY)
    )


def _is_command(word: str) -> bool:
    """Tell whether a word is a command that a marker can hold."""
    # Late, for nearly no file has such a line.
    from resviz.tables import TABLES

    return word in {"diagram", *TABLES}

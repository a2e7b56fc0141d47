"""Marked regions of a Markdown file: where they are, and putting text into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.embed.marker_typos import (
    EXAMPLE_MARKER,
    explain_missing_colon,
    explain_misspelling,
    is_marker_without_colon,
)
from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INDENT = r"(?P<indent>[ \t]*(?:>[ \t]?)*[ \t]*)"
"""What stands before the markers of a region in a list or a quotation."""

OPENING = re.compile(INDENT + r"<!--\s*resviz:(?P<rest>.*)")
CLOSING = re.compile(INDENT + r"<!--\s*/resviz\s*-->\s*")
WHOLE = re.compile(r"(.*?)-->\s*")

FENCE = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*(`{3,}(?=[^`]*$)|~{3,})")
"""What opens a block of code; a longer run of the same sign alone closes it."""

QUOTED = re.compile(r" {0,3}(?:> ?)+ {0,3}(?! )")
ITEM = re.compile(r" *(?:[-*+]|\d{1,9}[.)]) +")
"""What stands before the text of a quotation, and of a list's item."""

CODE = 4
"""Spaces that make a line code."""

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


def filled(
    text: str, where: str, content: Callable[[MarkedRegion], str]
) -> tuple[str, list[MarkedRegion]]:
    """`text` with the content of each region anew, and the regions that this changed.

    Args:
        text: of a file; its line ends and its byte order mark are kept, and all that
            is in no region. A region in a list or a quotation stays there.
        where: the file's name, for errors.
        content: a function that gives the lines of a region.

    Raises:
        SpecError: with file and line, if a region is not closed or not opened.
    """
    lines = text.removeprefix(BOM).split("\n")
    made: list[str] = []
    changed: list[MarkedRegion] = []
    done = 0
    for region in regions(lines, where):
        end = "\r" if lines[region.start - 1].endswith("\r") else ""
        body = content(region).strip("\n").split("\n")
        inset = region.indent
        anew = [
            f"{inset}{line}{end}" if line else f"{inset.rstrip()}{end}"
            for line in ("", *body, "")
        ]
        if anew != lines[region.start : region.stop]:
            changed.append(region)
        made += [*lines[done : region.start], *anew]
        done = region.stop
    mark = BOM if text.startswith(BOM) else ""
    return mark + "\n".join((*made, *lines[done:])), changed


def regions(lines: list[str], where: str) -> Iterator[MarkedRegion]:
    """The regions of a file; markers inside blocks of code are none.

    Raises:
        SpecError: as `filled`.
    """
    opened: tuple[int, str, str] | None = None
    doubtful: tuple[int, str] | None = None
    for number, line in uncoded(lines):
        if marker(line) and coded(lines, number):
            continue
        if found := OPENING.match(line):
            if opened:
                raise SpecError(unclosed(where, opened[0]))
            command = asked(found["rest"], f"{where}:{number}")
            opened = (number, command, found["indent"])
        elif CLOSING.fullmatch(line):
            if not opened:
                raise SpecError(unopened(where, number, doubtful))
            yield MarkedRegion(opened[0], opened[1], opened[0], number - 1, opened[2])
            opened = doubtful = None
        elif wrong := explain_misspelling(line):
            raise SpecError(f"{where}:{number}: {wrong}")
        elif is_marker_without_colon(line):
            doubtful = (number, line)
    if opened:
        raise SpecError(unclosed(where, opened[0]))


def asked(rest: str, where: str) -> str:
    """The command of a marker, out of what stands behind its colon.

    Raises:
        SpecError: if more than the marker stands on the line.
    """
    whole = WHOLE.fullmatch(rest)
    if whole is None:
        raise SpecError(
            f"{where}: want the marker on a line of its own, {EXAMPLE_MARKER}"
        )
    return whole[1].strip()


def marker(line: str) -> bool:
    """Whether a line is a marker, well spelt or not."""
    found = OPENING.match(line) or CLOSING.fullmatch(line)
    return (
        bool(found) or bool(explain_misspelling(line)) or is_marker_without_colon(line)
    )


def coded(lines: list[str], number: int) -> bool:
    """Whether a line is code by its indent: four spaces deeper than what it is in."""
    line = lines[number - 1].expandtabs(4)
    if line.lstrip().startswith(">"):
        return QUOTED.match(line) is None
    inset = len(line) - len(line.lstrip())
    if inset < CODE:
        return False
    for before in reversed(lines[: number - 1]):
        item = ITEM.match(before.expandtabs(4))
        if item and item.end() <= inset:
            return inset - item.end() >= CODE
        if before[:1].strip() and not item:
            break
    return True


def unopened(where: str, number: int, doubtful: tuple[int, str] | None) -> str:
    """What is said of an end without a region, whose marker may lack its colon."""
    if doubtful:
        return f"{where}:{doubtful[0]}: {explain_missing_colon(doubtful[1])}"
    return f"{where}:{number}: <!-- /resviz --> closes no region"


def unclosed(where: str, number: int) -> str:
    """What is said of a region without its end."""
    return f"{where}:{number}: region is not closed, want <!-- /resviz --> after it"


def uncoded(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines outside of fenced code, with their numbers from 1."""
    fence = ""
    for number, line in enumerate(lines, 1):
        found = FENCE.match(line)
        if not fence:
            fence = found[1] if found else ""
            if not found:
                yield number, line
        elif re.fullmatch(rf"[\s>]*{fence[0]}{{{len(fence)},}}\s*", line):
            fence = ""

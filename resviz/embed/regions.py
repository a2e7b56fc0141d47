"""Marked regions of a Markdown file: where they are, and putting text into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPENING = re.compile(r" {0,3}<!--\s*resviz:(.*)")
CLOSING = re.compile(r" {0,3}<!--\s*/resviz\s*-->\s*")
WHOLE = re.compile(r"(.*?)-->\s*")

FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
"""What opens a block of code; a longer run of the same sign alone closes it."""


@dataclass(frozen=True, slots=True)
class Region:
    """What stands between two markers.

    Attributes:
        line: of the opening marker, counted from 1.
        command: what is asked for.
        start: number of lines up to and with the opening marker.
        stop: number of lines before the closing one.
    """

    line: int
    command: str
    start: int
    stop: int


def filled(
    text: str, where: str, content: Callable[[Region], str]
) -> tuple[str, list[Region]]:
    """`text` with the content of each region anew, and the regions that this changed.

    Args:
        text: of a file; its line ends are kept, and all that is in no region.
        where: the file's name, for errors.
        content: a function that gives the lines of a region.

    Raises:
        SpecError: with file and line, if a region is not closed or not opened.
    """
    lines = text.split("\n")
    made: list[str] = []
    changed: list[Region] = []
    done = 0
    for region in regions(lines, where):
        end = "\r" if lines[region.start - 1].endswith("\r") else ""
        body = content(region).strip("\n").split("\n")
        anew = [f"{line}{end}" for line in ("", *body, "")]
        if anew != lines[region.start : region.stop]:
            changed.append(region)
        made += [*lines[done : region.start], *anew]
        done = region.stop
    return "\n".join((*made, *lines[done:])), changed


def regions(lines: list[str], where: str) -> Iterator[Region]:
    """The regions of a file; markers inside blocks of code are none.

    Raises:
        SpecError: as `filled`.
    """
    opened: tuple[int, str] | None = None
    for number, line in uncoded(lines):
        if found := OPENING.match(line):
            if opened:
                raise SpecError(unclosed(where, opened[0]))
            whole = WHOLE.fullmatch(found[1])
            if whole is None:
                raise SpecError(
                    f"{where}:{number}: want the marker on a line of its own, "
                    "<!-- resviz: table 18 34 50 -->"
                )
            opened = (number, whole[1].strip())
        elif CLOSING.fullmatch(line):
            if not opened:
                raise SpecError(f"{where}:{number}: <!-- /resviz --> closes no region")
            yield Region(*opened, opened[0], number - 1)
            opened = None
    if opened:
        raise SpecError(unclosed(where, opened[0]))


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
        elif re.fullmatch(rf" {{0,3}}{fence[0]}{{{len(fence)},}}\s*", line):
            fence = ""

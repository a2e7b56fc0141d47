"""Lines of a table of text whose columns fit: as rich would draw it, many times faster.

Rich measures, wraps and crops every cell, a millisecond a row; here all fits, so cells
are only padded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GAP = "   "
"""What stands between two columns."""

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"

TOP, MIDDLE, BOTTOM = 0.0, 0.5, 1.0
"""Where a short cell stands in a row: the share of empty lines above it."""

NARROW = re.compile(
    "[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f"  # Latin, Greek, Cyrillic
    "\u2010-\u2027\u2030-\u205e\u2070-\u209c"  # dashes, quotes, small figures
    "\u2190-\u22ff\u2308-\u230b\u2500-\u25fc]*"  # arrows, operators, lines
)
"""Text of which every character takes one cell of a terminal."""

Lines = list[str]
"""The lines of one cell."""


class Grid(NamedTuple):
    """What is drawn.

    Attributes:
        head: the headings.
        rows: cells from left to right.
        numeric: for each column, whether it is set to the right.
        marked: numbers of rows in bold.
        top: whether short cells stand at the top of a row, or in its middle.
        apart: whether a blank line stands between rows.
    """

    head: Sequence[Lines]
    rows: Sequence[Sequence[Lines]]
    numeric: Sequence[bool]
    marked: frozenset[int]
    top: bool
    apart: bool

    def widths(self) -> list[int]:
        """The width of each column."""
        return [
            max(len(line) for cell in column for line in cell)
            for column in zip(self.head, *self.rows, strict=True)
        ]


def ruled(grid: Grid, *, colour: bool) -> Iterator[str]:
    """The lines of a grid."""
    widths = grid.widths()
    yield from row(grid, grid.head, widths, BOLD if colour else "", BOTTOM)
    yield "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    for number, cells in enumerate(grid.rows):
        if number and grid.apart:
            yield ""
        style = BOLD if colour and number in grid.marked else ""
        yield from row(grid, cells, widths, style, TOP if grid.top else MIDDLE)


def row(
    grid: Grid,
    cells: Sequence[Lines],
    widths: Sequence[int],
    style: str,
    above: float,
) -> Iterator[str]:
    """The lines of one row."""
    height = max(map(len, cells))
    tall = [placed(cell, height, above) for cell in cells]
    for parts in zip(*tall, strict=True):
        told = zip(parts, widths, grid.numeric, strict=True)
        line = GAP.join(p.rjust(w) if right else p.ljust(w) for p, w, right in told)
        yield styled(line.rstrip(), style)


def placed(cell: Lines, height: int, share: float) -> Lines:
    """A cell with as many lines as its row, a share of the empty ones above it."""
    missing = height - len(cell)
    if not missing:
        return cell
    above = int(missing * share)
    return [""] * above + cell + [""] * (missing - above)


def styled(line: str, style: str) -> str:
    """A line in a terminal's style, if any."""
    return f"{style}{line}{PLAIN}" if style and line else line


def is_narrow(texts: Iterable[str]) -> bool:
    """Whether each character surely takes one cell of a terminal."""
    return all(text.isascii() or NARROW.fullmatch(text) for text in texts)

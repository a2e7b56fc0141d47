"""Grids of text: rows of cells that stand side by side in lines of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP = "   "
"""What stands between two columns."""

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"

TOP, MIDDLE, BOTTOM = 0.0, 0.5, 1.0
"""Where a short cell stands in a row: the share of empty lines above it."""


class Grid(NamedTuple):
    """Rows of cells below headings, and how they stand.

    Attributes:
        head: the headings.
        rows: cells from left to right.
        numeric: for each column, whether it is set to the right.
        marked: numbers of rows in bold.
        top: whether short cells stand at the top of a row, or in its middle.
        apart: whether a blank line stands between rows.
    """

    head: Sequence[list[str]]
    rows: Sequence[Sequence[list[str]]]
    numeric: Sequence[bool]
    marked: frozenset[int]
    top: bool
    apart: bool

    def widths(self) -> list[int]:
        """Return the width of each column."""
        return [
            max(len(line) for cell in column for line in cell)
            for column in zip(self.head, *self.rows, strict=True)
        ]


def iter_grid_lines(grid: Grid, *, colour: bool) -> Iterator[str]:
    """Yield the lines of a grid, its headings above a rule."""
    widths = grid.widths()
    yield from iter_row_lines(grid, grid.head, widths, BOLD if colour else "", BOTTOM)
    yield "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    for number, cells in enumerate(grid.rows):
        if number and grid.apart:
            yield ""
        style = BOLD if colour and number in grid.marked else ""
        yield from iter_row_lines(
            grid, cells, widths, style, TOP if grid.top else MIDDLE
        )


def iter_row_lines(
    grid: Grid,
    cells: Sequence[list[str]],
    widths: Sequence[int],
    style: str,
    above: float,
) -> Iterator[str]:
    """Yield the lines of one row."""
    height = max(map(len, cells))
    tall = [pad_cell(cell, height, above) for cell in cells]
    for parts in zip(*tall, strict=True):
        columns = zip(parts, widths, grid.numeric, strict=True)
        line = GAP.join(
            part.rjust(width) if numeric else part.ljust(width)
            for part, width, numeric in columns
        )
        yield style_line(line.rstrip(), style)


def pad_cell(cell: list[str], height: int, share: float) -> list[str]:
    """Give a cell as many lines as its row, a share of the empty ones above it."""
    missing = height - len(cell)
    if not missing:
        return cell
    above = int(missing * share)
    return [""] * above + cell + [""] * (missing - above)


def style_line(line: str, style: str) -> str:
    """Put a line into a terminal's style, if any."""
    return f"{style}{line}{PLAIN}" if style and line else line

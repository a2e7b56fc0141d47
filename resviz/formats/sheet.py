"""SVG: a table as a figure, with tall brackets, for slides and pages."""

from __future__ import annotations

from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.figures.drawing import metrics, styles
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.parts import Edge
from resviz.figures.drawing.parts import Group as Frame
from resviz.formats import svg
from resviz.formats.text import title_lines
from resviz.tables.table import Cell, Column, Group, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.figures.drawing.parts import Picture, Point

KIND = "table"
NAME = "svg"
SUFFIXES = (".svg",)

MARGIN, GAP, LEAD = 12, 22, 5
"""Around the table, between columns, and above and below a row's lines."""

LINE = 15
"""Height of a line of text."""

CHARACTERS = 60
"""Longest line of a cell; a longer one goes on below."""

BRACKET, INSIDE = 4, 5
"""Width of a bracket's hooks, and its distance from what it holds."""

BETWEEN = 6
"""Between two groups of one cell."""

Piece = tuple[str, ...] | Group
"""Lines of a cell: bare text, or a group in brackets with its factor."""

Span = tuple[int, int]
"""The first and the last column of a cell."""


def render(table: Table, *, style: str = "screen") -> str:
    """The table as SVG; it follows the reader's dark mode in the style "screen"."""
    return svg.render(Sheet(table).picture(), styles.find(style)).decode()


class Sheet:
    """Places one table on a canvas."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.canvas = Canvas()
        self.rows = [
            [pieces(column, row.get(column.key)) for column in table.columns]
            for row in table.rows
        ]
        self.heads = [title_lines(column) for column in table.columns]
        self.spans = [spans(table.columns, row) for row in self.rows]
        self.widths = [
            metrics.roomy(metrics.widest(head)) * metrics.BOLD for head in self.heads
        ]
        for row, several in zip(self.rows, self.spans, strict=True):
            for first, last in several:
                room = self.widths[first : last + 1]
                lack = width(row[first]) - sum(room) - GAP * (last - first)
                self.widths[last] += max(lack, 0)
        inner = sum(self.widths) + GAP * (len(self.widths) - 1)
        self.right = MARGIN + max(inner, self.loose())

    def loose(self) -> float:
        """The width of the facts, which stand above all columns."""
        said = [f"{label} {text}" for label, text in self.table.facts]
        return metrics.roomy(metrics.widest(said))

    def picture(self) -> Picture:
        """The table, placed from top to bottom."""
        y: float = MARGIN
        for label, text in self.table.facts:
            name = self.canvas.text(
                "name", (MARGIN, y + LINE / 2), f"{label} ", align="start"
            )
            self.canvas.text(
                "text", (name.right + 6, y + LINE / 2), text, align="start"
            )
            y += LINE + 2
        if self.rows:
            y = self.grid(y + LEAD)
        if self.table.marked and self.table.mark:
            y = self.key(y) + 1
        for note in self.table.notes:
            y = self.note(note, y)
        said = f"{self.table.title}: a table of {len(self.rows)} rows and "
        said += f"{len(self.heads)} columns: {', '.join(map(' '.join, self.heads))}."
        size = (self.right + MARGIN, y + MARGIN)
        return replace(self.canvas.picture(self.table.title, size), description=said)

    def grid(self, y: float) -> float:
        """The headings and rows between three rules; gives the y below them."""
        self.rule(y, "main")
        tall = max(map(len, self.heads)) * LINE
        for k, head in enumerate(self.heads):
            top = y + LEAD + (tall - len(head) * LINE) / 2
            self.words("name", k, head, top)
        y += tall + 2 * LEAD
        self.rule(y, "main")
        for number, row in enumerate(self.rows):
            below = y + max(map(height, row)) + 2 * LEAD
            if number in self.table.marked:
                # Off the rules, which are lines of one pixel or two.
                self.mark(MARGIN - 4, y + 1.5, self.right + 4, below - 1.5)
            self.row(number, y, below)
            y = below
        self.rule(y, "main")
        return y + LEAD

    def mark(self, left: float, top: float, right: float, bottom: float) -> None:
        """A plate that sets something off."""
        at = ((left + right) / 2, (top + bottom) / 2)
        key = f"m{len(self.canvas.groups)}"
        size = (right - left, bottom - top)
        self.canvas.groups.append(Frame(key, "mark", at, size, "stage 2"))

    def key(self, y: float) -> float:
        """What a plate means; gives the y below it."""
        self.mark(MARGIN, y + 8, MARGIN + 18, y + 17)
        return self.note(self.table.mark, y, MARGIN + 24)

    def note(self, said: str, y: float, left: float = MARGIN) -> float:
        """A line below the table, on several if it is long; gives the y below it."""
        for line in metrics.flow(said.split(), " ", (self.right - left) * 0.87, 11):
            self.canvas.text("note", (left, y + 12), line, align="start")
            y += 13
        return y

    def row(self, number: int, top: float, bottom: float) -> None:
        """One row; each cell stands in its middle."""
        for first, last in self.spans[number]:
            cell = self.rows[number][first]
            y = (top + bottom - height(cell)) / 2
            for piece in cell:
                if isinstance(piece, Group):
                    self.group(first, piece, y)
                else:
                    self.words("text", first, piece, y, last)
                y += height([piece]) + BETWEEN

    def words(
        self, role: str, k: int, lines: Iterable[str], y: float, last: int = 0
    ) -> None:
        """Lines of text in column `k`, or from there to `last`, from `y` on."""
        column = self.table.columns[k]
        last = max(k, last)
        left, right = self.left(k), self.left(last) + self.widths[last]
        x, align = left, "start"
        if column.kind == "cell":
            x, align = (left + right) / 2, "middle"
        elif column.numeric:
            x, align = right, "end"
        for line in lines:
            self.canvas.text(role, (x, y + LINE / 2), line, align=align)
            y += LINE

    def group(self, k: int, group: Group, y: float) -> None:
        """A group in brackets, with its factor."""
        inner = metrics.roomy(metrics.widest(group.lines))
        x = self.left(k) + (self.widths[k] - width([group])) / 2 + INSIDE
        self.bracket(x - INSIDE, y, len(group.lines), BRACKET)
        centre = x + inner / 2
        for number, line in enumerate(group.lines):
            self.canvas.text("text", (centre, y + (number + 0.5) * LINE), line)
        right = x + inner + INSIDE
        self.bracket(right, y, len(group.lines), -BRACKET)
        if group.count is not None:
            middle = y + len(group.lines) * LINE / 2
            self.canvas.text(
                "text", (right + 5, middle), f"×{group.count}", align="start"
            )

    def bracket(self, x: float, top: float, lines: int, hook: float) -> None:
        """Half a pair of brackets; a negative hook makes it the right one."""
        bottom = top + lines * LINE
        self.line("main", (x + hook, top), (x, top), (x, bottom), (x + hook, bottom))

    def rule(self, y: float, role: str) -> None:
        """A line across the table."""
        self.line(role, (MARGIN, y), (self.right, y))

    def line(self, role: str, *corners: Point) -> None:
        """Straight lines through some corners."""
        path = [corners[0]]
        for corner in corners[1:]:
            path += [path[-1], corner, corner]
        self.canvas.edges.append(Edge("", "", role, tuple(path)))

    def left(self, k: int) -> float:
        """X at which column `k` begins."""
        return MARGIN + sum(self.widths[:k]) + GAP * k


def spans(columns: Sequence[Column], row: Sequence[list[Piece]]) -> list[Span]:
    """The cells of a row; equal ones of several networks are one, as in the paper."""
    found: list[Span] = []
    for k, cell in enumerate(row):
        bare = cell and not any(isinstance(piece, Group) for piece in cell)
        if k and bare and columns[k].kind == "cell" and cell == row[k - 1]:
            found[-1] = (found[-1][0], k)
        else:
            found.append((k, k))
    return found


def pieces(column: Column, value: Any) -> list[Piece]:
    """What stands in a cell, from top to bottom."""
    if not isinstance(value, Cell):
        return [wrapped(column.lines(value))]
    said: list[Piece] = [wrapped([value.note])] if value.note else []
    for group in value.groups:
        bare = group.count is None and len(group.lines) == 1
        lines = wrapped(group.lines)
        said.append(lines if bare else Group(lines, group.count))
    return said


def wrapped(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines of which none is too long for a cell."""
    return tuple(
        part for line in lines for part in wrap(escape.clean(line), CHARACTERS) or [""]
    )


def width(cell: Iterable[Piece]) -> float:
    """Of the widest piece of a cell."""
    return max(map(piece_width, cell), default=0)


def piece_width(piece: Piece) -> float:
    """Of lines of text, or of a group with brackets and factor."""
    if not isinstance(piece, Group):
        return metrics.roomy(metrics.widest(piece))
    factor = "" if piece.count is None else f"×{piece.count}"
    inner = metrics.roomy(metrics.widest(piece.lines))
    return inner + 2 * INSIDE + (metrics.width(factor) + 6 if factor else 0)


def height(cell: Sequence[Piece]) -> float:
    """Of all pieces of a cell."""
    lines = sum(len(it.lines if isinstance(it, Group) else it) for it in cell)
    return lines * LINE + BETWEEN * (len(cell) - 1)

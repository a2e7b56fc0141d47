"""SVG: a table as a figure, with tall brackets, for slides and pages."""

from __future__ import annotations

from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.figures.drawing import metrics, styles
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.elements import Edge
from resviz.figures.drawing.elements import Group as Frame
from resviz.formats.pictures import svg
from resviz.formats.text_cells import title_lines
from resviz.tables.table import Cell, Column, LayerGroup, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.figures.drawing.elements import Picture, Point

SUFFIXES = (".svg",)

TABLE_MARGIN, COLUMN_GAP, ROW_PADDING = 12, 22, 5
"""Around the table, between columns, and above and below a row's lines."""

TEXT_LINE_HEIGHT = 15
"""Height of a line of text."""

MAX_LINE_CHARACTERS = 60
"""Longest line of a cell; a longer one goes on below."""

HOOK_WIDTH, BRACKET_PADDING = 4, 5
"""Width of a bracket's hooks, and its distance from what it holds."""

GROUP_GAP = 6
"""Between two groups of one cell."""

CellPiece = tuple[str, ...] | LayerGroup
"""Lines of a cell: bare text, or a group in brackets with its factor."""

ColumnSpan = tuple[int, int]
"""The first and the last column of a cell."""


def render(table: Table, *, style: str = "screen") -> str:
    """Write a table as SVG; it follows the reader's dark mode in the style "screen"."""
    return svg.render(TablePicture(table).draw_picture(), styles.find_style(style))


class TablePicture:
    """Places one table on a canvas."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.canvas = Canvas()
        self.cell_rows = [
            [cell_pieces(column, row.get(column.key)) for column in table.columns]
            for row in table.rows
        ]
        self.heading_lines = [title_lines(column) for column in table.columns]
        self.cell_spans = [
            find_cell_spans(table.columns, row) for row in self.cell_rows
        ]
        self.column_widths = [
            lines_width(head) * metrics.BOLD_FACTOR for head in self.heading_lines
        ]
        for row, row_spans in zip(self.cell_rows, self.cell_spans, strict=True):
            for first, last in row_spans:
                room = sum(self.column_widths[first : last + 1])
                room += COLUMN_GAP * (last - first)
                self.column_widths[last] += max(cell_width(row[first]) - room, 0)
        inner = sum(self.column_widths) + COLUMN_GAP * (len(self.column_widths) - 1)
        facts_width = lines_width(f"{label} {text}" for label, text in table.facts)
        self.right_edge = TABLE_MARGIN + max(inner, facts_width)

    def draw_picture(self) -> Picture:
        """Place the table from top to bottom."""
        y: float = TABLE_MARGIN
        for label, text in self.table.facts:
            middle = y + TEXT_LINE_HEIGHT / 2
            at = (TABLE_MARGIN, middle)
            name = self.canvas.add_text("name", at, f"{label} ", align="start")
            self.canvas.add_text("text", (name.right + 6, middle), text, align="start")
            y += TEXT_LINE_HEIGHT + 2
        if self.cell_rows:
            y = self.draw_grid(y + ROW_PADDING)
        if self.table.marked and self.table.mark:
            y = self.draw_mark_key(y) + 1
        for note in self.table.notes:
            y = self.draw_note(note, y)
        headings = ", ".join(map(" ".join, self.heading_lines))
        counts = f"{len(self.cell_rows)} rows and {len(self.heading_lines)} columns"
        description = f"{self.table.title}: a table of {counts}: {headings}."
        size = (self.right_edge + TABLE_MARGIN, y + TABLE_MARGIN)
        picture = self.canvas.build_picture(self.table.title, size)
        return replace(picture, description=description)

    def draw_grid(self, y: float) -> float:
        """Draw headings and rows between three rules; return the y below them."""
        self.draw_rule(y)
        tall = max(map(len, self.heading_lines)) * TEXT_LINE_HEIGHT
        for k, head in enumerate(self.heading_lines):
            top = y + ROW_PADDING + (tall - len(head) * TEXT_LINE_HEIGHT) / 2
            self.draw_text_lines("name", k, head, top)
        y += tall + 2 * ROW_PADDING
        self.draw_rule(y)
        for number, row in enumerate(self.cell_rows):
            below = y + max(map(cell_height, row)) + 2 * ROW_PADDING
            if number in self.table.marked:
                # Off the rules, which are lines of one pixel or two.
                self.draw_plate(
                    TABLE_MARGIN - 4, y + 1.5, self.right_edge + 4, below - 1.5
                )
            self.draw_row(number, y, below)
            y = below
        self.draw_rule(y)
        return y + ROW_PADDING

    def draw_plate(self, left: float, top: float, right: float, bottom: float) -> None:
        """Draw a plate that sets rows off."""
        at = ((left + right) / 2, (top + bottom) / 2)
        key = f"m{len(self.canvas.groups)}"
        size = (right - left, bottom - top)
        self.canvas.groups.append(Frame(key, "mark", at, size, "mark"))

    def draw_mark_key(self, y: float) -> float:
        """Draw what a plate means; return the y below it."""
        self.draw_plate(TABLE_MARGIN, y + 8, TABLE_MARGIN + 18, y + 17)
        return self.draw_note(self.table.mark, y, TABLE_MARGIN + 24)

    def draw_note(self, text: str, y: float, left: float = TABLE_MARGIN) -> float:
        """Draw a note below the table; return the y below it."""
        room = (self.right_edge - left) * 0.87
        for line in metrics.wrap_words(metrics.split_phrase(text), " ", room, 11):
            self.canvas.add_text("note", (left, y + 12), line, align="start")
            y += 13
        return y

    def draw_row(self, number: int, top: float, bottom: float) -> None:
        """Draw one row; each cell stands in its middle."""
        for first, last in self.cell_spans[number]:
            cell = self.cell_rows[number][first]
            y = (top + bottom - cell_height(cell)) / 2
            for piece in cell:
                if isinstance(piece, LayerGroup):
                    self.draw_group(first, piece, y)
                else:
                    self.draw_text_lines("text", first, piece, y, last)
                y += cell_height([piece]) + GROUP_GAP

    def draw_text_lines(
        self, role: str, k: int, lines: Iterable[str], y: float, last: int = 0
    ) -> None:
        """Draw lines of text in column `k`, or from there to `last`, from `y` on."""
        column = self.table.columns[k]
        last = max(k, last)
        left = self.column_left(k)
        right = self.column_left(last) + self.column_widths[last]
        x, align = left, "start"
        if column.kind == "cell":
            x, align = (left + right) / 2, "middle"
        elif column.numeric:
            x, align = right, "end"
        for line in lines:
            self.canvas.add_text(role, (x, y + TEXT_LINE_HEIGHT / 2), line, align=align)
            y += TEXT_LINE_HEIGHT

    def draw_group(self, k: int, group: LayerGroup, y: float) -> None:
        """Draw a group in brackets, with its factor."""
        inner = lines_width(group.lines)
        left = self.column_left(k) + (self.column_widths[k] - cell_width([group])) / 2
        self.draw_bracket(left, y, len(group.lines), HOOK_WIDTH)
        x = left + BRACKET_PADDING
        for number, line in enumerate(group.lines):
            at = (x + inner / 2, y + (number + 0.5) * TEXT_LINE_HEIGHT)
            self.canvas.add_text("text", at, line)
        right = x + inner + BRACKET_PADDING
        self.draw_bracket(right, y, len(group.lines), -HOOK_WIDTH)
        if group.count is not None:
            at = (right + 5, y + len(group.lines) * TEXT_LINE_HEIGHT / 2)
            self.canvas.add_text("text", at, f"×{group.count}", align="start")

    def draw_bracket(self, x: float, top: float, lines: int, hook: float) -> None:
        """Draw half a pair of brackets; a negative hook makes it the right one."""
        bottom = top + lines * TEXT_LINE_HEIGHT
        self.draw_polyline((x + hook, top), (x, top), (x, bottom), (x + hook, bottom))

    def draw_rule(self, y: float) -> None:
        """Draw a line across the table."""
        self.draw_polyline((TABLE_MARGIN, y), (self.right_edge, y))

    def draw_polyline(self, *corners: Point) -> None:
        """Draw straight lines through some corners."""
        path = [corners[0]]
        for corner in corners[1:]:
            path += [path[-1], corner, corner]
        self.canvas.edges.append(Edge("", "", "main", tuple(path)))

    def column_left(self, k: int) -> float:
        """Return the x at which column `k` begins."""
        return TABLE_MARGIN + sum(self.column_widths[:k]) + COLUMN_GAP * k


def find_cell_spans(
    columns: Sequence[Column], row: Sequence[list[CellPiece]]
) -> list[ColumnSpan]:
    """Return first and last column of each cell; equal ones side by side are one."""
    cell_spans: list[ColumnSpan] = []
    for k, cell in enumerate(row):
        bare = cell and not any(isinstance(piece, LayerGroup) for piece in cell)
        if k and bare and columns[k].kind == "cell" and cell == row[k - 1]:
            cell_spans[-1] = (cell_spans[-1][0], k)
        else:
            cell_spans.append((k, k))
    return cell_spans


def cell_pieces(column: Column, value: Any) -> list[CellPiece]:
    """Return what stands in a cell, from top to bottom."""
    if not isinstance(value, Cell):
        return [wrap_cell_lines(column.lines(value))]
    parts: list[CellPiece] = [wrap_cell_lines([value.note])] if value.note else []
    for group in value.groups:
        lines = wrap_cell_lines(group.lines)
        parts.append(lines if group.is_bare else LayerGroup(lines, group.count))
    return parts


def wrap_cell_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Wrap lines, so that none is too long for a cell."""
    return tuple(
        part
        for line in lines
        for part in wrap(escape.clean_name(line), MAX_LINE_CHARACTERS) or [""]
    )


def lines_width(lines: Iterable[str]) -> float:
    """Return the width of the widest of some lines, in whatever font is there."""
    return metrics.widen_for_fonts(metrics.max_text_width(lines))


def cell_width(cell: Iterable[CellPiece]) -> float:
    """Return the width of a cell: that of its widest piece."""
    return max(map(piece_width, cell), default=0)


def piece_width(piece: CellPiece) -> float:
    """Return the width of lines of text, or of a group with brackets and factor."""
    if not isinstance(piece, LayerGroup):
        return lines_width(piece)
    width = lines_width(piece.lines) + 2 * BRACKET_PADDING
    if piece.count is not None:
        width += metrics.text_width(f"×{piece.count}") + 6
    return width


def cell_height(cell: Sequence[CellPiece]) -> float:
    """Return the height of all pieces of a cell."""
    lines = sum(
        len(piece.lines if isinstance(piece, LayerGroup) else piece) for piece in cell
    )
    return lines * TEXT_LINE_HEIGHT + GROUP_GAP * (len(cell) - 1)

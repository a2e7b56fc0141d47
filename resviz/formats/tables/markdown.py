"""Markdown: a table as GitHub renders it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.tables.table import Cell, Column, LayerGroup, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = (".md", ".markdown")


def render(table: Table) -> str:
    """Write facts, rows and notes; brackets are drawn in monospaced lines."""
    return "\n".join(markdown_lines(table)) + "\n"


def markdown_lines(table: Table) -> Iterator[str]:
    """Yield the lines of a table."""
    for label, text in table.facts:
        yield f"- **{escape.escape_markdown(label)}**: {escape.escape_markdown(text)}"
    if table.facts:
        yield ""
    if table.rows:
        yield join_table_cells(escape.escape_markdown(c.title) for c in table.columns)
        yield join_table_cells("---:" if c.numeric else "---" for c in table.columns)
    for row in table.rows:
        yield join_table_cells(markdown_cell(c, row.get(c.key)) for c in table.columns)
    for note in table.notes:
        yield ""
        yield escape.escape_markdown_paragraph(note)


def join_table_cells(cells: Iterable[str]) -> str:
    """Join the cells of a row."""
    return f"| {' | '.join(cells)} |"


def markdown_cell(column: Column, value: Any) -> str:
    """Write one cell; a cell of blocks has a line for each convolution."""
    if isinstance(value, Cell):
        parts = [escape.escape_markdown(value.note)] if value.note else []
        for group in value.groups:
            parts += (
                [escape.escape_markdown(group.lines[0])]
                if group.is_bare
                else [f"`{line}`" for line in draw_brackets(group)]
            )
        return "<br>".join(parts)
    return "<br>".join(map(escape.escape_markdown, column.lines(value)))


def draw_brackets(group: LayerGroup) -> list[str]:
    """Draw a group: lines between the pieces of a tall bracket, and the factor."""
    width = max(map(len, group.lines))
    last = len(group.lines) - 1
    bracket_lines = []
    for k, line in enumerate(group.lines):
        piece = "only" if not last else {0: "top", last: "bottom"}.get(k, "middle")
        left, right = BRACKET_PIECES[piece]
        bracket_lines.append(f"{left}{line.ljust(width)}{right}")
    if group.count is not None:
        bracket_lines[last // 2] += f" ×{group.count}"
    return bracket_lines


BRACKET_PIECES = {"only": "[]", "top": "⎡⎤", "middle": "⎢⎥", "bottom": "⎣⎦"}
"""The pieces of which a tall bracket is drawn."""

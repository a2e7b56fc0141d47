"""Markdown: a table as GitHub renders it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.tables.table import Cell, Column, LayerGroup, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (".md", ".markdown")


def render(table: Table) -> str:
    """Facts, rows and notes; brackets are drawn in monospaced lines."""
    return "\n".join(markdown_lines(table)) + "\n"


def markdown_lines(table: Table) -> Iterator[str]:
    """The lines of a table."""
    for label, text in table.facts:
        yield f"- **{escape.escape_markdown(label)}**: {escape.escape_markdown(text)}"
    if table.facts:
        yield ""
    if table.rows:
        yield join_table_cells(
            escape.escape_markdown(column.title) for column in table.columns
        )
        yield join_table_cells(
            "---:" if column.numeric else "---" for column in table.columns
        )
    for row in table.rows:
        yield join_table_cells(
            markdown_cell(column, row.get(column.key)) for column in table.columns
        )
    for note in table.notes:
        yield ""
        yield escape.escape_markdown_paragraph(note)


def join_table_cells(cells: Any) -> str:
    """One row."""
    return f"| {' | '.join(cells)} |"


def markdown_cell(column: Column, value: Any) -> str:
    """One cell; a cell of blocks has a line for each convolution."""
    if isinstance(value, Cell):
        parts = [escape.escape_markdown(value.note)] if value.note else []
        parts += [line for group in value.groups for line in bracketed_lines(group)]
        return "<br>".join(parts)
    return "<br>".join(map(escape.escape_markdown, column.lines(value)))


def bracketed_lines(group: LayerGroup) -> list[str]:
    """The lines of a group between drawn brackets; plain text without a factor."""
    if group.count is None and len(group.lines) == 1:
        return [escape.escape_markdown(group.lines[0])]
    return [f"`{line}`" for line in draw_brackets(group)]


def draw_brackets(group: LayerGroup) -> list[str]:
    """Lines of equal width between the pieces of a tall bracket, and the factor."""
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

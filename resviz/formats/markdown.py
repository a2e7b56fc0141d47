"""Markdown: a table as GitHub renders it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.tables.table import Cell, Column, Group, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "table"
SUFFIXES = (".md", ".markdown")


def render(table: Table) -> str:
    """Facts, rows and notes; brackets are drawn in monospaced lines."""
    return "\n".join(lines(table)) + "\n"


def lines(table: Table) -> Iterator[str]:
    """The lines of a table."""
    for label, text in table.facts:
        yield f"- **{escape.markdown(label)}**: {escape.markdown(text)}"
    if table.facts:
        yield ""
    if table.rows:
        yield pipes(escape.markdown(column.title) for column in table.columns)
        yield pipes("---:" if column.numeric else "---" for column in table.columns)
    for row in table.rows:
        yield pipes(cell(column, row.get(column.key)) for column in table.columns)
    for note in table.notes:
        yield ""
        yield escape.markdown_line(note)


def pipes(cells: Any) -> str:
    """One row."""
    return f"| {' | '.join(cells)} |"


def cell(column: Column, value: Any) -> str:
    """One cell; a cell of blocks has a line for each convolution."""
    if isinstance(value, Cell):
        parts = [escape.markdown(value.note)] if value.note else []
        parts += [line for group in value.groups for line in bracketed(group)]
        return "<br>".join(parts)
    return "<br>".join(map(escape.markdown, column.lines(value)))


def bracketed(group: Group) -> list[str]:
    """The lines of a group between drawn brackets; plain text without a factor."""
    if group.count is None and len(group.lines) == 1:
        return [escape.markdown(group.lines[0])]
    return [f"`{line}`" for line in brackets(group)]


def brackets(group: Group) -> list[str]:
    """Lines of equal width between the pieces of a tall bracket, and the factor."""
    width = max(map(len, group.lines))
    last = len(group.lines) - 1
    drawn = []
    for k, line in enumerate(group.lines):
        piece = "only" if not last else {0: "top", last: "bottom"}.get(k, "middle")
        left, right = PIECES[piece]
        drawn.append(f"{left}{line.ljust(width)}{right}")
    if group.count is not None:
        drawn[last // 2] += f" ×{group.count}"
    return drawn


PIECES = {"only": "[]", "top": "⎡⎤", "middle": "⎢⎥", "bottom": "⎣⎦"}
"""The pieces of which a tall bracket is drawn."""

"""LaTeX: a tabular that wants booktabs and amsmath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.tables.table import Cell, Column, Group, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "table"
SUFFIXES = (".tex",)


def render(table: Table) -> str:
    r"""A tabular to `\input`; facts stand above it, notes below."""
    return "\n".join(lines(table)) + "\n"


def lines(table: Table) -> Iterator[str]:
    """The lines of a table."""
    yield r"% needs \usepackage{booktabs,amsmath}"
    for label, text in table.facts:
        yield rf"\noindent\textbf{{{escape.latex(label)}}} {escape.latex(text)}\par"
    if table.rows:
        yield from tabular(table)
    for note in table.notes:
        yield rf"\par\noindent{{\footnotesize {escape.latex(note)}\par}}"


def tabular(table: Table) -> Iterator[str]:
    """The rows between rules."""
    yield rf"\begin{{tabular}}{{{''.join(alignment(c) for c in table.columns)}}}"
    yield r"\toprule"
    yield ended(escape.latex(column.title) for column in table.columns)
    yield r"\midrule"
    for row in table.rows:
        yield ended(cell(column, row.get(column.key)) for column in table.columns)
    yield r"\bottomrule"
    yield r"\end{tabular}"


def alignment(column: Column) -> str:
    """Numbers to the right, blocks centred, all else to the left."""
    if column.numeric:
        return "r"
    return "c" if column.kind == "cell" else "l"


def ended(cells: Any) -> str:
    """One row."""
    return rf"{' & '.join(cells)} \\"


def cell(column: Column, value: Any) -> str:
    """One cell; blocks stand in brackets as in the paper."""
    if isinstance(value, Cell):
        parts = [escape.latex(value.note)] if value.note else []
        parts += map(grouped, value.groups)
        return parts[0] if len(parts) == 1 else stacked(parts)
    return escape.latex(column.text(value))


def stacked(parts: list[str]) -> str:
    """Several groups, one below the other."""
    inner = r" \\ ".join(parts)
    return rf"\begin{{tabular}}{{@{{}}c@{{}}}}{inner}\end{{tabular}}"


def grouped(group: Group) -> str:
    """One group of layers as a matrix with its factor."""
    if group.count is None and len(group.lines) == 1:
        return escape.latex(group.lines[0])
    rows = r" \\ ".join(rf"\text{{{escape.latex(line)}}}" for line in group.lines)
    factor = rf" \times {group.count}" if group.count is not None else ""
    return rf"$\begin{{bmatrix}} {rows} \end{{bmatrix}}{factor}$"

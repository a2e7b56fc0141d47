"""LaTeX: tabulars that want booktabs and amsmath."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.text import CELL_WIDTH, fitted, title_lines
from resviz.tables.table import Cell, Column, Group, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Row = Mapping[str, Any]

KIND = "table"
SUFFIXES = (".tex",)

CHARACTERS = 100
"""Characters of a line that a column of text takes in the smallest size."""

ROWS = 45
"""Rows that a page takes; a longer table is several tabulars."""


LEGIBLE = 5.5
"""Points of the smallest letters of which LaTeX does not warn."""

MARK = r"$\triangleright$"
"""What stands before a marked row; every LaTeX has it."""

OPENING = r"""% needs \usepackage{booktabs,amsmath}, and graphicx to shrink wide tables
% as wide as \resvizwidth at most; \def\resvizwidth{...} before this file sets it
\begingroup
\providecommand\resvizwidth{\linewidth}%
\par\parskip=0pt\vspace{4pt}"""

FITTED = rf"""\noindent\makebox[\linewidth]{{%
\ifdim\wd0>\resvizwidth
  \ifdefined\resizebox
    \edef\resvizletters{{\the\dimexpr\csname f@size\endcsname pt%
      *\number\dimexpr\resvizwidth\relax/\number\wd0 \relax}}%
    \ifdim\resvizletters<{LEGIBLE}pt
      \PackageWarning{{resviz}}{{A table of \the\wd0 \space is shrunk to
        \the\dimexpr\resvizwidth\relax, its letters to \resvizletters:
        use table* or fewer columns}}%
    \fi
    \resizebox{{\resvizwidth}}{{!}}{{\box0}}%
  \else
    \PackageWarning{{resviz}}{{A table of \the\wd0 \space is wider than
      \the\dimexpr\resvizwidth\relax: load graphicx, which shrinks it}}%
    \box0
  \fi
\else
  \box0
\fi}}"""


def render(table: Table) -> str:
    r"""Tabulars to `\input`; facts stand above them, notes below.

    Equal cells side by side are one, as in the paper. Columns that a page has no
    room for are left out and named below. What is wider than `\resvizwidth`, the line
    if that is not defined, shrinks to it; where letters get smaller than `LEGIBLE`
    LaTeX warns, and without graphicx it only warns.
    """
    return "\n".join(lines(table)) + "\n"


def lines(table: Table) -> Iterator[str]:
    """The lines of a table."""
    yield OPENING
    if table.facts:
        yield r"{\footnotesize\raggedright"
        for label, text in table.facts:
            said = rf"\textbf{{{escape.latex(label)}}} {escape.latex(text)}"
            yield rf"\noindent {said}\par"
        yield r"}\vspace{4pt}"
    columns, missing = shown(table)
    yield r"{\scriptsize"
    yield r"\setlength{\tabcolsep}{3pt}"
    for start, rows in batches(table.rows):
        yield from [r"\par\vspace{2pt}"] * (start > 0)
        marks = [start + k in table.marked for k in range(len(rows))]
        yield from shrunk(tabular(columns, rows, marks if table.marked else []))
    yield r"\par}"
    left_out = [f"left out for want of width: {missing}"] if missing else []
    notes = [escape.latex(note) for note in (*table.notes, *left_out)]
    if table.marked:
        notes = [f"{MARK} {escape.latex(table.mark)}", *notes]
    if notes:
        yield r"\vspace{4pt}{\footnotesize\raggedright"
        yield from (rf"\noindent {note}\par" for note in notes)
        yield "}"
    yield r"\endgroup"


def shrunk(tabular: Iterable[str]) -> Iterator[str]:
    """A tabular in the middle of the line, no wider than it may be."""
    yield from (r"\setbox0\hbox{%", *tabular, r"}%", FITTED)


def shown(table: Table) -> tuple[Sequence[Column], str]:
    """The columns that a page has room for, and the titles of the others."""
    if table.fixed:
        return table.columns, ""
    (columns, *_), missing = fitted(table, CHARACTERS)
    return columns, missing


def batches(rows: Sequence[Row]) -> Iterator[tuple[int, Sequence[Row]]]:
    """Rows by the page, with the number of the first."""
    for start in range(0, len(rows), ROWS):
        yield start, rows[start : start + ROWS]


def tabular(
    columns: Sequence[Column], rows: Sequence[Row], marks: Sequence[bool]
) -> Iterator[str]:
    """Some rows between rules, behind a column of marks if there are `marks`."""
    before = [r"l@{\,}"] if marks else []
    yield rf"\begin{{tabular}}{{{''.join((*before, *map(alignment, columns)))}}}"
    yield r"\toprule"
    heads = (stacked(map(escape.latex, title_lines(c))) for c in columns)
    yield ended(("", *heads) if marks else heads)
    yield r"\midrule"
    high = False
    for number, row in enumerate(rows):
        cells = list(merged(columns, row))
        tall = any("bmatrix" in text for text in cells)
        if tall or high:
            yield r"\addlinespace[2pt]"
        sign = [MARK if marks[number] else ""] if marks else []
        yield ended((*sign, *cells))
        high = tall
    yield r"\bottomrule"
    yield r"\end{tabular}"


def alignment(column: Column) -> str:
    """Numbers to the right, blocks centred, all else to the left."""
    if column.numeric:
        return "r"
    return "c" if column.kind == "cell" else "l"


def ended(cells: Iterable[str]) -> str:
    """One row."""
    return rf"{' & '.join(cells)} \\"


def merged(columns: Sequence[Column], row: Mapping[str, Any]) -> Iterator[str]:
    """The cells of a row; equal cells of several networks are one."""
    texts = [(c.kind == "cell", cell(c, row.get(c.key))) for c in columns]
    for (network, text), equal in groupby(texts):
        number = len(list(equal))
        if network and text and number > 1 and "bmatrix" not in text:
            yield rf"\multicolumn{{{number}}}{{c}}{{{text}}}"
        else:
            yield from [text] * number


def cell(column: Column, value: Any) -> str:
    """One cell; blocks stand in brackets as in the paper."""
    if isinstance(value, Cell):
        parts = [escape.latex(value.note)] if value.note else []
        parts += map(grouped, value.groups)
        return stacked(parts)
    lines = [escape.clean(line) for line in column.lines(value)]
    if column.kind == "row":
        lines = wrap(lines[0], CELL_WIDTH)
    return stacked(map(escape.latex, lines), "l")


def stacked(parts: Iterable[str], side: str = "c") -> str:
    """Several groups or lines, one below the other."""
    first, *rest = (*parts,) or ("",)
    if not rest:
        return first
    inner = r" \\ ".join((first, *rest))
    return rf"\begin{{tabular}}{{@{{}}{side}@{{}}}}{inner}\end{{tabular}}"


def grouped(group: Group) -> str:
    """One group of layers as a matrix with its factor."""
    if group.count is None and len(group.lines) == 1:
        return escape.latex(group.lines[0])
    rows = r" \\ ".join(rf"\text{{{escape.latex(line)}}}" for line in group.lines)
    factor = rf" {{\times}} {group.count}" if group.count is not None else ""
    return rf"$\begin{{bmatrix}} {rows} \end{{bmatrix}}{factor}$"

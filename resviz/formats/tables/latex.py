"""LaTeX: tabulars that want booktabs and amsmath."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.latex_letters import add_letter_command, escape_latex_letters
from resviz.formats.tables.text import fit_columns
from resviz.formats.text_cells import CELL_WIDTH, title_lines
from resviz.tables.table import Cell, Column, LayerGroup, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Row = Mapping[str, Any]

SUFFIXES = (".tex",)

LATEX_SENTENCE_WIDTH = 48
"""Characters of a line of a sentence, so that numbers fit beside it."""

LINE_CHARACTERS = 100
"""Characters of a line that a column of text takes in the smallest size."""

ROWS_PER_PAGE = 45
"""Rows that a page takes; a longer table is several tabulars."""

MIN_TABLE_POINTS = 5.5
"""Points of the smallest letters of which LaTeX does not warn."""

MARKED_ROW_SIGN = r"$\triangleright$"
"""What stands before a marked row; every LaTeX has it."""

TABLE_PREAMBLE = r"""
% needs \usepackage{booktabs,amsmath}, and graphicx to shrink wide tables
% as wide as \resvizwidth at most; \def\resvizwidth{...} before this file sets it
\begingroup
\providecommand\resvizwidth{\linewidth}%
\par\parskip=0pt\vspace{4pt}
""".strip()

SHRINK_BOX = rf"""\noindent\makebox[\linewidth]{{%
\ifdim\wd0>\resvizwidth
  \ifdefined\resizebox
    \edef\resvizletters{{\the\dimexpr\csname f@size\endcsname pt%
      *\number\dimexpr\resvizwidth\relax/\number\wd0 \relax}}%
    \ifdim\resvizletters<{MIN_TABLE_POINTS}pt
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
"""Sets box 0 in the middle of the line, no wider than it may be."""


def render(table: Table) -> str:
    r"""Write tabulars to `\input`; facts stand above them, notes below.

    Equal cells side by side are one, as in the paper. Columns that a page has no
    room for are left out and named below. What is wider than `\resvizwidth`, the line
    if that is not defined, shrinks to it; where letters get smaller than
    `MIN_TABLE_POINTS` LaTeX warns, and without graphicx it only warns. Letters that
    the engine lacks, as CJK in pdfLaTeX, become "?", and its log says which has them.
    """
    body = [*latex_lines(table)]
    return "\n".join([add_letter_command(TABLE_PREAMBLE, body), *body]) + "\n"


def latex_lines(table: Table) -> Iterator[str]:
    """Yield the lines of a table, but for its preamble."""
    if table.facts:
        yield r"{\footnotesize\raggedright"
        for label, text in table.facts:
            bold = rf"\textbf{{{escape_latex_letters(label)}}}"
            yield rf"\noindent {bold} {escape_latex_letters(text)}\par"
        yield r"}\vspace{4pt}"
    (columns,), missing = fit_columns(table, None if table.fixed else LINE_CHARACTERS)
    yield r"{\scriptsize"
    yield r"\setlength{\tabcolsep}{3pt}"
    for start in range(0, len(table.rows), ROWS_PER_PAGE):
        yield from [r"\par\vspace{2pt}"] * (start > 0)
        rows = table.rows[start : start + ROWS_PER_PAGE]
        marks = [start + k in table.marked for k in range(len(rows))]
        yield r"\setbox0\hbox{%"
        yield from tabular_lines(columns, rows, marks if table.marked else [])
        yield from (r"}%", SHRINK_BOX)
    yield r"\par}"
    left_out = [f"left out for want of width: {missing}"] if missing else []
    notes = [escape_latex_letters(note) for note in (*table.notes, *left_out)]
    if table.marked:
        notes = [f"{MARKED_ROW_SIGN} {escape_latex_letters(table.mark)}", *notes]
    if notes:
        yield r"\vspace{4pt}{\footnotesize\raggedright"
        yield from (rf"\noindent {note}\par" for note in notes)
        yield "}"
    yield r"\endgroup"


def tabular_lines(
    columns: Sequence[Column], rows: Sequence[Row], marks: Sequence[bool]
) -> Iterator[str]:
    """Yield some rows between rules, behind a column of marks if there are any."""
    before = [r"l@{\,}"] if marks else []
    yield rf"\begin{{tabular}}{{{''.join((*before, *map(column_alignment, columns)))}}}"
    yield r"\toprule"
    heads = (stack_lines(map(escape_latex_letters, title_lines(c))) for c in columns)
    yield join_cells_latex(("", *heads) if marks else heads)
    yield r"\midrule"
    after_tall_row = False
    for number, row in enumerate(rows):
        cells = list(merge_equal_cells(columns, row))
        tall = any("bmatrix" in text for text in cells)
        if tall or after_tall_row:
            yield r"\addlinespace[2pt]"
        mark_cell = [MARKED_ROW_SIGN if marks[number] else ""] if marks else []
        yield join_cells_latex((*mark_cell, *cells))
        after_tall_row = tall
    yield r"\bottomrule"
    yield r"\end{tabular}"


def column_alignment(column: Column) -> str:
    """Set numbers to the right, blocks centred, all else to the left."""
    if column.numeric:
        return "r"
    return "c" if column.kind == "cell" else "l"


def join_cells_latex(cells: Iterable[str]) -> str:
    """Join the cells of a row."""
    return rf"{' & '.join(cells)} \\"


def merge_equal_cells(columns: Sequence[Column], row: Row) -> Iterator[str]:
    """Yield the cells of a row; equal cells of several networks are one."""
    texts = [(c.kind == "cell", latex_cell(c, row.get(c.key))) for c in columns]
    for (network, text), equal in groupby(texts):
        width = len(list(equal))
        if network and text and width > 1 and "bmatrix" not in text:
            yield rf"\multicolumn{{{width}}}{{c}}{{{text}}}"
        else:
            yield from [text] * width


def latex_cell(column: Column, value: Any) -> str:
    """Write one cell; blocks stand in brackets as in the paper."""
    if isinstance(value, Cell):
        parts = [escape_latex_letters(value.note)] if value.note else []
        parts += map(latex_group, value.groups)
        return stack_lines(parts)
    lines = [escape.clean_name(line) for line in column.lines(value)]
    if column.kind == "row":
        lines = wrap(lines[0], CELL_WIDTH)
    if column.kind == "sentence":
        lines = wrap(lines[0], LATEX_SENTENCE_WIDTH, break_on_hyphens=False)
    return stack_lines(map(escape_latex_letters, lines), "l")


def stack_lines(parts: Iterable[str], side: str = "c") -> str:
    """Put several groups or lines one below the other."""
    first, *rest = (*parts,) or ("",)
    if not rest:
        return first
    inner = r" \\ ".join((first, *rest))
    return rf"\begin{{tabular}}{{@{{}}{side}@{{}}}}{inner}\end{{tabular}}"


def latex_group(group: LayerGroup) -> str:
    """Write a group of layers as a matrix with its factor."""
    if group.is_bare:
        return escape_latex_letters(group.lines[0])
    rows = r" \\ ".join(
        rf"\text{{{escape_latex_letters(line)}}}" for line in group.lines
    )
    factor = rf" {{\times}} {group.count}" if group.count is not None else ""
    return rf"$\begin{{bmatrix}} {rows} \end{{bmatrix}}{factor}$"

"""Text: a table for the terminal, as wide as it is.

Rich measures, wraps and crops every cell, a millisecond a row; where all fits, cells
are only padded, to the same lines.
"""

from __future__ import annotations

import re
from io import StringIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.text_cells import (
    CELL_WIDTH,
    MODULE_PART,
    cell_lines,
    title_lines,
    wrap_title,
)
from resviz.formats.text_grids import (
    BOLD,
    DIM,
    GAP,
    Grid,
    iter_grid_lines,
    style_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import rich.table

    from resviz.tables.table import Column, Table

SUFFIXES = (".txt",)

ROW_MARKER = "▸ "
"""What stands before a row that is set off."""

FACT_INDENT, NOTE_INDENT = 13, 2
"""By how much a fact above the table and a note below it are indented where they take
several lines."""

NARROW = re.compile(
    "[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f"  # Latin, Greek, Cyrillic
    "\u2010-\u2027\u2030-\u205e\u2070-\u209c"  # dashes, quotes, small figures
    "\u2190-\u22ff\u2308-\u230b\u2500-\u25fc]*"  # arrows, operators, lines
)
"""Text of which every character takes one cell of a terminal."""

UNBOUNDED_WIDTH = 100_000
"""The width of what is no terminal: nothing is left out or wrapped there."""


def render(table: Table, *, width: int | None = None, colour: bool = False) -> str:
    """Write a table in lines of at most `width` characters, if a width is given.

    Where it does not fit, spare columns are left out and named below, or the
    table is split into parts that repeat its first columns.
    """
    lines = wrap_paragraph(escape.clean_name(table.title), width, BOLD, colour=colour)
    for label, fact in table.facts:
        text = f"{escape.clean_name(label):<12} {escape.clean_name(fact)}"
        lines += wrap_paragraph(text, width, colour=colour, indent=FACT_INDENT)
    parts, missing = fit_columns(table, width)
    for number, columns in enumerate(parts if table.rows else ()):
        lines += [""] * (number > 0)
        lines += draw_columns(table, columns, width, colour=colour)
    marks = [f"{ROW_MARKER}{table.mark}"] if table.marked else []
    is_narrowed = bool(missing and table.rows)
    left_out = [f"left out for want of width: {missing}"] if is_narrowed else []
    for note in (*marks, *table.notes, *left_out):
        text = escape.clean_name(note)
        lines += wrap_paragraph(text, width, DIM, colour=colour, indent=NOTE_INDENT)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def wrap_paragraph(
    text: str, width: int | None, style: str = "", *, colour: bool, indent: int = 0
) -> list[str]:
    """Break a line above or below the table if it is longer than `width`.

    All lines but the first are indented, where no character takes two cells.
    """
    if is_narrow([text]):
        lines = [text]
        if width is not None and len(text) > width:
            room = " " * min(indent, width // 2)
            lines = wrap(text, width, subsequent_indent=room, break_on_hyphens=False)
        return [style_line(line, style if colour else "") for line in lines]
    from rich.text import Text

    names = {BOLD: "bold", DIM: "dim"}
    return render_with_rich(
        Text(text, style=names.get(style, "")), width, colour=colour
    )


def render_with_rich(renderable: Any, width: int | None, *, colour: bool) -> list[str]:
    """Return the lines that rich makes of something that may have to be wrapped."""
    from rich.console import Console

    text = StringIO()
    console = Console(
        file=text,
        width=width or UNBOUNDED_WIDTH,
        force_terminal=colour,
        force_jupyter=False,  # else rich shows the text itself and gives none back
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    console.print(renderable)
    return text.getvalue().splitlines()


def fit_columns(table: Table, width: int | None) -> tuple[list[list[Column]], str]:
    """Return the columns of each part that fits into `width`, and what is left out."""
    columns = list(table.columns)
    if width is None or total_width(table, columns) <= width:
        return [columns], ""
    if table.fixed:
        return list(split_columns(table, width)), ""
    missing: list[Column] = []
    while total_width(table, columns) > width and any(c.spare for c in columns):
        last = max(columns, key=lambda column: column.spare)
        columns.remove(last)
        missing.append(last)
    return [columns], ", ".join(column.title for column in missing)


def split_columns(table: Table, width: int) -> Iterator[list[Column]]:
    """Yield the parts of a table, each headed by its fixed columns."""
    head = list(table.columns[: table.fixed])
    part = list(head)
    for column in table.columns[table.fixed :]:
        if len(part) > len(head) and total_width(table, [*part, column]) > width:
            yield part
            part = list(head)
        part.append(column)
    yield part


def total_width(table: Table, columns: list[Column]) -> int:
    """Count the characters of some columns side by side, gaps included."""
    gutter = len(ROW_MARKER) if table.marked else 0
    widths = [column_width(table, column) for column in columns]
    return gutter + sum(widths) + len(GAP) * (len(widths) - 1)


def column_width(table: Table, column: Column) -> int:
    """Count the characters of the widest line of a column."""
    lines = (
        line for row in table.rows for line in cell_lines(column, row.get(column.key))
    )
    return max(map(len, (*title_lines(column), *lines)))


def draw_columns(
    table: Table, columns: list[Column], width: int | None, *, colour: bool
) -> list[str]:
    """Draw some columns: by hand if they fit, else rich squeezes them."""
    grid = lay_out_grid(table, columns)
    if width is not None:
        grid = break_names(grid, width)
    texts = (
        line for cells in (grid.head, *grid.rows) for cell in cells for line in cell
    )
    fits = width is None or sum(grid.widths()) + len(GAP) * (len(columns) - 1) <= width
    if fits and is_narrow(texts):
        return [*iter_grid_lines(grid, colour=colour)]
    grid = join_sentences(grid, columns)
    return render_with_rich(make_rich_table(grid), width, colour=colour)


def join_sentences(grid: Grid, columns: Sequence[Column]) -> Grid:
    """Join the lines of sentences, which are broken anew where they are squeezed."""
    rows = [
        [
            [" ".join(cell)] if column.kind == "sentence" else cell
            for column, cell in zip(columns, cells, strict=True)
        ]
        for cells in grid.rows
    ]
    return grid._replace(rows=rows)


def lay_out_grid(table: Table, columns: list[Column]) -> Grid:
    """Lay out the cells of some columns; marked rows are told from others."""
    rows = []
    for number, row in enumerate(table.rows):
        cells = [cell_lines(c, row.get(c.key)) for c in columns]
        if table.marked:
            gutter = " " * len(ROW_MARKER)
            mark = ROW_MARKER if number in table.marked else gutter
            cells[0] = [
                (gutter if k else mark) + line for k, line in enumerate(cells[0])
            ]
        rows.append(cells)
    return Grid(
        [title_lines(column) for column in columns],
        rows,
        [column.numeric for column in columns],
        table.marked,
        top=not any(column.kind == "cell" for column in columns),
        apart=any(column.kind == "cell" for column in columns),
    )


def break_names(grid: Grid, width: int) -> Grid:
    """Break the module paths of the first column at dots, if that lets a grid fit."""
    first, *others = grid.widths()
    gutter = len(ROW_MARKER) if grid.marked else 0
    room = width - sum(others) - len(GAP) * len(others) - gutter
    room = max(room, CELL_WIDTH)
    if first - gutter <= room or not grid.top:
        return grid
    rows: list[list[list[str]]] = []
    for (name, *lines), *cells in grid.rows:
        parts = wrap_title(name[gutter:], MODULE_PART, room)
        heads = [name[:gutter], *[" " * gutter] * len(parts)]
        broken = [head + part for head, part in zip(heads, parts, strict=False)]
        rows.append([[*broken, *lines], *cells])
    return grid._replace(rows=rows)


def make_rich_table(grid: Grid) -> rich.table.Table:
    """Return a grid as rich draws it, which breaks lines where the width is short."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    out = RichTable(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, show_lines=False
    )
    for heading, numeric in zip(grid.head, grid.numeric, strict=True):
        out.add_column(
            Text("\n".join(heading)),
            justify="right" if numeric else "left",
            no_wrap=numeric,  # words give way before digits are cut
            vertical="top" if grid.top else "middle",
        )
    for number, row in enumerate(grid.rows):
        style = "bold" if number in grid.marked else None
        cells = (Text("\n".join(cell)) for cell in row)
        out.add_row(*cells, style=style, end_section=grid.apart)
    return out


def is_narrow(texts: Iterable[str]) -> bool:
    """Tell whether each character surely takes one cell of a terminal."""
    return all(text.isascii() or NARROW.fullmatch(text) for text in texts)

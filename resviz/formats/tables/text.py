"""Text: a table for the terminal, as wide as it is."""

from __future__ import annotations

from io import StringIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.tables.grid import (
    BOLD,
    DIM,
    GAP,
    Grid,
    is_narrow,
    iter_grid_lines,
    style_line,
)
from resviz.formats.tables.markdown import draw_brackets
from resviz.tables.table import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import rich.table

SUFFIXES = (".txt",)

CELL_WIDTH = 15
"""Characters of the widest bracketed cell of the paper's five networks."""

ROW_MARKER = "▸ "
"""What stands before a row that is set off."""

WRAPPED_KINDS = {"cell", "row"}
"""Kinds of columns whose long cells take several lines."""

WORDS_WIDTH = 32
"""Characters of a line of words."""

GLUE = "\N{NO-BREAK SPACE}"

UNBOUNDED_WIDTH = 100_000
"""The width of what is no terminal: nothing is left out or wrapped there."""


def render(table: Table, *, width: int | None = None, colour: bool = False) -> str:
    """The table in lines of at most `width` characters, if a width is given.

    Where it does not fit, spare columns are left out and named below, or the
    table is split into parts that repeat its first columns.
    """
    lines = [
        *wrap_paragraph(escape.clean_name(table.title), width, BOLD, colour=colour)
    ]
    for label, fact in table.facts:
        text = f"{escape.clean_name(label):<12} {escape.clean_name(fact)}"
        lines += wrap_paragraph(text, width, colour=colour)
    parts, missing = fit_columns(table, width)
    for number, columns in enumerate(parts if table.rows else ()):
        lines += [""] * (number > 0)
        lines += draw_columns(table, columns, width, colour=colour)
    for note in note_lines(table, missing):
        lines += wrap_paragraph(escape.clean_name(note), width, DIM, colour=colour)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def wrap_paragraph(
    text: str, width: int | None, style: str = "", *, colour: bool
) -> list[str]:
    """A line above or below the table, on several if it is longer than `width`."""
    if (width is None or len(text) <= width) and is_narrow([text]):
        return [style_line(text, style if colour else "")]
    from rich.text import Text

    names = {BOLD: "bold", DIM: "dim"}
    return print_with_rich(Text(text, style=names.get(style, "")), width, colour=colour)


def print_with_rich(renderable: Any, width: int | None, *, colour: bool) -> list[str]:
    """The lines that rich makes of something that may have to be wrapped."""
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


def note_lines(table: Table, missing: str) -> Iterator[str]:
    """The lines below a table, those on the drawing itself first."""
    if table.marked:
        yield f"{ROW_MARKER}{table.mark}"
    yield from table.notes
    if missing:
        yield f"left out for want of width: {missing}"


def fit_columns(table: Table, width: int | None) -> tuple[list[list[Column]], str]:
    """Columns of each part that fits into `width`, and what is left out."""
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
    """Parts of a table, each headed by its fixed columns."""
    head = list(table.columns[: table.fixed])
    part = list(head)
    for column in table.columns[table.fixed :]:
        if len(part) > len(head) and total_width(table, [*part, column]) > width:
            yield part
            part = list(head)
        part.append(column)
    yield part


def total_width(table: Table, columns: list[Column]) -> int:
    """Characters that some columns take side by side, with three between each."""
    gutter = len(ROW_MARKER) if table.marked else 0
    return gutter + sum(column_width(table, column) + 3 for column in columns) - 3


def column_width(table: Table, column: Column) -> int:
    """Characters of the widest line of a column."""
    lines = (
        line for row in table.rows for line in cell_lines(column, row.get(column.key))
    )
    return max(map(len, (*title_lines(column), *lines)))


def title_lines(column: Column) -> list[str]:
    """The lines of a heading: a network's name takes several."""
    title = escape.clean_name(column.title)
    return wrap(title, CELL_WIDTH) if column.kind == "cell" else [title]


def cell_lines(column: Column, value: Any) -> list[str]:
    """The lines of one cell."""
    if isinstance(value, Cell):
        lines = [value.note] if value.note else []
        for group in value.groups:
            plain = group.count is None and len(group.lines) == 1
            lines += wrap_block_cell(group.lines[0]) if plain else draw_brackets(group)
        return [escape.clean_name(line) for line in lines]
    if column.kind == "words":
        return [part for line in column.lines(value) for part in wrap_hanging(line)]
    text = escape.clean_name(column.text(value))
    return wrap(text, CELL_WIDTH) if column.kind in WRAPPED_KINDS else [text]


def wrap_hanging(line: str) -> list[str]:
    """A line of words on several, those after the first hanging by two."""
    return wrap(escape.clean_name(line), WORDS_WIDTH, subsequent_indent="  ")


def wrap_block_cell(line: str) -> list[str]:
    """A long cell on several lines, so that no column of blocks grows by it.

    What stands between two commas stays together.
    """
    glued = ", ".join(part.replace(" ", GLUE) for part in line.split(", "))
    lines = wrap(glued, CELL_WIDTH, break_long_words=False, break_on_hyphens=False)
    return [part.replace(GLUE, " ") for part in lines] or [""]


def draw_columns(
    table: Table, columns: list[Column], width: int | None, *, colour: bool
) -> list[str]:
    """Some columns of a table: by hand if they fit, else rich squeezes them."""
    grid = lay_out_grid(table, columns)
    texts = (
        line for cells in (grid.head, *grid.rows) for cell in cells for line in cell
    )
    fits = width is None or sum(grid.widths()) + len(GAP) * (len(columns) - 1) <= width
    if fits and is_narrow(texts):
        return [*iter_grid_lines(grid, colour=colour)]
    return print_with_rich(squeeze_with_rich(grid), width, colour=colour)


def lay_out_grid(table: Table, columns: list[Column]) -> Grid:
    """The cells of some columns; those of marked rows are told from others."""
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
        top=any(column.kind == "words" for column in columns),
        apart=any(column.kind == "cell" for column in columns),
    )


def squeeze_with_rich(grid: Grid) -> rich.table.Table:
    """A grid as rich draws it, which breaks lines where the width is short."""
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
            vertical="top" if grid.top else "middle",
        )
    for number, row in enumerate(grid.rows):
        style = "bold" if number in grid.marked else None
        cells = (Text("\n".join(cell)) for cell in row)
        out.add_row(*cells, style=style, end_section=grid.apart)
    return out

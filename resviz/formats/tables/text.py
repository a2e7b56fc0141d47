"""Text: a table for the terminal, as wide as it is.

Rich measures, wraps and crops every cell, a millisecond a row; where all fits, cells
are only padded, to the same lines.
"""

from __future__ import annotations

import re
from io import StringIO
from itertools import chain
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz import escape
from resviz.formats.tables.markdown import draw_brackets
from resviz.tables.table import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import rich.table

SUFFIXES = (".txt",)

CELL_WIDTH = 15
"""Characters of the widest bracketed cell of the paper's five networks."""

PATH_PART = re.compile(r"[^/:,(_]*[/:,(_]?")
"""A part of a path or SPEC, with the character that ends it."""

MODULE_PART = re.compile(r"[^.–]+[.–]*(?:\d+(?:[.–]|$))*|[.–]+")
"""A part of a module's path and the numbers behind it, with dots: "branches.0."."""

WORD_END = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[.–])(?=\w)")
"""Where a part that is too long is broken: between Vision and Transformer, at dots."""

ROW_MARKER = "▸ "
"""What stands before a row that is set off."""

WRAPPED_KINDS = {"cell", "row"}
"""Kinds of columns whose long cells take several lines."""

FACT_INDENT, NOTE_INDENT = 13, 2
"""By how much a fact above the table and a note below it are indented where they take
several lines."""

WORDS_WIDTH = 32
"""Characters of a line of words."""

SENTENCE_WIDTH = 60
"""Characters of a line of a sentence."""

GLUE = "\N{NO-BREAK SPACE}"

GAP = "   "
"""What stands between two columns."""

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"

TOP, MIDDLE, BOTTOM = 0.0, 0.5, 1.0
"""Where a short cell stands in a row: the share of empty lines above it."""

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


def title_lines(column: Column) -> list[str]:
    """Return the lines of a heading: a network's name takes several."""
    title = escape.clean_name(column.title)
    return wrap_title(title) if column.kind == "cell" else [title]


def wrap_title(
    title: str, pattern: re.Pattern[str] = PATH_PART, width: int = CELL_WIDTH
) -> list[str]:
    """Break a network's name, a SPEC's or path's long words where its parts end.

    Example:
        >>> wrap_title("models/backbones/net.py:build_wide")
        ['models/', 'backbones/', 'net.py:build_', 'wide']
        >>> wrap_title("VisionTransformer")
        ['Vision', 'Transformer']
    """
    lines: list[str] = []
    for line in wrap(title, width, break_long_words=False):
        parts = pattern.findall(line) if len(line) > width else [line]
        lines.append("")
        words = (WORD_END.split(p) if len(p) > width else [p] for p in parts)
        for part in chain.from_iterable(words):
            if lines[-1] and len(lines[-1] + part) > width:
                lines.append("")
            lines[-1] += part
    return [part for line in lines for part in wrap(line, width)] or [""]


def cell_lines(column: Column, value: Any) -> list[str]:
    """Return the lines of one cell."""
    if isinstance(value, Cell):
        lines = [value.note] if value.note else []
        for group in value.groups:
            lines += (
                wrap_block_cell(group.lines[0])
                if group.is_bare
                else draw_brackets(group)
            )
        return [escape.clean_name(line) for line in lines]
    if column.kind == "words":
        words = map(escape.clean_name, column.lines(value))
        hanging = (wrap(line, WORDS_WIDTH, subsequent_indent="  ") for line in words)
        return [part for lines in hanging for part in lines]
    text = escape.clean_name(column.text(value))
    if column.kind == "sentence":
        return wrap(text, SENTENCE_WIDTH, break_on_hyphens=False) or [""]
    return wrap_title(text, MODULE_PART) if column.kind in WRAPPED_KINDS else [text]


def wrap_block_cell(line: str) -> list[str]:
    """Break a long cell, so that no column of blocks grows by it.

    What stands between two commas stays together.
    """
    glued = ", ".join(part.replace(" ", GLUE) for part in line.split(", "))
    lines = wrap(glued, CELL_WIDTH, break_long_words=False, break_on_hyphens=False)
    return [part.replace(GLUE, " ") for part in lines] or [""]


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
            vertical="top" if grid.top else "middle",
        )
    for number, row in enumerate(grid.rows):
        style = "bold" if number in grid.marked else None
        cells = (Text("\n".join(cell)) for cell in row)
        out.add_row(*cells, style=style, end_section=grid.apart)
    return out


class Grid(NamedTuple):
    """Rows of cells below headings, and how they stand.

    Attributes:
        head: the headings.
        rows: cells from left to right.
        numeric: for each column, whether it is set to the right.
        marked: numbers of rows in bold.
        top: whether short cells stand at the top of a row, or in its middle.
        apart: whether a blank line stands between rows.
    """

    head: Sequence[list[str]]
    rows: Sequence[Sequence[list[str]]]
    numeric: Sequence[bool]
    marked: frozenset[int]
    top: bool
    apart: bool

    def widths(self) -> list[int]:
        """Return the width of each column."""
        return [
            max(len(line) for cell in column for line in cell)
            for column in zip(self.head, *self.rows, strict=True)
        ]


def iter_grid_lines(grid: Grid, *, colour: bool) -> Iterator[str]:
    """Yield the lines of a grid, its headings above a rule."""
    widths = grid.widths()
    yield from iter_row_lines(grid, grid.head, widths, BOLD if colour else "", BOTTOM)
    yield "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    for number, cells in enumerate(grid.rows):
        if number and grid.apart:
            yield ""
        style = BOLD if colour and number in grid.marked else ""
        yield from iter_row_lines(
            grid, cells, widths, style, TOP if grid.top else MIDDLE
        )


def iter_row_lines(
    grid: Grid,
    cells: Sequence[list[str]],
    widths: Sequence[int],
    style: str,
    above: float,
) -> Iterator[str]:
    """Yield the lines of one row."""
    height = max(map(len, cells))
    tall = [pad_cell(cell, height, above) for cell in cells]
    for parts in zip(*tall, strict=True):
        columns = zip(parts, widths, grid.numeric, strict=True)
        line = GAP.join(
            part.rjust(width) if numeric else part.ljust(width)
            for part, width, numeric in columns
        )
        yield style_line(line.rstrip(), style)


def pad_cell(cell: list[str], height: int, share: float) -> list[str]:
    """Give a cell as many lines as its row, a share of the empty ones above it."""
    missing = height - len(cell)
    if not missing:
        return cell
    above = int(missing * share)
    return [""] * above + cell + [""] * (missing - above)


def style_line(line: str, style: str) -> str:
    """Put a line into a terminal's style, if any."""
    return f"{style}{line}{PLAIN}" if style and line else line


def is_narrow(texts: Iterable[str]) -> bool:
    """Tell whether each character surely takes one cell of a terminal."""
    return all(text.isascii() or NARROW.fullmatch(text) for text in texts)

"""CSV: one header row, numbers as numbers, cells that no spreadsheet computes."""

from __future__ import annotations

from csv import writer
from io import StringIO
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.units import KnownPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.tables.table import Column, Table

SUFFIXES = (".csv",)


def render(table: Table) -> str:
    """Write the rows of a table; facts and notes are left out but for noted rows.

    Networks head their own columns; all other columns are headed by their key.
    """
    text = StringIO()
    out = writer(text, lineterminator="\n")
    headings = (c.title if c.kind == "cell" else c.key for c in table.columns)
    out.writerow(map(escape.escape_csv, headings))
    for row in (*table.rows, *table.noted_rows):
        out.writerow([csv_cell(c, row.get(c.key)) for c in table.columns])
    return text.getvalue()


def csv_cell(column: Column, value: Any) -> Any:
    """Return a number as it is, everything else as safe text, what is unknown empty."""
    if value is None or isinstance(value, KnownPart):
        return ""
    if isinstance(value, (int, float)):
        return value
    if column.kind == "sample":
        return ascii_shape(value)
    if column.kind == "samples":
        return " ".join(map(ascii_shape, value))
    return escape.escape_csv(column.text(value))


def ascii_shape(shape: Sequence[int]) -> str:
    """Write a whole shape in ASCII, "1x64x56x56"."""
    return "x".join(map(str, shape))

"""What `table[key]` means: rows by number, name or column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import OptionError
from resviz.tables.column_names import frame_names

if TYPE_CHECKING:
    from resviz.tables.table import Table


def find_table_place(table: Table, name: str) -> str | None:
    """Find where a table has a column that is asked for as an attribute."""
    return f"table[{name!r}]" if name in frame_names(table.columns) else None


def find_rows(table: Table, key: Any) -> Any:
    """Find the row of a table that has a number, or those of a slice.

    Raises:
        IndexError: if it has none; says how many it has.
        TypeError: for another key.
    """
    rows = list(table)
    legal = f"want a number from {-len(rows)} to {len(rows) - 1}"
    try:
        return rows[key]
    except IndexError:
        has = f"has {len(rows)} rows: {legal}" if rows else "has no rows"
        raise IndexError(f"{table.title}: row {key}: the table {has}") from None
    except TypeError:
        raise TypeError(
            f"{table.title}: got {key!r}, want the number of a row, a slice, or the "
            "name of a column; several columns are table.select_columns([…])"
        ) from None


def refuse_path(path: object) -> None:
    """Refuse a path where text is returned, as pandas takes one there.

    Raises:
        OptionError: if there is one; says what writes a file.
    """
    if path is not None:
        raise OptionError(
            f"got {str(path)!r}, want no path, as the text is returned: table.save"
            "('name.csv') writes a file, in the format of its suffix"
        )

"""Which rows `table[number]` means, and what a wrong key is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.tables.table import Table


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

"""Columns by what people call them: their keys, or their headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.tables.table import Column


def chosen(columns: Sequence[Column], names: Iterable[str]) -> Iterator[Column]:
    """The columns that some names call, in the order of the names.

    Args:
        columns: of a table.
        names: keys, or headings in any case; a heading of several words may come in
            several names, as a command line parts it.

    Raises:
        SpecError: for what calls none of them, and for a heading of several; lists
            keys and headings.
    """
    said = [word for name in names for word in words(name)]
    while said:
        length, found = longest(columns, said)
        if len(found) != 1:
            wrong = "unknown column" if not found else "several columns are headed"
            listed = ", ".join(map(named, columns))
            raise SpecError(
                f"{wrong} {' '.join(said[:length])!r}: want some of {listed}"
            )
        yield found[0]
        said = said[length:]


def longest(columns: Sequence[Column], said: list[str]) -> tuple[int, list[Column]]:
    """How many of the first words name columns, and which; one that names none."""
    for length in range(len(said), 0, -1):
        found = called(columns, said[:length])
        if found:
            return length, found
    return 1, []


def called(columns: Sequence[Column], said: list[str]) -> list[Column]:
    """The column of a key, or those of a heading."""
    by_key = [column for column in columns if [column.key] == said]
    folded = [word.casefold() for word in said]
    return by_key or [it for it in columns if words(it.title.casefold()) == folded]


def words(text: str) -> list[str]:
    """The words between commas and spaces."""
    return text.replace(",", " ").split()


def named(column: Column) -> str:
    """A column's key, and its heading where that is another: "macs (MACs)"."""
    same = column.title == column.key
    return column.key if same else f"{column.key} ({column.title})"

"""Columns by what people call them: their keys, or their headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.tables.table import Column


def find_columns(columns: Sequence[Column], names: Iterable[str]) -> Iterator[Column]:
    """The columns that some names call, in the order of the names.

    Args:
        columns: of a table.
        names: keys, or headings in any case; a heading of several words may come in
            several names, as a command line parts it.

    Raises:
        SpecError: for what calls none of them, and for a heading of several; lists
            keys and headings.
    """
    remaining = [word for name in names for word in split_words(name)]
    while remaining:
        length, matches = match_longest(columns, remaining)
        if len(matches) != 1:
            wrong = "unknown column" if not matches else "several columns are headed"
            listed = ", ".join(map(column_label, columns))
            raise SpecError(
                f"{wrong} {' '.join(remaining[:length])!r}: want some of {listed}"
            )
        yield matches[0]
        remaining = remaining[length:]


def match_longest(
    columns: Sequence[Column], remaining: list[str]
) -> tuple[int, list[Column]]:
    """How many of the first words name columns, and which; one that names none."""
    for length in range(len(remaining), 0, -1):
        matches = match_columns(columns, remaining[:length])
        if matches:
            return length, matches
    return 1, []


def match_columns(columns: Sequence[Column], heading_words: list[str]) -> list[Column]:
    """The column of a key, or those of a heading."""
    by_key = [column for column in columns if [column.key] == heading_words]
    folded = [word.casefold() for word in heading_words]
    return by_key or [
        candidate
        for candidate in columns
        if split_words(candidate.title.casefold()) == folded
    ]


def split_words(text: str) -> list[str]:
    """The words between commas and spaces."""
    return text.replace(",", " ").split()


def column_label(column: Column) -> str:
    """A column's key, and its heading where that is another: "macs (MACs)"."""
    same = column.title == column.key
    return column.key if same else f"{column.key} ({column.title})"

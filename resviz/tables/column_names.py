"""Columns by their names: keys, headings, and what a command line calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import SpecError, suggest_nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.tables.table import Column


OTHER_WORDS = {
    **dict.fromkeys(
        ("flops", "gflops", "gmacs", "mult_adds", "mult-adds", "madds", "compute"),
        ("macs",),
    ),
    **dict.fromkeys(
        ("parameters", "param", "#params", "weights", "num_params"), ("params",)
    ),
    **dict.fromkeys(("cost", "costs"), ("macs", "params")),
    **dict.fromkeys(("time", "latency", "speed"), ("macs", "elements")),
    **dict.fromkeys(("memory", "bytes"), ("activation_bytes", "held_bytes")),
    **dict.fromkeys(("shape", "output_size", "out"), ("output_shape",)),
    **dict.fromkeys(("field", "fields", "rf"), ("receptive_field",)),
    **dict.fromkeys(("module", "path"), ("name",)),
}
"""What other tools and people call columns that have other keys here."""


def frame_names(columns: Sequence[Column]) -> list[str]:
    """Return the names of a DataFrame's columns: keys, or titles of networks."""
    return number_repeats(
        column.title if column.kind == "cell" else column.key for column in columns
    )


def number_repeats(titles: Iterable[str]) -> list[str]:
    """Return titles, none of them twice.

    Example:
        >>> number_repeats(["ResNet-18", "ResNet-18"])
        ['ResNet-18', 'ResNet-18 (2)']
    """
    names: list[str] = []
    for title in titles:
        name, number = title, 1
        while name in names:
            number += 1
            name = f"{title} ({number})"
        names.append(name)
    return names


def find_columns(columns: Sequence[Column], names: Iterable[str]) -> Iterator[Column]:
    """Yield the columns that some names call, in the order of the names.

    Args:
        columns: of a table.
        names: keys, or headings in any case; a heading of several words may come in
            several names, as a command line parts it.

    Raises:
        SpecError: for what calls none of them, no names, and a heading of several;
            lists keys and headings.
    """
    names = [*names]
    listed = ", ".join(map(column_label, columns))
    remaining = [word for name in names for word in split_words(name)]
    if not remaining:
        got = ", ".join(map(repr, names)) or "no column"
        raise SpecError(f"got {got}, want some of {listed}")
    while remaining:
        length, matches = match_longest(columns, remaining)
        if len(matches) != 1:
            wrong = "unknown column" if not matches else "several columns are headed"
            word = " ".join(remaining[:length])
            words = [text for column in columns for text in (column.key, column.title)]
            near = "" if matches else suggest_nearest(word, dict.fromkeys(words), 1)
            others = OTHER_WORDS.get(word.casefold(), ())
            meant = [repr(key) for key in others if key in words]
            if not matches and meant:
                near = f", did you mean {' or '.join(meant)}"
            raise SpecError(f"{wrong} {word!r}{near}: want some of {listed}")
        yield matches[0]
        remaining = remaining[length:]


def match_longest(
    columns: Sequence[Column], words: list[str]
) -> tuple[int, list[Column]]:
    """Return how many of the first words name columns, and which; (1, []) if none."""
    for length in range(len(words), 0, -1):
        by_key = [column for column in columns if [column.key] == words[:length]]
        heading = [word.casefold() for word in words[:length]]
        matches = by_key or [
            column
            for column in columns
            if split_words(column.title.casefold()) == heading
        ]
        if matches:
            return length, matches
    return 1, []


def split_words(text: str) -> list[str]:
    """Split text at commas and spaces."""
    return text.replace(",", " ").split()


def column_label(column: Column) -> str:
    """Return a column's key, and its heading where that is another: "macs (MACs)".

    A network's is its heading alone.
    """
    if column.kind == "cell":
        return column.title
    same = column.title == column.key
    return column.key if same else f"{column.key} ({column.title})"

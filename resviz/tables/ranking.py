"""The order of a long table's rows, and how many of them it shows."""

from __future__ import annotations

import re
from math import inf, prod
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.tables.column_names import column_label, find_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from resviz.tables.table import Column

    Row = Mapping[str, Any]

SHARE_NOUNS = {
    "params": "parameters", "macs": "MACs", "elements": "elements",
    "trainable_params": "trainable parameters", "frozen_params": "frozen parameters",
    "parameter_bytes": "parameter bytes", "activation_bytes": "allocated bytes",
    "kept_bytes": "kept bytes",
}  # fmt: skip
"""Columns of which rows that are left out have a share, and what it is of."""

ALWAYS_SHARED = ("params", "macs", "parameter_bytes", "kept_bytes")
"""Those of which the share is said whatever the order."""

BOUND_SUFFIX = "_at_least"
"""What ends the key below which a row holds the known part of an unknown count."""

TEXT_KINDS = {"text", "row", "words", "reason"}
"""Kinds of columns whose values may be text, which begins with a."""


class RankedRows:
    """Rows in an order, cut after the first ones, and what to say of it.

    Args:
        rows: as JSON has them.
        columns: by which they can be put in order.
        usual: the key of the column by which the first of them are chosen where no
            other is named; None for the order that they have.
        sort: key or heading of a column, the largest number first, and text from a
            on; None leaves them as they are.
        top: how many to show.
        reverse: whether the other way round. What is unknown comes last anyway.
        find_extra: gives the values of columns that rows do not hold.

    Attributes:
        rows: those that are shown.
        column: by which they stand; None as they came.
        notes: lines for below the table.

    Raises:
        SpecError: for an unknown column, or no rows at all.
    """

    def __init__(
        self,
        rows: Sequence[Any],
        columns: Sequence[Column],
        *,
        usual: str | None,
        sort: str | None,
        top: int | None,
        reverse: bool,
        find_extra: Callable[[Row, set[str]], Row] = lambda row, _: row,
    ) -> None:
        if top is not None and top < 1:
            raise SpecError(f"top: got {top}, want 1 or more")
        name = usual if sort is None and top is not None else sort
        self.column = None if name is None else choose_column(columns, name)
        ordered = [*reversed(rows)] if reverse else [*rows]
        if self.column is not None:
            key = self.column.key
            values = [find_value(find_extra(row, {key}), key) for row in rows]
            order = order_values(values, self.column.kind, reverse=reverse)
            ordered = [rows[number] for number in order]
        self.rows: list[Any] = ordered[:top]
        self.notes = (
            *describe_order(self.column, reverse=reverse),
            *describe_omitted(ordered, len(self.rows), self.column),
        )


def find_value(row: Row, key: str) -> Any:
    """Find a value in a row; of an unknown count what is known, None if that is 0."""
    value = row.get(key)
    return (row.get(f"{key}{BOUND_SUFFIX}") or None) if value is None else value


def describe_order(column: Column | None, *, reverse: bool) -> Iterator[str]:
    """Say by which column rows stand, and from which end.

    A heading with a unit is quoted, "by 'held, MiB', the largest first".
    """
    if column is None:
        return
    words = ("the largest first", "the smallest first")
    if column.kind in TEXT_KINDS:
        words = ("in alphabetical order", "in reverse alphabetical order")
    title = repr(column.title) if "," in column.title else column.title
    yield f"by {title}, {words[reverse]}"


def choose_column(columns: Sequence[Column], name: str) -> Column:
    """Return the only column that a key or heading calls.

    Raises:
        SpecError: if it calls none, or several; lists those there are.
    """
    try:
        (column,) = find_columns(columns, [name])
    except SpecError as error:
        raise SpecError(f"sort: {error}") from None
    except ValueError:
        listed = ", ".join(map(column_label, columns))
        raise SpecError(f"sort: got {name!r}, want one of {listed}") from None
    return column


def order_values(values: Sequence[Any], kind: str, *, reverse: bool) -> list[int]:
    """Return the numbers of some values in order: the largest first, text from a on.

    What has no value comes last. Equal ones stay as they are.

    Example:
        >>> order_values([2, None, 10, 2], "count", reverse=False)
        [2, 0, 3, 1]
        >>> order_values(["b10", "b9"], "text", reverse=False)
        [1, 0]
    """
    measured = [measure_value(value, kind) for value in values]
    known = [number for number, value in enumerate(measured) if value is not None]
    unknown = [number for number, value in enumerate(measured) if value is None]
    descends = kind not in TEXT_KINDS
    known.sort(key=measured.__getitem__, reverse=reverse != descends)
    return known + unknown


def measure_value(value: Any, kind: str) -> Any:
    """Measure a value: a shape by its elements, a field by its area, text in parts."""
    if value is None or (isinstance(value, (list, tuple)) and not value):
        return None
    if isinstance(value, (list, tuple)):
        shapes = value if kind == "samples" else [value]
        return sum(prod(shape) for shape in shapes)
    if kind in TEXT_KINDS:
        return split_numbers(value)
    return measure_field(value) if isinstance(value, str) else value


def measure_field(text: str) -> float | None:
    """Measure what is written one number an axis; "all" is more than any number."""
    parts = [inf if part == "all" else part for part in text.split("×")]
    return None if "unknown" in parts else prod(map(float, parts))


def split_numbers(text: Any) -> list[tuple[bool, int, str]]:
    """Split text, so that its numbers stand in their order: layer 9 before layer 10."""
    parts = re.split(r"(\d+)", str(text).casefold())
    return [
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        for part in parts
        if part
    ]


def describe_omitted(
    rows: Sequence[Row], shown: int, column: Column | None
) -> Iterator[str]:
    """Say how many rows are left out, and what share of the whole they have."""
    if shown == len(rows):
        return
    keys = [*ALWAYS_SHARED]
    if column is not None and column.key in SHARE_NOUNS and column.key not in keys:
        keys.insert(0, column.key)
    shares = [
        f"{omitted / total:.1%} of {SHARE_NOUNS[key]}"
        for key in keys
        if (total := sum_rows(rows, key))
        for omitted in [sum_rows(rows[shown:], key)]
    ]
    having = f", with {', '.join(shares)}" if shares else ""
    yield f"left out: {len(rows) - shown} of {len(rows)} rows{having}"


def sum_rows(rows: Sequence[Row], key: str) -> int:
    """Sum a column over some rows, each as often as it stands for equal ones."""
    return sum((find_value(row, key) or 0) * row.get("times", 1) for row in rows)

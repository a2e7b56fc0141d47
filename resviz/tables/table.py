"""A table as plain data: columns that know their kind, rows of values."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, overload

from resviz import units
from resviz.calls import knows_keywords
from resviz.errors import (
    OptionError,
    RenderError,
    SpecError,
    UnknownNameError,
    make_attribute_refusal,
)
from resviz.tables.column_names import find_columns, frame_names
from resviz.tables.places import TABLE_PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

ColumnKind = Literal[
    "text", "row", "words", "count", "bytes", "sample", "samples", "axes", "share",
    "cell", "times", "reason", "field", "sentence", "rate", "ratio", "milliseconds",
    "number",
]  # fmt: skip
"""How a column's values are written.

"sample" is a shape without its batch axis; "bytes" are shown in MiB; "words" are lines;
a "sentence" is broken where it is long; "times" leave 1 unsaid; "reason" is that of a
shortcut; "field" is a number, one an axis, or "all"; a "rate" is a number a second,
"milliseconds" are written of seconds, a "ratio" is any number, in three digits; a
"number" is written as it was given.
"""

NUMERIC_KINDS = {
    "count", "bytes", "share", "rate", "ratio", "milliseconds", "number",
}  # fmt: skip
"""Kinds of which the values are numbers, set to the right."""

REASON_TEXTS = {
    "resolution": "resolution changes",
    "channels": "channels change",
    "both": "both change",
    "always": "always",
}
"""The reason of a shortcut as people read it."""


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """Equal blocks in a cell: one line a convolution, and how many blocks.

    A `count` of None is a plain list of layers without a factor.
    """

    lines: tuple[str, ...]
    count: int | None = None

    @property
    def is_bare(self) -> bool:
        """Whether it is one line that wants no brackets."""
        return self.count is None and len(self.lines) == 1

    def __str__(self) -> str:
        factor = "" if self.count is None else f" ×{self.count}"
        return self.lines[0] if self.is_bare else f"[{'; '.join(self.lines)}]{factor}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the paper's Table 1: groups of layers, one below the other.

    Attributes:
        groups: from the input on.
        note: what stands before them, as the output size where columns differ.
    """

    groups: tuple[LayerGroup, ...]
    note: str = ""

    def __str__(self) -> str:
        body = ", ".join(map(str, self.groups))
        return f"{self.note}: {body}" if self.note else body


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: under which rows hold its values, and the JSON key.
        title: its heading.
        kind: how its values are written.
        spare: columns with the largest number go first where the width is short;
            0 never goes.
    """

    key: str
    title: str
    kind: ColumnKind = "text"
    spare: int = 0

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, set to the right."""
        return self.kind in NUMERIC_KINDS

    def text(self, value: Any) -> str:
        """Write a value for people; "" for None, "unknown" for an unknown count."""
        if value is None:
            return "unknown" if self.kind == "count" else ""
        return VALUE_WRITERS[self.kind](value)

    def lines(self, value: Any) -> list[str]:
        """Write a value on several lines if its column holds such."""
        if self.kind != "words" or value is None:
            return [self.text(value)]
        return str(value).splitlines() or [""]


def find_table_place(table: Table, name: str) -> str | None:
    """Find where a table has a column that is asked for as an attribute."""
    return f"table[{name!r}]" if name in frame_names(table.columns) else None


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


def plain_value(value: Any) -> Any:
    """Return a value as data has it: a cell as text, a count not wholly known as None.

    Example:
        >>> plain_value(units.KnownPart(12)), plain_value(12)
        (None, 12)
    """
    if isinstance(value, units.KnownPart):
        return None
    return str(value) if isinstance(value, Cell) else value


def sample_sizes(shape: Sequence[int]) -> Sequence[int]:
    """Return the sizes of one sample; of a shape that knows none, all but the first."""
    return getattr(shape, "sizes", shape[1:])


VALUE_WRITERS = {
    "text": str,
    "number": str,
    "row": str,
    "field": str,
    "sentence": str,
    "words": lambda lines: " ".join(lines.splitlines()),
    "cell": str,
    "count": units.group_digits,
    "reason": REASON_TEXTS.__getitem__,
    "times": lambda times: "" if times == 1 else str(times),
    "bytes": units.format_mebibytes,
    "sample": lambda shape: units.format_sizes(sample_sizes(shape)),
    "samples": lambda shapes: " + ".join(
        units.format_sizes(sample_sizes(shape)) for shape in shapes
    ),
    "axes": units.format_per_axis,
    "share": "{:.1%}".format,
    "rate": lambda rate: units.format_count(round(rate), 4),
    "ratio": units.format_ratio,
    "milliseconds": units.format_milliseconds,
}
"""How a value of each kind is written."""


@dataclass(frozen=True)
class Table:
    """What a table command prints, in every format.

    Attributes:
        title: what it shows.
        columns: from left to right.
        rows: values by column key.
        data: what `to_dict` gives and the command prints as JSON.
        facts: label and text of what stands above the rows.
        notes: lines below the rows: the convention, and what is left out.
        noted_rows: what formats without notes have as rows at the end instead.
        marked: numbers of rows to set off.
        mark: what it means that a row is set off.
        fixed: so many columns head every part where the table is split for width;
            0 means that spare columns are left out instead.
        extra: columns that are there where they are named.
        find_extra: gives the values in a row of those with some keys.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Any], ...]
    data: Any
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    noted_rows: tuple[Mapping[str, Any], ...] = ()
    marked: frozenset[int] = field(default_factory=frozenset)
    mark: str = ""
    fixed: int = 0
    extra: tuple[Column, ...] = ()
    find_extra: Callable[[Mapping[str, Any], Collection[str]], Mapping[str, Any]] = (
        field(default=lambda row, _: row, compare=False)
    )

    if not TYPE_CHECKING:
        __getattr__ = make_attribute_refusal("Table", TABLE_PLACES, find_table_place)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the rows, each as values by the names of its columns."""
        names = frame_names(self.columns)
        for row in self.rows:
            values = (row.get(column.key) for column in self.columns)
            yield dict(zip(names, map(plain_value, values), strict=True))

    @overload
    def __getitem__(self, key: SupportsIndex) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, key: slice | str) -> list[Any]: ...

    def __getitem__(
        self, key: SupportsIndex | slice | str
    ) -> dict[str, Any] | list[Any]:
        """Return a row by its number, several by a slice, or the values of a column.

        Args:
            key: a number or slice; or a column's key, or its heading in any case.

        Raises:
            UnknownNameError: a KeyError, for a column that it does not have; lists
                those it has.
            IndexError: for a row that it does not have; says how many it has.
            TypeError: for what is neither.

        Example:
            >>> import resviz
            >>> stages = resviz.summary("resnet50")
            >>> stages[1]["macs"], stages["macs"][:2]
            (667942912, [118013952, 667942912])
        """
        if not isinstance(key, str):
            from resviz.tables.row_lookup import find_rows

            return find_rows(self, key)
        if key in frame_names(self.columns):
            return [row[key] for row in self]
        try:
            chosen = self.select_columns(key)
            (name,) = frame_names(chosen.columns)
        except ValueError as error:
            raise UnknownNameError(str(error)) from None
        return [row[name] for row in chosen]

    @knows_keywords
    def select_columns(self, names: Sequence[str]) -> Table:
        """Return the table with some of its columns, in the order of `names`.

        Args:
            names: keys of columns, or their headings in any case; text is several
                between commas, as of `--columns`.

        Raises:
            SpecError: for a column that it does not have; lists those it has.
        """
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, Iterable) or not all(
            isinstance(n, str) for n in names
        ):
            raise SpecError(f"columns: got {names!r}, want keys, as 'name,params'")
        all_columns = dict.fromkeys((*self.columns, *self.extra))
        columns = tuple(find_columns((*all_columns,), names))
        rows = self.rows
        keys = {column.key for column in columns if column in self.extra}
        if keys:
            rows = tuple({**row, **self.find_extra(row, keys)} for row in rows)
        fixed = min(self.fixed, len(columns))
        return replace(self, columns=columns, rows=rows, fixed=fixed)

    def to_dict(self) -> Any:
        """Return lists, dictionaries and numbers; what JSON prints."""
        return self.data

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a DataFrame, one column a key; a network's is its name.

        Whole numbers of which some are missing are of pandas' type "Int64".
        """
        import pandas as pd

        rows = [list(row.values()) for row in self]
        names = frame_names(self.columns)
        types = ({*map(type, values)} for values in zip(*rows, strict=True))
        gaps = {
            name: "Int64"
            for name, kinds in zip(names, types, strict=False)
            if kinds == {int, type(None)}
        }
        return pd.DataFrame.from_records(rows, columns=names).astype(gaps)

    def render(self, format: str = "text", **options: Any) -> str:  # noqa: A002 - the CLI's word
        """Return the table as text in one of the table formats.

        Raises:
            RenderError: if there is no such format, with those there are, or it is no
                text, as PDF and PNG.
            OptionError: for an option that the format does not have.
        """
        from resviz.formats import render_table

        rendered = render_table(format, self, **options)
        if isinstance(rendered, bytes):
            raise RenderError(f"{format} is no text, want save('name.{format}')")
        return rendered

    def save(self, path: str | Path, **options: Any) -> None:
        """Write the table in the format of the path's suffix, whole or not at all.

        Raises:
            RenderError: for another suffix, or if it cannot be drawn or written.
        """
        from resviz.files import write_atomically
        from resviz.formats import format_of_suffix, render_table

        rendered = render_table(format_of_suffix(path, "table"), self, **options)
        raw = rendered.encode() if isinstance(rendered, str) else rendered
        write_atomically(path, raw)

    def to_html(self, path: None = None) -> str:
        """Return the table as a fragment of HTML."""
        refuse_path(path)
        return self.render("html", page=False)

    def to_styled_html(self) -> str:
        """Return the fragment after a style sheet, for pages that have none."""
        from resviz.formats.tables.html import html_with_style

        return html_with_style(self)

    def to_latex(self, path: None = None) -> str:
        """Return the table in LaTeX, for the packages booktabs and amsmath."""
        refuse_path(path)
        return self.render("latex")

    def to_markdown(self, path: None = None) -> str:
        """Return the table in Markdown."""
        refuse_path(path)
        return self.render("markdown")

    def to_csv(self, path: None = None) -> str:
        """Return the rows as comma-separated values, below the columns' keys."""
        refuse_path(path)
        return self.render("csv")

    def to_json(self, path: None = None) -> str:
        """Return what `to_dict` gives as JSON."""
        refuse_path(path)
        return self.render("json")

    def __str__(self) -> str:
        """Return the table as text, fitted to the terminal if stdout is one."""
        terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if terminal else None
        return self.render("text", width=width).rstrip("\n")

    def __repr__(self) -> str:
        return f"<Table {self.title!r}: {units.format_plural(len(self), 'row')}>"

    def _repr_mimebundle_(
        self, include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
    ) -> dict[str, str]:
        """Show the table in a notebook."""
        del include, exclude
        return {"text/plain": str(self), "text/html": self.to_styled_html()}

"""Columns of a file beside those of a sweep, joined by name: accuracies, times."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, suggest_nearest
from resviz.sweeps.where import NUMERIC, TEXTUAL
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Key = tuple[str, ...]

NAMES = ("spec", "name", "network", "model")
"""Headings of the column of names; else it is the first."""

MOST_NAMED = 3
"""Names that a note lists one by one."""


@dataclass(frozen=True, slots=True)
class JoinedColumns:
    """What a file tells of variants.

    Attributes:
        file: its name, for messages.
        keys: columns of the sweep that tell its lines apart, "spec" first.
        kinds: what each of its other columns holds, a number or a string.
        lines: what it tells, by the values of its keys.
        notes: which names are of no variant, and how many variants have none.
    """

    file: str
    keys: tuple[str, ...]
    kinds: Mapping[str, str]
    lines: Mapping[Key, Mapping[str, Any]]
    notes: tuple[str, ...] = ()

    @property
    def added(self) -> tuple[str, ...]:
        """The columns that it adds."""
        return tuple(self.kinds)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Those of numbers."""
        return tuple(name for name, kind in self.kinds.items() if kind == NUMERIC)

    def find_line(self, variant: Mapping[str, Any]) -> dict[str, Any]:
        """Return what it tells of a variant, None for each column where nothing."""
        line = self.lines.get(self.make_key(variant), {})
        return {name: line.get(name) for name in self.kinds}

    def make_key(self, variant: Mapping[str, Any]) -> Key:
        """Return the values of a variant by which it is found."""
        return tuple(normalize_name(variant.get(name)) for name in self.keys)


NOTHING_JOINED = JoinedColumns("", ("spec",), {}, {})
"""What a sweep has that was given no file."""


def normalize_name(value: Any) -> str:
    """Write a name so that blanks and the kind of its quotes make no difference.

    Example:
        >>> normalize_name('resnet(18,  shortcut="A")')
        "resnet(18,shortcut='A')"
    """
    return re.sub(r"\s+", "", str(value)).replace('"', "'")


def read_joined_columns(
    path: str | Path, varied: Sequence[str], taken: Iterable[str]
) -> JoinedColumns:
    """Read a CSV file with a line of headings, and a line a variant.

    Args:
        path: of the file; one that ends in .tsv has tabs in place of commas.
        varied: arguments that vary, by which its lines are told apart if it has a
            column of that name.
        taken: columns that the sweep has.

    Raises:
        SpecError: if it cannot be read; says the line, and what is wanted.
    """
    where = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SpecError(f"{where}: cannot be read, {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"{where}: is no text in UTF-8, want CSV") from error
    sign = "\t" if where.lower().endswith(".tsv") else ","
    reader = csv.reader(text.splitlines(), delimiter=sign, skipinitialspace=True)
    rows = [(reader.line_num, [*map(str.strip, row)]) for row in reader if any(row)]
    if not rows:
        raise SpecError(f"{where}: is empty, want a line of headings, as spec,accuracy")
    headings = rows.pop(0)[1]
    check_headings(where, headings, varied, taken)
    named = next((name for name in NAMES if name in headings), headings[0])
    keys = ("spec", *(name for name in headings if name in varied and name != named))
    added = [name for name in headings if name not in {named, *keys}]
    for number, row in rows:
        if len(row) != len(headings):
            want = format_plural(len(headings), "value")
            raise SpecError(f"{where}:{number}: got {len(row)} values, want {want}")
    cells = [(number, dict(zip(headings, row, strict=True))) for number, row in rows]
    values = {name: read_values(where, name, cells) for name in added}
    lines: dict[Key, dict[str, Any]] = {}
    for place, (number, line) in enumerate(cells):
        key = tuple(normalize_name(line[name]) for name in (named, *keys[1:]))
        if key in lines:
            raise SpecError(f"{where}:{number}: {line[named]!r} stands there twice")
        lines[key] = {name: values[name][place] for name in added}
    kinds = {
        name: TEXTUAL if any(isinstance(v, str) for v in values[name]) else NUMERIC
        for name in added
    }
    return JoinedColumns(where, keys, kinds, lines)


def check_headings(
    where: str, headings: Sequence[str], varied: Sequence[str], taken: Iterable[str]
) -> None:
    """Check the headings of a file.

    Raises:
        SpecError: for one that stands there twice, is empty or taken, or if there is
            no column beside the names.
    """
    taken = {*taken} - {"spec", *varied}
    for place, name in enumerate(headings):
        if not name or name in headings[:place]:
            got = repr(name) if name else "a heading without a word"
            raise SpecError(f"{where}:1: got {got} twice or empty, want one a column")
        if name in taken:
            raise SpecError(
                f"{where}:1: {name!r} is a column of the sweep, want another heading"
            )
    if not {*headings[1:]} - {"spec", *varied}:
        raise SpecError(
            f"{where}:1: got {', '.join(headings)}, want names and a column beside "
            "them, as spec,accuracy"
        )


def read_values(
    where: str, name: str, cells: Sequence[tuple[int, Mapping[str, str]]]
) -> list[Any]:
    """Read a column: numbers if most are, else text; None for what is empty or nan.

    Raises:
        SpecError: for a word among numbers; names its line.
    """
    parsed = [(number, line[name], parse_number(line[name])) for number, line in cells]
    filled = [(text, value) for _, text, value in parsed if text]
    count = sum(value is not None for _, value in filled)
    if 2 * count <= len(filled):
        return [text or None for _, text, _ in parsed]
    for number, text, value in parsed:
        if text and (value is None or math.isinf(value)):
            raise SpecError(
                f"{where}:{number}: {name}: got {text!r}, want a number as in other "
                "lines, or nothing"
            )
    return [None if v is None or math.isnan(v) else v for _, _, v in parsed]


def parse_number(text: str) -> int | float | None:
    """Return the number that a text is, None if it is none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def check_names(
    joined: JoinedColumns, variants: Iterable[Mapping[str, Any]]
) -> JoinedColumns:
    """Compare the names of a file with the variants; the notes say what has no other.

    Args:
        joined: of the file.
        variants: SPEC and arguments of each.

    Raises:
        SpecError: if no name is a variant's, or one is of several that differ.
    """
    found: dict[Key, Mapping[str, Any]] = {}
    without: list[str] = []
    for variant in variants:
        key = joined.make_key(variant)
        if key not in joined.lines:
            without.append(str(variant["spec"]))
        elif found.setdefault(key, variant) != variant:
            others = [name for name in variant if variant[name] != found[key].get(name)]
            raise SpecError(
                f"{joined.file}: {variant['spec']!r} is several variants, which differ "
                f"in {', '.join(others)}: want a column of that name"
            )
    strange = [key[0] for key in joined.lines if key not in found]
    if not found:
        near = suggest_nearest(strange[0], without) if strange and without else ""
        raise SpecError(
            f"{joined.file}: no variant has a name of it, got {list_some(strange)}"
            f"{near}: want SPECs as in the table, {list_some(without)}"
        )
    notes = []
    if strange:
        notes.append(f"{joined.file}: no variant is called {list_some(strange)}")
    if without:
        count = format_plural(len(without), "variant")
        notes.append(f"{joined.file}: says nothing of {count}: {list_some(without)}")
    return JoinedColumns(
        joined.file, joined.keys, joined.kinds, joined.lines, tuple(notes)
    )


def list_some(names: Sequence[str]) -> str:
    """List the first of some names, and how many more there are."""
    listed = ", ".join(map(repr, names[:MOST_NAMED])) or "none"
    more = len(names) - MOST_NAMED
    return f"{listed} and {more:,} more" if more > 0 else listed

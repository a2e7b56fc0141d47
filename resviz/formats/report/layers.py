"""The layer table of the report: which columns, and what a reader can choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.formats.report.parts import part_names, tint_of
from resviz.tables import Column, Table
from resviz.tables.layers import ONLY, layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from resviz.record import Architecture, Layer
    from resviz.structure import Structure

PART = Column("part", "stage")

TOTALLED = "elements"
"""A column whose sum stands at the head of the page, and that is left out here."""

CHANGE = "resolution"
"""The kind of those layers that change the resolution."""

OTHER = "other"
"""The kind of layers that are of no other."""

WINDOW = ("kernel", "stride", "padding", "dilation", "groups")
"""Columns that are left out where no layer has a window."""

RARE = ("dilation", "groups")
"""Columns that are left out, and named, where every window has 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """One layer.

    Attributes:
        values: by column key, as the layer table shows them.
        tint: CSS class of the part that it lies in.
        kinds: those of `LayerList.kinds` that it is of.
        params_bar: its parameters in per cent of the largest layer's.
        macs_bar: its MACs in per cent of the largest layer's.
    """

    values: Mapping[str, Any]
    tint: str
    kinds: tuple[str, ...]
    params_bar: int
    macs_bar: int


@dataclass(frozen=True, slots=True)
class LayerList:
    """The layer table.

    Attributes:
        columns: from left to right.
        rows: in execution order.
        kinds: what a reader can choose, and how many layers are of it.
        params: sum over the rows.
        macs: sum over the rows where it is known.
        unknown: rows whose MACs are not known.
        notes: which columns are left out.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    kinds: dict[str, int]
    params: int
    macs: int
    unknown: int
    notes: tuple[str, ...]


def layer_list(arch: Architecture, built: Structure) -> LayerList:
    """Every layer of a network."""
    table = layers(arch)
    rows = tuple(rows_of(built, table))
    empty, plain = left_out(table.data)
    macs = [entry["macs"] for entry in table.data]
    return LayerList(
        tuple(shown_columns(table.columns, {CHANGE, TOTALLED, *empty, *plain})),
        rows,
        counted(rows),
        sum(entry["params"] for entry in table.data),
        sum(known for known in macs if known is not None),
        macs.count(None),
        (f"{' and '.join(plain).capitalize()}: 1 throughout",) if plain else (),
    )


def rows_of(built: Structure, table: Table) -> Iterator[Row]:
    """The rows of the layer table with what the report adds."""
    most = {
        key: max((entry[key] or 0 for entry in table.data), default=0)
        for key in ("params", "macs")
    }
    names = part_names(built)
    tints = {name: tint_of(built, name) for name in set(names.values())}
    for layer, shown in zip(built.arch.layers, table.rows, strict=True):
        part = names.get(layer.index, "")
        yield Row(
            {**shown, "part": part},
            tints.get(part, ""),
            kinds(layer, changes=shown["resolution"] is not None),
            bar(shown["params"], most["params"]),
            bar(shown["macs"], most["macs"]),
        )


def left_out(rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Keys of the columns that hold nothing, and of those that hold 1 throughout."""
    empty = [key for key in WINDOW if all(row[key] is None for row in rows)]
    plain = [key for key in RARE if all(ones(row[key]) for row in rows)]
    return empty, [key for key in plain if key not in empty]


def kinds(layer: Layer, *, changes: bool) -> tuple[str, ...]:
    """What a layer is, by the words of `resviz layers --only`, and `CHANGE`."""
    found = [
        kind
        for kind, names in ONLY.items()
        if any(op.name in names for op in layer.operations)
    ]
    return (*(found or [OTHER]), *([CHANGE] if changes else []))


def counted(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows are of each kind, those with none left out."""
    numbers = dict.fromkeys((*ONLY, OTHER, CHANGE), 0)
    for row in rows:
        for kind in row.kinds:
            numbers[kind] += 1
    return {kind: number for kind, number in numbers.items() if number}


def bar(value: int | None, most: int) -> int:
    """The length of a bar in per cent of the longest."""
    return round(100 * value / most) if value else 0


def ones(value: Any) -> bool:
    """Whether a window's numbers say nothing: all are 1, or there is no window."""
    numbers = value if isinstance(value, list) else [value]
    return set(numbers) <= {1, None}


def shown_columns(columns: tuple[Column, ...], left_out: set[str]) -> list[Column]:
    """The columns of the report, with the stage behind the layer's name."""
    kept = [column for column in columns if column.key not in left_out]
    position = [column.key for column in kept].index("name") + 1
    return [*kept[:position], PART, *kept[position:]]

"""The report's layer table: its columns, what a reader can choose, and its tints."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.figures.drawing import styles
from resviz.figures.tints import choose_stage_tint
from resviz.pages.report_rows import LayerListRow, write_rows
from resviz.readings.structure.stems import find_stems
from resviz.tables.layers import LAYER_KINDS, layer_table
from resviz.tables.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from markupsafe import Markup

    from resviz.readings.structure import Structure
    from resviz.record import Architecture, Layer

PART_COLUMN = Column("part", "stage")
"""What the report adds behind a layer's name."""

TOTALLED_KEY = "elements"
"""A column whose sum stands at the head of the page, and that is left out here."""

RESOLUTION_KIND = "resolution"
"""The kind of those layers that change the resolution."""

OTHER_KIND = "other"
"""The kind of layers that are of no other."""

ALL_KINDS = (*LAYER_KINDS, OTHER_KIND, RESOLUTION_KIND)
"""The kinds of layers, in the order of their bits and of the choice."""

SUMMED_KEYS = {"params", "macs"}
"""Columns whose sum stands at the foot."""

WINDOW_KEYS = ("kernel", "stride", "padding", "dilation", "groups")
"""Columns that are left out where no layer has a window."""

RARELY_USED_KEYS = ("dilation", "groups")
"""Columns that are left out, and named, where every window has 1."""


@dataclass(frozen=True, slots=True)
class LayerList:
    """The layer table.

    Attributes:
        columns: from left to right.
        body: the rows as HTML, in execution order.
        count: how many they are.
        kinds: what a reader can choose, and how many layers are of it.
        params: sum over the rows.
        macs: sum over the rows of what is known.
        unknown: rows whose MACs are not wholly known.
        notes: which columns are left out.
    """

    columns: tuple[Column, ...]
    body: Markup
    count: int
    kinds: dict[str, int]
    params: int
    macs: int
    unknown: int
    notes: tuple[str, ...]


def build_layer_list(arch: Architecture, structure: Structure) -> LayerList:
    """Return every layer of a network."""
    table = layer_table(arch)
    rows = tuple(layer_list_rows(structure, table))
    empty, plain = find_omitted_columns(table.data)
    omitted = {RESOLUTION_KIND, TOTALLED_KEY, *empty, *plain}
    columns = tuple(select_columns(table.columns, omitted))
    return LayerList(
        columns,
        write_rows(columns, rows),
        len(rows),
        count_layer_kinds(rows),
        sum(entry["params"] for entry in table.data),
        sum(entry["macs_at_least"] for entry in table.data),
        sum(entry["macs"] is None for entry in table.data),
        (f"{' and '.join(plain).capitalize()}: 1 throughout",) if plain else (),
    )


def layer_list_rows(structure: Structure, table: Table) -> Iterator[LayerListRow]:
    """Yield the rows of the layer table with what the report adds."""
    maxima = {
        key: max((shown[key] or 0 for shown in table.rows), default=0)
        for key in SUMMED_KEYS
    }
    names = name_layer_parts(structure)
    tints = {name: find_part_tint(structure, name) for name in set(names.values())}
    for layer, shown in zip(structure.arch.layers, table.rows, strict=True):
        part = names.get(layer.index, "")
        yield LayerListRow(
            {**shown, "part": part},
            tints.get(part, ""),
            find_layer_kinds(layer, changes=shown["resolution"] is not None),
            {key: bar_percent(shown[key], most) for key, most in maxima.items()},
        )


def find_omitted_columns(rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Find the keys of columns that hold nothing, and that hold 1 throughout."""
    empty = [key for key in WINDOW_KEYS if all(row[key] is None for row in rows)]
    plain = [
        key for key in RARELY_USED_KEYS if all(is_all_ones(row[key]) for row in rows)
    ]
    return empty, [key for key in plain if key not in empty]


def find_layer_kinds(layer: Layer, *, changes: bool) -> tuple[str, ...]:
    """Say what a layer is, in words of `resviz layers --only` and `RESOLUTION_KIND`."""
    own = [op.name for op in layer.operations]
    matching = [k for k, names in LAYER_KINDS.items() if not names.isdisjoint(own)]
    return (*(matching or [OTHER_KIND]), *([RESOLUTION_KIND] if changes else []))


def count_layer_kinds(rows: Iterable[LayerListRow]) -> dict[str, int]:
    """Return how many rows are of each kind, those with none left out."""
    numbers = Counter(kind for row in rows for kind in row.kinds)
    return {kind: numbers[kind] for kind in ALL_KINDS if numbers[kind]}


def bar_percent(value: int | None, maximum: int) -> int:
    """Return the length of a bar in per cent of the longest."""
    return round(100 * value / maximum) if value else 0


def is_all_ones(value: Any) -> bool:
    """Tell whether a window's numbers say nothing: all are 1, or there is no window."""
    numbers = value if isinstance(value, list) else [value]
    return set(numbers) <= {1, None}


def select_columns(columns: tuple[Column, ...], omitted: set[str]) -> list[Column]:
    """Return the columns of the report, with the stage behind the layer's name.

    Those that are summed at the foot, parameters and MACs, stand last.
    """
    visible = [column for column in columns if column.key not in omitted]
    visible.sort(key=lambda column: column.key in SUMMED_KEYS)
    position = [column.key for column in visible].index("name") + 1
    return [*visible[:position], PART_COLUMN, *visible[position:]]


def list_tint_colours() -> list[tuple[str, styles.Tint, styles.Tint]]:
    """List CSS class, light and dark colours of each tint of the figures."""
    light, dark = styles.SCREEN_STYLE.tints, styles.DARK_STYLE.tints
    return [(tint_css_class(key), light[key], dark[key]) for key in styles.TINTS]


def tint_css_class(tint: str) -> str:
    """Return the CSS class of a tint."""
    return tint.replace(" ", "-")


def find_part_tint(structure: Structure, name: str) -> str:
    """Find the CSS class of the part called `name`; "" if the figures have none."""
    if name in {"stem", "head"}:
        return name
    stage = next((stage for stage in structure.stages if stage.name == name), None)
    return tint_css_class(choose_stage_tint(stage)) if stage else ""


def name_layer_parts(structure: Structure) -> dict[int, str]:
    """Name the part that each layer lies in, by index; others are missing.

    Without stages nothing is a stem or a head either.
    """
    if not structure.stages:
        return {}
    names = {
        layer.index: stem.name
        for stem in find_stems(structure)
        for layer in stem.layers
    }
    for stage in structure.stages:
        names |= dict.fromkeys(stage.layer_indices, stage.name)
    return names | {layer.index: "head" for layer in structure.head}

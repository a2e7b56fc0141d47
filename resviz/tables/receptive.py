"""The receptive-field table: what each layer sees of the input."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz.readings.receptive import (
    WHOLE,
    Axis,
    ReceptiveFields,
    compute_receptive_fields,
)
from resviz.readings.receptive.gaps import describe_field_gaps
from resviz.readings.structure import read_structure
from resviz.record import Source
from resviz.tables.notes import run_mode_notes, trace_header, untracked_notes
from resviz.tables.ranking import RankedRows
from resviz.tables.shapes import arrange_shape
from resviz.tables.table import Column, Table
from resviz.units import format_per_axis, format_plural, format_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from fractions import Fraction

    from resviz.readings.receptive import Seen
    from resviz.record import Architecture, Layer, Shape

COLUMNS = (
    Column("index", "#", "count", spare=4),
    Column("name", "layer"),
    Column("type", "type", spare=3),
    Column("output_shape", "output", "sample", spare=2),
    Column("receptive_field", "field", "field"),
    Column("total_stride", "stride", "field"),
    Column("padding", "padding", "field", spare=1),
    Column("offset", "centre", "field"),
)

FIELD_KEYS = {
    "receptive_field": "size",
    "total_stride": "stride",
    "padding": "padding",
    "offset": "offset",
}
"""The measures of a field: JSON key, and the attribute of `Axis` that holds it."""

FIELD_UNITS = (
    "pixels of the input, which its borders do not cut; centre: of the first position",
    "r = 1 + Σ (k − 1) · Π s, the union where branches meet (Araujo et al. 2019)",
)


def receptive_table(
    arch: Architecture,
    *,
    every: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
) -> Table:
    """Return one row a layer that changes what is seen: field, stride and so on.

    Args:
        arch: the record.
        every: show all layers, also those that see what the ones before them do.
        sort: the column by which rows stand, the largest number first.
        top: show the first so many rows alone, those of the largest field.
        reverse: the other way round.

    Raises:
        SpecError: for an unknown column, or a `top` below 1.
    """
    all_fields = compute_receptive_fields(arch)
    pixels = tuple(arch.input_shape[axis] for axis in all_fields.axes)
    layer_fields = [(layer, all_fields.layers[layer.index]) for layer in arch.layers]
    ranked = RankedRows(
        [
            field_row(arch, layer, seen)
            for layer, seen in layer_fields
            if seen and (every or all_fields.changed[layer.index])
        ],
        COLUMNS,
        usual="receptive_field",
        sort=sort,
        top=top,
        reverse=reverse,
        find_extra=lambda row, _: display_field_row(row),
    )
    rows = ranked.rows
    data = {
        "name": arch.name,
        "input_shape": list(arch.input_shape),
        "layers": rows,
        "stages": list(stage_field_rows(arch, all_fields)),
        "largest": find_largest_field(layer_fields, pixels),
        "gated": list(all_fields.gated),
        "off_centre": [
            {"name": meeting.name, "pixels": list(map(json_number, meeting.apart))}
            for meeting in all_fields.off_centre
        ],
        "not_known": [asdict(gap) for gap in all_fields.unknown],
        "blind": [*map(asdict, all_fields.blind)],
        "convention": "; ".join(FIELD_UNITS),
    } | trace_header(arch, "receptive")
    if all_fields.axes != tuple(range(2, len(arch.input_shape))):
        data["position_axes"] = [*all_fields.axes]
    too_large = (
        k
        for k, row in enumerate(rows)
        if is_larger_than_input(all_fields.layers[row["index"]] or (), pixels)
    )
    return Table(
        f"{arch.label}: receptive fields",
        COLUMNS,
        tuple(display_field_row(entry) for entry in rows),
        data,
        facts=tuple(field_facts(data, pixels)),
        notes=(
            *ranked.notes,
            *FIELD_UNITS,
            *field_notes(arch, all_fields),
            *run_mode_notes(arch),
            *untracked_notes(arch),
        ),
        marked=frozenset(too_large),
        mark="the field is larger than the input",
    )


def field_row(arch: Architecture, layer: Layer, seen: Sequence[Seen]) -> dict[str, Any]:
    """Return what one layer sees, as JSON has it: a number an axis, or null."""
    return {
        "index": layer.index,
        "name": layer.name,
        "type": layer.type,
        "output_shape": arrange_shape(arch, layer.output_shape, Source(layer.index)),
        **measure_axes(seen),
    }


def measure_axes(seen: Sequence[Seen]) -> dict[str, list[Any]]:
    """Measure field, stride, padding and centre along each axis.

    `whole_input` tells an axis of which all is seen from one of which nothing is known.
    """
    values = {
        key: [
            json_number(getattr(axis, name)) if isinstance(axis, Axis) else None
            for axis in seen
        ]
        for key, name in FIELD_KEYS.items()
    }
    return values | {"whole_input": [axis == WHOLE for axis in seen]}


def json_number(value: Fraction | int) -> float:
    """Return a fraction as the number that JSON has: 2 or 0.5."""
    return int(value) if value == int(value) else float(value)


def stage_field_rows(
    arch: Architecture, all_fields: ReceptiveFields
) -> Iterator[dict[str, Any]]:
    """Yield what the last layer of each stage sees, under the paper's names."""
    for stage in read_structure(arch).stages:
        seen = all_fields.layers[stage.layer_indices[-1]]
        if seen:
            yield {"name": stage.name, **measure_axes(seen)}


def find_largest_field(
    layer_fields: Sequence[tuple[Layer, Sequence[Seen] | None]], pixels: Shape
) -> dict[str, Any] | None:
    """Find the layer with the largest field before any sees the whole input."""
    largest: tuple[tuple[int, ...], str] | None = None
    for layer, seen in layer_fields:
        sizes = tuple(axis.size for axis in seen or () if isinstance(axis, Axis))
        is_whole = sizes and len(sizes) == len(pixels)
        if is_whole and (largest is None or sizes > largest[0]):
            largest = sizes, layer.name
    if largest is None:
        return None
    sizes, name = largest
    too_large = any(size > side for size, side in zip(sizes, pixels, strict=True))
    return {"name": name, "receptive_field": [*sizes], "exceeds_input": too_large}


def is_larger_than_input(seen: Sequence[Seen], pixels: Shape) -> bool:
    """Tell whether a field is larger than the input along an axis."""
    pairs = zip(seen, pixels, strict=True)
    return any(isinstance(axis, Axis) and axis.size > side for axis, side in pairs)


def display_field_row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Write a row for the eye: one word for all axes where they agree."""
    return {**entry, **display_field(entry)}


def display_field(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Write the measures of a field for the eye, by the keys of `FIELD_KEYS`."""
    words = {key: format_axes(entry[key]) for key in FIELD_KEYS}
    size = format_axes(entry["receptive_field"], entry["whole_input"])
    return words | {"receptive_field": size}


def format_axes(
    values: Sequence[float | None], whole_input: Sequence[bool] | None = None
) -> Any:
    """Write one number, or one an axis; "all" for the whole input, None if unknown."""
    if whole_input is None and None in values:
        return None
    gaps = ["all" if sees_all else "unknown" for sees_all in whole_input or values]
    words = [gap if n is None else n for n, gap in zip(values, gaps, strict=True)]
    words = [*map(round_number, words)]
    return words[0] if len({*words}) == 1 else format_sizes(words)


def round_number(value: float | str) -> Any:
    """Round a number to as many digits as people read."""
    return round(value, 3) if isinstance(value, float) else value


def field_facts(data: dict[str, Any], pixels: Shape) -> Iterator[tuple[str, str]]:
    """Yield what stands above the rows."""
    yield "input", format_sizes(data["input_shape"])
    if not pixels:
        yield "positions", "none, it has batch and channels alone"
    if data["stages"]:
        stages = map(display_field_row, data["stages"])
        sizes = (f"{stage['name']} {stage['receptive_field']}" for stage in stages)
        yield "stages", ", ".join(sizes)
    largest = data["largest"]
    if largest:
        side = format_per_axis(pixels)
        remark = f", more than the input's {side}" if largest["exceeds_input"] else ""
        size = format_per_axis(largest["receptive_field"])
        yield "largest", f"{size} at {largest['name']}{remark}"


def field_notes(arch: Architecture, all_fields: ReceptiveFields) -> Iterator[str]:
    """Say what fields leave out, where branches do not align, what is not known."""
    if all_fields.off_centre:
        first = all_fields.off_centre[0]
        distance = format_axes([*map(json_number, first.apart)])
        joins = format_plural(len(all_fields.off_centre), "layer")
        yield (
            f"branches meet off centre at {joins}, first {first.name}, by {distance} px"
        )
    yield from describe_field_gaps(arch)

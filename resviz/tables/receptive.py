"""The receptive-field table: what each layer sees of the input."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz.receptive import WHOLE, Axis, Fields, fields
from resviz.structure import structure
from resviz.tables.head import head
from resviz.tables.notes import manner, unseen
from resviz.tables.table import Column, Table
from resviz.units import per_axis, plural, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from resviz.receptive import Seen
    from resviz.record import Architecture, Layer, Shape

COLUMNS = (
    Column("index", "#", "count", spare=4),
    Column("name", "layer"),
    Column("type", "type", spare=3),
    Column("output_shape", "output", "sample", spare=2),
    Column("receptive_field", "field"),
    Column("total_stride", "stride"),
    Column("padding", "padding", spare=1),
    Column("offset", "centre"),
)

KEYS = {
    "receptive_field": "size",
    "total_stride": "stride",
    "padding": "padding",
    "offset": "offset",
}
"""The measures of a field: JSON key, and the attribute of `Axis` that holds it."""

UNITS = (
    "pixels of the input, which its borders do not cut; centre: of the first position",
    "r = 1 + Σ (k − 1) · Π s, the union where branches meet (Araujo et al. 2019)",
)


def receptive(arch: Architecture, *, every: bool = False) -> Table:
    """One row a layer that changes what is seen: field, stride, padding, centre.

    Args:
        arch: the record.
        every: show all layers, also those that see what the ones before them do.
    """
    found = fields(arch)
    pixels = arch.input_shape[2:]
    seeing = [(layer, found.layers[layer.index]) for layer in arch.layers]
    chosen = [
        (layer, seen)
        for layer, seen in seeing
        if seen and (every or found.changed[layer.index])
    ]
    rows = [row(layer, seen) for layer, seen in chosen]
    data = {
        "name": arch.name,
        "input_shape": list(arch.input_shape),
        "layers": rows,
        "stages": list(stage_rows(arch, found)),
        "largest": largest(seeing, pixels),
        "gated": list(found.gated),
        "off_centre": [
            {"name": it.name, "pixels": list(map(number, it.apart))}
            for it in found.apart
        ],
        "not_known": [asdict(gap) for gap in found.gaps],
        "convention": "; ".join(UNITS),
    } | head(arch)
    over = (k for k, (_, seen) in enumerate(chosen) if exceeds(seen, pixels))
    return Table(
        f"{arch.label}: receptive fields",
        COLUMNS,
        tuple(shown(entry) for entry in rows),
        data,
        facts=tuple(facts(data)),
        notes=(*UNITS, *notes(arch, found), *manner(arch), *unseen(arch)),
        marked=frozenset(over),
        mark="the field is larger than the input",
    )


def row(layer: Layer, seen: Sequence[Seen]) -> dict[str, Any]:
    """What one layer sees, as JSON has it: a number for each axis, or null."""
    return {
        "index": layer.index,
        "name": layer.name,
        "type": layer.type,
        "output_shape": list(layer.output_shape),
        **measures(seen),
    }


def measures(seen: Sequence[Seen]) -> dict[str, list[Any]]:
    """Field, stride, padding and centre along each axis.

    `whole_input` tells an axis of which all is seen from one of which nothing is known.
    """
    own = {
        key: [
            number(getattr(it, name)) if isinstance(it, Axis) else None for it in seen
        ]
        for key, name in KEYS.items()
    }
    return own | {"whole_input": [it == WHOLE for it in seen]}


def number(value: Fraction | int) -> float:
    """A fraction as the number that JSON has: 2 or 0.5."""
    return int(value) if value == int(value) else float(value)


def stage_rows(arch: Architecture, found: Fields) -> Iterator[dict[str, Any]]:
    """What the last layer of each stage sees, under the paper's names."""
    for stage in structure(arch).stages:
        seen = found.layers[stage.layers[-1]]
        if seen:
            yield {"name": stage.name, **measures(seen)}


def largest(
    seeing: Sequence[tuple[Layer, Sequence[Seen] | None]], pixels: Shape
) -> dict[str, Any] | None:
    """The layer with the largest field before anything sees the whole input."""
    best: tuple[tuple[int, ...], str] | None = None
    for layer, seen in seeing:
        sizes = tuple(it.size for it in seen or () if isinstance(it, Axis))
        if sizes and len(sizes) == len(pixels) and (best is None or sizes > best[0]):
            best = sizes, layer.name
    if best is None:
        return None
    over = any(size > side for size, side in zip(best[0], pixels, strict=True))
    return {"name": best[1], "receptive_field": [*best[0]], "exceeds_input": over}


def exceeds(seen: Sequence[Seen], pixels: Shape) -> bool:
    """Whether a field is larger than the input along an axis."""
    pairs = zip(seen, pixels, strict=True)
    return any(isinstance(it, Axis) and it.size > side for it, side in pairs)


def shown(entry: dict[str, Any]) -> dict[str, Any]:
    """A row for the eye: one word for all axes where they agree."""
    whole = entry["whole_input"]
    first = next(iter(KEYS))
    words = {key: short(entry[key], whole if key == first else None) for key in KEYS}
    return entry | words


def short(values: Sequence[float | None], whole: Sequence[bool] | None) -> Any:
    """One number, or one for each axis; "all" for the whole input, None if unknown."""
    if whole is None and None in values:
        return None
    gaps = ["all" if it else "unknown" for it in whole or values]
    words = [gap if n is None else n for n, gap in zip(values, gaps, strict=True)]
    return words[0] if len({*words}) == 1 else times(list(map(written, words)))


def written(value: float | str) -> Any:
    """A number with as many digits as people read."""
    return round(value, 3) if isinstance(value, float) else value


def facts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands above the rows."""
    yield "input", times(data["input_shape"])
    if not data["input_shape"][2:]:
        yield "positions", "none, it has batch and channels alone"
    named = [f"{it['name']} {shown(it)['receptive_field']}" for it in data["stages"]]
    if named:
        yield "stages", ", ".join(named)
    most = data["largest"]
    if most:
        side = per_axis(data["input_shape"][2:])
        than = f"more than the input's {side}" if most["exceeds_input"] else ""
        size = per_axis(most["receptive_field"])
        yield "largest", ", ".join(filter(None, (f"{size} at {most['name']}", than)))


def notes(arch: Architecture, found: Fields) -> Iterator[str]:
    """What the fields leave out, where branches do not align, and what is not known."""
    if len(arch.inputs) > 1:
        yield f"of the first of {len(arch.inputs)} inputs"
    if found.gated:
        gates = plural(len(found.gated), "gate")
        yield f"left out: {gates} on the whole input, first at {found.gated[0]}"
    if found.apart:
        first = found.apart[0]
        by = short(list(map(number, first.apart)), None)
        joins = plural(len(found.apart), "layer")
        yield f"branches meet off centre at {joins}, first {first.name}, by {by} px"
    for gap in found.gaps:
        yield f"not known: {gap.why}, {gap.count}×, first at {gap.first}"

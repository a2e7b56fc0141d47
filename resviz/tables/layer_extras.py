"""Columns of the layer table that stand there where they are named.

Place, memory and receptive field are readings of their own, which take time, so each
is imported and read only where one of its columns is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.readings.structure import index_block_layers
from resviz.tables.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from resviz.record import Architecture

PLACE_COLUMNS = (Column("stage", "stage"), Column("block", "block"))
"""Where a layer lies."""

BYTES_COLUMNS = (
    Column("parameter_bytes", "parameters, MiB", "bytes"),
    Column("activation_bytes", "allocated, MiB", "bytes", spare=2),
    Column("held_bytes", "held, MiB", "bytes"),
    Column("kept_bytes", "kept, MiB", "bytes"),
)
"""What a layer needs of memory."""

FIELD_COLUMNS = (
    Column("receptive_field", "receptive field", "field"),
    Column("total_stride", "total stride", "field"),
    Column("offset", "centre", "field"),
)
"""What a layer sees of the input; its padding is that of its window here."""

EXTRA_COLUMNS = (*PLACE_COLUMNS, *BYTES_COLUMNS, *FIELD_COLUMNS)


def find_extra_values(
    arch: Architecture,
    members: Mapping[int, Sequence[Mapping[str, Any]]],
    entry: Mapping[str, Any],
    keys: Collection[str],
) -> dict[str, Any]:
    """Find the values of extra columns in one row.

    Args:
        arch: the record.
        members: the rows that are folded into one, by its index.
        entry: the row.
        keys: of the columns that are wanted; others may be missing.

    Raises:
        RecordError: for memory of a record of an older resviz.
    """
    group = members.get(entry["index"], [entry])
    indices = [member["index"] for member in group]
    values: dict[str, Any] = {}
    for columns, find_values in EXTRA_READINGS:
        if any(column.key in keys for column in columns):
            values |= find_values(arch, indices)
    return values


def find_place(arch: Architecture, indices: Sequence[int]) -> dict[str, str | None]:
    """Find the names of the stage and the block that all of some layers lie in."""
    places = [index_block_layers(arch).get(index) for index in indices]
    names = {
        "stage": {at and at.stage.name for at in places},
        "block": {at and at.stage.block_name(at.number) for at in places},
    }
    return {k: each.pop() if len(each) == 1 else None for k, each in names.items()}


def find_bytes(arch: Architecture, indices: Sequence[int]) -> dict[str, int | None]:
    """Find the bytes of some layers together; what they hold is the most of one."""
    from resviz.tables.memory import list_layer_bytes, sum_layer_bytes

    all_bytes = list_layer_bytes(arch)
    return sum_layer_bytes([all_bytes[index] for index in indices])


def find_field(arch: Architecture, indices: Sequence[int]) -> dict[str, Any]:
    """Find what the last of some layers sees of the input, as people read it."""
    from resviz.readings.receptive import compute_receptive_fields
    from resviz.tables.receptive import display_field, measure_axes

    seen = compute_receptive_fields(arch).layers[indices[-1]]
    measures = display_field(measure_axes(seen)) if seen else {}
    return {column.key: measures.get(column.key) for column in FIELD_COLUMNS}


EXTRA_READINGS: tuple[
    tuple[Sequence[Column], Callable[[Architecture, Sequence[int]], dict[str, Any]]],
    ...,
] = (
    (PLACE_COLUMNS, find_place),
    (BYTES_COLUMNS, find_bytes),
    (FIELD_COLUMNS, find_field),
)
"""Columns that are read together, and what reads them for the layers of a row."""

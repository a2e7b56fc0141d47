"""The memory table: where the bytes of a forward and of its training lie."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.readings import memory
from resviz.readings.autocast import cast_record
from resviz.readings.structure import read_structure
from resviz.record import Source
from resviz.record.cached import cache_reading
from resviz.tables.autocast_notes import autocast_notes
from resviz.tables.layer_extras import BYTES_COLUMNS
from resviz.tables.notes import (
    describe_inputs,
    run_mode_notes,
    trace_header,
    untracked_notes,
)
from resviz.tables.ranking import RankedRows
from resviz.tables.shapes import arrange_shape
from resviz.tables.summary import split_into_parts
from resviz.tables.table import Column, Table
from resviz.units import format_mebibytes, group_digits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.record import Architecture

PART_MEMORY_COLUMNS = (
    Column("name", "part"),
    Column("layers", "layers", "count", spare=3),
    Column("output_shape", "output", "sample", spare=4),
    *BYTES_COLUMNS,
)

LAYER_MEMORY_COLUMNS = (
    Column("index", "#", "count", spare=5),
    Column("name", "layer"),
    Column("type", "type", spare=3),
    Column("output_shape", "output", "sample", spare=4),
    *BYTES_COLUMNS,
)

MIN_BYTES_IN_MIB = 2**20 // 100
"""Bytes below which MiB would show as 0.00 or 0.01."""

MAX_TENSORS_NAMED = 4
"""How many of the tensors that are held at the peak are named above the table."""


def memory_table(
    arch: Architecture,
    *,
    every: bool = False,
    fit: str | None = None,
    autocast: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
) -> Table:
    """Return parameters, peak, what training keeps; a row a stage or a layer.

    Args:
        arch: the record.
        every: one row a layer, instead of one a stage.
        fit: the largest batches in so many bytes instead, as "24GiB", and where to
            checkpoint for more; a row a plan.
        autocast: as under autocast to "bfloat16" or "float16".
        sort: the column by which rows stand, the largest number first.
        top: show the first so many rows alone, those that hold most.
        reverse: the other way round.

    Raises:
        RecordError: if the record is of an older resviz, and holds no storages.
        SpecError: for an unknown column, a `top` below 1, or a network of which it is
            not known what autocast does to it.
    """
    if fit is not None:
        from resviz.tables.fit import fit_table

        if every or reverse or sort is not None or top is not None:
            raise SpecError("fit: shows plans in their order, leave out other options")
        return fit_table(arch, fit, autocast=autocast)
    if autocast is not None:
        arch = cast_record(arch, autocast)
    columns = LAYER_MEMORY_COLUMNS if every else PART_MEMORY_COLUMNS
    ranked = RankedRows(
        [*(layer_memory_rows(arch) if every else part_memory_rows(arch))],
        columns,
        usual="held_bytes",
        sort=sort,
        top=top,
        reverse=reverse,
    )
    rows = ranked.rows
    data = memory_totals(arch) | {"autocast": autocast}
    data["layers" if every else "parts"] = rows
    return Table(
        f"{arch.label}: memory",
        columns,
        tuple(rows),
        data,
        facts=(("input", describe_inputs(arch)), *memory_facts(data)),
        notes=(
            *ranked.notes,
            *memory_notes(arch, data),
            *autocast_notes(arch, autocast),
        ),
    )


def memory_totals(arch: Architecture) -> dict[str, Any]:
    """Count what holds for the whole network, as JSON has it."""
    peak = memory.find_peak(arch)
    peak_layer = None if peak.layer is None else arch.stored_layers[peak.layer].name
    saved = memory.find_saved_for_backward(arch)
    sizes = {
        "parameter": memory.count_parameter_bytes(arch),
        "buffer": arch.buffers,
        "activation": memory.count_activation_bytes(arch),
        "training_kept": saved.dtypes,
        "gradient": memory.count_gradient_bytes(arch),
    }
    total_bytes = {key: sum(dtypes.values()) for key, dtypes in sizes.items()}
    weights = total_bytes["parameter"] + total_bytes["buffer"]
    return {
        "name": arch.name,
        "input_shape": list(arch.input_shape),
        "training": arch.training,
        "parameter_bytes": total_bytes["parameter"],
        "buffer_bytes": total_bytes["buffer"],
        "activation_bytes": total_bytes["activation"],
        "inference_peak_bytes": peak.bytes,
        "inference_peak_layer": peak_layer,
        "inference_total_bytes": weights + peak.bytes,
        "training_kept_bytes": total_bytes["training_kept"],
        "gradient_bytes": total_bytes["gradient"],
        "momentum_bytes": total_bytes["gradient"],
        "adam_bytes": 2 * total_bytes["gradient"],
        "by_dtype": {f"{key}_bytes": dtypes for key, dtypes in sizes.items()},
        "held_at_peak": held_tensors(arch, peak),
        "not_counted": [asdict(gap) for gap in saved.uncounted],
        "convention": memory.MEMORY_CONVENTION,
    } | trace_header(arch, "memory")


def held_tensors(arch: Architecture, peak: memory.Peak) -> list[dict[str, Any]]:
    """Return what is held at the peak, the largest first, by the layer that made it."""
    timeline = memory.build_timeline(arch)
    tensors = []
    for number in peak.held_storages:
        layer, storage = timeline.find_maker(number), arch.storages[number]
        name = "input" if layer is None else arch.stored_layers[layer].name
        tensors.append({"name": name, "bytes": storage.bytes, "dtype": storage.dtype})
    return tensors


def memory_facts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what stands above the rows."""
    dtypes = {key: describe_dtypes(sizes) for key, sizes in data["by_dtype"].items()}
    for label in ("parameter", "buffer"):
        key = f"{label}_bytes"
        yield f"{label}s", f"{exact_bytes(data[key])}{dtypes[key]}"
    yield "forward" if data["training"] else "inference", describe_peak(data)
    if data["held_at_peak"]:
        yield "held there", describe_largest(data["held_at_peak"])
    mode = "training" if data["training"] else "evaluation"
    kept = f"{exact_bytes(data['training_kept_bytes'])} for backward"
    yield "training", f"in {mode} mode keeps {kept}{dtypes['training_kept_bytes']}"
    gradients = short_bytes(data["gradient_bytes"])
    adam = short_bytes(data["adam_bytes"])
    yield "beside it", f"gradients {gradients}; momentum as much, or Adam {adam}"


def describe_peak(data: dict[str, Any]) -> str:
    """Say how high the peak of a forward is, and where it lies."""
    peak, layer = data["inference_peak_bytes"], data["inference_peak_layer"]
    place = f" at {layer}" if layer else ""
    whole = short_bytes(data["inference_total_bytes"])
    return f"peak {exact_bytes(peak)}{place}; with parameters and buffers {whole}"


def describe_largest(tensors: list[dict[str, Any]]) -> str:
    """Name what holds most at the peak, all tensors of a layer together."""
    held: dict[str, list[int]] = {}
    for tensor in tensors:
        held.setdefault(tensor["name"], []).append(tensor["bytes"])
    largest = sorted(held.items(), key=lambda entry: -sum(entry[1]))
    parts = [
        f"{name} {short_bytes(sum(sizes))}"
        + (f" in {len(sizes)} tensors" if len(sizes) > 1 else "")
        for name, sizes in largest[:MAX_TENSORS_NAMED]
    ]
    rest = [size for _, sizes in largest[MAX_TENSORS_NAMED:] for size in sizes]
    if rest:
        parts.append(f"{len(rest)} more {short_bytes(sum(rest))}")
    return " + ".join(parts)


def exact_bytes(number: int) -> str:
    """Write bytes in full and in MiB."""
    short = f" ({short_bytes(number)})" if number >= MIN_BYTES_IN_MIB else ""
    return f"{group_digits(number)} bytes{short}"


def short_bytes(number: int) -> str:
    """Write bytes in MiB; few of them as they are."""
    if number >= MIN_BYTES_IN_MIB:
        return f"{format_mebibytes(number)} MiB"
    return f"{group_digits(number)} bytes"


def describe_dtypes(sizes: dict[str, int]) -> str:
    """Name the dtypes of some bytes; how many of each where there are several."""
    if len(sizes) == 1:
        return f": {next(iter(sizes))}"
    each = ", ".join(f"{dtype} {short_bytes(size)}" for dtype, size in sizes.items())
    return f": {each}" if sizes else ""


def memory_notes(arch: Architecture, data: dict[str, Any]) -> Iterator[str]:
    """Say below the table what is counted, and what is left out."""
    yield (
        f"counted for a batch of {arch.batch}; held: at most while it runs, without "
        "gradients; kept: until backward, by the first layer that needs it"
    )
    yield memory.MEMORY_CONVENTION
    if not arch.training:
        yield (
            "in evaluation mode batch norm keeps no statistics and dropout does "
            "nothing; --training follows the other"
        )
    if any(
        op.name == "_safe_softmax" for la in arch.stored_layers for op in la.operations
    ):
        yield "attention is counted as matrix products; a fused kernel holds less"
    yield from run_mode_notes(arch)
    yield from untracked_notes(arch)
    for gap in data["not_counted"]:
        name, number, first = gap["operation"], gap["count"], gap["first"]
        yield f"unknown what training keeps of {name}, {number}×, first at {first}"


def layer_memory_rows(arch: Architecture) -> Iterator[dict[str, Any]]:
    """Yield one row a layer."""
    for layer, sizes in zip(arch.stored_layers, list_layer_bytes(arch), strict=True):
        yield {
            "index": layer.index,
            "name": layer.name,
            "type": layer.type,
            "output_shape": arrange_shape(
                arch, layer.output_shape, Source(layer.index)
            ),
            **sizes,
        }


@cache_reading
def list_layer_bytes(arch: Architecture) -> tuple[dict[str, int | None], ...]:
    """List the bytes of each layer, by the keys of `BYTES_COLUMNS`.

    Raises:
        RecordError: as `memory_table`.
    """
    allocated = memory.count_allocated_bytes(arch)
    saved = memory.find_saved_for_backward(arch).layers
    timeline = memory.build_timeline(arch)
    return tuple(
        {
            "parameter_bytes": memory.count_own_parameter_bytes(layer),
            "activation_bytes": allocated[layer.index],
            "held_bytes": timeline.max_live_bytes(layer.index),
            "kept_bytes": saved[layer.index],
        }
        for layer in arch.stored_layers
    )


def part_memory_rows(arch: Architecture) -> Iterator[dict[str, Any]]:
    """Yield one row a stage, and for what lies before, behind and beside them."""
    rows = list(layer_memory_rows(arch))
    for name, layers in split_into_parts(read_structure(arch)):
        yield part_memory_row(name, [rows[layer.index] for layer in layers])
    idle = memory.count_idle_bytes(arch)
    if idle:
        yield {"name": "never called", "layers": 0, "parameter_bytes": idle}


def part_memory_row(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum the rows of some layers, under the name of their part."""
    return {
        "name": name,
        "layers": len(rows),
        "output_shape": rows[-1]["output_shape"],
        **sum_layer_bytes(rows),
    }


def sum_layer_bytes(rows: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    """Sum the bytes of some layers; what they hold is the most that one does."""
    sums = ("parameter_bytes", "activation_bytes", "kept_bytes")
    held = [row["held_bytes"] for row in rows if row["held_bytes"] is not None]
    return {
        **{key: sum(row[key] for row in rows) for key in sums},
        "held_bytes": max(held, default=None),
    }

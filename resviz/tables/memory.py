"""The memory table: where the bytes of a forward and of its training lie."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz import footprint
from resviz.structure import structure
from resviz.tables.head import head
from resviz.tables.notes import inputs_of, manner, unseen
from resviz.tables.table import Column, Table
from resviz.units import grouped, mebi

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.record import Architecture, Layer

BYTES = (
    Column("parameter_bytes", "parameters, MiB", "bytes"),
    Column("activation_bytes", "allocated, MiB", "bytes", spare=2),
    Column("held_bytes", "held, MiB", "bytes"),
    Column("kept_bytes", "kept, MiB", "bytes"),
)

PARTS = (
    Column("name", "part"),
    Column("layers", "layers", "count", spare=3),
    Column("output_shape", "output", "sample", spare=4),
    *BYTES,
)

LAYERS = (
    Column("index", "#", "count", spare=5),
    Column("name", "layer"),
    Column("type", "type", spare=3),
    Column("output_shape", "output", "sample", spare=4),
    *BYTES,
)

FEW = 2**20 // 100
"""Bytes below which MiB would show as 0.00 or 0.01."""

LARGEST = 4
"""How many of the tensors that are held at the peak are named above the table."""


def memory(arch: Architecture, *, layers: bool = False) -> Table:
    """Parameters, peak of a forward, what training keeps; a row a stage or a layer.

    Args:
        arch: the record.
        layers: one row a layer, instead of one a stage.

    Raises:
        RecordError: if the record is of an older resviz, and holds no storages.
    """
    rows = list(each_layer(arch) if layers else each_part(arch))
    data = totals(arch) | {"layers" if layers else "parts": rows}
    return Table(
        f"{arch.label}: memory",
        LAYERS if layers else PARTS,
        tuple(rows),
        data,
        facts=(("input", inputs_of(arch)), *facts(data)),
        notes=tuple(notes(arch, data)),
    )


def totals(arch: Architecture) -> dict[str, Any]:
    """What holds for the whole network, as JSON has it."""
    peak = footprint.peak(arch)
    place = None if peak.layer is None else arch.layers[peak.layer].name
    kept = footprint.kept(arch)
    sizes = {
        "parameter": footprint.parameters(arch),
        "buffer": arch.buffers,
        "activation": footprint.activations(arch),
        "training_kept": kept.dtypes,
        "gradient": footprint.gradients(arch),
    }
    total = {key: sum(dtypes.values()) for key, dtypes in sizes.items()}
    weights = total["parameter"] + total["buffer"]
    return {
        "name": arch.name,
        "input_shape": list(arch.input_shape),
        "training": arch.training,
        "parameter_bytes": total["parameter"],
        "buffer_bytes": total["buffer"],
        "activation_bytes": total["activation"],
        "inference_peak_bytes": peak.bytes,
        "inference_peak_layer": place,
        "inference_total_bytes": weights + peak.bytes,
        "training_kept_bytes": total["training_kept"],
        "gradient_bytes": total["gradient"],
        "momentum_bytes": total["gradient"],
        "adam_bytes": 2 * total["gradient"],
        "by_dtype": {f"{key}_bytes": dtypes for key, dtypes in sizes.items()},
        "held_at_peak": list(held(arch, peak)),
        "not_counted": [asdict(gap) for gap in kept.gaps],
        "convention": footprint.CONVENTION,
    } | head(arch)


def held(arch: Architecture, peak: footprint.Peak) -> Iterator[dict[str, Any]]:
    """What is held at the peak, the largest first, by the layer that made it."""
    line = footprint.timeline(arch)
    for number in peak.held:
        layer, storage = line.maker(number), arch.storages[number]
        name = "input" if layer is None else arch.layers[layer].name
        yield {"name": name, "bytes": storage.bytes, "dtype": storage.dtype}


def facts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands above the rows."""
    kinds, mode = data["by_dtype"], "training" if data["training"] else "evaluation"
    gradients, adam = short(data["gradient_bytes"]), short(data["adam_bytes"])
    kept = data["training_kept_bytes"]
    for label in ("parameter", "buffer"):
        key = f"{label}_bytes"
        yield f"{label}s", f"{exact(data[key])}{dtypes(kinds[key])}"
    yield "forward" if data["training"] else "inference", inference(data)
    if data["held_at_peak"]:
        yield "held there", largest(data["held_at_peak"])
    found = dtypes(kinds["training_kept_bytes"])
    yield "training", f"in {mode} mode keeps {exact(kept)} for backward{found}"
    yield "beside it", f"gradients {gradients}; momentum as much, or Adam {adam}"


def inference(data: dict[str, Any]) -> str:
    """The peak of a forward, and where it lies."""
    peak, layer = data["inference_peak_bytes"], data["inference_peak_layer"]
    place = f" at {layer}" if layer else ""
    whole = short(data["inference_total_bytes"])
    return f"peak {exact(peak)}{place}; with parameters and buffers {whole}"


def largest(found: list[dict[str, Any]]) -> str:
    """The largest tensors that are held at the peak, the others together."""
    parts = [f"{it['name']} {short(it['bytes'])}" for it in found[:LARGEST]]
    rest = found[LARGEST:]
    if rest:
        parts.append(f"{len(rest)} more {short(sum(it['bytes'] for it in rest))}")
    return " + ".join(parts)


def exact(number: int) -> str:
    """Bytes in full and in MiB."""
    whole = f"{grouped(number)} bytes"
    return f"{whole} ({mebi(number)} MiB)" if number >= FEW else whole


def short(number: int) -> str:
    """Bytes in MiB; few of them as they are."""
    return f"{mebi(number)} MiB" if number >= FEW else f"{grouped(number)} bytes"


def dtypes(sizes: dict[str, int]) -> str:
    """The dtypes that some bytes are of; how many of each where there are several."""
    if len(sizes) == 1:
        return f": {next(iter(sizes))}"
    each = ", ".join(f"{dtype} {short(size)}" for dtype, size in sizes.items())
    return f": {each}" if sizes else ""


def notes(arch: Architecture, data: dict[str, Any]) -> Iterator[str]:
    """The lines below the table: what is counted, and what is left out."""
    yield (
        f"counted for a batch of {arch.batch}; held: at most while it runs, without "
        "gradients; kept: until backward, by the first layer that needs it"
    )
    yield footprint.CONVENTION
    if not arch.training:
        yield (
            "in evaluation mode batch norm keeps no statistics and dropout does "
            "nothing; --training follows the other"
        )
    if any(op.name == "_safe_softmax" for la in arch.layers for op in la.operations):
        yield "attention is counted as matrix products; a fused kernel holds less"
    yield from manner(arch)
    yield from unseen(arch)
    for gap in data["not_counted"]:
        name, number, first = gap["operation"], gap["count"], gap["first"]
        yield f"unknown what training keeps of {name}, {number}×, first at {first}"


def each_layer(arch: Architecture) -> Iterator[dict[str, Any]]:
    """One row a layer."""
    made, kept = footprint.made(arch), footprint.kept(arch).layers
    line = footprint.timeline(arch)
    for layer in arch.layers:
        yield {
            "index": layer.index,
            "name": layer.name,
            "type": layer.type,
            "output_shape": list(layer.output_shape),
            "parameter_bytes": footprint.own(layer),
            "activation_bytes": made[layer.index],
            "held_bytes": line.held(layer.index),
            "kept_bytes": kept[layer.index],
        }


def each_part(arch: Architecture) -> Iterator[dict[str, Any]]:
    """One row a stage, and for what lies before, behind and beside the stages."""
    built = structure(arch)
    rows = list(each_layer(arch))
    parts: list[tuple[str, Iterable[int]]] = [
        ("stem" if built.stages else "layers", indices(built.stem)),
        *((stage.name, stage.layers) for stage in built.stages),
        ("head", indices(built.head)),
    ]
    inside = {index for _, members in parts for index in members}
    parts.append(("other layers", {row["index"] for row in rows} - inside))
    for name, members in parts:
        group = [rows[index] for index in sorted(members)]
        if group:
            yield part(name, group)
    idle = footprint.idle(arch)
    if idle:
        yield {"name": "never called", "layers": 0, "parameter_bytes": idle}


def indices(layers: Iterable[Layer]) -> list[int]:
    """Where some layers stand in the record."""
    return [layer.index for layer in layers]


def part(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Some layers together; what they hold is the most that one of them does."""
    sums = ("parameter_bytes", "activation_bytes", "kept_bytes")
    held = [row["held_bytes"] for row in rows if row["held_bytes"] is not None]
    return {
        "name": name,
        "layers": len(rows),
        "output_shape": rows[-1]["output_shape"],
        **{key: sum(row[key] for row in rows) for key in sums},
        "held_bytes": max(held, default=None),
    }

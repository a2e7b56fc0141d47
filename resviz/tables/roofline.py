"""The roofline table: which layers memory bounds, and how long they take at least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.readings import roofline
from resviz.readings.devices import ANY_PRECISION, DEVICES, PRECISIONS, find_device
from resviz.tables.notes import (
    counting_notes,
    describe_bound,
    describe_inputs,
    trace_header,
)
from resviz.tables.ranking import RankedRows
from resviz.tables.table import Column, Table
from resviz.units import format_count, format_milliseconds, format_plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.readings.devices import Device
    from resviz.readings.roofline import LayerBound, Roofline
    from resviz.record import Architecture

DEVICE_COLUMNS = (
    Column("device", "device"),
    Column("flops", "FLOP/s", "rate", spare=2),
    Column("bandwidth", "B/s", "rate", spare=3),
    Column("ridge", "ridge, FLOP/B", "ratio", spare=4),
    Column("bound_seconds", "at least, ms", "milliseconds"),
    Column("memory_share", "of it memory", "share"),
    Column("memory_layers", "memory-bound", "count"),
    Column("layers", "of layers", "count", spare=5),
    Column("longest", "longest", spare=1),
)

LAYER_COLUMNS = (
    Column("index", "#", "count", spare=5),
    Column("name", "layer"),
    Column("type", "type", spare=3),
    Column("macs", "MACs", "count", spare=4),
    Column("bytes", "moved, MiB", "bytes"),
    Column("intensity", "FLOP/B", "ratio"),
    Column("bound_by", "bound by"),
    Column("bound_seconds", "at least, ms", "milliseconds"),
)

MEASURED_COLUMNS = (
    Column("measured_seconds", "measured, ms", "milliseconds"),
    Column("times_bound", "times the bound", "ratio", spare=1),
)

TF32_NOTE = (
    "torch's convolutions multiply float32 as TF32 on such devices unless told not to: "
    "--precision tf32, or precision= in Python, bounds those"
)

NO_TIMES = (
    "measure: wants a model to run, from `resviz roofline SPEC --measure` or "
    "resviz.roofline(model, measure=True): a record has no weights, and a document no "
    "machine"
)


def roofline_table(
    arch: Architecture,
    *,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
    measure: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
    measured: tuple[Device, Mapping[int, float]] | None = None,
) -> Table:
    """Return lower bounds of time: a row a device, or of one a row a layer.

    Args:
        arch: the record.
        device: one of `DEVICES`, or one's own; if left out, all of them.
        precision: one of `PRECISIONS`; as recorded if left out.
        fused: whether norms, activations and additions are folded.
        measure: whether measured times are wanted.
        sort: the column by which rows stand, the largest number first.
        top: show the first so many rows alone, those that take longest.
        reverse: the other way round.
        measured: this machine's own peaks, and seconds that layers took on it.

    Raises:
        SpecError: for an unknown device, precision or column, a precision in which a
            device has no published peak, or if times are wanted and there are none.
        RecordError: if the record is of an older resviz, and holds no storages.
    """
    if measure and measured is None:
        raise SpecError(NO_TIMES)
    if precision is not None and precision not in PRECISIONS:
        raise SpecError(
            f"precision: got {precision!r}, want one of {', '.join(PRECISIONS)}"
        )
    if measured and (device or precision):
        raise SpecError(
            "measure: is of this machine as it is, leave out --device and --precision"
        )
    ranking: dict[str, Any] = {"sort": sort, "top": top, "reverse": reverse}
    if device is None and measured is None:
        return devices_table(arch, precision, ranking, fused=fused)
    shown = measured[0] if measured else find_device(device or "")
    read = roofline.read_roofline(arch, shown, precision, fused=fused)
    times = measured[1] if measured else None
    columns = LAYER_COLUMNS + (MEASURED_COLUMNS if measured else ())
    rows = [layer_row(arch, bound, times) for bound in read.bounds]
    ranked = RankedRows(rows, columns, usual="bound_seconds", **ranking)
    data = summarise(arch, read) | {"fused": fused, "source": shown.source}
    if times is not None:
        data["measured_seconds"] = sum(row["measured_seconds"] or 0 for row in rows)
    return Table(
        f"{arch.label}: lower bounds of time on {shown.name}",
        columns,
        tuple(ranked.rows),
        trace_header(arch, "roofline") | data | {"rows": ranked.rows},
        facts=(("input", describe_inputs(arch)), *describe_roofline(arch, read, data)),
        notes=(
            *ranked.notes,
            *explain_bounds(arch, [read], fused=fused),
            *compare_times(rows),
        ),
    )


def devices_table(
    arch: Architecture, precision: str | None, ranking: dict[str, Any], *, fused: bool
) -> Table:
    """Return the bounds of a network on all devices, a row each."""
    precision = precision or roofline.find_precision(arch)
    reads = [
        roofline.read_roofline(arch, device, precision, fused=fused)
        for device in DEVICES.values()
        if device.find_flops(precision) is not None
    ]
    rows = [{"device": r.device.name, **summarise(arch, r)} for r in reads]
    ranked = RankedRows(rows, DEVICE_COLUMNS, usual="bound_seconds", **ranking)
    without = [d.name for d in DEVICES.values() if d.find_flops(precision) is None]
    notes = [*ranked.notes, *explain_bounds(arch, reads, fused=fused)]
    if without:
        notes.append(f"no published peak in {precision}: {', '.join(without)}")
    notes += [f"{r.device.name}: {r.device.source}" for r in reads]
    sourced = [
        row | {"source": device.source}
        for row in ranked.rows
        for device in DEVICES.values()
        if device.name == row["device"]
    ]
    return Table(
        f"{arch.label}: lower bounds of time by device",
        DEVICE_COLUMNS,
        tuple(ranked.rows),
        trace_header(arch, "roofline")
        | {"fused": fused, "precision": precision, "rows": sourced},
        facts=(("input", describe_inputs(arch)), ("precision", precision)),
        notes=tuple(notes),
    )


def layer_row(
    arch: Architecture, bound: LayerBound, times: Mapping[int, float] | None
) -> dict[str, Any]:
    """Return the row of a layer, with what is folded into it."""
    traffic = bound.traffic
    host, *folded = (arch.stored_layers[number] for number in traffic.layers)
    row = {
        "index": host.index,
        "name": host.name,
        "type": host.type,
        "macs": traffic.macs,
        "flops": traffic.flops,
        "read_bytes": traffic.read,
        "written_bytes": traffic.written,
        "bytes": traffic.bytes,
        "intensity": traffic.intensity,
        "bound_by": "memory" if bound.is_memory_bound else "arithmetic",
        "bound_seconds": bound.seconds,
        "folded": [layer.name for layer in folded],
    }
    if times is not None:
        known = [times.get(number) for number in traffic.layers]
        total = None if None in known else sum(filter(None, known))
        row["measured_seconds"] = total
        row["times_bound"] = total / bound.seconds if total and bound.seconds else None
    return row


def summarise(arch: Architecture, read: Roofline) -> dict[str, Any]:
    """Return what holds for the whole network on one device."""
    longest = max(read.bounds, key=lambda bound: bound.seconds, default=None)
    first = None if longest is None else longest.traffic.layers[0]
    return {
        "device": read.device.name,
        "precision": read.precision,
        "flops": read.flops,
        "bandwidth": read.device.bandwidth,
        "ridge": read.ridge,
        "bound_seconds": read.seconds,
        "memory_share": read.memory_seconds / read.seconds if read.seconds else None,
        "memory_layers": len(read.memory_bound),
        "layers": len(read.bounds),
        "longest": None if first is None else arch.stored_layers[first].name,
        "total_flops": sum(bound.traffic.flops for bound in read.bounds),
        "total_bytes": sum(bound.traffic.bytes for bound in read.bounds),
    }


def describe_roofline(
    arch: Architecture, read: Roofline, data: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what stands above the rows of one device."""
    flops, bandwidth = format_count(round(read.flops)), round(read.device.bandwidth)
    precision = "" if ANY_PRECISION in read.device.flops else f" in {read.precision}"
    rates = f"{flops}FLOP/s{precision}, {format_count(bandwidth, 4)}B/s"
    yield "device", f"{rates}, ridge at {read.ridge:.3g} FLOPs a byte"
    yield "source", read.device.source
    seconds = data["bound_seconds"]
    rate = f", {arch.batch / seconds:,.0f} samples a second at most" if seconds else ""
    yield "time", f"at least {format_milliseconds(seconds)} ms{rate}"
    share = f"{data['memory_share'] or 0:.0%}"
    kernels = format_plural(data["layers"], "layer")
    yield "memory", f"bounds {data['memory_layers']} of {kernels}, {share} of that time"
    total = data["total_flops"] / data["total_bytes"] if data["total_bytes"] else 0
    work = f"{describe_bound(arch)}{format_count(data['total_flops'])}FLOPs"
    moved = f"{format_count(data['total_bytes'])}B moved"
    yield "network", f"{work}, {moved}, {total:.3g} FLOPs a byte"
    if "measured_seconds" in data:
        measured = format_milliseconds(data["measured_seconds"])
        yield "measured", f"{measured} ms, all layers one after another"


def explain_bounds(
    arch: Architecture, reads: Sequence[Roofline], *, fused: bool
) -> Iterator[str]:
    """Say below the table what is assumed, and of what it is a bound."""
    yield f"{roofline.BOUND}; counted for a batch of {arch.batch}"
    yield roofline.FUSED if fused else roofline.UNFUSED
    yield roofline.ARITHMETIC
    folded = sum(len(b.traffic.layers) - 1 for b in reads[0].bounds) if reads else 0
    if folded:
        yield f"folded into others: {format_plural(folded, 'layer')}"
    if any(r.precision == "float32" and "tf32" in r.device.flops for r in reads):
        yield TF32_NOTE
    yield from counting_notes(arch)


def compare_times(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say which layers were measured below their bound, and which not at all."""
    if not rows or "times_bound" not in rows[0]:
        return
    yield "measured: median of each layer alone, on data that may lie in a cache"
    below = [row["name"] for row in rows if (row["times_bound"] or 1) < 1]
    if below:
        number = format_plural(len(below), "layer")
        yield (
            f"below the bound: {number}, first {below[0]}: the machine's peaks were "
            "measured too low, as beside other work, or a kernel multiplies less"
        )
    unknown = [row["name"] for row in rows if row["measured_seconds"] is None]
    if unknown:
        number = format_plural(len(unknown), "layer")
        yield f"not measured: {number}, first {unknown[0]}"

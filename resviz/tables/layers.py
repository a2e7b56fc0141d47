"""The layer table: one row a layer, in execution order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from resviz import costs
from resviz.errors import SpecError
from resviz.flow import resizes
from resviz.tables.notes import batch_note, counting
from resviz.tables.once import equal_blocks_once, equal_rows_once
from resviz.tables.table import Column, Table
from resviz.units import count, per_axis
from resviz.vocabulary import (
    ACTIVATIONS,
    AVERAGE_POOLS,
    CONVOLUTIONS,
    JOINS,
    MAX_POOLS,
    NORMS,
    PRODUCTS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Call, Layer

COLUMNS = (
    Column("index", "#", "count", spare=7),
    Column("name", "layer"),
    Column("type", "type", spare=3),
    Column("input_shapes", "input", "samples", spare=5),
    Column("output_shape", "output", "sample"),
    Column("kernel", "kernel", "axes", spare=1),
    Column("stride", "stride", "axes", spare=1),
    Column("padding", "padding", "axes", spare=6),
    Column("dilation", "dilation", "axes", spare=6),
    Column("groups", "groups", "text", spare=6),
    Column("params", "params", "count"),
    Column("macs", "MACs", "count"),
    Column("elements", "elements", "count", spare=4),
    Column("resolution", "resolution", "text", spare=5),
)

ONLY: dict[str, frozenset[str]] = {
    "conv": CONVOLUTIONS,
    "linear": PRODUCTS,
    "norm": NORMS,
    "activation": ACTIVATIONS,
    "pool": MAX_POOLS | AVERAGE_POOLS,
    "add": JOINS,
}
"""What `only` can choose, and the operations that it stands for."""


TIMES = Column("times", "×", "times")
"""How often what stands once comes, in a table in which equal blocks do."""


REPEATED = "×: so many equal blocks in a row, or so many turns, the first of them shown"


def layers(
    arch: Architecture,
    *,
    depth: int | None = None,
    only: str | None = None,
    once: bool = False,
) -> Table:
    """One row a layer: shapes, window, parameters, MACs, elements.

    Args:
        arch: the record.
        depth: fold calls that nest deeper than this into one row each.
        only: one of `ONLY`, to show layers of one kind.
        once: let equal blocks in a row stand once, with their number; at a `depth`,
            equal rows.

    Raises:
        SpecError: if `only` is no such kind, `depth` is below 1, or both are given.
    """
    if depth is not None and only is not None:
        raise SpecError("depth and only: want one of them, a fold mixes kinds")
    rows = [row(layer) for layer in chosen(arch, only)]
    if depth is not None:
        rows = [folded(*group) for group in grouped(arch, rows, depth)]
    if once:
        rows = equal_blocks_once(arch, rows) if depth is None else equal_rows_once(rows)
    repeats = any(entry.get("times", 1) > 1 for entry in rows)
    total = costs.whole(arch)
    sums = f"{count(total.macs)} MACs · {count(total.elements)} elements in all"
    return Table(
        f"{arch.label}: layers",
        (COLUMNS[0], TIMES, *COLUMNS[1:]) if repeats else COLUMNS,
        tuple(shown(entry) for entry in rows),
        rows,
        notes=(
            f"{count(arch.params)} parameters · {sums}",
            *([REPEATED] if repeats else []),
            batch_note(arch),
            *counting(arch, costs.ELEMENTS),
        ),
        marked=frozenset(k for k, entry in enumerate(rows) if entry["resolution"]),
        mark="the resolution changes",
    )


def layers_until(arch: Architecture, last: int | None = None) -> Table:
    """The layers that ran before a forward failed, or the last of them."""
    every = layers(arch)
    start = 0 if last is None else max(len(every.rows) - last, 0)
    count_of = f"the last {last} of {len(every.rows)}" if start else "the"
    return replace(
        every,
        title=f"{arch.label}: {count_of} layers before it failed",
        rows=every.rows[start:],
        notes=(batch_note(arch),),
        marked=frozenset(number - start for number in every.marked if number >= start),
    )


def chosen(arch: Architecture, only: str | None) -> list[Layer]:
    """The layers of one kind, or all."""
    if only is None:
        return list(arch.layers)
    if only not in ONLY:
        raise SpecError(f"only: got {only!r}, want one of {', '.join(ONLY)}")
    names = ONLY[only]
    return [la for la in arch.layers if any(op.name in names for op in la.operations)]


def row(layer: Layer) -> dict[str, Any]:
    """The facts and counts of one layer, as JSON has them."""
    window = layer.window
    before, after = layer.input_shape[2:], layer.output_shape[2:]
    changes = before and after and before != after and resizes(layer)
    return {
        "index": layer.index,
        "name": layer.name,
        "type": layer.type,
        "ops": [op.name for op in layer.operations if any(op.flowing)],
        "input_shapes": [list(tensor.shape) for tensor in layer.inputs],
        "output_shape": list(layer.output_shape),
        "kernel": list(window.kernel) if window else None,
        "stride": list(window.stride) if window else None,
        "padding": list(window.padding) if window else None,
        "dilation": list(window.dilation) if window else None,
        "groups": window.groups if window else None,
        "params": layer.params,
        "macs": costs.macs(layer),
        "elements": costs.elements(layer),
        "path": layer.path,
        "resolution": [list(before), list(after)] if changes else None,
    }


def shown(entry: dict[str, Any]) -> dict[str, Any]:
    """A row for the eye: a change of resolution as "224→112", turns as such."""
    change = entry["resolution"]
    said = {"resolution": "→".join(map(per_axis, change)) if change else None}
    if entry.get("in_turn"):
        said["times"] = f"{entry['times']} in turn"
    return entry | said


def grouped(
    arch: Architecture, rows: list[dict[str, Any]], depth: int
) -> list[tuple[Call | None, list[dict[str, Any]]]]:
    """Rows that lie in one call at `depth` together, with that call.

    Raises:
        SpecError: if the depth is below 1.
    """
    if depth < 1:
        raise SpecError(f"depth: got {depth}, want 1 or more")
    groups: dict[Any, tuple[Call | None, list[dict[str, Any]]]] = {}
    for entry in rows:
        layer = arch.layers[entry["index"]]
        parts = layer.path.split(".") if layer.path else []
        inside = len(parts) > depth or (not layer.module and len(parts) == depth)
        calls = enclosing(arch, layer.call)
        if inside and depth < len(calls):
            number = calls[depth]
            group = groups.setdefault(("call", number), (arch.calls[number], []))
        else:
            group = groups.setdefault(("layer", layer.index), (None, []))
        group[1].append(entry)
    return list(groups.values())


def enclosing(arch: Architecture, call: int | None) -> list[int]:
    """The calls around a layer, the model's own first."""
    chain: list[int] = []
    while call is not None:
        chain.append(call)
        call = arch.calls[call].parent
    return chain[::-1]


def folded(call: Call | None, group: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of one call as one row, named for it."""
    first, last = group[0], group[-1]
    if call is None:
        return first
    entering = next((e["input_shapes"] for e in group if e["input_shapes"]), [[]])
    before, after = entering[0][2:], last["output_shape"][2:]
    changes = any(entry["resolution"] for entry in group)
    return {
        **first,
        **dict.fromkeys(("kernel", "stride", "padding", "dilation", "groups")),
        "name": call.path,
        "type": call.type,
        "input_shapes": entering if entering[0] else [],
        "ops": [name for entry in group for name in entry["ops"]],
        "output_shape": last["output_shape"],
        "params": sum(entry["params"] for entry in group),
        **{key: summed(entry[key] for entry in group) for key in ("macs", "elements")},
        "path": call.path,
        "resolution": [before, after] if changes and before != after else None,
    }


def summed(numbers: Iterable[int | None]) -> int | None:
    """A sum; None if a part of it is not known."""
    parts = list(numbers)
    return None if None in parts else sum(filter(None, parts))

"""The layer table: one row a layer, in execution order."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, suggest
from resviz.operations.families import (
    ACTIVATIONS,
    CONVOLUTIONS,
    JOINS,
    NORMS,
    POOLS,
    PRODUCTS,
)
from resviz.readings import costs
from resviz.readings.resizes import changes_resolution
from resviz.readings.structure import read_structure
from resviz.readings.structure.repeats import find_repeated_blocks
from resviz.record import Source
from resviz.tables.layer_extras import (
    EXTRA_COLUMNS,
    PLACE_COLUMNS,
    find_extra_values,
)
from resviz.tables.notes import batch_note, counting_notes, describe_bound
from resviz.tables.ranking import BOUND_SUFFIX, RankedRows
from resviz.tables.repeated_rows import (
    TIMES_COLUMN,
    describe_repeats,
    display_times,
    fold_equal_rows,
    have_repeats,
    without_names,
)
from resviz.tables.shapes import arrange_shape
from resviz.tables.table import Column, Table
from resviz.tables.trainable import (
    TRAINABLE_COLUMNS,
    add_trainable_column,
    describe_parameters,
    extra_trainable_columns,
)
from resviz.units import KnownPart, format_count, format_per_axis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from resviz.record import Architecture, Call, Layer

LayerEntry = dict[str, Any]
"""A row as JSON has it."""

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

FRAME_KEYS = [column.key for column in (*COLUMNS, *PLACE_COLUMNS, *TRAINABLE_COLUMNS)]
"""The columns of a record's DataFrame."""

LAYER_KINDS: dict[str, frozenset[str]] = {
    "conv": CONVOLUTIONS,
    "linear": PRODUCTS,
    "norm": NORMS,
    "activation": ACTIVATIONS,
    "pool": POOLS,
    "add": JOINS,
}
"""What `only` can choose, and the operations that it stands for."""

WINDOW_KEYS = ("kernel", "stride", "padding", "dilation")
"""Of the window of a convolution or pool, what it has along each axis."""

BOUND_COLUMNS = (
    Column("macs_at_least", "MACs at least", "count"),
    Column("elements_at_least", "elements at least", "count"),
)
"""What is known of a row's counts, also where an operation in it has no rule."""

SUMMED_KEYS = (
    "params", "macs", "elements", "trainable_params", "frozen_params",
    *(column.key for column in BOUND_COLUMNS),
)  # fmt: skip
"""What the layers of a call have together."""

NAMING_KEYS = frozenset({"index", "name", "path"})
"""What tells equal rows from each other."""


def layer_table(
    arch: Architecture,
    *,
    depth: int | None = None,
    only: str | None = None,
    once: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
) -> Table:
    """Return one row a layer: shapes, window, parameters, MACs, elements.

    Args:
        arch: the record.
        depth: fold calls that nest deeper than this into one row each.
        only: one of `LAYER_KINDS`, to show layers of one kind.
        once: let equal blocks in a row stand once, with their number; at a `depth`,
            equal rows.
        sort: the column by which rows stand, the largest number first; one that is
            there where it is named stands last.
        top: show the first so many rows alone, those with most MACs.
        reverse: the other way round.

    Raises:
        SpecError: if `only` is no such kind, `depth` or `top` is below 1, both `depth`
            and `only` are given, or there is no such column.
    """
    if depth is not None and only is not None:
        raise SpecError("depth and only: want one of them, a fold mixes kinds")
    rows = [layer_row(arch, layer) for layer in layers_of_kind(arch, only)]
    groups = [] if depth is None else [*group_rows_by_call(arch, rows, depth)]
    if depth is not None:
        rows = [
            fold_call_rows(call, group) if call else group[0] for call, group in groups
        ]
    if once:
        rows = (
            fold_equal_blocks(arch, rows)
            if depth is None
            else fold_equal_rows(rows, NAMING_KEYS)
        )
    members = {group[0]["index"]: group for _, group in groups}
    columns = add_trainable_column(arch, COLUMNS)
    if have_repeats(rows):
        columns = (columns[0], TIMES_COLUMN, *columns[1:])
    extra = (*extra_trainable_columns(arch), *BOUND_COLUMNS, *EXTRA_COLUMNS)
    find_extra = partial(find_extra_values, arch, members)
    ranked = RankedRows(
        rows,
        (*columns, *extra),
        usual="macs",
        sort=sort,
        top=top,
        reverse=reverse,
        find_extra=lambda row, keys: {**row, **find_extra(row, keys)},
    )
    rows = ranked.rows
    total = costs.sum_record_costs(arch)
    elements = format_count(total.elements)
    bound = describe_bound(arch)
    macs = format_count(total.macs)
    sums = f"{bound}{macs} MACs · {bound}{elements} elements in all"
    table = Table(
        f"{arch.label}: layers",
        columns,
        tuple(map(display_layer_row, rows)),
        rows,
        notes=(
            *ranked.notes,
            f"{describe_parameters(arch)} · {sums}",
            *describe_repeats(rows),
            batch_note(arch),
            *counting_notes(arch, costs.ELEMENTS_UNIT),
        ),
        marked=frozenset(k for k, entry in enumerate(rows) if entry["resolution"]),
        mark="the resolution changes",
        extra=extra,
        find_extra=find_extra,
    )
    if ranked.column in extra:
        return table.select_columns([c.key for c in (*columns, ranked.column)])
    return table


def layers_before_failure(arch: Architecture, last: int | None = None) -> Table:
    """Return the layers that ran before a forward failed, or the last of them."""
    all_layers = layer_table(arch)
    start = 0 if last is None else max(len(all_layers.rows) - last, 0)
    count_of = f"the last {last} of {len(all_layers.rows)}" if start else "the"
    return replace(
        all_layers,
        title=f"{arch.label}: {count_of} layers before it failed",
        rows=all_layers.rows[start:],
        notes=(batch_note(arch),),
        marked=frozenset(
            number - start for number in all_layers.marked if number >= start
        ),
    )


def layers_of_kind(arch: Architecture, only: str | None) -> list[Layer]:
    """Return the layers of one kind, or all.

    Raises:
        SpecError: if there is no such kind.
    """
    if only is None:
        return list(arch.layers)
    if only not in LAYER_KINDS:
        raise SpecError(f"only: got {only!r}, {suggest(only, LAYER_KINDS)}")
    names = LAYER_KINDS[only]
    return [la for la in arch.layers if any(op.name in names for op in la.operations)]


def layer_row(arch: Architecture, layer: Layer) -> LayerEntry:
    """Return the facts and counts of one layer, as JSON has them."""
    window = layer.window
    before, after = layer.input_shape[2:], layer.output_shape[2:]
    changes = (
        len(before) == len(after) and before != after and changes_resolution(layer)
    )
    pairs = zip(layer.inputs, layer.sources, strict=True)
    own = Source(layer.index)
    total = costs.list_layer_costs(arch)[layer.index]
    trainable = total.params - total.frozen_params if arch.knows_frozen else None
    return {
        "index": layer.index,
        "name": layer.name,
        "type": layer.type,
        "ops": [op.name for op in layer.operations if any(op.flowing)],
        "input_shapes": [arrange_shape(arch, t.shape, s) for t, s in pairs],
        "output_shape": arrange_shape(arch, layer.output_shape, own),
        **{key: list(getattr(window, key)) if window else None for key in WINDOW_KEYS},
        "groups": window.groups if window else None,
        "params": total.params,
        "macs": None if total.leaves_out else total.macs,
        "elements": None if total.leaves_out else total.elements,
        "path": layer.path,
        "resolution": [list(before), list(after)] if changes else None,
        "trainable_params": trainable,
        "frozen_params": None if trainable is None else total.frozen_params,
        "macs_at_least": total.macs,
        "elements_at_least": total.elements,
    }


def display_layer_row(entry: LayerEntry) -> dict[str, Any]:
    """Write a row for the eye: "224→112", turns as such, what is known of a count."""
    change = entry["resolution"]
    shown = entry | {"resolution": "→".join(map(format_per_axis, change or ())) or None}
    for bound in BOUND_COLUMNS:
        key = bound.key.removesuffix(BOUND_SUFFIX)
        if entry[key] is None and entry[bound.key]:
            shown[key] = KnownPart(entry[bound.key])
    return display_times(shown)


def group_rows_by_call(
    arch: Architecture, rows: list[LayerEntry], depth: int
) -> Iterable[tuple[Call | None, list[LayerEntry]]]:
    """Group the rows that lie in one call at `depth`; others stand alone, with None.

    Raises:
        SpecError: if the depth is below 1.
    """
    if depth < 1:
        raise SpecError(f"depth: got {depth}, want 1 or more")
    groups: dict[Any, tuple[Call | None, list[LayerEntry]]] = {}
    for entry in rows:
        layer = arch.stored_layers[entry["index"]]
        parts = layer.path.split(".") if layer.path else []
        inside = len(parts) > depth or (not layer.module and len(parts) == depth)
        calls = enclosing_calls(arch, layer.call)
        if inside and depth < len(calls):
            number = calls[depth]
            group = groups.setdefault(("call", number), (arch.calls[number], []))
        else:
            group = groups.setdefault(("layer", layer.index), (None, []))
        group[1].append(entry)
    return groups.values()


def enclosing_calls(arch: Architecture, call: int | None) -> list[int]:
    """Return the calls around a layer, the model's own first."""
    chain: list[int] = []
    while call is not None:
        chain.append(call)
        call = arch.calls[call].parent
    return chain[::-1]


def fold_call_rows(call: Call, group: list[LayerEntry]) -> LayerEntry:
    """Fold the rows of one call into one row, named for it."""
    entering_shapes = next(
        (e["input_shapes"] for e in group if e["input_shapes"]), [[]]
    )
    before = entering_shapes[0][2:]
    after = group[-1]["output_shape"][2:]
    changes = any(entry["resolution"] for entry in group)
    return {
        **group[0],
        **dict.fromkeys((*WINDOW_KEYS, "groups")),
        "name": call.path,
        "type": call.type,
        "input_shapes": entering_shapes if entering_shapes[0] else [],
        "ops": [name for entry in group for name in entry["ops"]],
        "output_shape": group[-1]["output_shape"],
        **{key: sum_known(entry[key] for entry in group) for key in SUMMED_KEYS},
        "path": call.path,
        "resolution": [before, after] if changes and before != after else None,
    }


def sum_known(numbers: Iterable[int | None]) -> int | None:
    """Sum numbers; None if one of them is not known."""
    parts = list(numbers)
    return None if None in parts else sum(filter(None, parts))


def fold_equal_blocks(
    arch: Architecture, rows: Sequence[LayerEntry]
) -> list[LayerEntry]:
    """Leave out the rows of blocks that equal the block before.

    The others say under `times` for how many they stand, and under `in_turn` whether
    their block takes turns with others.
    """
    counts = count_block_repeats(arch, {entry["index"]: entry for entry in rows})
    counted = [
        entry | counts.get(entry["index"], {"times": 1, "in_turn": False})
        for entry in rows
    ]
    return [entry for entry in counted if entry["times"]]


def count_block_repeats(
    arch: Architecture, rows: Mapping[int, LayerEntry]
) -> dict[int, dict[str, Any]]:
    """Count for how many equal layers each stands, by index; 0 for those left out.

    Blocks that differ in anything but names, as in parameters that they share, do not
    come again, nor do those that run in turns with blocks of another branch.
    """
    counts: dict[int, dict[str, Any]] = {}
    for start, length, times, blocks in find_repeated_blocks(read_structure(arch)):
        starts = range(start, start + length * times, length)
        turns = [range(first, first + length) for first in starts]
        equal_runs = groupby(
            turns,
            key=lambda turn: [
                without_names(rows.get(k, {}), NAMING_KEYS) for k in turn
            ],
        )
        for _, run in equal_runs:
            first, *others = run
            covered = range(first.start, first.stop + length * len(others))
            if others and counts.keys().isdisjoint(covered):
                repeat_values = {"times": 1 + len(others), "in_turn": blocks > 1}
                counts |= {index: {"times": 0} for index in covered}
                counts |= dict.fromkeys(first, repeat_values)
    return counts

"""The shortcut table: one row a residual unit, what its shortcut is and why."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from resviz.errors import OptionError, SpecError, suggest
from resviz.readings import costs
from resviz.readings.structure import read_structure
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.join_reasons import UNIT_VERDICT, explain_joins
from resviz.readings.structure.parts import sum_part_costs
from resviz.readings.structure.remarks import find_remarks
from resviz.readings.structure.shortcuts import SHORTCUT_KINDS, SHORTCUT_NOUNS
from resviz.record import Source
from resviz.tables.notes import batch_note, counting_notes
from resviz.tables.ranking import RankedRows
from resviz.tables.repeated_rows import (
    TIMES_COLUMN,
    describe_repeats,
    display_times,
    fold_equal_rows,
    have_repeats,
)
from resviz.tables.shapes import WrittenShape, arrange_shape
from resviz.tables.summary import bound_counts, list_part_gaps, share_of_whole
from resviz.tables.table import Column, Table
from resviz.tables.trainable import (
    add_trainable_column,
    extra_trainable_columns,
    split_params,
)
from resviz.units import AtLeast, format_count

if TYPE_CHECKING:
    from resviz.readings.structure import Block, Unit
    from resviz.record import Architecture, Shape

UNIT_COLUMN = Column("unit", "unit")
"""Which of a block's units, where blocks have several."""

NAMING_KEYS = frozenset({"block", "name"})
"""What tells equal rows of one stage from each other."""

COLUMNS = (
    Column("stage", "stage", spare=2),
    Column("block", "block"),
    Column("name", "module", spare=3),
    Column("kind", "shortcut"),
    Column("label", "as", spare=2),
    Column("reason", "reason", "reason"),
    Column("input_shape", "input", "sample", spare=1),
    Column("output_shape", "output", "sample", spare=1),
    Column("stride", "stride", "axes", spare=4),
    Column("params", "params", "count"),
    Column("params_share", "% params", "share", spare=5),
    Column("macs", "MACs", "count"),
    Column("macs_share", "% MACs", "share", spare=5),
)


FORK_NAME = re.compile(r"(?<=they fork at )[^,;]+")
"""Of a reason, what differs between additions that are alike."""

ADDITION_COLUMNS = (
    Column("name", "addition"),
    Column("verdict", "taken for"),
    Column("reason", "because"),
)


def shortcut_table(
    arch: Architecture,
    *,
    only: str | None = None,
    why: bool = False,
    once: bool = False,
    sort: str | None = None,
    top: int | None = None,
    reverse: bool = False,
) -> Table:
    """Return one row a residual unit: the kind of its shortcut, and its reason.

    Most blocks are one unit; a transformer's are two, attention and MLP.

    Args:
        arch: the record.
        only: a kind, as "projection", to leave the others out.
        why: one row an addition instead, also those outside of blocks.
        once: let equal rows of a stage stand once, with their number.
        sort: the column by which rows stand, the largest number first.
        top: show the first so many rows alone, those with most MACs.
        reverse: the other way round.

    Raises:
        SpecError: if there is no such kind or column, or `top` is below 1.
        OptionError: for both, since many additions have no shortcut.
    """
    if why and only is not None:
        raise OptionError(f"only: got {only!r} beside why, want one of them")
    if why:
        return explain_additions(arch, once=once, sort=sort, top=top, reverse=reverse)
    if only not in {None, *SHORTCUT_KINDS}:
        raise SpecError(f"only: got {only!r}, {suggest(only, SHORTCUT_KINDS)}")
    structure = read_structure(arch)
    total = costs.sum_record_costs(arch)
    rows = [
        {
            "stage": stage.name,
            "block": stage.block_name(number),
            "name": block.path,
            **shortcut_row(arch, unit, block),
            "unit": k,
        }
        for stage in structure.stages
        for number, block in enumerate(stage.blocks, start=1)
        for k, unit in enumerate(block.units, start=1)
        if only is None or unit.shortcut.kind == only
    ]
    shown = fold_equal_rows(rows, NAMING_KEYS) if once else rows
    several = any(len(block.units) > 1 for block in structure.blocks)
    columns = add_trainable_column(arch, COLUMNS)
    if several:
        columns = (*columns[:2], UNIT_COLUMN, *columns[2:])
    if have_repeats(shown):
        columns = (TIMES_COLUMN, *columns)
    extra = extra_trainable_columns(arch)
    ranked = RankedRows(
        shown,
        (*columns, *extra),
        usual="macs",
        sort=sort,
        top=top,
        reverse=reverse,
    )
    return Table(
        f"{arch.label}: shortcuts",
        columns,
        tuple(map(display_times, ranked.rows)),
        ranked.rows,
        facts=() if rows else (("shortcuts", f"none {only or 'found'}"),),
        notes=(
            *ranked.notes,
            *describe_repeats(shown, "units"),
            *summarize_shortcuts(rows, total),
            *find_remarks(structure),
            batch_note(arch),
            *counting_notes(arch),
        ),
        marked=frozenset(
            k for k, row in enumerate(ranked.rows) if row["kind"] != "identity"
        ),
        mark="the shortcut is no identity",
        extra=extra,
    )


def explain_additions(
    arch: Architecture,
    *,
    once: bool,
    sort: str | None,
    top: int | None,
    reverse: bool,
) -> Table:
    """Return one row an addition of branches: what it was taken for, and why."""
    structure = read_structure(arch)
    rows = [
        {"name": layer.name, "verdict": verdict, "reason": reason}
        for layer, verdict, reason in explain_joins(structure)
    ]
    verdicts = Counter(row["verdict"] for row in rows)
    shown = rows
    if once:
        formed = [{**row, "form": FORK_NAME.sub("", row["reason"])} for row in rows]
        shown = fold_equal_rows(formed, {"name", "reason"})
        for row in shown:
            del row["form"]
    folded = have_repeats(shown)
    columns = (TIMES_COLUMN, *ADDITION_COLUMNS) if folded else ADDITION_COLUMNS
    ranked = RankedRows(shown, columns, usual=None, sort=sort, top=top, reverse=reverse)
    return Table(
        f"{arch.label}: additions",
        columns,
        tuple(map(display_times, ranked.rows)),
        ranked.rows,
        facts=() if rows else (("additions", "none of two branches"),),
        notes=(
            *ranked.notes,
            *describe_repeats(shown, "additions"),
            *(f"{number} × {verdict}" for verdict, number in verdicts.items()),
        ),
        marked=frozenset(
            k for k, row in enumerate(ranked.rows) if row["verdict"] != UNIT_VERDICT
        ),
        mark="no unit of a block",
    )


def arrange_end(
    arch: Architecture, block: Block, shape: Shape, node: int | None
) -> WrittenShape:
    """Arrange the shape at an end of a unit, whose axes may be others than its block's.

    Tokens (N, H·W, C) between maps have their channels last, as Swin's second units.
    """
    axis = block.channel_axis
    if node is not None and node >= 0 and len(shape) != len(block.output_shape):
        axis = build_graph(arch).find_channel_axis(Source(node))
        axis = 1 if (len(shape), axis) == (4, 3) else axis  # as units have such maps
    return arrange_shape(arch, shape, axis=axis)


def shortcut_row(arch: Architecture, unit: Unit, block: Block) -> dict[str, Any]:
    """Return the shortcut of one unit, as JSON has it."""
    shortcut = unit.shortcut
    own = sum_part_costs(shortcut)
    return {
        "kind": shortcut.kind,
        "reason": shortcut.reason,
        "input_shape": arrange_end(arch, block, shortcut.input_shape, unit.fork),
        "output_shape": arrange_end(arch, block, shortcut.output_shape, unit.join),
        "stride": list(shortcut.stride),
        "params": own.params,
        "macs": bound_counts(own)["macs"],
        "not_counted": list_part_gaps(shortcut),
        "label": shortcut.label,
        **share_of_whole(arch, own.params, own.macs),
        **split_params(arch, own.params, own.frozen_params),
    }


def summarize_shortcuts(
    rows: list[dict[str, Any]], total: costs.CostTotals
) -> tuple[str, ...]:
    """Say how many shortcuts of each kind there are, and what they cost together."""
    if not rows:
        return ()
    kinds = Counter(entry["kind"] for entry in rows)
    macs = sum(entry["macs"] for entry in rows)
    params = sum(entry["params"] for entry in rows)
    parts = [
        f"{number} {SHORTCUT_NOUNS[kind][number > 1]}" for kind, number in kinds.items()
    ]
    macs_share = macs / total.macs if total.macs else 0.0
    line = f"{', '.join(parts)}: {format_count(params)} parameters, "
    bound = "at least " if isinstance(macs, AtLeast) else ""
    share = f"{macs_share:.1%} of all {'known ' * total.leaves_out}MACs"
    return (f"{line}{bound}{format_count(macs)} MACs, {share}",)

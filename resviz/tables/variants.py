"""A base and its variants, a column each: the stages that differ, and what that costs.

For the ablation of a paper: what all have in common is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.readings.compare import compare_records
from resviz.tables import paper
from resviz.tables.column_names import number_repeats
from resviz.tables.compare import (
    MEMORY,
    NOT_COMPARED,
    check_only,
    compare_data,
    compare_table,
    network_data,
)
from resviz.tables.json_head import json_head
from resviz.tables.notes import counting_notes
from resviz.tables.table import Column, Table
from resviz.units import SignedCount, format_mebibytes, format_plural, group_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from resviz.readings.compare import Comparison
    from resviz.record import Architecture

COST_ROWS: dict[str, tuple[str, Callable[[int], str]]] = {
    "params": ("parameters", group_digits),
    "macs": ("MACs", group_digits),
    "activations": ("activations", group_digits),
    "memory": ("memory, MiB", format_mebibytes),
}
"""Each cost by its key: the row's name, and how it is written."""

SIGNS = "costs of the first network as they are, of the others the difference from it"


def compare_networks(
    base: Architecture,
    variants: Sequence[Architecture],
    resized: Sequence[Architecture | None],
    *,
    only: str | None = None,
) -> Table:
    """Return what changed from one network to another, or to each of several.

    Args:
        base: the one.
        variants: the others.
        resized: the first on the input of each, where that differs and it is known.
        only: changes of "structure", "shapes" or "costs" alone.

    Raises:
        SpecError: for another `only`; and as `compare_records`.
    """
    if len(variants) == 1:
        return compare_table(base, variants[0], resized[0], only=only)
    pairs = zip(variants, resized, strict=True)
    return variants_table(
        [compare_records(base, arch, on_its_input) for arch, on_its_input in pairs],
        only=only,
    )


def variants_table(
    comparisons: Sequence[Comparison], *, only: str | None = None
) -> Table:
    """Return a column a network: rows of stages that differ, then differences of costs.

    Args:
        comparisons: of one base with each of its variants.
        only: changes of "structure", "shapes" or "costs" alone are told below.

    Raises:
        SpecError: for another `only`.
    """
    check_only(only)
    base = comparisons[0].before
    archs = [base.arch, *(comparison.after.arch for comparison in comparisons)]
    titles = number_repeats(arch.label for arch in archs)
    columns = [Column(f"c{k}", title, "cell") for k, title in enumerate(titles)]
    chosen = [comparison.select_changes(only) for comparison in comparisons]
    rows = [*find_stage_rows(comparisons, [column.key for column in columns])]
    has_outputs = any(row.get("output") for row in rows)
    leads = [Column("name", "", "row"), Column("output", "output")][: 1 + has_outputs]
    notes = [
        SIGNS,
        *write_changes(titles[1:], comparisons, chosen),
        MEMORY,
        NOT_COMPARED,
    ]
    notes += dict.fromkeys(note for arch in archs for note in counting_notes(arch))
    return Table(
        f"{base.arch.label} and {format_plural(len(comparisons), 'variant')}",
        (*leads, *columns),
        (*rows, *find_cost_rows(comparisons)),
        {
            "base": network_data(base),
            "variants": [
                compare_data(comparison, changes)
                for comparison, changes in zip(comparisons, chosen, strict=True)
            ],
        }
        | json_head("compare"),
        notes=tuple(notes),
        fixed=len(leads),
    )


def find_stage_rows(
    comparisons: Sequence[Comparison], keys: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the paper's table whose cells differ; none without stages."""
    archs = [comparison.after.arch for comparison in comparisons]
    try:
        table = paper.paper_table([comparisons[0].before.arch, *archs])
    except SpecError:
        return
    for row in (*table.rows, *table.noted_rows):
        is_same = len({str(row[key]) for key in keys}) == 1
        if row["name"] not in paper.COST_ROWS and not is_same:
            yield row


def find_cost_rows(comparisons: Sequence[Comparison]) -> Iterator[dict[str, Any]]:
    """Yield each cost of the base, and by how much the variants' is another."""
    base = comparisons[0].before.total
    for key, (name, write) in COST_ROWS.items():
        differences = [
            SignedCount(getattr(comparison.difference, key))
            for comparison in comparisons
        ]
        cells = [write(getattr(base, key)), *map(write, differences)]
        yield {"name": name, **{f"c{k}": text for k, text in enumerate(cells)}}


def write_changes(
    titles: Sequence[str], comparisons: Sequence[Comparison], chosen: Sequence[Any]
) -> Iterator[str]:
    """Yield what changes in each variant, one sentence after the other."""
    for title, comparison, changes in zip(titles, comparisons, chosen, strict=True):
        sentences = [change.sentence for change in changes]
        if hidden := len(comparison.changes) - len(changes):
            sentences.append(f"{format_plural(hidden, 'change')} of other kinds")
        yield f"{title}: {'; '.join(sentences) or comparison.sameness}"

"""The cost table: one network, and what every published convention counts for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz.readings import costs
from resviz.readings.costs.by_convention import (
    ConventionCount,
    CountTerm,
    apply_conventions,
)
from resviz.readings.costs.convention_attention import HEADS_KINDS
from resviz.readings.costs.convention_kinds import group_by_kind
from resviz.readings.variants import Variant, find_variants
from resviz.tables.notes import (
    counting_notes,
    describe_bound,
    describe_inputs,
    trace_header,
)
from resviz.tables.table import Column, Table
from resviz.units import AtLeast, format_count, group_digits

if TYPE_CHECKING:
    from resviz.record import Architecture

COLUMNS = (
    Column("counter", "who counts", "row"),
    Column("calls_it", "calls it"),
    Column("total", "total", "count"),
    Column("gi", "in Gi", spare=1),
    Column("terms", "which is", "words"),
    Column("source", "source", "words", spare=2),
)

GI = 1024**3
"""By what scripts divide that write G and mean Gi; no tool of the table does."""

GI_NOTE = "Gi: divided by 1024³, which scripts around these tools call G, too"
"""What the column of that is for."""

OTHER_NETWORK_MARK = (
    "another network, which is built otherwise and not counted otherwise"
)
"""What a row that is set off stands for."""


def costs_table(arch: Architecture) -> Table:
    """Return one row a convention: its name for the number, its total, its terms.

    Rows that are set off are no conventions but other networks of the same name.
    """
    tallies, others = apply_conventions(arch), find_variants(arch)
    total, bound = costs.sum_record_costs(arch), describe_bound(arch)
    short_macs = format_count(total.macs, 4)
    rows = [
        *map(convention_row, tallies),
        *(variant_row(variant, total) for variant in others),
    ]
    return Table(
        f"{arch.label}: costs, by who counts them",
        COLUMNS,
        tuple(rows),
        costs_data(arch, tallies, others),
        facts=(
            ("input", describe_inputs(arch)),
            ("MACs", f"{bound}{group_digits(total.macs)} ({short_macs})"),
            ("element-wise", f"{bound}{group_digits(total.elements)} elements"),
        ),
        notes=tuple(costs_notes(arch, others)),
        marked=frozenset(range(len(tallies), len(rows))),
        mark=OTHER_NETWORK_MARK,
    )


def convention_row(tally: ConventionCount) -> dict[str, Any]:
    """Write one convention for the eye."""
    convention = tally.convention
    unknown = f"not known for {', '.join(tally.unknown)}"
    return {
        "counter": convention.tool_names,
        "calls_it": convention.number_name,
        "total": tally.total,
        "gi": "" if tally.total is None else format_gi(tally.total),
        "terms": unknown if tally.unknown else format_sum(tally.terms),
        "source": convention.source,
    }


def format_gi(number: int) -> str:
    """Write a number by 1024³, without a unit, "3.808"."""
    value = number / GI
    return f"{value:,.3f}" if value >= 1 else f"{value:#.4g}"


def format_sum(terms: tuple[CountTerm, ...]) -> str:
    """Write terms as lines of a sum: "MACs", "+ 2 × 11,113,984 batch norm"."""
    lines = []
    for term in terms:
        sign = "" if not lines else "− " if term.each < 0 else "+ "
        factor = f"{abs(term.each)} × " if abs(term.each) > 1 else ""
        amount = "" if term.name == costs.MACS else f"{group_digits(term.elements)} "
        lines.append(f"{sign}{factor}{amount}{term.name}")
    return "\n".join(lines)


def variant_row(variant: Variant, total: costs.CostTotals) -> dict[str, Any]:
    """Write another network of the same name for the eye."""
    macs = total.macs + variant.difference
    parts = (
        f"{'+' if change.difference > 0 else '−'} "
        f"{group_digits(abs(change.difference))} in {change.block}"
        for change in variant.changes
    )
    return {
        "counter": variant.choice.published,
        "calls_it": costs.MACS,
        "total": AtLeast(macs) if total.leaves_out else macs,
        "gi": f"{'≥ ' * total.leaves_out}{format_gi(macs)}",
        "terms": "\n".join((variant.choice.name, costs.MACS, *parts)),
    }


def costs_data(
    arch: Architecture,
    tallies: tuple[ConventionCount, ...],
    others: tuple[Variant, ...],
) -> dict[str, Any]:
    """Return the table as JSON has it."""
    total = costs.sum_record_costs(arch)
    return {
        "name": arch.name,
        "title": arch.label,
        "input_shape": list(arch.input_shape),
        "batch": arch.batch,
        "macs": total.macs,
        "elements": total.elements,
        "conventions": list(map(convention_data, tallies)),
        "variants": [variant_data(variant, total.macs) for variant in others],
        "not_counted": [asdict(gap) for gap in costs.find_uncounted(arch)],
        "convention": costs.MAC_CONVENTION,
        "elements_convention": costs.ELEMENTS_UNIT,
    } | trace_header(arch, "costs")


def convention_data(tally: ConventionCount) -> dict[str, Any]:
    """Return one convention as JSON has it; its terms sum to its total."""
    convention = tally.convention
    return {
        "tools": [{"name": n, "version": v} for n, v in convention.tools],
        "calls_it": convention.number_name,
        "total": tally.total,
        "terms": [asdict(term) | {"amount": term.amount} for term in tally.terms],
        "unknown": list(tally.unknown),
        "source": convention.source,
        "total_gi": None if tally.total is None else tally.total / GI,
    }


def variant_data(variant: Variant, macs: int) -> dict[str, Any]:
    """Return another network of the same name as JSON has it."""
    return {
        "name": variant.choice.name,
        "published": variant.choice.published,
        "macs": macs + variant.difference,
        "difference": variant.difference,
        "blocks": [
            asdict(change) | {"difference": change.difference}
            for change in variant.changes
        ],
    }


HEADS_NOTE = (
    "nn.MultiheadAttention as tools see it with gradients on; under torch.no_grad() "
    "torch may run it as one operation, which most count as nothing"
)
"""When the numbers of tools hold for torch's attention."""


def costs_notes(arch: Architecture, others: tuple[Variant, ...]) -> list[str]:
    """Say what the other networks are, and how it was counted."""
    lines = [
        f"{variant.choice.name}, as in {variant.choice.published}: "
        f"{group_digits(abs(variant.difference))} MACs "
        f"{'more' if variant.difference > 0 else 'less'}"
        for variant in others
    ]
    batch_line = (
        f"counted for a batch of {arch.batch}, also for tools that take one sample"
    )
    if any(name in HEADS_KINDS for name, _ in group_by_kind(arch)):
        lines.append(HEADS_NOTE)
    return [*lines, batch_line, GI_NOTE, *counting_notes(arch, costs.ELEMENTS_UNIT)]

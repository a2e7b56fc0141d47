"""The cost table: one network, and what every published convention counts for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz import costs
from resviz.costs.counts import Count, Term, counts
from resviz.tables.head import head
from resviz.tables.notes import counting, inputs_of
from resviz.tables.table import Column, Table
from resviz.units import count, grouped
from resviz.variants import Variant, variants

if TYPE_CHECKING:
    from resviz.record import Architecture

COLUMNS = (
    Column("counter", "who counts", "row"),
    Column("calls_it", "calls it"),
    Column("total", "total", "count"),
    Column("terms", "which is", "words"),
    Column("source", "source", "words", spare=2),
)

ANOTHER = "another network, which is built otherwise and not counted otherwise"
"""What a row that is set off stands for."""


def costs_table(arch: Architecture) -> Table:
    """One row a convention: its name for the number, its total, and what it adds.

    Rows that are set off are no conventions but other networks of the same name.
    """
    found, others = counts(arch), variants(arch)
    total = costs.whole(arch)
    rows = [row(one) for one in found]
    rows += [variant_row(one, total.macs) for one in others]
    return Table(
        f"{arch.label}: costs, by who counts them",
        COLUMNS,
        tuple(rows),
        data(arch, found, others),
        facts=(
            ("input", inputs_of(arch)),
            ("MACs", f"{grouped(total.macs)} ({count(total.macs, 4)})"),
            ("element-wise", f"{grouped(total.elements)} elements"),
        ),
        notes=tuple(notes(arch, others)),
        marked=frozenset(range(len(found), len(rows))),
        mark=ANOTHER,
    )


def row(one: Count) -> dict[str, Any]:
    """One convention for the eye."""
    convention = one.convention
    doubtful = f"not known for {', '.join(one.unknown)}"
    return {
        "counter": convention.counter,
        "calls_it": convention.calls_it,
        "total": one.total,
        "terms": doubtful if one.unknown else summed(one.terms),
        "source": convention.source,
    }


def summed(terms: tuple[Term, ...]) -> str:
    """Terms as lines of a sum: "MACs", "+ 2 × 11,113,984 batch norm"."""
    lines = []
    for term in terms:
        sign = "" if not lines else "− " if term.each < 0 else "+ "
        often = f"{abs(term.each)} × " if abs(term.each) > 1 else ""
        many = "" if term.name == costs.MACS else f"{grouped(term.elements)} "
        lines.append(f"{sign}{often}{many}{term.name}")
    return "\n".join(lines)


def variant_row(variant: Variant, macs: int) -> dict[str, Any]:
    """Another network of the same name for the eye."""
    parts = (
        f"{'+' if change.difference > 0 else '−'} "
        f"{grouped(abs(change.difference))} in {change.block}"
        for change in variant.changes
    )
    return {
        "counter": variant.choice.published,
        "calls_it": costs.MACS,
        "total": macs + variant.difference,
        "terms": "\n".join((variant.choice.name, costs.MACS, *parts)),
    }


def data(
    arch: Architecture, found: tuple[Count, ...], others: tuple[Variant, ...]
) -> dict[str, Any]:
    """The table as JSON has it."""
    total = costs.whole(arch)
    return {
        "name": arch.name,
        "title": arch.label,
        "input_shape": list(arch.input_shape),
        "batch": arch.batch,
        "macs": total.macs,
        "elements": total.elements,
        "conventions": [convention_data(one) for one in found],
        "variants": [variant_data(one, total.macs) for one in others],
        "not_counted": [asdict(gap) for gap in costs.not_counted(arch)],
        "convention": costs.CONVENTION,
        "elements_convention": costs.ELEMENTS,
    } | head(arch)


def convention_data(one: Count) -> dict[str, Any]:
    """One convention as JSON has it; its terms sum to its total."""
    convention = one.convention
    return {
        "tools": [{"name": n, "version": v} for n, v in convention.tools],
        "calls_it": convention.calls_it,
        "total": one.total,
        "terms": [
            {
                "name": term.name,
                "each": term.each,
                "elements": term.elements,
                "amount": term.amount,
            }
            for term in one.terms
        ],
        "unknown": list(one.unknown),
        "source": convention.source,
    }


def variant_data(variant: Variant, macs: int) -> dict[str, Any]:
    """Another network of the same name as JSON has it."""
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


def notes(arch: Architecture, others: tuple[Variant, ...]) -> list[str]:
    """What the other networks are, and how it was counted."""
    lines = [
        f"{one.choice.name}, as in {one.choice.published}: "
        f"{grouped(abs(one.difference))} MACs "
        f"{'more' if one.difference > 0 else 'less'}"
        for one in others
    ]
    given = f"counted for a batch of {arch.batch}, also for tools that take one sample"
    return [*lines, given, *counting(arch, costs.ELEMENTS)]

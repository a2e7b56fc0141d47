"""The report's costs: by stage and kind of layer, and by who counts them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.pages.report_layers import (
    find_layer_kinds,
    find_part_tint,
    name_layer_parts,
)
from resviz.readings import costs
from resviz.readings.costs.by_convention import apply_conventions
from resviz.tables.costs import format_sum
from resviz.units import format_count, group_digits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.structure import Structure
    from resviz.record import Architecture

ELSEWHERE = "elsewhere"
"""Layers in no stage, stem or head; "all layers" where there are no stages."""


@dataclass(frozen=True, slots=True)
class KindCosts:
    """Costs of the parts of a network by the kind of their layers.

    Attributes:
        kinds: of layers that cost something, as columns; those of a layer that is of
            several are one.
        rows: name, CSS class, and for each kind MACs and parameters, "" for none.
    """

    kinds: list[str]
    rows: list[tuple[str, str, list[tuple[str, str]]]]


def list_kind_costs(arch: Architecture, structure: Structure) -> KindCosts:
    """List MACs and parameters by part and by kind; they add up to the totals."""
    parts = name_layer_parts(structure)
    other = ELSEWHERE if structure.stages else "all layers"
    macs, params = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    names: dict[str, None] = {}
    for layer in arch.stored_layers:
        name = parts.get(layer.index, other)
        kind = " + ".join(find_layer_kinds(layer, changes=False))
        total = costs.list_layer_costs(arch)[layer.index]
        macs[name, kind] += total.macs
        params[name, kind] += total.params
        if total.macs or total.params:
            names[name] = None
    kinds = [*dict.fromkeys(kind for (_, kind), n in (macs + params).items() if n)]
    rows = [
        (
            name,
            find_part_tint(structure, name),
            [
                (write_amount(macs[name, kind]), write_amount(params[name, kind]))
                for kind in kinds
            ],
        )
        for name in names
    ]
    return KindCosts(kinds, rows)


def write_amount(count: int) -> str:
    """Write an amount in three digits, "" for none."""
    return format_count(count) if count else ""


def list_convention_counts(arch: Architecture) -> Iterator[tuple[str, str, str, str]]:
    """Yield who counts, what they call it, the total, and which sum that is."""
    for tally in apply_conventions(arch):
        convention = tally.convention
        is_known = tally.total is not None and not tally.unknown
        yield (
            convention.tool_names,
            convention.number_name,
            group_digits(tally.total) if is_known and tally.total is not None else "–",
            format_sum(tally.terms).replace("\n", " ")
            if is_known
            else f"not known for {', '.join(tally.unknown)}",
        )

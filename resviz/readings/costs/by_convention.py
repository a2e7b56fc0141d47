"""Counts of a network by what other tools and papers count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.costs import MACS, sum_record_costs
from resviz.readings.costs.convention_attention import ATTENTION_KINDS
from resviz.readings.costs.convention_kinds import WEIGHTED_KINDS, group_by_kind
from resviz.readings.costs.conventions import CONVENTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.costs.convention_terms import Amount
    from resviz.readings.costs.conventions import Convention
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class CountTerm:
    """A part of a total: so many elements, each counted so often."""

    name: str
    each: int
    elements: int

    @property
    def amount(self) -> int:
        """The term's share of the total."""
        return self.each * self.elements


@dataclass(frozen=True, slots=True)
class ConventionCount:
    """The count that one convention gives for one network.

    Attributes:
        convention: how it counts.
        terms: the MACs, and what is added to them, empty terms left out.
        unknown: what the network does for which the convention's count is not known.
    """

    convention: Convention
    terms: tuple[CountTerm, ...]
    unknown: tuple[str, ...]

    @property
    def total(self) -> int | None:
        """The tool's number; None where it is not known."""
        return None if self.unknown else sum(term.amount for term in self.terms)


def apply_conventions(arch: Architecture) -> tuple[ConventionCount, ...]:
    """Count a network by every convention, at the record's batch."""
    return tuple(apply_convention(arch, convention) for convention in CONVENTIONS)


def apply_convention(arch: Architecture, convention: Convention) -> ConventionCount:
    """Count a network by one convention."""
    terms = [CountTerm(MACS, convention.macs, sum_record_costs(arch).macs)]
    terms += [
        CountTerm(added.label, each, sum_amount(arch, added))
        for each, added in convention.adds
    ]
    unknown = dict.fromkeys(find_unknown_kinds(arch, convention))
    return ConventionCount(
        convention, tuple(t for t in terms if t.elements), tuple(unknown)
    )


def sum_amount(arch: Architecture, added: Amount) -> int:
    """Add up an amount over a whole network."""
    return sum(
        added.measure(op)
        for (name, _), ops in group_by_kind(arch).items()
        if name in added.kinds
        for op in ops
    )


def find_unknown_kinds(arch: Architecture, convention: Convention) -> Iterator[str]:
    """Yield the kinds in a network whose count a convention does not define."""
    added_kinds = convention.module_knows.union(
        *(amount.kinds for _, amount in convention.adds)
    )
    counted_kinds = (WEIGHTED_KINDS | added_kinds) - ATTENTION_KINDS
    for name, is_module in group_by_kind(arch):
        if name not in convention.knows | added_kinds:
            yield name
        elif convention.modules and not is_module and name in counted_kinds:
            yield f"{name} outside of a module"
    if arch.training and convention.adds:
        yield "training mode"

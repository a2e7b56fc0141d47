"""What every convention gives for one network, term by term."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.costs.convention_terms import (
    MOVING_OPERATIONS,
    Amount,
    name_tool_kind,
)
from resviz.readings.costs.conventions import CONVENTIONS, WEIGHTED_KINDS, Convention
from resviz.readings.costs.layer_costs import COST_RULES, MACS
from resviz.readings.costs.totals import sum_record_costs
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Operation

HOOKED_MODULES = frozenset({
    "Conv1d", "Conv2d", "Conv3d", "Linear", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
    "LayerNorm", "ReLU", "ReLU6", "GELU", "Sigmoid", "Softmax", "Dropout", "MaxPool2d",
    "AvgPool2d", "AdaptiveAvgPool2d",
})  # fmt: skip
"""Modules of torch that tools with hooks know."""


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
    """An amount over a whole network."""
    return sum(
        added.measure(op)
        for (name, _), ops in group_by_kind(arch).items()
        if name in added.kinds
        for op in ops
    )


def find_unknown_kinds(arch: Architecture, convention: Convention) -> Iterator[str]:
    """Yield the kinds in a network whose count a convention does not define."""
    added_kinds = frozenset[str]().union(
        *(amount.kinds for _, amount in convention.adds)
    )
    for name, is_module in group_by_kind(arch):
        if name not in convention.knows | added_kinds:
            yield name
        elif (
            convention.modules
            and not is_module
            and name in WEIGHTED_KINDS | added_kinds
        ):
            yield f"{name} outside of a module"
    if arch.training and convention.adds:
        yield "training mode"


@cache_reading
def group_by_kind(arch: Architecture) -> dict[tuple[str, bool], list[Operation]]:
    """Operations by kind, and by whether a module of torch ran them.

    What only moves values is left out, and so are constants, but for products.
    """
    groups: dict[tuple[str, bool], list[Operation]] = defaultdict(list)
    for layer in arch.stored_layers:
        is_module = layer.module and layer.type in HOOKED_MODULES
        for op in layer.operations:
            name = name_tool_kind(layer, op)
            if name in COST_RULES or (
                any(op.flowing) and name not in MOVING_OPERATIONS
            ):
                groups[name, is_module].append(op)
    return groups

"""What every convention gives for one network, term by term."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.costs.amounts import MOVES, Amount, kind
from resviz.costs.conventions import CONVENTIONS, WEIGHTED, Convention
from resviz.costs.rules import MACS, RULES
from resviz.costs.totals import whole
from resviz.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Operation

MODULES = frozenset({
    "Conv1d", "Conv2d", "Conv3d", "Linear", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
    "LayerNorm", "ReLU", "ReLU6", "GELU", "Sigmoid", "Softmax", "Dropout", "MaxPool2d",
    "AvgPool2d", "AdaptiveAvgPool2d",
})  # fmt: skip
"""Modules of torch that tools with hooks know."""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a total: so many elements, each counted so often."""

    name: str
    each: int
    elements: int

    @property
    def amount(self) -> int:
        """What it adds to the total."""
        return self.each * self.elements


@dataclass(frozen=True, slots=True)
class Count:
    """What one convention gives for one network.

    Attributes:
        convention: how it counts.
        terms: the MACs, and what is added to them, empty terms left out.
        unknown: what the network does for which the convention's count is not known.
    """

    convention: Convention
    terms: tuple[Term, ...]
    unknown: tuple[str, ...]

    @property
    def total(self) -> int | None:
        """The tool's number; None where it is not known."""
        return None if self.unknown else sum(term.amount for term in self.terms)


def counts(arch: Architecture) -> tuple[Count, ...]:
    """What every convention gives for a network, at the record's batch."""
    return tuple(count(arch, convention) for convention in CONVENTIONS)


def count(arch: Architecture, convention: Convention) -> Count:
    """What one convention gives for a network."""
    terms = [Term(MACS, convention.macs, whole(arch).macs)]
    terms += [
        Term(added.label, each, elements(arch, added))
        for each, added in convention.adds
    ]
    found = dict.fromkeys(doubts(arch, convention))
    return Count(convention, tuple(t for t in terms if t.elements), tuple(found))


def elements(arch: Architecture, added: Amount) -> int:
    """An amount over a whole network."""
    return sum(
        added.of(op)
        for (name, _), ops in by_kind(arch).items()
        if name in added.kinds
        for op in ops
    )


def doubts(arch: Architecture, convention: Convention) -> Iterator[str]:
    """What a network does for which a convention's count is not known."""
    added = frozenset[str]().union(*(amount.kinds for _, amount in convention.adds))
    for name, modular in by_kind(arch):
        if name not in convention.knows | added:
            yield name
        elif convention.modules and not modular and name in WEIGHTED | added:
            yield f"{name} outside of a module"
    if arch.training and convention.adds:
        yield "training mode"


@once
def by_kind(arch: Architecture) -> dict[tuple[str, bool], list[Operation]]:
    """Operations by kind, and by whether a module of torch ran them.

    What only moves values is left out, and so are constants, but for products.
    """
    found: dict[tuple[str, bool], list[Operation]] = defaultdict(list)
    for layer in arch.layers:
        modular = layer.module and layer.type in MODULES
        for op in layer.operations:
            name = kind(layer, op)
            if name in RULES or (any(op.flowing) and name not in MOVES):
                found[name, modular].append(op)
    return found

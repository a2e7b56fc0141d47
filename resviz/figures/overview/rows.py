"""What an overview is made of: rows, in sections, between a stem and a head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.readings.layer_amounts import Amount
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class RowLayers:
    """The layers of one turn of a row, by their numbers.

    Attributes:
        box: those of its box.
        lead: those before its branches part; shortcut, those on its shortcut.
        join: the additions that end it, and what belongs to them.
    """

    box: tuple[int, ...] = ()
    lead: tuple[int, ...] = ()
    shortcut: tuple[int, ...] = ()
    join: tuple[int, ...] = ()

    @property
    def row_layers(self) -> tuple[int, ...]:
        """All of them."""
        return (*self.lead, *self.box, *self.shortcut, *self.join)


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One box of a stage, with its shortcut if it is a block.

    Attributes:
        labels: what runs on its main branch.
        count: how many equal ones it stands for.
        shortcut_kind: of its shortcut, "none" for a block without; "" for other boxes.
        shortcut: what is written on its shortcut, in lines.
        width_change: of the width on its shortcut, "256→512"; "" for none.
        sign: of the addition that ends it, "+" or "−".
        elided: whether it stands for rows that are not drawn.
        is_alike: whether those that it stands for are equal in its words alone.
        lead: what runs before its branches part, as ("BN", "ReLU").
        turns: its layers, for each of the equal ones.
        first: the first of them, where its shortcut is another; None if all are equal.
    """

    labels: tuple[str, ...]
    count: int = 1
    shortcut_kind: str = ""
    shortcut: tuple[str, ...] = ()
    width_change: str = ""
    sign: str = "+"
    elided: bool = False
    is_alike: bool = False
    lead: tuple[str, ...] = ()
    turns: tuple[RowLayers, ...] = field(default=(), compare=False)
    first: OutlineRow | None = None

    @property
    def shortcut_lines(self) -> tuple[str, ...]:
        """What is written on its shortcut, the change of width in the last line."""
        if not self.width_change:
            return self.shortcut
        heading, *rest = self.shortcut
        last = f"{rest[-1]}, {self.width_change}" if rest else self.width_change
        return (heading, *rest[:-1], last)

    @property
    def has_addition(self) -> bool:
        """Whether an addition ends it, so that it has a shortcut."""
        return self.shortcut_kind not in {"", "none"}


RowGroup = tuple[int, tuple[OutlineRow, ...]]
"""The rows of a group, after the number of different blocks whose units they are."""


@dataclass(frozen=True, slots=True)
class SectionCosts:
    """What a section costs, beside the costliest of the network.

    Attributes:
        params: number of its parameters, and MACs likewise; None if one is not known.
        most_params: those of the section that has most; most_macs likewise.
        shortcuts: the kinds of its blocks' shortcuts, in order.
    """

    params: Amount
    macs: Amount
    most_params: int
    most_macs: int
    shortcuts: tuple[str, ...]

    def list_bars(self) -> list[tuple[str, Amount, int]]:
        """List the bars: what is counted, how much, and the most of a section."""
        return [
            ("params", self.params, self.most_params),
            ("MACs", self.macs, self.most_macs),
        ]


@dataclass(frozen=True, slots=True)
class OutlineSection:
    """A stage, or a run of layers of one size in a network without blocks.

    Attributes:
        name: of the stage.
        facts: what stands below its name.
        groups: in order: a row, or the rows of one block's units.
        tint: the colours of its resolution.
        costs: what it costs; None where that is not shown.
    """

    name: str
    facts: tuple[str, ...]
    groups: tuple[tuple[OutlineRow, ...], ...]
    tint: str
    costs: SectionCosts | None = None

    @property
    def rows(self) -> tuple[OutlineRow, ...]:
        """The rows of all groups."""
        return tuple(row for group in self.groups for row in group)


@dataclass(frozen=True, slots=True)
class Outline:
    """An overview's content, from the input to the output.

    `arch` is the record, `stem_layers` and `head_layers` those of the two boxes. Of a
    part, `scope` are its layers, `before_layers` and `after_layers` those around it,
    and `missing` says which parts are left out.
    """

    arch: Architecture
    title: str
    facts: tuple[str, ...]
    inputs: str
    stem: tuple[str, ...]
    sections: tuple[OutlineSection, ...]
    head: tuple[str, ...]
    outputs: str
    stem_layers: tuple[int, ...]
    head_layers: tuple[int, ...]
    before_layers: tuple[int, ...] = ()
    after_layers: tuple[int, ...] = ()
    scope: frozenset[int] | None = None
    missing: tuple[str, ...] = ()

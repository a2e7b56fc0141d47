"""What the wires of a row of volumes stand for: lines of its contracted graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from resviz.figures.drawing.folded_ledgers import FoldedLedger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.figures.drawing.seats import Wire

STEP, BYPASS = "main", "bypass"
"""Roles of wires that are lines of the graph; an arc shows what a block is inside."""


@dataclass(frozen=True, slots=True)
class RowLedger(FoldedLedger):
    """Where the edges of a record are in a row of boxes.

    Attributes:
        ways: nodes of the graph that are written on a wire, by the `via` of that.
    """

    ways: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def find_lines(self, wires: Iterable[Wire]) -> set[tuple[int, int]]:
        """Find the lines of the graph that the wires are, by what is on them."""
        nodes = self.nodes
        return {
            line
            for wire in wires
            if wire.role in {STEP, BYPASS} and wire.tail in nodes
            for line in pairwise(
                (nodes[wire.tail], *self.ways.get(wire.via, ()), nodes[wire.head])
            )
        }

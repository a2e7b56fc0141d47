"""What the wires of a row of volumes stand for: lines of its contracted graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from resviz.figures.lanes.ledger import find_layer_holders
from resviz.readings.contraction import count_coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.figures.drawing.ledgers import Wire
    from resviz.readings.contraction import ContractedGraph, EdgeCoverage
    from resviz.record import Architecture

STEP, BYPASS = "main", "bypass"
"""Roles of wires that are lines of the graph; an arc shows what a block is inside."""


@dataclass(frozen=True, slots=True)
class RowLedger:
    """Where the edges of a record are in a row of boxes.

    Attributes:
        graph: the contracted graph.
        nodes: its node that each box, sign or dot is, by its key in the picture.
        ways: its nodes that are written on a wire, by the `via` of that.
        parts: what boxes hold that are one of several of their node.
    """

    graph: ContractedGraph
    nodes: Mapping[str, int]
    ways: Mapping[str, tuple[int, ...]]
    parts: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def ledger_arch(self) -> Architecture:
        """The record."""
        return self.graph.arch

    def find_holders(self) -> dict[int, tuple[str, ...]]:
        """Find the box of each layer, that of the turn which is drawn for its own."""
        return find_layer_holders(self.graph, self.nodes, self.parts)

    def count_edges(self, wires: Iterable[Wire]) -> EdgeCoverage:
        """Count the edges that the wires stand for, and where the others are."""
        graph, nodes = self.graph, self.nodes
        lines = {
            line
            for wire in wires
            if wire.role in {STEP, BYPASS} and wire.tail in nodes
            for line in pairwise(
                (nodes[wire.tail], *self.ways.get(wire.via, ()), nodes[wire.head])
            )
        }
        return count_coverage(
            graph.wiring, graph.owners, graph.drawn_for, graph.turns, lines
        )

"""What the wires of a lanes figure stand for: lines of the contracted graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.contraction import count_coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.figures.drawing.ledgers import Wire
    from resviz.readings.contraction import ContractedGraph, EdgeCoverage


@dataclass(frozen=True, slots=True)
class LanesLedger:
    """Where the edges of a record are in a picture of its contracted graph.

    Attributes:
        graph: the contracted graph.
        nodes: its node that each box of the picture is, by the key of the box.
    """

    graph: ContractedGraph
    nodes: Mapping[str, int]

    def count_edges(self, wires: Iterable[Wire]) -> EdgeCoverage:
        """Count the edges that the wires stand for, and where the others are."""
        graph, nodes = self.graph, self.nodes
        lines = {
            (nodes[wire.tail], nodes[wire.head])
            for wire in wires
            if wire.tail in nodes and wire.head in nodes
        }
        return count_coverage(
            graph.wiring, graph.owners, graph.drawn_for, graph.turns, lines
        )

"""What the wires of a folded graph stand for, in lanes, volumes and layers alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from resviz.figures.drawing.seats import Wire
    from resviz.readings.contraction.coverage import EdgeCoverage
    from resviz.readings.contraction.drawn import ContractedGraph
    from resviz.record import Architecture


class HeldEnds(Protocol):
    """What a node of a graph holds of a record."""

    @property
    def ends(self) -> frozenset[int]:
        """Inputs, layers and outputs, by their number in the wiring."""
        ...


class FoldedGraph(Protocol):
    """A graph of a record that knows for which of its edges lines stand.

    A `ContractedGraph` is one, and so are the rows of the figure "layers".
    """

    @property
    def arch(self) -> Architecture:
        """The record."""
        ...

    @property
    def nodes(self) -> Mapping[int, HeldEnds]:
        """The drawn nodes."""
        ...

    @property
    def owners(self) -> Mapping[int, int]:
        """The node of each end, drawn or not."""
        ...

    @property
    def drawn_for(self) -> Mapping[int, int]:
        """The node that is drawn for each."""
        ...

    def cover_lines(self, lines: Collection[tuple[int, int]]) -> EdgeCoverage:
        """Count where the record's edges are if some lines are drawn."""
        ...


@dataclass(frozen=True, slots=True)
class FoldedLedger:
    """Where the edges of a record are in a picture of its folded graph.

    Attributes:
        graph: contracted, or of rows.
        nodes: its node that each box of the picture is, by the key of the box.
        parts: what boxes hold that are one of several of their node.
    """

    graph: FoldedGraph
    nodes: Mapping[str, int]
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
        return self.graph.cover_lines(self.find_lines(wires))

    def find_lines(self, wires: Iterable[Wire]) -> set[tuple[int, int]]:
        """Find the lines of the graph that the wires are."""
        nodes = self.nodes
        return {
            (nodes[wire.tail], nodes[wire.head])
            for wire in wires
            if wire.tail in nodes and wire.head in nodes
        }


def list_boxes_of_parts(
    graph: ContractedGraph, nodes: Mapping[str, int]
) -> dict[str, frozenset[int]]:
    """List the boxes that stand for the network around a part, and hold nothing.

    What fills boxes by their costs leaves them empty.
    """
    is_part = {key for key, node in graph.nodes.items() if node.role == "part"}
    return {box: frozenset() for box, key in nodes.items() if key in is_part}


def find_layer_holders(
    graph: FoldedGraph,
    nodes: Mapping[str, int],
    parts: Mapping[str, frozenset[int]],
) -> dict[int, tuple[str, ...]]:
    """Find the box of each layer of a folded graph.

    A layer of a turn that is not drawn is where its like is in the turn that is.

    Args:
        graph: contracted, or of rows.
        nodes: its node that each box is, by the key of the box.
        parts: what boxes hold that are one of several of their node; all others hold
            the whole of it.
    """
    boxes: dict[int, list[str]] = defaultdict(list)
    for box, key in nodes.items():
        boxes[key].append(box)
    members: dict[int, list[int]] = defaultdict(list)
    for end in sorted(graph.owners):
        members[graph.owners[end]].append(end)
    held = frozenset[int]().union(*parts.values())
    holders: dict[int, tuple[str, ...]] = {}
    for owner, ends in members.items():
        key = graph.drawn_for[owner]
        drawn = sorted(graph.nodes[key].ends)
        is_like = len(drawn) == len(ends)
        for place, end in enumerate(ends):
            own = end if end in held else drawn[0]  # a join before a box may be held
            like = drawn[place] if is_like else own
            holders[end] = tuple(
                box
                for box in boxes.get(key, ())
                if box not in parts or like in parts[box]
            )
    return holders

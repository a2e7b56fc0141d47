"""Coverage: where each edge of a record is in its contracted graph, or in a figure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from resviz.readings.contraction.wiring import Wiring

Turns = tuple[tuple[object, int], ...]
"""In which turn of which folds something runs."""


@dataclass(frozen=True, slots=True)
class EdgeCoverage:
    """Where the edges of a record are in a figure.

    Attributes:
        edges: of the record, between inputs, live layers and outputs; of several
            records, of all.
        drawn: those that lines stand for.
        inside: those between layers of one box.
        turns: those from a turn of a frame, or of what has a count, to a later one.
        constants: reads of what depends on no input; they are no edges.
        missing: those that are nowhere; none, by the law.
        left_out: those that the picture says are not drawn.
        elsewhere: those of parts of the network that the figure does not show.
        undrawn_layers: layers with parameters that are in no box.
        undrawn_params: their parameters.
        undrawn_modules: the largest modules that hold those layers and none in a box.
    """

    edges: int
    drawn: int
    inside: int
    turns: int
    constants: int
    missing: int = 0
    left_out: int = 0
    elsewhere: int = 0
    undrawn_layers: int = 0
    undrawn_params: int = 0
    undrawn_modules: tuple[str, ...] = ()

    @property
    def declared(self) -> int:
        """Those that the picture tells of in words alone."""
        return self.inside + self.turns + self.left_out + self.elsewhere

    @property
    def is_whole(self) -> bool:
        """Whether all that the figure is about is in it."""
        return not self.left_out and not self.undrawn_layers and not self.missing

    def set_apart(
        self, wiring: Wiring, owners: Mapping[int, int], sides: Collection[int]
    ) -> EdgeCoverage:
        """Count the edges inside nodes for what is around a part as elsewhere."""
        elsewhere = sum(
            owners[edge.source] == owners[edge.reader]
            for edge in wiring.edges
            if owners[edge.source] in sides
        )
        inside = self.inside - elsewhere
        return replace(self, inside=inside, elsewhere=elsewhere)

    def __add__(self, other: EdgeCoverage) -> EdgeCoverage:
        """Add the coverage of another record in the same figure."""
        sums = (
            getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
        )
        return EdgeCoverage(*sums)


def count_coverage(
    wiring: Wiring,
    owners: Mapping[int, int],
    drawn_for: Mapping[int, int],
    turns: Mapping[int, Turns],
    lines: Collection[tuple[int, int]],
) -> EdgeCoverage:
    """Count where each edge of a record is; worked out from the record anew.

    Args:
        wiring: of the record.
        owners: the node of each end.
        drawn_for: the node that is drawn for each node.
        turns: in which turn of which folds each node runs.
        lines: those that are drawn, from node to node.
    """
    counts = {"drawn": 0, "inside": 0, "turns": 0, "missing": 0}
    for edge in wiring.edges:
        source, reader = owners[edge.source], owners[edge.reader]
        line = drawn_for[source], drawn_for[reader]
        if source != reader and leads_to_later_turn(turns[source], turns[reader]):
            counts["turns"] += 1
        elif line[0] == line[1]:
            counts["inside"] += 1
        else:
            counts["drawn" if line in lines else "missing"] += 1
    return EdgeCoverage(
        len(wiring.edges),
        counts["drawn"],
        counts["inside"],
        counts["turns"],
        wiring.constants,
        counts["missing"],
    )


def leads_to_later_turn(source: Sequence[tuple[object, int]], reader: Turns) -> bool:
    """Tell whether something runs in a later turn of a fold than what it reads."""
    turns = dict(source)
    return any(fold in turns and turn != turns[fold] for fold, turn in reader)

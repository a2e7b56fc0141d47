"""Coverage: where each edge of a record is in its contracted graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.readings.contraction.folds import FoldedQuotient


@dataclass(frozen=True, slots=True)
class EdgeCoverage:
    """Where the edges of a record are in a figure.

    Attributes:
        edges: of the record, between inputs, live layers and outputs.
        drawn: those that lines stand for.
        inside: those between layers of one box.
        turns: those from a turn of a frame to a later one.
        constants: reads of what depends on no input; they are no edges.
        missing: those that are nowhere; none, by the law.
    """

    edges: int
    drawn: int
    inside: int
    turns: int
    constants: int
    missing: int = 0

    @property
    def declared(self) -> int:
        """Those that the picture tells of in words alone."""
        return self.inside + self.turns


def count_coverage(folded: FoldedQuotient, lines: set[tuple[int, int]]) -> EdgeCoverage:
    """Count where each edge of a record is; worked out from the record anew."""
    quotient = folded.quotient
    counts = {"drawn": 0, "inside": 0, "turns": 0, "missing": 0}
    for edge in quotient.wiring.edges:
        source, reader = quotient.owners[edge.source], quotient.owners[edge.reader]
        line = folded.representatives[source], folded.representatives[reader]
        if source != reader and leads_to_later_turn(folded, source, reader):
            counts["turns"] += 1
        elif line[0] == line[1]:
            counts["inside"] += 1
        else:
            counts["drawn" if line in lines else "missing"] += 1
    return EdgeCoverage(
        len(quotient.wiring.edges), constants=quotient.wiring.constants, **counts
    )


def leads_to_later_turn(folded: FoldedQuotient, source: int, reader: int) -> bool:
    """Tell whether a node runs in a later turn of a fold than what it reads."""
    turns = dict(folded.turns[source])
    return any(
        fold in turns and turn != turns[fold] for fold, turn in folded.turns[reader]
    )

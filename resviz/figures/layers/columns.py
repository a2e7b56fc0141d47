"""How wide the columns of the figure "layers" are, and which rows go into each."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.drawing import metrics

if TYPE_CHECKING:
    from resviz.figures.layers.rows import Piece, Row

PITCH, BOX = 17, (116, 14)
"""Distance of rows, and the size of a row's box."""

LEAD, TAIL, APART = 9, 3, 4
"""Above a block's first row, below its last, and between two pieces."""

HEADER = 17
"""Height of a stage's name."""

LANE = 74
"""Right of the boxes, for shortcuts and their own layers."""

SHIFT = 72
"""How far a shortcut's own layer stands right of the main branch."""

MARGIN, GUTTER = 10, 20
"""Around the picture, and between two columns."""

ASPECT = 1.6
"""Width to height that the number of columns comes nearest to."""

LONGEST_NAME = 190
"""Of a row's names, in pixels."""


@dataclass(frozen=True, slots=True)
class Table:
    """Widths of the columns of text.

    Attributes:
        name: of modules.
        output: of shapes.
        params: of parameter counts.
    """

    name: float
    output: float
    params: float

    @property
    def width(self) -> float:
        """Of one column of the figure."""
        return self.name + 8 + BOX[0] + LANE + self.output + 12 + self.params + 8


def table(found: list[Row]) -> Table:
    """The widths that some rows need."""
    return Table(
        max(metrics.widest((names(row) for row in found), 11) + 10, 90),
        max(metrics.widest((row.output for row in found), 11), 36),
        max(metrics.widest((units.grouped(row.params) for row in found), 11), 60),
    )


def names(row: Row) -> str:
    """The names of a row's layers, as printed."""
    return metrics.fit(" · ".join(row.names), LONGEST_NAME, 11)


def height(piece: Piece) -> float:
    """What a piece takes of a column."""
    return PITCH * len(piece.rows) + (LEAD + TAIL + APART if piece.block else 0)


def columns(made: list[Piece], width: float) -> list[list[Piece]]:
    """Pieces in as many columns as bring the figure nearest to `ASPECT`."""
    total = sum(map(height, made))
    most = min(ceil(total / 200), 24)
    counts = range(1, max(most, 1) + 1)
    best = min(counts, key=lambda n: abs(log(n * n * width / total / ASPECT)))
    split: list[list[Piece]] = [[]]
    filled = done = 0.0
    for piece in made:
        full = filled + height(piece) / 2 > (total - done) / (best - len(split) + 1)
        if split[-1] and full and len(split) < best:
            done += filled
            split.append([])
            filled = 0.0
        split[-1].append(piece)
        filled += height(piece)
    return split

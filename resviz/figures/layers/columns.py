"""How wide the columns of the figure "layers" are, and which rows go into each."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.drawing import metrics

if TYPE_CHECKING:
    from resviz.figures.layers.rows import LayerPiece, LayerRow

ROW_PITCH, BOX_SIZE = 17, (116, 14)
"""Distance of rows, and the size of a row's box."""

BLOCK_LEAD, BLOCK_TAIL, PIECE_GAP = 9, 3, 4
"""Above a block's first row, below its last, and between two pieces."""

STAGE_HEADER = 17
"""Height of a stage's name."""

LANE_WIDTH = 74
"""Width right of the boxes, for shortcuts and their own layers."""

SHORTCUT_SHIFT = 72
"""How far a shortcut's own layer stands right of the main branch."""

MARGIN, GUTTER = 10, 20
"""Around the picture, and between two columns."""

TARGET_ASPECT = 1.6
"""Width to height that the number of columns comes nearest to."""

MAX_NAME_WIDTH = 190
"""Greatest width of a row's names, in pixels."""


@dataclass(frozen=True, slots=True)
class TextWidths:
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
    def total_width(self) -> float:
        """Width of one column of the figure."""
        return (
            self.name
            + 8
            + BOX_SIZE[0]
            + LANE_WIDTH
            + self.output
            + 12
            + self.params
            + 8
        )


def measure_text_widths(rows: list[LayerRow]) -> TextWidths:
    """The widths that some rows need."""
    return TextWidths(
        max(
            metrics.max_text_width((format_row_names(row) for row in rows), 11) + 10, 90
        ),
        max(metrics.max_text_width((row.output for row in rows), 11), 36),
        max(
            metrics.max_text_width(
                (units.group_digits(row.params) for row in rows), 11
            ),
            60,
        ),
    )


def format_row_names(row: LayerRow) -> str:
    """The names of a row's layers, as printed."""
    return metrics.fit_text(" · ".join(row.names), MAX_NAME_WIDTH, 11)


def piece_height(piece: LayerPiece) -> float:
    """Return the height that a piece takes in a column."""
    return ROW_PITCH * len(piece.rows) + (
        BLOCK_LEAD + BLOCK_TAIL + PIECE_GAP if piece.block else 0
    )


def split_into_columns(
    pieces: list[LayerPiece], width: float
) -> list[list[LayerPiece]]:
    """Pieces in as many columns as bring the figure nearest to `TARGET_ASPECT`."""
    total = sum(map(piece_height, pieces))
    limit = min(ceil(total / 200), 24)
    counts = range(1, max(limit, 1) + 1)
    best = min(counts, key=lambda n: abs(log(n * n * width / total / TARGET_ASPECT)))
    split: list[list[LayerPiece]] = [[]]
    filled = done = 0.0
    for piece in pieces:
        full = filled + piece_height(piece) / 2 > (total - done) / (
            best - len(split) + 1
        )
        if split[-1] and full and len(split) < best:
            done += filled
            split.append([])
            filled = 0.0
        split[-1].append(piece)
        filled += piece_height(piece)
    return split

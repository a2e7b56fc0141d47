"""Wrapping the stack of one network into columns side by side."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from resviz.figures.stack.bands import (
    BAND_GAP,
    PAGE_HEIGHT,
    Band,
    BandItem,
    total_height,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COLUMNS = 3
"""The most columns of one network on a page."""

STAGE_BREAK_SHARE = 0.75
"""Share of a column from which on a stage's border ends it rather than a block's."""

BandedItem = tuple[int, BandItem]
"""A row with the number of its band."""


def wrap_into_columns(all_bands: Sequence[Band]) -> list[list[Band]] | None:
    """The bands of one network in as few columns as a page allows; None in no number.

    A column ends between two blocks, where there is one between two stages.
    """
    rows = [(k, item) for k, band in enumerate(all_bands) for item in band.items[0]]
    pieces = [list(run) for _, run in groupby(rows, key=lambda row: id(row[1].piece))]
    for number in range(1, MAX_COLUMNS + 1):
        for limit in range(int(total_height(all_bands) / number), PAGE_HEIGHT + 1, 20):
            columns = fill_columns(pieces, limit)
            if len(columns) <= number:
                return [rebuild_bands(column, all_bands) for column in columns]
    return None


def fill_columns(
    pieces: list[list[BandedItem]], limit: int
) -> list[list[list[BandedItem]]]:
    """Pieces in columns of at most some height."""
    columns: list[list[list[BandedItem]]] = [[]]
    for piece in pieces:
        if columns[-1] and measure_height([*columns[-1], piece]) > limit:
            column = columns[-1]
            at = find_column_end([*column, piece], limit)
            columns[-1:] = [column[:at], column[at:]]
        columns[-1].append(piece)
    return columns


def find_column_end(column: list[list[BandedItem]], limit: int) -> int:
    """Find the piece before which a full column ends."""
    parts = [piece[0][1].piece.part for piece in column]
    for k in range(len(column) - 1, 0, -1):
        if measure_height(column[:k]) < STAGE_BREAK_SHARE * limit:
            break
        if parts[k] != parts[k - 1]:
            return k
    return len(column) - 1


def measure_height(pieces: list[list[BandedItem]]) -> float:
    """Height of some pieces, with what stands between their bands."""
    rows = [row for piece in pieces for row in piece]
    return sum(item.height for _, item in rows) + BAND_GAP * len({k for k, _ in rows})


def rebuild_bands(
    column: list[list[BandedItem]], all_bands: Sequence[Band]
) -> list[Band]:
    """A column's rows in bands again."""
    rows = (row for piece in column for row in piece)
    return [
        Band(all_bands[k].size, (tuple(item for _, item in run),))
        for k, run in groupby(rows, key=lambda row: row[0])
    ]

"""Wrapping the stack of one network into columns side by side."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from resviz.figures.stack.bands import BETWEEN, TALLEST, Band, Item, height

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 3
"""Columns of one network that a page is wide."""

LATE = 0.75
"""Share of a column from which on a stage's border ends it rather than a block's."""

Placed = tuple[int, Item]
"""A row with the number of its band."""


def wrapped(found: Sequence[Band]) -> list[list[Band]] | None:
    """The bands of one network in as few columns as a page allows; None in no number.

    A column ends between two blocks, where there is one between two stages.
    """
    rows = [(k, item) for k, band in enumerate(found) for item in band.items[0]]
    pieces = [list(run) for _, run in groupby(rows, key=lambda it: id(it[1].piece))]
    for number in range(1, MOST + 1):
        for limit in range(int(height(found) / number), TALLEST + 1, 20):
            columns = filled(pieces, limit)
            if len(columns) <= number:
                return [banded(column, found) for column in columns]
    return None


def filled(pieces: list[list[Placed]], limit: int) -> list[list[list[Placed]]]:
    """Pieces in columns of at most some height."""
    columns: list[list[list[Placed]]] = [[]]
    for piece in pieces:
        if columns[-1] and tall([*columns[-1], piece]) > limit:
            column = columns[-1]
            at = border([*column, piece], limit)
            columns[-1:] = [column[:at], column[at:]]
        columns[-1].append(piece)
    return columns


def border(column: list[list[Placed]], limit: int) -> int:
    """Before which piece a full column ends: the last that begins a stage, or all."""
    parts = [piece[0][1].piece.part for piece in column]
    for k in range(len(column) - 1, 0, -1):
        if tall(column[:k]) < LATE * limit:
            break
        if parts[k] != parts[k - 1]:
            return k
    return len(column) - 1


def tall(pieces: list[list[Placed]]) -> float:
    """Height of some pieces, with what stands between their bands."""
    rows = [row for piece in pieces for row in piece]
    return sum(item.height for _, item in rows) + BETWEEN * len({k for k, _ in rows})


def banded(column: list[list[Placed]], found: Sequence[Band]) -> list[Band]:
    """A column's rows in bands again."""
    rows = (row for piece in column for row in piece)
    return [
        Band(found[k].size, (tuple(item for _, item in run),))
        for k, run in groupby(rows, key=lambda row: row[0])
    ]

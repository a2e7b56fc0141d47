"""Folding stacks until they fit a page, and aligning them by output size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import log2
from typing import TYPE_CHECKING

from resviz.figures.stack.eliding import elide_pieces, hide_light_runs
from resviz.readings.structure.stage_names import write_range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.stack.rows import Stack, StackPiece, StackRow


ROW_PITCH, BOX_HEIGHT, JOIN_PITCH = 18, 14, 9
"""Distance of rows, the height of a row's box, and the room of an addition below it."""

PAGE_HEIGHT = 1170
"""Height of the boxes of a page, in pixels; what is taller is folded."""

BRANCH_GAP = 12
"""Above a row that reads nothing of the one above, in which grey dots are seen."""

BAND_GAP = 8
"""Between two bands."""

PLATE_ABOVE, PLATE_BELOW = 15, 5
"""Space in a folded piece's frame above its first row and below its last."""

TURN_GROWTH = 6
"""By how much a folded piece's frame grows with each doubling of what it stands for."""

PIECE_LIMITS = (24, 16, 12, 8, 6, 5, 4, 3)
"""Pieces of one part that are drawn at most where folding does not do."""


@dataclass(frozen=True, slots=True)
class BandItem:
    """A row with the piece that it belongs to, and its number in that."""

    row: StackRow
    piece: StackPiece
    number: int

    @property
    def height(self) -> float:
        """Height of the row, with its share of a folded piece's frame."""
        height = ROW_PITCH + self.row.apart * BRANCH_GAP
        height += JOIN_PITCH if self.number in self.piece.joins else 0
        if self.piece.count == 1:
            return height
        first, last = self.number == 0, self.number == len(self.piece.rows) - 1
        below = measure_plate_below(self.piece)
        return height + (PLATE_ABOVE if first else 0) + (below if last else 0)

    @property
    def positions(self) -> int:
        """Positions by which it is aligned; rows of a folded piece stay together."""
        row = self.piece.rows[-1] if self.piece.count > 1 else self.row
        return row.positions


def measure_plate_below(piece: StackPiece) -> float:
    """Measure what a folded piece's frame has below its last row.

    The more it stands for, the longer it is: a deeper network is no shorter one.
    """
    return PLATE_BELOW + TURN_GROWTH * log2(piece.count)


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of one output size: for each network those that it has.

    Attributes:
        size: as printed.
        items: by network.
    """

    size: str
    items: tuple[tuple[BandItem, ...], ...]

    @property
    def height(self) -> float:
        """Height of the tallest network in the band."""
        return max(sum(item.height for item in items) for items in self.items)


def iter_foldings(stacks: Sequence[Stack]) -> Iterator[list[Stack]]:
    """Yield stacks folded less to more: longest runs first, then with gaps.

    Of networks that repeat unequally all runs fold at once: else the one with the
    longest would be the shortest.
    """
    yield list(stacks)
    lengths = [tuple(map(len, iter_equal_runs(stack.pieces))) for stack in stacks]
    runs = {length for each in lengths for length in each}
    alike = len({*lengths}) == 1
    folded = list(stacks)
    for least in sorted({2} | (runs - {1}), reverse=True) if alike else (2,):
        folded = [fold_equal_runs(stack, least) for stack in stacks]
        if least in runs:
            yield folded
    folded = [hide_light_runs(stack) for stack in folded]
    for most in PIECE_LIMITS:
        yield [elide_pieces(stack, most) for stack in folded]


def iter_equal_runs(pieces: Sequence[StackPiece]) -> Iterator[list[StackPiece]]:
    """Yield pieces in runs of equal ones."""
    for key, run in groupby(pieces, key=lambda piece: (piece.part, piece.fold_key)):
        if key[1] is None:
            yield from ([piece] for piece in run)
        else:
            yield list(run)


def fold_equal_runs(stack: Stack, least: int) -> Stack:
    """Return a stack with one piece for each run of at least so many equal ones."""
    pieces: list[StackPiece] = []
    for run in iter_equal_runs(stack.pieces):
        folds = len(run) >= least
        pieces += [fold_run(run)] if folds else run
    return replace(stack, pieces=tuple(pieces))


def fold_run(run: Sequence[StackPiece]) -> StackPiece:
    """Return the first of equal pieces for all, their paths from first to last."""
    rows = [
        row
        if row.label == last.label
        else replace(
            row, label=write_range(row.label.split("."), last.label.split("."))
        )
        for row, last in zip(run[0].rows, run[-1].rows, strict=True)
    ]
    return replace(run[0], rows=tuple(rows), turns=tuple(run))


def align_bands(stacks: Sequence[Stack]) -> list[Band]:
    """Return the bands that align some stacks."""
    runs = [list(iter_size_runs(stack)) for stack in stacks]
    aligned = []
    for positions in merge_orders([[size for size, _ in each] for each in runs]):
        items = tuple(
            tuple(each.pop(0)[1]) if each and each[0][0] == positions else ()
            for each in runs
        )
        sizes = [item.row.size for column in items for item in column]
        size = next((size for size in sizes if "×" in size), sizes[0])
        aligned.append(Band(size, items))
    return aligned


def iter_size_runs(stack: Stack) -> Iterator[tuple[int, list[BandItem]]]:
    """Yield rows in runs of one output size; a folded piece stays in one run."""
    items = [
        BandItem(row, piece, k)
        for piece in stack.pieces
        for k, row in enumerate(piece.rows)
    ]
    for positions, run in groupby(items, key=lambda item: item.positions):
        yield positions, list(run)


def merge_orders(orders: list[list[int]]) -> list[int]:
    """Merge orders of sizes into one that contains each of them."""
    falling = all(a > b for order in orders for a, b in pairwise(order))
    if falling:
        return sorted({key for order in orders for key in order}, reverse=True)
    from difflib import SequenceMatcher

    merged_order = orders[0]
    for order in orders[1:]:
        matcher = SequenceMatcher(None, merged_order, order, autojunk=False)
        combined: list[int] = []
        for tag, a, b, c, d in matcher.get_opcodes():
            combined += (
                merged_order[a:b]
                if tag == "equal"
                else [*merged_order[a:b], *order[c:d]]
            )
        merged_order = combined
    return merged_order


def total_height(all_bands: Sequence[Band]) -> float:
    """Return the height of all bands together."""
    return sum(band.height + BAND_GAP for band in all_bands)


MAX_COLUMNS, MOST_COLUMNS = 3, 6
"""The most columns of one network on a page, and of one that no folding fits there."""

STAGE_BREAK_SHARE = 0.75
"""Share of a column from which on a stage's border ends it rather than a block's."""

BandedItem = tuple[int, BandItem]
"""A row with the number of its band."""


def wrap_into_columns(
    all_bands: Sequence[Band], most: int = MAX_COLUMNS, page: float = PAGE_HEIGHT
) -> list[list[Band]] | None:
    """Wrap one network's bands into as few columns as a page allows; None in no number.

    A column ends between two blocks, where there is one between two stages. `page` is
    the height of one.
    """
    rows = [(k, item) for k, band in enumerate(all_bands) for item in band.items[0]]
    pieces = [list(run) for _, run in groupby(rows, key=lambda row: id(row[1].piece))]
    for number in range(1, most + 1):
        for limit in range(int(total_height(all_bands) / number), int(page) + 1, 20):
            columns = fill_columns(pieces, limit)
            if len(columns) <= number:
                return [rebuild_bands(column, all_bands) for column in columns]
    return None


def fill_columns(
    pieces: list[list[BandedItem]], limit: int
) -> list[list[list[BandedItem]]]:
    """Put pieces into columns of at most some height."""
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
    """Return the height of some pieces, with what stands between their bands."""
    rows = [row for piece in pieces for row in piece]
    return sum(item.height for _, item in rows) + BAND_GAP * len({k for k, _ in rows})


def rebuild_bands(
    column: list[list[BandedItem]], all_bands: Sequence[Band]
) -> list[Band]:
    """Return a column's rows in bands again."""
    rows = (row for piece in column for row in piece)
    return [
        Band(all_bands[k].size, (tuple(item for _, item in run),))
        for k, run in groupby(rows, key=lambda row: row[0])
    ]

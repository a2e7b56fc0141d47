"""Folding stacks until they fit a page, and aligning them by output size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from resviz.figures.stack.pieces import Piece, Row, Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PITCH, BOX = 20, 15
"""Distance of rows, and the height of a row's box."""

TALLEST = 1160
"""Height of the boxes of a page, in pixels; what is taller is folded."""

BETWEEN = 8
"""Between two bands."""

ABOVE, UNDER = 15, 5
"""Of a plate around a folded piece: above its first row and below its last."""

FEWEST = (24, 16, 12, 8, 6, 5, 4, 3)
"""Pieces of one part that are drawn at most where folding does not do."""


@dataclass(frozen=True, slots=True)
class Item:
    """A row with the piece that it belongs to, and its number in that."""

    row: Row
    piece: Piece
    number: int

    @property
    def height(self) -> float:
        """What it takes, with its share of a plate."""
        if self.piece.count == 1:
            return PITCH
        first, last = self.number == 0, self.number == len(self.piece.rows) - 1
        return PITCH + (ABOVE if first else 0) + (UNDER if last else 0)


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of one output size: for each network those that it has.

    Attributes:
        size: as printed.
        items: by network.
    """

    size: str
    items: tuple[tuple[Item, ...], ...]

    @property
    def height(self) -> float:
        """Of the network that has most."""
        return max(sum(item.height for item in items) for items in self.items)


def candidates(stacks: Sequence[Stack]) -> Iterator[list[Stack]]:
    """Stacks, folded less to more: longest runs first, then with gaps."""
    yield list(stacks)
    runs = {len(run) for it in stacks for run in equal_runs(it.pieces)} - {1}
    for least in sorted(runs, reverse=True):
        yield [replace(it, pieces=folded(it.pieces, least)) for it in stacks]
    most_folded = [replace(it, pieces=folded(it.pieces, 2)) for it in stacks]
    for most in FEWEST:
        yield [replace(it, pieces=elided(it.pieces, most)) for it in most_folded]


def equal_runs(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces in runs of equal ones."""
    for key, run in groupby(pieces, key=lambda it: (it.part, it.equal)):
        members = list(run)
        if key[1] is None:
            yield from ([it] for it in members)
        else:
            yield members


def folded(pieces: Sequence[Piece], least: int) -> tuple[Piece, ...]:
    """Pieces, with one for each run of at least so many equal ones."""
    found: list[Piece] = []
    for run in equal_runs(pieces):
        if len(run) < least:
            found += run
        else:
            found.append(replace(run[0], count=len(run)))
    return tuple(found)


def elided(pieces: Sequence[Piece], most: int) -> tuple[Piece, ...]:
    """Pieces, those in the middle of a part or of a size hidden in one."""
    found: list[Piece] = []
    for _, run in groupby(pieces, key=part_of):
        members = list(run)
        if len(members) <= most:
            found += members
            continue
        head, tail = most // 2, most - 1 - most // 2
        left = members[head : len(members) - tail]
        number = sum(it.count for it in left)
        words = f"… {number} more {things(left[0])} …"
        row = replace(left[-1].rows[-1], label=words, boxed=False)
        hidden = Piece((row,), part=left[0].part, hidden=number)
        found += [*members[:head], hidden, *members[len(members) - tail :]]
    return tuple(found)


def things(piece: Piece) -> str:
    """What a piece is one of."""
    return "layers" if isinstance(piece.part, str) else "blocks"


def part_of(piece: Piece) -> tuple[str | int, int]:
    """What elided pieces have in common: their stage, or outside a size."""
    outside = isinstance(piece.part, str)
    return piece.part, piece.rows[-1].positions if outside else 0


def bands(stacks: Sequence[Stack]) -> list[Band]:
    """The bands that align some stacks."""
    runs = [list(runs_of(it)) for it in stacks]
    order = merged([[key for key, _ in each] for each in runs])
    found = []
    rest = [list(each) for each in runs]
    for key in order:
        items = tuple(
            tuple(each.pop(0)[1]) if each and each[0][0] == key else () for each in rest
        )
        sizes = [item.row.size for column in items for item in column]
        size = next((it for it in sizes if "×" in it), sizes[0])
        found.append(Band(size, items))
    return found


def runs_of(one: Stack) -> Iterator[tuple[int, list[Item]]]:
    """Rows in runs of one output size; a folded piece stays in one run."""
    items = [Item(row, it, k) for it in one.pieces for k, row in enumerate(it.rows)]
    for positions, run in groupby(items, key=positions_of):
        yield positions, list(run)


def positions_of(item: Item) -> int:
    """By which a row is aligned."""
    whole = item.piece.count > 1
    return item.piece.rows[-1].positions if whole else item.row.positions


def merged(orders: list[list[int]]) -> list[int]:
    """One order of sizes in which each of several is contained."""
    falling = all(a > b for order in orders for a, b in pairwise(order))
    if falling:
        return sorted({key for order in orders for key in order}, reverse=True)
    from difflib import SequenceMatcher

    found = orders[0]
    for order in orders[1:]:
        matcher = SequenceMatcher(None, found, order, autojunk=False)
        both: list[int] = []
        for tag, a, b, c, d in matcher.get_opcodes():
            both += found[a:b] if tag == "equal" else [*found[a:b], *order[c:d]]
        found = both
    return found


def height(found: Sequence[Band]) -> float:
    """Of all bands together."""
    return sum(band.height + BETWEEN for band in found)

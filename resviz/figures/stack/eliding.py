"""Leaving out the middle of a long part of a stack, between two of its units."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from resviz.figures.stack.rows import StackPiece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.stack.rows import Stack

UNIT_PIECES = 6
"""Pieces by which a gap grows at an end at most, to begin or end with a unit."""


def elide_pieces(stack: Stack, most: int) -> Stack:
    """Hide the middle of each part of a stack, or of each size, in one piece."""
    drawn: list[StackPiece] = []
    live = count_live_rows(stack.pieces)
    start = 0
    for (part, _), run in groupby(stack.pieces, key=piece_part_key):
        members = list(run)
        own = live[start : start + len(members)]
        start += len(members)
        if len(members) <= most:
            drawn += members
            continue
        begin = most // 2
        end = len(members) - (most - 1 - begin)
        if isinstance(part, str):
            joins = [bool(piece.rows[0].reads) for piece in members]
            begin, end = settle_gap(own, joins, begin, end)
        while members[begin - 1].hidden and begin > 1:
            begin -= 1
        while members[end].hidden and end < len(members) - 1:
            end += 1
        hidden = hide_pieces(members[begin:end])
        drawn += [*members[:begin], hidden, *members[end:]]
    return replace(stack, pieces=tuple(drawn))


def hide_pieces(pieces: Sequence[StackPiece]) -> StackPiece:
    """Return one piece that says how many others it stands for."""
    number = sum(piece.hidden or piece.count for piece in pieces)
    words = f"… {number} more {piece_noun(pieces[0])} …"
    layers = tuple(index for piece in pieces for index in piece.piece_layers)
    row = replace(pieces[-1].rows[-1], label=words, boxed=False, layers=layers)
    return StackPiece((row,), part=pieces[0].part, hidden=number)


LIGHT_RUN = 6
"""Layers without weights in a row from which on they are hidden where room lacks."""


def hide_light_runs(stack: Stack) -> Stack:
    """Hide long runs of layers without weights, of several sizes, as of detections.

    The first piece and the last, what goes in and what comes out, stay, as do the pools
    and sums of a cell.
    """
    first, *inner = stack.pieces[:-1]
    pieces = [first]
    for light, run in groupby(inner, key=is_light):
        members = list(run)
        sizes = {piece.rows[-1].positions for piece in members}
        is_long = light and len(members) >= LIGHT_RUN and len(sizes) > 1
        pieces += [hide_pieces(members)] if is_long else members
    return replace(stack, pieces=(*pieces, *stack.pieces[-1:]))


def is_light(piece: StackPiece) -> bool:
    """Tell whether a piece is outside of blocks and has no weights."""
    outside = isinstance(piece.part, str) and not piece.arcs
    return outside and not any(row.boxed for row in piece.rows)


def settle_gap(
    live: Sequence[int], joins: Sequence[bool], begin: int, end: int
) -> tuple[int, int]:
    """Move the ends of a gap to where fewest rows are read later: there a unit begins.

    Of equally few it is before what reads several, as in a DenseNet, each unit of
    which reads one more row than the one before. Half of what there was above the gap
    and below it stays, and one piece more may come.

    Args:
        live: how many rows above each piece are read by it or one below.
        joins: whether each reads others than the one above.
        begin: the first piece of the gap.
        end: the first one behind it.
    """

    def choose_border(at: int, others: Sequence[int]) -> int:
        return min(
            others, key=lambda other: (live[other], not joins[other], abs(other - at))
        )

    above, below = begin, len(live) - end
    least = max(begin - UNIT_PIECES, (above + 1) // 2)
    most = min(end + UNIT_PIECES, len(live) - (below + 1) // 2)
    first = choose_border(begin, range(least, min(begin + 1, end - 2) + 1))
    return first, choose_border(end, range(max(end - 1, first + 2), most + 1))


def count_live_rows(pieces: Sequence[StackPiece]) -> list[int]:
    """Count for each piece the rows above it that it or one below reads."""
    rows = [row for piece in pieces for row in piece.rows]
    places = {row.end: place for place, row in enumerate(rows)}
    last_readers = [*range(1, len(rows) + 1)]
    for place, row in enumerate(rows):
        if row.apart and place:
            last_readers[place - 1] = place - 1
    for reader, row in enumerate(rows):
        for end in row.reads:
            place = places.get(end, reader)
            last_readers[place] = max(last_readers[place], reader)
    changes = [0] * (len(rows) + 2)
    for place, last in enumerate(last_readers):
        changes[place + 1] += 1
        changes[last + 1] -= 1
    live = [*accumulate(changes)]
    starts = accumulate((len(piece.rows) for piece in pieces), initial=0)
    return [live[start] for start, _ in zip(starts, pieces, strict=False)]


def piece_noun(piece: StackPiece) -> str:
    """Return the noun for pieces like this one, "layers" or "blocks"."""
    return "layers" if isinstance(piece.part, str) else "blocks"


def piece_part_key(piece: StackPiece) -> tuple[str | int, int]:
    """Return what elided pieces share: their stage, or outside a size."""
    outside = isinstance(piece.part, str)
    return piece.part, piece.rows[-1].positions if outside else 0

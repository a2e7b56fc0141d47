"""Lines of a stack that fork: to heads, and to branches one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Node
    from resviz.figures.stack import PlacedPiece

FORK_REACH = 7.5
"""How far left of the boxes the lines run."""


def draw_forks(
    canvas: Canvas,
    placed_pieces: Sequence[PlacedPiece],
    placed: Mapping[int, Node],
    width: float,
) -> None:
    """Draw lines left of the boxes to rows that read one further above.

    As there is one lane, those that would run along another's are left out.

    Args:
        canvas: with the rows.
        placed_pieces: those of one network, in order.
        placed: the node of each layer that ends a row.
        width: of the boxes.
    """
    taken: list[tuple[float, float, str]] = []
    for each in placed_pieces:
        for row, head in zip(each.piece.rows, each.rows, strict=True):
            if not row.apart or each.piece.count > 1 or len(row.reads) != 1:
                continue
            tail = placed.get(row.reads[0])
            if tail is None or tail.at[0] != head.at[0]:
                continue
            top, bottom = tail.at[1], head.at[1]
            if any(
                top <= last and first <= bottom
                for first, last, key in taken
                if key != tail.key
            ):
                continue
            taken.append((top, bottom, tail.key))
            x = head.at[0] - width / 2 - FORK_REACH
            points = (tail.left, top), (x, top), (x, bottom), (head.left, bottom)
            canvas.add_wire(tail, head, "link", *points)

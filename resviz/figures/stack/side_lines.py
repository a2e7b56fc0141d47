"""Lines left of a stack: from a row to those further below that read it too.

They lead to heads, to branches that stand below one another, and, as the skips of a
U-Net, to concatenations and additions past everything between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Node
    from resviz.figures.stack.bands import BandItem

LANE_REACH, LANE_PITCH = 7.5, 7
"""How far left of the boxes the nearest lane is, and from lane to lane."""

MOST_LANES = 8
"""Lanes at most; what has none is left out."""

LINE_SHIFT = 2.5
"""Above the middle of a row where a line or an arc ends; below it, one begins."""

FORK, SKIP = "link", "bypass"
"""Roles of lines to rows that read nothing else, and to those that do."""


class SideLines(NamedTuple):
    """Lines with one row above or one below, which share a lane.

    Attributes:
        role: how they look.
        lines: the places in the column from and to which each leads.
    """

    role: str
    lines: tuple[tuple[int, int], ...]

    @property
    def span(self) -> tuple[int, int]:
        """The places of its first row and its last."""
        return min(tail for tail, _ in self.lines), max(head for _, head in self.lines)


def plan_lanes(items: Sequence[BandItem]) -> list[list[SideLines]]:
    """Plan which lines of a column run in which lane, the nearest lane first.

    Short ones are nearer, so that no line crosses one that it passes.
    """
    bundles = bundle_lines(items)
    lanes: list[list[SideLines]] = []
    for bundle in sorted(bundles, key=lambda each: each.span[1] - each.span[0]):
        first, last = bundle.span
        free = (
            lane
            for lane in lanes
            if all(last < each.span[0] or each.span[1] < first for each in lane)
        )
        lane = next(free, None)
        if lane is not None:
            lane.append(bundle)
        elif len(lanes) < MOST_LANES:
            lanes.append([bundle])
    return lanes


def bundle_lines(items: Sequence[BandItem]) -> list[SideLines]:
    """Bundle the lines of a column: by their upper row, or their lower one.

    Of what repeats, the last turn leads on; into it leads what its first row reads
    where it reads nothing else.
    """
    places = {
        (item.piece.turns or (item.piece,))[-1].rows[item.number].end: place
        for place, item in enumerate(items)
    }
    lines = [
        (tail, head)
        for head, item in enumerate(items)
        if item.piece.count == 1 or (item.row.forks and item.number == 0)
        for tail in (places.get(end, head) for end in item.row.reads)
        if tail < head - 1
    ]
    below = Counter(tail for tail, _ in lines)
    above = Counter(head for _, head in lines)
    bundled: dict[tuple[bool, int], list[tuple[int, int]]] = defaultdict(list)
    for tail, head in lines:
        by_tail = below[tail] >= above[head]
        bundled[by_tail, tail if by_tail else head].append((tail, head))
    return [
        SideLines(
            FORK if all(items[head].row.forks for _, head in bundle) else SKIP,
            tuple(bundle),
        )
        for bundle in bundled.values()
    ]


def draw_side_lines(
    canvas: Canvas,
    lanes: Sequence[Sequence[SideLines]],
    rows: Sequence[tuple[Node, Node]],
    left: float,
) -> None:
    """Draw the lines of a column.

    Args:
        canvas: with the rows.
        lanes: what runs in each.
        rows: the box of each row, and what gives its output: that, or an addition.
        left: x of the boxes' left side.
    """
    for number, lane in enumerate(lanes):
        x = left - LANE_REACH - number * LANE_PITCH
        for bundle in lane:
            for place, end in bundle.lines:
                tail, head = rows[place][1], rows[end][0]
                is_sum = tail.role == "small sum"
                top = tail.at[1] + LINE_SHIFT * (not is_sum)
                bottom = head.at[1] - LINE_SHIFT
                points = (tail.left, top), (x, top), (x, bottom), (head.left, bottom)
                canvas.add_wire(tail, head, bundle.role, *points)

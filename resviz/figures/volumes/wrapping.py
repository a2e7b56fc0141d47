"""Wrapping: a row of volumes in several lines, where a page is too narrow for one."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from resviz.figures.drawing.folded_ledgers import list_boxes_of_parts
from resviz.figures.volumes.groups import list_groups
from resviz.figures.volumes.ledger import STEP, RowLedger
from resviz.figures.volumes.painting import RowPainter
from resviz.figures.volumes.placing import (
    LEAD,
    LEAD_INSET,
    SCREEN_WIDTH,
    find_fitting_row,
    find_right_end,
    list_scales,
    place_groups,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.volumes.boxes import Volume
    from resviz.figures.volumes.groups import VolumeGroup
    from resviz.figures.volumes.placing import PlacedGroup, RowScale
    from resviz.figures.volumes.rows import VolumeRow

MAX_LINES = 5
"""Lines of a row at most."""

TURN = 12
"""Pixels behind a line that is gone on with, for the arrow from there."""

TURN_HEIGHT = 22
"""Pixels between lines, in which that arrow leads back."""

BALANCE = 0.96
"""By how much the room is lessened as long as there are no more lines, so that all of
them become of one length."""


class WrappedRowPainter:
    """Puts a row on a canvas, in one line or in several.

    Attributes:
        row: the nodes.
        canvas: on which.
        lines: the painter of each line.
        right: x of their right end.
    """

    def __init__(
        self, row: VolumeRow, canvas: Canvas, *, room: float, each: bool
    ) -> None:
        self.row, self.canvas = row, canvas
        self.lines: list[RowPainter] = []
        for groups in place_in_lines(row, list_groups(row, each=each), room):
            lead = self.lines[-1] if self.lines else None
            part = cut_row(row, groups)
            self.lines.append(RowPainter(part, canvas, groups, lead=lead))
        self.right = max(
            line.right + LEAD * (line.lead is not None) + TURN * (line is not last)
            for last in self.lines[-1:]
            for line in self.lines
        )

    def list_boxes(self) -> list[Volume]:
        """List its boxes."""
        return [box for line in self.lines for box in line.list_boxes()]

    def paint(self, left: float, top: float) -> float:
        """Paint all with its upper left corner there; return the y below it."""
        first, *others = self.lines
        bottom = first.paint(left, top)
        for before, line in zip(self.lines, others, strict=False):
            back = bottom + TURN_HEIGHT / 2
            bottom = line.paint(left + LEAD, bottom + TURN_HEIGHT)
            self.turn(before, line, back)
        return bottom

    def turn(self, before: RowPainter, line: RowPainter, y: float) -> None:
        """Paint the arrow from the end of a line back to the beginning of the next."""
        start = before.move(before.parts[-1].exit)
        end = line.move(line.parts[0].entry)
        right, _ = before.move((before.right + TURN / 2, 0))
        left = line.left - LEAD + LEAD_INSET
        corners = (right, start[1]), (right, y), (left, y), (left, end[1])
        ends = before.anchors[-1], line.anchors[0]
        self.canvas.add_wire(*ends, STEP, start, *corners, end)

    def build_ledger(self) -> RowLedger:
        """Build what knows for which edges the wires stand."""
        nodes: dict[str, int] = {}
        ways: dict[str, tuple[int, ...]] = {}
        shares: dict[str, frozenset[int]] = {}
        for line in self.lines:
            nodes |= line.keys
            ways |= line.ways
            shares |= line.find_shares()
        shares |= list_boxes_of_parts(self.row.graph, nodes)
        return RowLedger(self.row.graph, nodes, shares, ways)


def cut_row(row: VolumeRow, groups: Sequence[PlacedGroup]) -> VolumeRow:
    """Return the part of a row that some of its groups are."""
    path = tuple(node.key for group in groups for node in group.group.nodes)
    ways = tuple(way for way in row.ways if way.start in path)
    frames = tuple(frame for frame in row.frames if frame.members[0] in path)
    return replace(row, path=path, ways=ways, frames=frames)


def place_in_lines(
    row: VolumeRow, groups: Sequence[VolumeGroup], room: float
) -> list[list[PlacedGroup]]:
    """Place groups in as few lines as can be, as large as some width has room for.

    Where a part that holds together is wider, all is shrunk: what is shrunk least.
    """
    scales = list_scales(groups)
    placed = find_fitting_row(groups, scales, min(SCREEN_WIDTH, room))
    if placed or room == inf:
        return [placed or place_groups(groups, scales[-1])]
    breaks = find_breaks(row, groups)
    room -= LEAD + TURN
    found = [break_lines(groups, breaks, scale, room) for scale in scales]
    fitting = [lines for lines in found if 0 < len(lines) <= MAX_LINES]
    if fitting:
        return min(fitting, key=len)
    while True:
        lines = break_lines(groups, breaks, scales[-1], room)
        if lines and len(lines) <= MAX_LINES:
            return lines
        room /= BALANCE


def find_breaks(row: VolumeRow, groups: Sequence[VolumeGroup]) -> set[int]:
    """Find the groups before which a line may end: where no way or frame leads on."""
    places = {
        node.key: place for place, group in enumerate(groups) for node in group.nodes
    }
    spans = [
        (places[way.start], places[way.stop])
        for way in row.ways
        if way.stop is not None
    ]
    spans += [
        (min(inside), max(inside))
        for frame in row.frames
        if (inside := [places[key] for key in frame.members])
    ]
    return {
        place
        for place in range(1, len(groups))
        if not any(first < place <= last for first, last in spans)
    }


def break_lines(
    groups: Sequence[VolumeGroup], breaks: set[int], scale: RowScale, room: float
) -> list[list[PlacedGroup]]:
    """Break groups into lines of about one length; [] where one is too wide."""
    best: list[list[PlacedGroup]] = []
    while lines := fill_lines(groups, breaks, scale, room):
        if best and len(lines) > len(best):
            break
        best, room = lines, room * BALANCE
    return best


def fill_lines(
    groups: Sequence[VolumeGroup], breaks: set[int], scale: RowScale, room: float
) -> list[list[PlacedGroup]]:
    """Fill line after line; [] where a part that holds together is too wide."""
    lines: list[list[PlacedGroup]] = []
    start = 0
    ends = [*sorted(breaks), len(groups)]
    while start < len(groups):
        fitting: list[PlacedGroup] = []
        for stop in (end for end in ends if end > start):
            placed = place_groups(groups[start:stop], scale)
            if find_right_end(placed) > room:
                break
            fitting = placed
        if not fitting:
            return []
        lines.append(fitting)
        start += len(fitting)
    return lines

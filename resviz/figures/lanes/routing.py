"""Routing: lines bend in the gaps between columns alone, and else run straight.

A straight piece lies in a row that is free of boxes, or on a track above or below the
rows of a lane. So no line can lead through a box.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.lanes.grid import Cell, LaneGrid

TRACK_PRICE = 0.6
"""How many rows away a nearer zone may be before a further track is taken instead."""


class StraightWay(NamedTuple):
    """Where the straight piece of a line runs.

    Attributes:
        lane: in which lane.
        zone: "row", or "top" or "bottom" for a track above or below the rows.
        number: of the row or track.
    """

    lane: int
    zone: str
    number: int


class Stretch(NamedTuple):
    """A piece of a way that is taken: between two columns, by the lines of a node.

    Lines of a node share a way if they lead into the same frames.
    """

    start: int
    stop: int
    source: int
    frames: frozenset[int]


@dataclass
class LineRouter:
    """Finds the way of every line.

    Attributes:
        grid: where the nodes stand.
        ways: of lines; None from a column to the next, all in the gap.
        taken: what of each way is in use.
    """

    grid: LaneGrid
    ways: dict[tuple[int, int], StraightWay | None] = field(
        default_factory=dict[tuple[int, int], "StraightWay | None"]
    )
    taken: dict[StraightWay, list[Stretch]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def route_lines(self) -> LineRouter:
        """Route every line, the shortest first."""
        columns = self.grid.columns
        self.boxes = {(cell, columns[key]) for key, cell in self.grid.cells.items()}

        def measure_line(line: tuple[int, int]) -> tuple[int, int]:
            source, key = line
            return columns[key] - columns[source], columns[source]

        for source, key in sorted(self.grid.graph.lines, key=measure_line):
            entered = frozenset(
                number
                for number, frame in enumerate(self.grid.frames)
                if key in frame.members and source not in frame.members
            )
            stretch = Stretch(columns[source], columns[key], source, entered)
            way = None
            if stretch.stop - stretch.start > 1:
                way = self.find_way(source, key, stretch)
                self.taken[way].append(stretch)
            self.ways[source, key] = way
        return self

    def find_way(self, source: int, key: int, stretch: Stretch) -> StraightWay:
        """Find where a line runs straight: in a row, or else on the nearest track."""
        for lane, row in self.iter_rows(source, key):
            way = StraightWay(lane, "row", row)
            between = range(stretch.start + 1, stretch.stop)
            has_boxes = any(((lane, row), column) in self.boxes for column in between)
            if not has_boxes and self.is_free(way, stretch):
                return way
        return min(self.iter_tracks(source, key, stretch))[1]

    def is_free(self, way: StraightWay, stretch: Stretch) -> bool:
        """Tell whether no line of another node runs there."""
        return all(
            other.stop <= stretch.start
            or other.start >= stretch.stop
            or other[2:] == stretch[2:]
            for other in self.taken.get(way, ())
        )

    def iter_rows(self, source: int, key: int) -> Iterator[Cell]:
        """Yield the rows between two nodes: the reader's, the source's, then others."""
        here, there = self.grid.cells[source], self.grid.cells[key]
        yield from dict.fromkeys((there, here))
        first, last = sorted((here[0], there[0]))
        others = [
            (lane, row)
            for lane in range(first, last + 1)
            for row in range(self.grid.row_counts.get(lane, 0))
            if (lane, row) not in {here, there}
        ]
        others.sort(
            key=lambda cell: abs(cell[0] - here[0]) * 10 + abs(cell[1] - here[1])
        )
        yield from others

    def iter_tracks(
        self, source: int, key: int, stretch: Stretch
    ) -> Iterator[tuple[float, StraightWay]]:
        """Yield the first free track of each zone between two nodes, with its price."""
        ends = (self.grid.cells[source], self.grid.cells[key])
        first, last = sorted(lane for lane, _ in ends)
        lanes = {first, last, min(first + 1, last), max(last - 1, first)}
        for lane in sorted(lanes):
            for zone in ("top", "bottom"):
                number = 0
                while not self.is_free(StraightWay(lane, zone, number), stretch):
                    number += 1
                far = sum(self.measure_way_out(cell, lane, zone) for cell in ends)
                yield far + TRACK_PRICE * number, StraightWay(lane, zone, number)

    def measure_way_out(self, cell: Cell, lane: int, zone: str) -> int:
        """Measure how many rows lie between a node and a zone."""
        if cell[0] != lane:
            is_beyond = (zone == "top") == (cell[0] > lane)
            return 1 + is_beyond
        return cell[1] if zone == "top" else self.grid.row_counts[lane] - 1 - cell[1]

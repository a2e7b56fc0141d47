"""Placing: the pixels of every box, row, track and line of a lanes figure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from resviz.figures.drawing import metrics
from resviz.figures.drawing.sheet import find_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.figures.drawing.elements import Point
    from resviz.figures.lanes.grid import LaneGrid
    from resviz.figures.lanes.routing import LineRouter, StraightWay
    from resviz.readings.contraction.drawn import DrawnNode

LETTER_SIZE = 11
LINE_HEIGHT = LETTER_SIZE * metrics.LINE_SPACING

MIN_BOX_WIDTH, BOX_MARGIN = 40, 12
"""Width of the narrowest box, and what its text needs beside it."""

MAX_TEXT_WIDTH = 130
"""Width of a line of a box, at most; names are cut to it."""

SIGN_SIZE, DOT_SIZE = 17, 11
"""Sides of a join's circle and of an output's dot."""

ENTRANCE_WIDTH = 21
"""What a sign on a box's entrance takes before it."""

BAR_STEP, MIN_BAR_LINES = 7, 4
"""Distance of lines that enter a bar, and from how many on a join is drawn as one."""

MIN_PORT_STEP = 1
"""Distance of lines that enter a box at least; nearer ones enter it as one."""

BEND_WIDTHS = (2.2, 1.4, 0.6)
"""What each bend in a gap adds to it, as many pixels."""

MAX_BENDS_WIDTH = 26
"""What the bends of a gap take at most."""

SCREEN_WIDTH = 1280
"""Above which gaps are narrow."""

TRACK_STEP = 8
"""Distance of tracks."""

MIN_REACH = 7
"""How far a row reaches above and below its lines, at least."""

ARROW_ROOM = 6
"""How long the straight piece is that an arrow needs before a box."""


class LaneSpacing(NamedTuple):
    """Pixels between what stands in lanes.

    Attributes:
        gaps: between columns, where there is room, where there is not, and in print.
        row_gap: between rows.
        lane_margin: of a lane above and below its rows.
        lane_gap: between lanes.
        frame_side: what the side of a frame takes between columns.
        frame_title: room above a frame's first row, where its label is.
    """

    gaps: tuple[float, ...] = (20, 13, 8)
    row_gap: float = 9
    lane_margin: float = 7
    lane_gap: float = 6
    frame_side: float = 8
    frame_title: float = 17


LANE_SPACING = LaneSpacing()
"""What stands between lanes that lead to the right."""


class BoxSize(NamedTuple):
    """The size of a node, and its words.

    Attributes:
        width: of all of it.
        above: how far it reaches above the height at which lines enter it.
        below: how far below that.
        words: its lines.
        front: how far behind its left end lines enter it.
        back: how far before its right end they leave it.
        entry_height: of what they enter.
    """

    width: float
    above: float
    below: float
    words: tuple[str, ...]
    front: float
    back: float
    entry_height: float

    @property
    def height(self) -> float:
        """Height of all of it."""
        return self.above + self.below


def centre_box(width: float, height: float, words: tuple[str, ...] = ()) -> BoxSize:
    """Return the size of a node that lines enter in its middle."""
    return BoxSize(width, height / 2, height / 2, words, 0, 0, height)


def measure_box(node: DrawnNode, entering: int) -> BoxSize:
    """Measure a node that so many lines enter."""
    is_bar = entering >= MIN_BAR_LINES
    bar_height = BAR_STEP * entering + 4 if is_bar else 0
    if node.role == "output":
        return centre_box(DOT_SIZE, DOT_SIZE)
    if node.role == "join":
        size = centre_box(SIGN_SIZE, max(SIGN_SIZE, bar_height))
        return size._replace(above=size.above + LINE_HEIGHT * (len(node.lines) - 1))
    words = tuple(
        metrics.fit_text(line, MAX_TEXT_WIDTH, LETTER_SIZE) for line in node.lines
    )
    texts = (*words, node.gives)
    width = max(MIN_BOX_WIDTH, metrics.max_text_width(texts, LETTER_SIZE) + BOX_MARGIN)
    height = LINE_HEIGHT * len(texts) + 7
    if node.entrance:
        width, height = width + ENTRANCE_WIDTH, max(height, bar_height)
    return centre_box(width, height, words)


def is_bar(node: DrawnNode, entering: int) -> bool:
    """Tell whether a join that so many lines enter is drawn as a bar."""
    is_join = node.role == "join" or node.entrance != ""
    return is_join and entering >= MIN_BAR_LINES


@dataclass
class LanesPlacing:
    """Where everything is.

    Attributes:
        grid: where the nodes stand without lengths; `router` the ways of lines.
        left: x where the first column may begin, behind the labels of lanes.
        sizes: of the nodes.
        spacing: of rows, lanes and frames.
        least: how high each lane is at least; none for as high as its rows.
    """

    grid: LaneGrid
    router: LineRouter
    left: float
    sizes: Mapping[int, BoxSize]
    spacing: LaneSpacing = LANE_SPACING
    least: Sequence[float] = ()

    def __post_init__(self) -> None:
        """Place the columns; where that is too wide, with narrow gaps."""
        sheet = find_sheet()
        gaps = [*zip(self.spacing.gaps, BEND_WIDTHS, strict=False)]
        for gap, bend in gaps[:2] if sheet.width is None else gaps:
            self.place_columns(gap, bend)
            if self.width <= min(SCREEN_WIDTH, sheet.room):
                break

    def place_columns(self, gap: float, bend_width: float) -> None:
        """Place the columns from left to right."""
        columns = self.grid.columns
        count = self.grid.column_count
        self.column_widths = [0.0] * count
        for key, column in columns.items():
            size = self.sizes[key]
            self.column_widths[column] = max(self.column_widths[column], size.width)
        bends, sides = [0] * (count + 1), [0] * (count + 1)
        for (source, key), way in self.router.ways.items():
            if way or self.grid.cells[source] != self.grid.cells[key]:
                bends[columns[source] + 1] += 1
                bends[columns[key]] += columns[key] - columns[source] > 1
        for frame in self.grid.frames:
            spans = [columns[member] for member in frame.members]
            sides[min(spans)] += 1
            sides[max(spans) + 1] += 1
        self.column_starts: list[float] = []
        x = self.left
        for column, width in enumerate(self.column_widths):
            x += self.spacing.frame_side * sides[column]
            if column:
                x += gap + min(MAX_BENDS_WIDTH, bend_width * bends[column])
            self.column_starts.append(x)
            x += width
        self.width = x + 22

    def place_rows(self, top: float) -> None:
        """Place lanes, tracks and rows from the top of the first lane on."""
        self.lane_spans: list[tuple[float, float]] = []
        self.row_heights: dict[tuple[int, int], float] = {}
        self.track_heights: dict[StraightWay, float] = {}
        above: dict[tuple[int, int], float] = {}
        below: dict[tuple[int, int], float] = {}
        for key, cell in self.grid.cells.items():
            above[cell] = max(above.get(cell, MIN_REACH), self.sizes[key].above)
            below[cell] = max(below.get(cell, MIN_REACH), self.sizes[key].below)
        framed = {
            self.grid.cells[member]
            for frame in self.grid.frames
            for member in frame.members
        }
        y = top
        for lane in range(len(self.grid.lanes)):
            start = y
            y = self.place_tracks(lane, "top", y + self.spacing.lane_margin)
            for row in range(self.grid.row_counts.get(lane, 0)):
                if self.begins_frame((lane, row), framed):
                    y += self.spacing.frame_title
                y += above.get((lane, row), MIN_REACH)
                self.row_heights[lane, row] = y
                y += below.get((lane, row), MIN_REACH) + self.spacing.row_gap
            y = self.place_tracks(lane, "bottom", y)
            y = max(y, start + self.least[lane] if self.least else 0)
            self.lane_spans.append((start, y))
            y += self.spacing.lane_gap
        self.height = y
        self.ports = {key: self.place_ports(key) for key in self.grid.graph.nodes}

    def begins_frame(self, cell: tuple[int, int], framed: set[tuple[int, int]]) -> bool:
        """Tell whether a frame has its upper side right above a row."""
        if cell not in framed:
            return False
        return any(
            cell == min(self.grid.cells[member] for member in frame.members)
            for frame in self.grid.frames
        )

    def place_tracks(self, lane: int, zone: str, y: float) -> float:
        """Place the tracks above or below a lane's rows; return the y below them."""
        ways = sorted(way for way in self.router.taken if way[:2] == (lane, zone))
        count = max((way.number + 1 for way in ways), default=0)
        for way in ways:
            # The first track is the nearest to the rows.
            place = count - 1 - way.number if zone == "top" else way.number
            self.track_heights[way] = y + 3 + TRACK_STEP * place
        return y + TRACK_STEP * count

    def find_centre(self, key: int) -> Point:
        """Return the centre of a node, its entrance included."""
        column = self.grid.columns[key]
        x = self.column_starts[column] + self.column_widths[column] / 2
        return x, self.row_heights[self.grid.cells[key]]

    def find_way_height(self, way: StraightWay) -> float:
        """Return the y of a way."""
        if way.zone == "row":
            return self.row_heights[way.lane, way.number]
        return self.track_heights[way]

    def find_arrival(self, source: int, key: int) -> float:
        """Return the y from which a line comes to the node that it enters."""
        way = self.router.ways[source, key]
        own = self.grid.cells[source]
        if way is None or (way.zone == "row" and (way.lane, way.number) == own):
            return self.row_heights[own]
        return self.find_way_height(way)

    def place_ports(self, key: int) -> dict[int, float]:
        """Place the lines that enter a node by where they come from, off its middle."""
        graph, columns = self.grid.graph, self.grid.columns
        node = graph.nodes[key]
        sources = sorted(
            graph.sources[key],
            key=lambda source: (self.find_arrival(source, key), columns[source]),
        )
        between = max(len(sources) - 1, 1)
        step = min(6, min(self.sizes[key].entry_height - 10, 26) / between)
        if is_bar(node, len(sources)):
            step = BAR_STEP
        elif node.role == "join" or node.entrance:
            step = min(step, 12 / between)
        elif step < MIN_PORT_STEP:
            step = 0
        middle = (len(sources) - 1) / 2
        return {source: (k - middle) * step for k, source in enumerate(sources)}

    def find_tip(self, source: int, key: int) -> Point:
        """Return where the arrow of a line ends: on a box, a circle or a bar."""
        graph = self.grid.graph
        node, size = graph.nodes[key], self.sizes[key]
        x, y = self.find_centre(key)
        x += size.front - size.width / 2
        offset = self.ports[key][source]
        is_sign = node.role in {"join", "output"} or node.entrance != ""
        if is_sign and not is_bar(node, len(graph.sources[key])):
            radius = (DOT_SIZE if node.role == "output" else SIGN_SIZE) / 2
            x += radius - sqrt(max(radius * radius - offset * offset, 0))
        return x, y + offset

    def place_line(self, source: int, key: int) -> tuple[tuple[Point, ...], Point]:
        """Return the control points of a line, and the tip of its arrow."""
        columns = self.grid.columns
        x, y = self.find_centre(source)
        size = self.sizes[source]
        start = (x + size.width / 2 - size.back, y)
        tip = self.find_tip(source, key)
        first, last = columns[source], columns[key]
        leave = (self.column_starts[first] + self.column_widths[first], y)
        arrive = (self.column_starts[last] - ARROW_ROOM, tip[1])
        points = [start, leave]
        way = self.router.ways[source, key]
        if way is not None:
            height = self.find_way_height(way)
            before = self.column_starts[first + 1] - 3
            behind = self.column_starts[last - 1] + self.column_widths[last - 1] + 1
            points += [(before, height), (max(before, behind), height)]
        points += [arrive, (tip[0] - 5, tip[1])]
        return join_smoothly(points), tip


def join_smoothly(points: list[Point]) -> tuple[Point, ...]:
    """Return control points of a curve through some points that is level at each."""
    path = [points[0]]
    for (a, y), (b, z) in pairwise(points):
        middle = (a + b) / 2
        path += [(middle, y), (middle, z), (b, z)]
    return tuple(path)


CURVE_SAMPLES = 12
"""Points at which each piece of a curve is looked at."""


def sample_curve(path: Sequence[Point]) -> Iterator[Point]:
    """Yield points along a curve of cubic pieces, its ends among them."""
    yield path[0]
    for k in range(0, len(path) - 1, 3):
        piece = path[k : k + 4]
        for step in range(1, CURVE_SAMPLES + 1):
            t = step / CURVE_SAMPLES
            shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (
                sum(
                    share * point[axis]
                    for share, point in zip(shares, piece, strict=True)
                )
                for axis in (0, 1)
            )
            yield x, y

"""Several blocks side by side: inputs in one line, and additions in another.

Source: He et al. 2015, figure 5, a basic block beside a bottleneck.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from math import ceil
from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.block.placed import PlacedBlock, finish_chart, list_block_costs
from resviz.figures.block.places import name_equal_blocks
from resviz.figures.block.placing import SIDE, TOP
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.elements import ChartFrame
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.shifting import shift_picture
from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.block.places import DrawnBlock
    from resviz.figures.drawing.elements import Picture, Point
    from resviz.record import Architecture

GUTTER, ROW_GAP = 20, 22
"""Between two blocks in a row, and between two rows, in pixels."""

HEADING_WIDTH = 220
"""Width of a block's heading, in pixels, above which its lines break."""

MAX_HEADING_LINES = 3
"""Lines of a name, at most."""

LINE_HEIGHT = 15
"""Of a heading, in pixels."""


class Side:
    """One of several blocks.

    Args:
        place: the block.
        label: of its network; "" where all are of one.
        number: of the block, from 0 on.
        direction: in which it runs.

    Attributes:
        heading: roles and lines of what stands above it.
    """

    def __init__(
        self, place: DrawnBlock, label: str, number: int, direction: str
    ) -> None:
        self.place, self.direction, self.key = place, direction, f"b{number}"
        self.placed = PlacedBlock(place, direction, self.key)
        where = place.title
        name, *more = [label, where] if label else [where]
        facts = [*more, *list_block_costs(place)]
        size = LOOKS["title"].size * metrics.BOLD_FACTOR
        room = max(self.width - 2 * SIDE, HEADING_WIDTH)
        names = metrics.wrap_words(name.split(" "), " ", room, size)
        notes = metrics.wrap_phrases(facts, " · ", room, LOOKS["note"].size)
        self.heading = [
            *(("title", line) for line in metrics.cap_lines(names, MAX_HEADING_LINES)),
            *(("note", line.removesuffix(" ·")) for line in notes),
        ]

    @property
    def extent(self) -> tuple[Point, Point]:
        """The upper left and the lower right corner of what is drawn for it."""
        canvas = self.placed.canvas
        corners = [point for edge in canvas.edges for point in edge.path]
        corners += [(node.left, node.top) for node in canvas.nodes]
        corners += [(node.right, node.bottom) for node in canvas.nodes]
        across, down = ([corner[axis] for corner in corners] for axis in (0, 1))
        return (min(across), min(down)), (max(across), max(down))

    @property
    def width(self) -> float:
        """Width of what is drawn for it, with its sides."""
        (left, _), (right, _) = self.extent
        return right - left + 2 * SIDE

    @property
    def heading_width(self) -> float:
        """Width of what stands above it, with its sides."""
        widths = (
            metrics.text_width(line, LOOKS[role].size, bold=LOOKS[role].bold)
            for role, line in self.heading
        )
        return max(widths) + 2 * SIDE

    def choose_shift(self, left: float, width: float, top: float) -> Point:
        """Choose how far it moves into a column, below `top`.

        All move alike along their direction, so that their additions stay in line.
        """
        (start, above), (end, _) = self.extent
        if self.direction == "LR":
            return left, top - above
        return left + (width - start - end) / 2, top - TOP

    def stretch(self, reach: float) -> None:
        """Place it anew, with its addition as far as others have theirs."""
        if reach > self.placed.addition:
            self.placed = PlacedBlock(self.place, self.direction, self.key, reach)


def draw_sides(
    archs: Sequence[Architecture],
    networks: Sequence[Sequence[DrawnBlock]],
    direction: str,
) -> Picture:
    """Draw blocks side by side; from left to right, one below the other.

    Args:
        archs: the networks.
        networks: the blocks of each.
        direction: in which they run, "TB" or "LR".
    """
    labels = [arch.label if len(archs) > 1 else "" for arch in archs]
    labelled = [
        (place, label)
        for label, places in zip(labels, networks, strict=True)
        for place in places
    ]
    sides = [Side(*each, k, direction) for k, each in enumerate(labelled)]
    rows = fold_into_rows(sides, direction)
    for row in [sides] if direction == "LR" else rows:
        reach = max(side.placed.addition for side in row)
        for side in row:
            side.stretch(reach)
    canvas = Canvas()
    title = archs[0].label if len(archs) == 1 else find_sheet().title
    heading = find_sheet().write_heading(title) if title else ()
    widths = measure_columns(rows)
    width = max(sum(widths) + GUTTER * (len(widths) - 1), 300)
    for line in heading:
        canvas.add_text("title", (width / 2, 13), line, room=width - 20)
    y = 32.0 if heading else 8.0
    lefts = [*accumulate(widths, lambda x, wide: x + wide + GUTTER, initial=0.0)]
    for row in rows:
        y = place_sides(canvas, row, [*zip(lefts, widths, strict=False)], y) + ROW_GAP
    charts = seat_sides(canvas, archs, networks, sides)
    bottom = canvas.add_notes(width / 2, y - ROW_GAP + 3, [], width)
    picture = canvas.build_picture(name_sides(archs, networks), (width, bottom + 4))
    frames = [
        ChartFrame(
            side.key, tuple(list_chart_lines(side)), "", tuple(side.placed.boxes)
        )
        for side in sides
    ]
    links = [link for side in sides for link in side.placed.links]
    chart = finish_chart(frames, links, heading, direction, charts)
    return replace(picture, chart=chart)


def fold_into_rows(sides: Sequence[Side], direction: str) -> list[list[Side]]:
    """Fold blocks into as few rows as the sheet has room for, of equal lengths."""
    count = len(sides) if direction == "LR" else 1
    while True:
        length = ceil(len(sides) / count)
        rows = [[*sides[k : k + length]] for k in range(0, len(sides), length)]
        widths = measure_columns(rows)
        wide = sum(widths) + GUTTER * (len(widths) - 1)
        if length == 1 or wide <= find_sheet().room:
            return rows
        count += 1


def measure_columns(rows: Sequence[Sequence[Side]]) -> list[float]:
    """Measure the width of each column of some rows."""
    columns = [
        [row[k] for row in rows if k < len(row)] for k in range(len(max(rows, key=len)))
    ]
    return [
        max(max(side.width, side.heading_width) for side in column)
        for column in columns
    ]


def place_sides(
    canvas: Canvas,
    row: Sequence[Side],
    columns: Sequence[tuple[float, float]],
    top: float,
) -> float:
    """Place blocks beside each other; return the y below them.

    Args:
        canvas: to place them on.
        row: the blocks.
        columns: where each column begins, and its width.
        top: y at which they begin.
    """
    body = top + LINE_HEIGHT * max(len(side.heading) for side in row)
    bottoms: list[float] = []
    for side, (left, width) in zip(row, columns, strict=False):
        middle = left + width / 2
        for number, (role, line) in enumerate(side.heading):
            canvas.add_text(role, (middle, top + 5 + LINE_HEIGHT * number), line)
        by = side.choose_shift(left, width, body)
        drawn = side.placed.canvas.build_picture("", (0, 0))
        moved = shift_picture(drawn, by, (0, 0))
        canvas.nodes += moved.nodes
        canvas.edges += moved.edges
        bottoms.append(side.extent[1][1] + by[1])
    below = max(bottoms) + 4
    ends = [below]
    if find_sheet().has_legend:
        for side, (left, width) in zip(row, columns, strict=False):
            y = below
            for line in wrap_equal_blocks(side.place, width):
                canvas.add_text("note", (left + width / 2, y + 8), line)
                y += 14
            ends.append(y)
    return max(ends)


def wrap_equal_blocks(place: DrawnBlock, width: float) -> list[str]:
    """Name the blocks that are drawn alike, in lines; none where there are none."""
    if not place.equal:
        return []
    words = f"equal: {name_equal_blocks(place)}".split()
    return metrics.wrap_words(words, " ", (width - 20) * 0.87, 11)


def list_chart_lines(side: Side) -> Iterator[str]:
    """Yield what a chart says above a block."""
    yield from (line for _, line in side.heading)
    if side.place.equal:
        yield f"equal: {name_equal_blocks(side.place)}"


def seat_sides(
    canvas: Canvas,
    archs: Sequence[Architecture],
    networks: Sequence[Sequence[DrawnBlock]],
    sides: Sequence[Side],
) -> list[SeatBook]:
    """Seat the layers of all blocks, in the canvas and in books of a chart.

    The blocks of one network are in one book, which counts its connections once.
    """
    charts: list[SeatBook] = []
    rest = iter(sides)
    for arch, places in zip(archs, networks, strict=True):
        placed = [next(rest).placed for _ in places]
        scope = set[int]().union(*(each.scope for each in placed))
        book, chart_book = SeatBook(arch, scope), SeatBook(arch, scope)
        for each in placed:
            each.seat_steps(book, chart_book)
        canvas.books.append(book)
        charts.append(chart_book)
    return charts


def name_sides(
    archs: Sequence[Architecture], networks: Sequence[Sequence[DrawnBlock]]
) -> str:
    """Name the blocks of a picture, as "ResNet-18 and ResNet-50, conv3_1"."""
    names = [
        sentences.join_with_and([place.name for place in places]) for places in networks
    ]
    labels = [arch.label for arch in archs]
    if len({*names}) == 1:
        return f"{sentences.join_with_and(labels)}, {names[0]}"
    return sentences.join_with_and(
        [f"{label}, {name}" for label, name in zip(labels, names, strict=True)]
    )

"""Lanes from top to bottom, for a column of a paper: each resolution a strip beside.

All is placed as in a row, with the sides of every node exchanged, and then turned.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.escape import clean_name
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.elements import Group
from resviz.figures.lanes import MARGIN, LanesPainter
from resviz.figures.lanes.grid import build_grid
from resviz.figures.lanes.placing import (
    ENTRANCE_WIDTH,
    LETTER_SIZE,
    LINE_HEIGHT,
    MAX_TEXT_WIDTH,
    SIGN_SIZE,
    BoxSize,
    LaneSpacing,
    LanesPlacing,
    is_bar,
    measure_box,
)
from resviz.figures.lanes.routing import LineRouter
from resviz.readings.contraction.words import Letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import Node, Point
    from resviz.readings.contraction.drawn import ContractedGraph, DrawnNode

TEXT_WIDTH = 54
"""Width at which the words of a box and of a strip's label are broken."""

MIN_BOX_WIDTH, BOX_MARGIN = 28, 7
"""Width of the narrowest box, and what its text needs beside it."""

GAPS = (20, 14)
"""Pixels between boxes below one another, where there is room, and where not."""

LONG_WORD = 8
"""Characters of a word above which it may be written as a letter."""

END_ROOM = 14
"""What a row of columns has behind its last, and is left out below it."""


def list_downward_painters(graph: ContractedGraph) -> Iterator[DownwardLanesPainter]:
    """Yield what draws a graph in strips: wide, then narrow, and with letters."""
    router = LineRouter(build_grid(graph)).route_lines()
    for shown in (graph, shorten_words(graph)):
        for gap in GAPS:
            yield DownwardLanesPainter(shown, Canvas(), router, gap=gap)


class DownwardLanesPainter(LanesPainter):
    """Puts the parts of a lanes figure below one another on a canvas.

    Args:
        graph: what is drawn.
        canvas: where.
        router: where its lines run, if that is known.
        gap: between boxes below one another, in pixels.

    Attributes:
        labels: of each strip, in lines.
        top: y at which the strips begin.
    """

    directions = ("right", "left")
    frame_insets = (5, 17, 4, 5)
    frame_label_inset = 2
    shade = 1
    top = 0.0

    def __init__(
        self,
        graph: ContractedGraph,
        canvas: Canvas,
        router: LineRouter | None = None,
        *,
        gap: float = GAPS[0],
    ) -> None:
        self.spacing = LaneSpacing((gap,), 5, 2, 2, frame_side=17, frame_title=5)
        super().__init__(graph, canvas, router)

    def place_nodes(self, router: LineRouter, left: float) -> LanesPlacing:
        """Place the nodes below the labels of strips, their sides exchanged."""
        del left  # labels stand above, not at the left
        self.labels = [
            [part for line in lane.label for part in break_words(line)]
            for lane in self.grid.lanes
        ]
        nodes = self.graph.nodes
        self.sizes = {key: self.measure_node_box(node) for key, node in nodes.items()}
        placing = LanesPlacing(
            self.grid,
            router,
            max(map(len, self.labels), default=0) * LINE_HEIGHT + MARGIN,
            {key: self.turn_size(nodes[key], size) for key, size in self.sizes.items()},
            self.spacing,
            tuple(
                metrics.max_text_width(label, LETTER_SIZE) + 2 for label in self.labels
            ),
        )
        placing.place_rows(0)
        return placing

    def measure_node_box(self, node: DrawnNode) -> BoxSize:
        """Measure a node as it stands, its entrance above it."""
        entering = len(self.graph.sources[node.key])
        usual = measure_box(node, entering)
        if node.role == "output":
            return usual
        long = usual.entry_height if is_bar(node, entering) else SIGN_SIZE
        if node.role == "join":
            return BoxSize(long, SIGN_SIZE / 2, SIGN_SIZE / 2, (), 0, 0, long)
        words = tuple(part for line in node.lines for part in break_words(line))
        texts = (*words, node.gives)
        width = metrics.max_text_width(texts, LETTER_SIZE) + BOX_MARGIN
        width = max(width, MIN_BOX_WIDTH)
        height = LINE_HEIGHT * len(texts) + 7
        if node.entrance:
            width, height = max(width, long), height + ENTRANCE_WIDTH
        return BoxSize(width, height / 2, height / 2, words, 0, 0, width)

    def turn_size(self, node: DrawnNode, size: BoxSize) -> BoxSize:
        """Return the size of a node whose sides are exchanged."""
        counts = node.lines[1:] if node.role == "join" else ()
        beside = metrics.max_text_width(counts, LETTER_SIZE)
        half = size.width / 2
        return size._replace(width=size.height, above=half, below=half + beside)

    @property
    def least_width(self) -> float:
        """How wide the strips are at least, side by side."""
        return self.placing.height + 2 * MARGIN

    def locate_node(self, key: int) -> Point:
        """Find where the middle of a node is drawn."""
        return self.turn(self.placing.find_centre(key))

    def find_path(self, source: int, key: int) -> tuple[tuple[Point, ...], Point]:
        """Find the control points of a line as it is drawn, and its arrow's tip."""
        path, tip = self.placing.place_line(source, key)
        return tuple(map(self.turn, path)), self.turn(tip)

    def turn(self, point: Point) -> Point:
        """Turn a point of the placing, so that what is right of another is below it."""
        return point[1], point[0] + self.top

    def paint_graph(self, width: float, top: float) -> float:
        """Paint all from `top` on, in the middle of a width; return the y below."""
        self.top = top
        self.placing.place_rows((width - self.placing.height) / 2)
        self.paint_parts(width)
        return self.bottom

    @property
    def bottom(self) -> float:
        """Y at which the strips end."""
        return self.top + self.placing.width - END_ROOM

    def paint_lanes(self, width: float) -> None:
        """Paint the ground of each strip, and its label."""
        del width  # it is that of the picture
        for number, lane in enumerate(self.grid.lanes):
            left, right = self.placing.lane_spans[number]
            middle = (left + right) / 2
            at = middle, (self.top + self.bottom) / 2
            size = right - left, self.bottom - self.top
            self.canvas.groups.append(
                Group(f"lane {number}", "lane", at, size, lane.tint)
            )
            for row, line in enumerate(self.labels[number]):
                y = self.top + (row + 0.7) * LINE_HEIGHT
                self.canvas.add_text("small", (middle, y), line)

    def paint_count(self, sign: Node, count: str) -> None:
        """Paint how often a join comes, beside its sign."""
        at = (sign.right + 2, sign.at[1])
        self.canvas.add_text("frame label", at, count, align="start")

    def shape_box(self, node: DrawnNode) -> tuple[Point, Point]:
        """Return the middle and the size of a node's box, below its entrance."""
        (x, y), size = self.locate_node(node.key), self.sizes[node.key]
        before = ENTRANCE_WIDTH if node.entrance else 0
        return (x, y + before / 2), (size.width, size.height - before)

    def paint_entrance(self, node: DrawnNode, box: Node) -> Node:
        """Paint the sign above a box, as wide as the box where many lines enter it."""
        x = box.at[0]
        is_long = is_bar(node, len(self.graph.sources[node.key]))
        at = (x, box.top - ENTRANCE_WIDTH + SIGN_SIZE / 2)
        sign = self.paint_sign(at, node.entrance, box.size[0] if is_long else SIGN_SIZE)
        ends = (x, sign.bottom), (x, box.top)
        self.canvas.add_wire(sign, box, "main", *ends, arrow=False)
        return sign

    def paint_sign(self, at: Point, sign: str, height: float) -> Node:
        """Paint a join: a circle, or a bar across where many lines enter it."""
        role = "sum" if height <= SIGN_SIZE else "bar"
        return self.canvas.add_node(role, at, (height, SIGN_SIZE), (sign,))


def shorten_words(graph: ContractedGraph) -> ContractedGraph:
    """Give long words of boxes letters, which the key tells: "B ×2" for bottlenecks."""
    letters = Letters()
    letters.codes |= graph.letters
    letters.codes |= {frame.label: frame.label for frame in graph.frames}
    nodes: dict[int, DrawnNode] = {}
    for key, node in graph.nodes.items():
        boxes = node.role in {"block", "region"}
        lines = [shorten_line(line, letters) for line in node.lines if boxes]
        nodes[key] = replace(node, lines=tuple(lines)) if boxes else node
    told = {name: code for name, code in letters.codes.items() if name != code}
    return replace(graph, nodes=nodes, letters=told)


def shorten_line(line: str, letters: Letters) -> str:
    """Write the long words of a line by their letters."""
    words = (
        letters.find_code(word) if word.isalnum() and len(word) > LONG_WORD else word
        for word in line.split(" ")
    )
    return " ".join(words)


def break_words(line: str) -> list[str]:
    """Break a line where it is too long for a strip: behind commas, else at spaces.

    Example:
        >>> break_words("1×1, avg pool"), break_words("3136 tokens")
        (['1×1,', 'avg pool'], ['3136', 'tokens'])
    """
    lines: list[str] = []
    for phrase in re.split(r"(?<=,) ", clean_name(line)):
        is_short = metrics.text_width(phrase, LETTER_SIZE) <= TEXT_WIDTH
        for word in [phrase] if is_short else phrase.split(" "):
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and metrics.text_width(longer, LETTER_SIZE) <= TEXT_WIDTH:
                lines[-1] = longer
            else:
                lines += metrics.break_word(word, TEXT_WIDTH, LETTER_SIZE) or [
                    metrics.fit_text(word, MAX_TEXT_WIDTH, LETTER_SIZE)
                ]
    return lines

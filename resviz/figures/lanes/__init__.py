"""Lanes: any network as a graph, its height the resolution, its length the order.

What is drawn is the contracted graph: every edge of the record is a line, or lies
inside a box, or leads from a turn of a frame to the next; the figure says how many.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas, frame_nodes
from resviz.figures.drawing.elements import Edge, Group, Node, Solid
from resviz.figures.drawing.fitting import choose_fitting, warn_of_zooming
from resviz.figures.drawing.folded_ledgers import FoldedLedger, list_boxes_of_parts
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.graph_notes import declare_boxes, explain_drawing
from resviz.figures.graph_sentences import describe_graph
from resviz.figures.lanes.chart import build_chart
from resviz.figures.lanes.grid import build_grid
from resviz.figures.lanes.placing import (
    CURVE_SAMPLES,
    ENTRANCE_WIDTH,
    LETTER_SIZE,
    LINE_HEIGHT,
    SIGN_SIZE,
    BoxSize,
    LanesPlacing,
    is_bar,
    measure_box,
    sample_curve,
)
from resviz.figures.lanes.routing import LineRouter
from resviz.figures.legend import add_line_colours
from resviz.figures.stage_parts import (
    declare_span,
    read_shown_graph,
    read_stage_part,
    tell_span,
)
from resviz.figures.title_facts import list_title_facts
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Picture, Point
    from resviz.readings.contraction.drawn import ContractedGraph, DrawnFrame, DrawnNode
    from resviz.readings.structure import Structure
    from resviz.record import Architecture

MIN_WIDTH = 640
"""Width of a picture at least: its title and its notes need room."""

MARGIN = 8

LABEL_ROOM = 2
"""Around a frame's label, where no line should lead."""

LINE_ROLES = {True: "falls", False: "rises"}
"""How a line looks that leads to another lane, by whether that lies below."""


def draw(
    arch: Architecture,
    *,
    stages: str | None = None,
    depth: int | None = None,
) -> Picture:
    """Draw a network in lanes, or some of its stages, or its modules at a depth.

    Raises:
        RenderError: for stages that it has not; lists those it has.
    """
    structure = read_structure(arch)
    part = read_stage_part(structure, stages)
    graph = read_shown_graph(part, arch, depth)
    missing = declare_span(part)
    chart = build_chart(graph, arch.label, list_title_facts(structure), missing)
    if find_sheet().width is None:
        picture = draw_graph(structure, LanesPainter(graph, Canvas()), missing)
        return replace(picture, chart=chart)
    from resviz.figures.lanes.downward import list_downward_painters

    painters = chain([LanesPainter(graph, Canvas())], list_downward_painters(graph))
    picture = choose_fitting(draw_graph(structure, each, missing) for each in painters)
    return replace(picture, chart=chart)


def draw_graph(
    structure: Structure, painter: LanesPainter, missing: Sequence[str]
) -> Picture:
    """Draw a graph with its title and its notes; say what is `missing` of the net."""
    canvas, graph, label = painter.canvas, painter.graph, structure.arch.label
    width = max(painter.least_width, min(MIN_WIDTH, find_sheet().room))
    facts = list_title_facts(structure)
    top = canvas.add_title(width / 2, label, facts, width - 2 * MARGIN)
    below = painter.paint_graph(width, top + 6)
    bottom = canvas.add_notes(
        width / 2,
        add_line_colours(canvas, width / 2, below + 2, painter.directions),
        [*explain_drawing(graph)],
        width,
        omissions=[
            *warn_of_zooming((width, below)),
            *declare_coverage(graph.coverage, lines=len(graph.lines)),
            *declare_boxes(graph),
            *missing,
        ],
    )
    picture = canvas.build_picture(f"{label}, lanes", (width, bottom + 6))
    return replace(picture, ledgers=(painter.build_ledger(),))


class LanesPainter:
    """Puts the parts of a lanes figure on a canvas.

    Attributes:
        directions: where lines lead to a coarser resolution, and to a finer one.
        frame_insets: how far the sides of a frame are from what it holds: the left,
            the upper, the right and the lower.
        frame_label_inset: how far its label is from its left side.
        paths: of each line, its control points and the tip of its arrow.
        shade: whether the shades of a box lie above it, -1, or below it, 1: not where
            lines enter.
    """

    directions = ("down", "up")
    frame_insets = (9, 17, 7, 5)
    frame_label_inset = 6
    shade = -1

    def __init__(
        self, graph: ContractedGraph, canvas: Canvas, router: LineRouter | None = None
    ) -> None:
        self.graph, self.canvas = graph, canvas
        router = router or LineRouter(build_grid(graph)).route_lines()
        self.grid = router.grid
        labels = [line for lane in self.grid.lanes for line in lane.label]
        left = 2 * MARGIN + metrics.max_text_width(labels, LETTER_SIZE) + 8
        self.placing = self.place_nodes(router, left)
        self.boxes: dict[int, Node | Solid] = {}
        self.entrances: dict[int, Node] = {}
        self.parts: dict[int, list[Node | Solid]] = {}

    def build_ledger(self) -> FoldedLedger:
        """Build what knows for which edges the wires stand."""
        drawn = [*self.boxes.items(), *self.entrances.items()]
        nodes = {box.key: key for key, box in drawn}
        return FoldedLedger(self.graph, nodes, list_boxes_of_parts(self.graph, nodes))

    def place_nodes(self, router: LineRouter, left: float) -> LanesPlacing:
        """Place the nodes, from the x behind the labels of lanes on."""
        nodes = self.graph.nodes
        self.sizes = {key: self.measure_node_box(node) for key, node in nodes.items()}
        return LanesPlacing(self.grid, router, left, self.sizes)

    def measure_node_box(self, node: DrawnNode) -> BoxSize:
        """Measure a node."""
        return measure_box(node, len(self.graph.sources[node.key]))

    @property
    def least_width(self) -> float:
        """How wide the lanes are at least."""
        return self.placing.width

    def locate_node(self, key: int) -> Point:
        """Find where the middle of a node is drawn."""
        return self.placing.find_centre(key)

    def find_path(self, source: int, key: int) -> tuple[tuple[Point, ...], Point]:
        """Find the control points of a line as it is drawn, and its arrow's tip."""
        return self.placing.place_line(source, key)

    def paint_graph(self, width: float, top: float) -> float:
        """Paint lanes from `top` on, frames, boxes and lines; return the y below."""
        self.placing.place_rows(top)
        self.paint_parts(width)
        return self.placing.height

    def paint_parts(self, width: float) -> None:
        """Paint lanes, frames, boxes and lines."""
        self.paint_lanes(width)
        self.paths = {line: self.find_path(*line) for line in self.graph.lines}
        for key, node in self.graph.nodes.items():
            since = len(self.canvas.nodes)
            self.paint_node(key, node)
            self.parts[key] = self.list_parts(key, since)
        for frame in self.grid.frames:
            self.paint_frame(frame)
        for (source, key), (path, tip) in self.paths.items():
            lanes = self.grid.cells[source][0], self.grid.cells[key][0]
            role = "main" if lanes[0] == lanes[1] else LINE_ROLES[lanes[0] < lanes[1]]
            tail, head = self.boxes[source], self.find_head(key)
            self.canvas.edges.append(Edge(tail.key, head.key, role, path, tip))

    def find_head(self, key: int) -> Node | Solid:
        """Find what the lines to a node enter: the sign before it, or its box."""
        return self.entrances.get(key, self.boxes[key])

    def list_parts(self, key: int, since: int) -> list[Node | Solid]:
        """List what was painted of a node since the canvas had so many."""
        del key  # boxes in perspective go by it
        return [*self.canvas.nodes[since:]]

    def paint_lanes(self, width: float) -> None:
        """Paint the ground of each lane, and its label."""
        for number, lane in enumerate(self.grid.lanes):
            top, bottom = self.placing.lane_spans[number]
            middle = (top + bottom) / 2
            self.canvas.groups.append(
                Group(
                    f"lane {number}",
                    "lane",
                    (width / 2, middle),
                    (width - 2 * MARGIN, bottom - top),
                    lane.tint,
                )
            )
            first = middle - (len(lane.label) - 1) * LINE_HEIGHT / 2
            for row, line in enumerate(lane.label):
                at = (2 * MARGIN, first + row * LINE_HEIGHT)
                self.canvas.add_text("small", at, line, align="start")

    def paint_frame(self, frame: DrawnFrame) -> None:
        """Paint a dashed frame and its label."""
        spots = [(self.locate_node(m), self.sizes[m]) for m in frame.members]
        before, above, behind, below = self.frame_insets
        left = min(x - size.width / 2 for (x, _), size in spots) - before
        right = max(x + size.width / 2 for (x, _), size in spots) + behind
        top = min(y - size.above for (_, y), size in spots) - above
        bottom = max(y + size.below for (_, y), size in spots) + below
        corners = (left, top), (right, bottom)
        label = self.paint_frame_label(frame.label, corners)
        key = f"frame {frame.label} {frame.members[0]}"
        parts = [part for member in frame.members for part in self.parts[member]]
        # What lies in two frames belongs to the first.
        group = frame_nodes(
            key, "turns", corners, [label, *parts], inner=self.canvas.groups
        )
        self.canvas.groups.append(replace(group, groups=()))

    def paint_frame_label(self, words: str, corners: tuple[Point, Point]) -> Node:
        """Paint a frame's label: in its upper left corner, or where no line leads."""
        (left, top), (right, bottom) = corners
        width = metrics.text_width(words, LETTER_SIZE, bold=True)
        x, y = left + self.frame_label_inset, top + 8
        for other in self.canvas.nodes:  # a frame may begin where another does
            if other.role == "frame label" and abs(other.at[1] - y) < LETTER_SIZE:
                x = other.right + 6 if other.left <= x <= other.right else x
        beside = (max(left - 3 - width, MARGIN), right + 3)
        places = [(x, y), (right - self.frame_label_inset - width, y)]
        places += [(x, y) for y in (bottom - 8, top + 8) for x in beside]
        at = min(places, key=lambda place: self.count_crossings(place, width))
        return self.canvas.add_text("frame label", at, words, align="start")

    def count_crossings(self, at: Point, width: float) -> int:
        """Count the points of lines, and the boxes, that lie on words or touch them."""
        x, y = at
        left, right = x - LABEL_ROOM, x + width + LABEL_ROOM
        half = LETTER_SIZE / 2 + LABEL_ROOM
        boxes = sum(
            node.left < right
            and left < node.right
            and node.top < y + half
            and y - half < node.bottom
            for node in self.canvas.nodes
        )
        return CURVE_SAMPLES * boxes + sum(
            left < across < right and abs(down - y) < half
            for path, _ in self.paths.values()
            for across, down in sample_curve(path)
        )

    def paint_node(self, key: int, node: DrawnNode) -> None:
        """Paint a box, a sign or a dot."""
        x, y = self.locate_node(key)
        size = self.sizes[key]
        if node.role == "output":
            dot = (size.width, size.height)
            self.boxes[key] = self.canvas.add_node("point", (x, y), dot)
            return
        if node.role == "join":
            box = self.boxes[key] = self.paint_sign(
                (x, y), node.lines[0], size.entry_height
            )
            for count in node.lines[1:]:
                self.paint_count(box, count)
            return
        role = choose_look(node)
        tint = self.grid.lanes[self.grid.cells[key][0]].tint
        (x, y), (width, height) = self.shape_box(node)
        for shift in (4, 2) if node.count > 1 else ():
            at = (x + shift, y + shift * self.shade)
            self.canvas.add_node(role, at, (width, height), tint=tint)
        box = self.canvas.add_node(role, (x, y), (width, height), tint=tint)
        if node.entrance:
            self.entrances[key] = self.paint_entrance(node, box)
        self.boxes[key] = box
        first = y - len(size.words) * LINE_HEIGHT / 2
        for row, line in enumerate(size.words):
            self.canvas.add_text("small", (x, first + row * LINE_HEIGHT), line)
        at = (x, first + len(size.words) * LINE_HEIGHT)
        self.canvas.add_text("box note", at, node.gives)

    def paint_count(self, sign: Node, count: str) -> None:
        """Paint how often a join comes, above its sign."""
        self.canvas.add_text("frame label", (sign.at[0], sign.top - 7), count)

    def shape_box(self, node: DrawnNode) -> tuple[Point, Point]:
        """Return the middle and the size of a node's box, behind its entrance."""
        (x, y), size = self.locate_node(node.key), self.sizes[node.key]
        before = ENTRANCE_WIDTH if node.entrance else 0
        return (x + before / 2, y), (size.width - before, size.height)

    def paint_entrance(self, node: DrawnNode, box: Node) -> Node:
        """Paint the sign before a box, as high as the box where many lines enter it."""
        y = box.at[1]
        is_long = is_bar(node, len(self.graph.sources[node.key]))
        at = (box.left - ENTRANCE_WIDTH + SIGN_SIZE / 2, y)
        sign = self.paint_sign(at, node.entrance, box.size[1] if is_long else SIGN_SIZE)
        ends = (sign.right, y), (box.left, y)
        self.canvas.add_wire(sign, box, "main", *ends, arrow=False)
        return sign

    def paint_sign(self, at: Point, sign: str, height: float) -> Node:
        """Paint a join: a circle, or a bar where many lines enter it."""
        role = "sum" if height <= SIGN_SIZE else "bar"
        return self.canvas.add_node(role, at, (SIGN_SIZE, height), (sign,))


def choose_look(node: DrawnNode) -> str:
    """Choose the look of a box."""
    if node.role in {"input", "part"}:
        return "small plain"
    if node.is_shared:
        return "shared layer"
    return "pool" if node.role == "pool" else "layer"


def description(
    arch: Architecture,
    *,
    stages: str | None = None,
    depth: int | None = None,
) -> str:
    """Say the graph in sentences: each box with what it reads, and what is inside."""
    part = read_stage_part(read_structure(arch), stages)
    graph = read_shown_graph(part, arch, depth)
    told = describe_graph(graph, "As a graph in lanes by resolution")
    return told + tell_span(part)

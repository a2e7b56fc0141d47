"""Placing the steps of one block, from top to bottom or from left to right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from resviz import units
from resviz.figures.drawing import metrics
from resviz.figures.drawing.sheet import find_sheet

if TYPE_CHECKING:
    from resviz.figures.block.lanes import LaneLayout
    from resviz.figures.block.steps import BlockStep
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Node, Point


MAX_BOX_WIDTH = 260
"""Greatest width of a box, in pixels."""

SLIM_WIDTHS = {"conv": 96, "projected": 96, "identity": 112}
"""Width of text by role from left to right, in pixels; 72 for all others."""

SLIM_NAMED_WIDTH = 112
"""The same of others that have names of modules."""

TOP, SIDE = 62, 14
"""Y of the first level, below the title; x of it from left to right."""


class StepBox(NamedTuple):
    """The text of a step's box, and its width and height."""

    lines: tuple[str, ...]
    size: Point


def size_upright_box(step: BlockStep) -> StepBox:
    """Return a step's box from top to bottom: in one line, but on a shortcut."""
    if step.role == "sum":
        return StepBox(tuple(step.lines), (20, 20))
    if step.role == "text":
        return StepBox(step.words, (metrics.max_text_width(step.words) + 4, 16))
    fit = metrics.fit_text if find_sheet().names == "paper" else metrics.fit_name
    lines = tuple(fit(line, MAX_BOX_WIDTH - 12) for line in step.lines)
    width = metrics.max_text_width(lines) + (24 if step.role != "identity" else 4)
    least = {"conv": 160, "projected": 160, "plain": 84}.get(step.role, 0)
    height = {"conv": 27, "projected": 27, "plain": 20}.get(step.role, 30)
    return StepBox(lines, (min(max(width, least), MAX_BOX_WIDTH), height))


def size_slim_box(step: BlockStep) -> StepBox:
    """Return a step's box from left to right: its words in lines, a thing each."""
    if step.role == "sum":
        return StepBox(tuple(step.lines), (20, 20))
    if step.role == "text":
        texts = [step.lines[0], units.format_feature_map(step.shape)]
    elif step.role in {"conv", "projected"}:
        kernel, *rest = step.lines[0].split(", ")
        texts = [kernel, *metrics.wrap_words(rest, ", ", SLIM_WIDTHS[step.role])]
    else:
        parts = [part for line in step.lines for part in line.split(", ")]
        usual = 72 if find_sheet().names == "paper" else SLIM_NAMED_WIDTH
        room = SLIM_WIDTHS.get(step.role, usual)
        texts = [
            piece
            for part in parts
            for piece in metrics.wrap_words(part.split(), " ", room)
        ]
    texts = [metrics.fit_text(line, MAX_BOX_WIDTH) for line in texts]
    lines = metrics.cap_lines(texts, 8)
    across, along = (4, 2) if step.role in {"text", "identity"} else (16, 12)
    width = metrics.max_text_width(lines) + across
    return StepBox(lines, (width, 14 * len(lines) + along))


def swap_axes(size: Point) -> Point:
    """Swap width and height."""
    return size[1], size[0]


def turn_to_right(canvas: Canvas) -> None:
    """Turn a block that was placed from top to bottom: then it runs to the right.

    What was right is above, so that a shortcut arches over its block.
    """
    base = max(node.right for node in canvas.nodes) + TOP

    def turn_point(point: Point) -> Point:
        return point[1] - TOP + SIDE, base - point[0]

    canvas.nodes[:] = [
        replace(node, at=turn_point(node.at), size=swap_axes(node.size))
        for node in canvas.nodes
    ]
    canvas.edges[:] = [
        replace(
            edge,
            path=tuple(map(turn_point, edge.path)),
            tip=edge.tip and turn_point(edge.tip),
        )
        for edge in canvas.edges
    ]


GUTTER = 34
"""Space between two columns."""

SHORT_GAP, LONG_GAP = 15, 30
"""Between two levels: without and with room for a shape beside the wire."""

TURN_DEPTH = 8
"""Below a level, y at which wires leave for another column."""


class BlockPlacing:
    """Places the steps of one block on a canvas, from top to bottom.

    Args:
        canvas: to place it on.
        steps: the steps.
        layout: their columns and levels.
        turned: whether it is turned afterwards, so that widths are heights here.
        reach: y of the addition, at least, for which the gaps above it are stretched.
    """

    def __init__(
        self,
        canvas: Canvas,
        steps: list[BlockStep],
        layout: LaneLayout,
        *,
        turned: bool,
        reach: float = 0,
    ) -> None:
        self.turned = turned
        self.canvas = canvas
        self.steps = steps
        self.layout = layout
        sums = [number for number, step in enumerate(steps) if step.role == "sum"]
        self.last_sum = sums[-1] if sums else -1
        self.boxes = [*map(size_slim_box if turned else size_upright_box, steps)]
        self.sizes = [swap_axes(box.size) if turned else box.size for box in self.boxes]
        self.centres = self.measure_column_centres()
        self.middles, self.bottoms = self.measure_levels(reach)
        self.nodes: list[Node] = []

    def place_all(self) -> None:
        """Place every step, then every wire."""
        for number, step in enumerate(self.steps):
            x = self.centres[self.layout.column[number]]
            y = self.middles[self.layout.level[number]]
            size, lines = self.sizes[number], self.boxes[number].lines
            node = self.canvas.add_node(step.role, (x, y), size, lines, tint=step.tint)
            self.nodes.append(node)
        for number, step in enumerate(self.steps):
            for source in dict.fromkeys(step.sources):
                self.draw_wire(source, number)

    def measure_column_centres(self) -> list[float]:
        """Return the x of each column."""
        count = max([*self.layout.column, *self.layout.edge_columns.values()]) + 1
        widths = [10.0] * count
        for number, column in enumerate(self.layout.column):
            widths[column] = max(widths[column], self.sizes[number][0])
        centres, x = [], float(SIDE)
        for width in widths:
            centres.append(x + width / 2)
            x += width + GUTTER
        return centres

    @property
    def landing(self) -> int:
        """The level of the last addition; of what has none, the last level."""
        return self.layout.level[self.last_sum]

    def measure_levels(self, reach: float) -> tuple[list[float], list[float]]:
        """Return the y of each level's middle, and of its bottom."""
        count = max(self.layout.level) + 1
        heights, gaps = [0.0] * count, [float(SHORT_GAP)] * count
        for number, level in enumerate(self.layout.level):
            heights[level] = max(heights[level], self.sizes[number][1])
        for number, step in enumerate(self.steps):
            for source in step.sources:
                level = self.layout.level[source]
                gaps[level] = max(gaps[level], self.measure_gap(source, number))
        landing = self.landing
        above = TOP + sum(heights[:landing]) + sum(gaps[:landing])
        slack = max(reach - above - heights[landing] / 2, 0) / max(landing, 1)
        gaps[:landing] = [gap + slack for gap in gaps[:landing]]
        middles, bottoms, y = [], [], float(TOP)
        for height, gap in zip(heights, gaps, strict=True):
            middles.append(y + height / 2)
            bottoms.append(y + height)
            y += height + gap
        return middles, bottoms

    def measure_gap(self, source: int, target: int) -> float:
        """Return the room that a wire needs below its step."""
        forks = len(self.find_readers(source)) > 1
        shows_shape = self.needs_shape_label(source, target)
        if not self.turned or not shows_shape:
            return LONG_GAP if shows_shape or forks else SHORT_GAP
        words = units.format_feature_map(self.steps[source].shape)
        return metrics.text_width(words, 11) + (2 * TURN_DEPTH + 10 if forks else 13)

    def find_readers(self, number: int) -> list[int]:
        """Return the steps that read a step."""
        return [k for k, step in enumerate(self.steps) if number in step.sources]

    def needs_shape_label(self, source: int, target: int) -> bool:
        """Tell whether the shape stands beside a wire: where it was not said before."""
        last = self.steps[-1].shape == self.steps[source].shape
        if not self.has_room_for_shape(source, target) or (
            last and target == self.last_sum
        ):
            return False
        shape, step = self.steps[source].shape, source
        while self.steps[step].role != "text":
            before = self.steps[step].sources[0]
            if self.steps[before].shape != shape:
                return True
            if self.has_room_for_shape(before, step):
                return False
            step = before
        return self.steps[step].shape != shape

    def has_room_for_shape(self, source: int, target: int) -> bool:
        """Tell whether a wire has room for a shape: straight, and not to a norm."""
        tail, head = self.steps[source], self.steps[target]
        ends = "text" in {tail.role, head.role} or tail.role == "identity"
        straight = (source, target) not in self.layout.edge_columns
        same = tail.role in {"conv", "projected", "sum"} and head.role == "plain"
        return straight and not ends and not same

    def draw_wire(self, source: int, target: int) -> None:
        """Draw the wire from one step to another."""
        tail, head = self.nodes[source], self.nodes[target]
        role = self.steps[source].shortcut or self.steps[target].shortcut or "main"
        if (source, target) in self.layout.edge_columns:
            points = self.route_detour(source, target)
        else:
            points = [(tail.at[0], tail.bottom), (head.at[0], head.top)]
        arrow = self.steps[target].role != "identity"
        self.canvas.add_wire(tail, head, role, *points, arrow=arrow)
        if self.needs_shape_label(source, target):
            self.label_wire_shape(source, tail, head)

    def label_wire_shape(self, source: int, tail: Node, head: Node) -> None:
        """Write a step's shape beside the wire that leaves it."""
        words = units.format_feature_map(self.steps[source].shape)
        middle = (tail.bottom + head.top) / 2
        forks = len(self.find_readers(source)) > 1
        if not self.turned:
            # Wires to other columns pass above the words.
            clear = self.bottoms[self.layout.level[source]] + TURN_DEPTH + 9
            at = (tail.at[0] + 6, max(middle, clear) if forks else middle)
            self.canvas.add_text("note", at, words, align="start")
            return
        size = (metrics.text_width(words, 11) + 2, 13)
        end = self.bottoms[self.layout.level[source]]
        along = end + (2 * TURN_DEPTH + 2 if forks else 6) + size[0] / 2
        self.canvas.add_node("note", (tail.at[0] + 9, along), swap_axes(size), [words])

    def route_detour(self, source: int, target: int) -> list[Point]:
        """Route a wire between two columns, or around its own."""
        tail, head = self.nodes[source], self.nodes[target]
        x = self.centres[self.layout.edge_columns[source, target]]
        turn = self.bottoms[self.layout.level[source]] + TURN_DEPTH
        points = [(tail.at[0], tail.bottom)]
        if x != tail.at[0]:
            # Where the tail's own column goes on, the wire leaves that one.
            edges = ((source, reader) for reader in self.find_readers(source))
            points = points if all(e in self.layout.edge_columns for e in edges) else []
            points += [(tail.at[0], turn), (x, turn)]
        if x == head.at[0]:
            return [*points, (x, head.top)]
        if self.is_free_beside(target, x):
            side = head.right if x > head.at[0] else head.left
            return [*points, (x, head.at[1]), (side, head.at[1])]
        above = self.middles[self.layout.level[target]] - head.size[1] / 2 - TURN_DEPTH
        over = head.at[0] + (9 if x > head.at[0] else -9)
        return [*points, (x, above), (over, above), (over, head.top)]

    def is_free_beside(self, target: int, x: float) -> bool:
        """Tell whether no box stands between a step and an x on its level."""
        head = self.nodes[target]
        low, high = sorted((head.at[0], x))
        level = self.layout.level[target]
        return not any(
            low < node.at[0] <= high and self.layout.level[number] == level
            for number, node in enumerate(self.nodes)
            if number != target
        )

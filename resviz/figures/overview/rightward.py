"""Placing an overview from left to right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.declaring import WHOLE_GRAPH
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import frame_nodes
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.overview.cost_bars import COSTS_WIDTH, add_cost_bars, measure_bars
from resviz.figures.overview.placing import (
    LANE_GAP,
    LINE_HEIGHT,
    MARGIN,
    Gaps,
    Lane,
    OverviewPlacing,
)
from resviz.figures.overview.words import list_shortcut_lines

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Group, Node, Point
    from resviz.figures.overview.placing import MeasuredText
    from resviz.figures.overview.rows import OutlineRow, OutlineSection


class RightwardPlacing(OverviewPlacing):
    """Places an overview from left to right: boxes as wide as their words."""

    axis = 0
    shortcut_side = -1
    max_lanes = 6
    max_lines = (8, 8)
    gaps = Gaps(
        chain=12, lead=8, after_lead=0, fork=4, block=10, addition=10, after_block=5,
        after_fold=2, after_rows=3, after_stages=0, leave=12, enter=17,
    )  # fmt: skip

    pad = 6
    """Inside a stage, below a fold's frame."""

    title_height, name_height, count_height = 34.0, 24, 18
    """Heights of the title, of a stage's name and of a fold's count."""

    max_line_width = 84
    """Greatest width of a line of text in a box on the main wire."""

    min_width = 560
    """Least width of a picture, for its title and notes."""

    def begin(self) -> None:
        """Place the input left of the first line of stages."""
        self.measure_lines()
        self.lane_start = MARGIN + LANE_GAP
        words = ("input", self.outline.inputs)
        if self.outline.before_layers:
            words = tuple(self.outline.inputs.split(", "))
        self.add_end_text(MARGIN, *words)

    def measure_lines(self) -> None:
        """Measure the first line of stages; all are of one height."""
        sections = self.outline.sections
        rows = [row for section in sections for row in section.rows]
        boxes = [self.outline.stem, self.outline.head, *(row.labels for row in rows)]
        most = max(len(self.wrap_labels(labels, 8)) for labels in boxes)
        half = most * LINE_HEIGHT / 2
        facts = max((len(section.facts) for section in sections), default=0)
        above = self.name_height + 12 * max(facts - 1, 0)
        above += max(
            (measure_bars(each.costs) for each in sections if each.costs), default=0
        )
        above += max(map(self.measure_headroom, rows), default=0)
        level = self.title_height + above + 6 + half
        self.lane = Lane(self.title_height, level, level + half + 20)

    def measure_headroom(self, row: OutlineRow) -> float:
        """Measure the height of a row's shortcut, count and gaps over its box."""
        lines = list_shortcut_lines(row)
        height = LINE_HEIGHT * len(lines) + 15 if row.has_addition else 4
        return height + (self.count_height if row.count > 1 else 0)

    def add_end_text(self, x: float, *lines: str) -> None:
        """Place the text of the input or the output from `x` on."""
        wrapped = (metrics.wrap_words(line.split(), " ", 100) for line in lines)
        lines = tuple(piece for pieces in wrapped for piece in pieces)
        width = metrics.max_text_width(lines) + 2
        size = (width, LINE_HEIGHT * len(lines))
        at = (x + width / 2, self.lane.level)
        self.last, self.along = self.canvas.add_node("text", at, size, lines), x + width

    def finish(self) -> Point:
        """Place the output, and the title and the notes once the width is known."""
        outline, level = self.outline, self.lane.level
        if outline.outputs:
            before, x = self.last, self.along + 13
            word, _, shapes = outline.outputs.partition(" ")
            self.add_end_text(x, word, shapes)
            ends = (before.right, level), (x - 1, level)
            self.canvas.add_wire(before, self.last, "main", *ends)
            self.book.seat_outputs(self.last.key)
            self.book.seat(self.last.key, outline.after_layers)
        least = (
            min(self.min_width, find_sheet().room) if self.narrowed else self.min_width
        )
        width = max(self.along + MARGIN, *(end + 6 for end in self.lane_ends), least)
        room = width - 2 * MARGIN
        self.add_title_above(width / 2, room)
        y = self.canvas.add_notes(
            width / 2,
            self.lane.end + 4,
            self.signs,
            room,
            omissions=self.omissions,
            see=WHOLE_GRAPH,
        )
        return width, y + 6

    def add_title_above(self, centre: float, room: float) -> None:
        """Add the title, above the picture as far as it needs more room than it has."""
        since, outline = len(self.canvas.nodes), self.outline
        below = self.canvas.add_title(centre, outline.title, outline.facts, room)
        over = max(below - self.title_height, 0)
        self.canvas.nodes[since:] = [
            replace(node, at=(node.at[0], node.at[1] - over))
            for node in self.canvas.nodes[since:]
        ]

    def wrap_labels(self, labels: tuple[str, ...], limit: int) -> tuple[str, ...]:
        """Wrap labels one below the other."""
        width = 70 if self.narrowed else self.max_line_width
        lines = [
            line
            for label in labels
            for line in metrics.wrap_words(label.split(), " ", width)
        ]
        return metrics.cap_lines(lines, limit)

    def measure_box(self, labels: tuple[str, ...], limit: int) -> MeasuredText:
        """Measure a box by its words."""
        lines = self.wrap_labels(labels, limit)
        width = metrics.widen_for_fonts(metrics.max_text_width(lines)) + 8
        return (width, 12 + LINE_HEIGHT * len(lines)), lines

    def measure_lead(self, lead: tuple[str, ...]) -> MeasuredText:
        """Write a preactivation's steps one below the other."""
        width = metrics.widen_for_fonts(metrics.max_text_width(lead, 11)) + 10
        return (width, 8 + 13 * len(lead)), lead

    def measure_shortcut(self, row: OutlineRow) -> MeasuredText:
        """Measure a shortcut's text by its words."""
        lines = list_shortcut_lines(row)
        boxed = row.shortcut_kind != "identity"
        width = metrics.widen_for_fonts(metrics.max_text_width(lines))
        height = LINE_HEIGHT * len(lines) + (6 if boxed else 2)
        return (width + (6 if boxed else 0), height), lines

    def measure_shortcut_level(self, box: Node, width: float, kind: str) -> float:
        """Put a shortcut's text above its block."""
        del kind
        return box.top - 9 - width / 2

    def add_elision(self, words: str) -> Node:
        """Add the note in a few lines."""
        lines = self.wrap_labels(tuple(words.split(" of ")), 8)
        size = (metrics.max_text_width(lines, 11) + 4, 13 * len(lines))
        at = (self.along + 10 + size[0] / 2, self.lane.level)
        return self.canvas.add_node("note", at, size, lines)

    def open_section(self, section: OutlineSection) -> None:
        """Do nothing: a stage's words stand in its middle."""

    def close_section(self, section: OutlineSection, start: float) -> None:
        """Place a stage's name and facts along its upper side, in its middle."""
        name_width = metrics.text_width(section.name, bold=True)
        fact_width = metrics.max_text_width(section.facts[:1])
        needed = max(
            name_width + 10 + fact_width, metrics.max_text_width(section.facts[1:], 11)
        )
        needed = max(needed, COSTS_WIDTH if section.costs else 0)
        self.along = max(self.along, start + needed + 16)
        centre, top = (start + self.along) / 2, self.lane.start
        gap = 8 if section.name else 0
        left = centre - (fact_width + name_width + gap) / 2
        if section.name:
            self.canvas.add_text("name", (left, top + 12), section.name, align="start")
        for fact in section.facts[:1]:
            at = (left + name_width + gap, top + 12)
            self.canvas.add_text("text", at, fact, align="start")
        for number, fact in enumerate(section.facts[1:]):
            self.canvas.add_text("note", (centre, top + 26 + 12 * number), fact)
        if section.costs:
            y = top + 26 + 12 * max(len(section.facts) - 1, 0)
            add_cost_bars(self.canvas, section, (centre - COSTS_WIDTH / 2, y))

    def frame_folded_block(
        self, row: OutlineRow, start: float, since: int, key: str
    ) -> Group:
        """Write the count above a folded block, and frame both."""
        del start
        nodes = self.canvas.nodes[since:]
        top = min(node.top for node in nodes) - self.count_height - 2
        left = min(node.left for node in nodes) - self.gaps.block + 1
        right, bottom = self.along, self.lane.end - self.pad
        at = (right - 6, top + 12)
        self.canvas.add_text("count", at, f"×{row.count}", align="end")
        corners = (left, top), (right, bottom)
        return frame_nodes(key, "fold", corners, nodes)

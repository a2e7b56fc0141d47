"""What the two directions of an overview do each in their own way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.branch_labels import ARROW, split_labels
from resviz.figures.declaring import WHOLE_GRAPH
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import frame_nodes
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.overview.cost_bars import COSTS_WIDTH, add_cost_bars
from resviz.figures.overview.placing import LANE_GAP, Gaps, Lane, OverviewPlacing

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Group, Node, Point
    from resviz.figures.overview.outline import OutlineRow, OutlineSection
    from resviz.figures.overview.placing import MeasuredText

MARGIN = 9
"""Around the picture."""

LINE_HEIGHT = 14
"""Height of a line of text in a box."""


class DownwardPlacing(OverviewPlacing):
    """Places an overview from top to bottom: boxes of one width.

    Attributes:
        box_width: of the boxes on the main wire.
        shortcut_width: of the boxes on shortcuts.
        right: x at which the shortcuts' column begins.
        fold_end: x at which the frame around a folded block ends.
    """

    axis = 1
    shortcut_side = 1
    max_lanes = 2
    max_lines = (4, 6)
    gaps = Gaps(
        chain=10, lead=7, after_lead=-1, fork=6, block=13, addition=7, after_block=4,
        after_fold=0, after_rows=5, after_stages=6, leave=8, enter=10,
    )  # fmt: skip

    costs_end = 0.0
    """Y below the bars of the stage that was opened last."""

    pad, fold_pad = 7, 5
    """Inside a stage, and inside a fold's frame."""

    facts_width, count_width = 140, 46
    """Widths of a stage's facts and of a fold's count."""

    box_padding = 14
    """Space left and right of a box's words, taken together."""

    min_box_width = 110
    """Width of the boxes at least, however narrow the sheet is."""

    def begin(self) -> None:
        """Place the title and the input above the first column."""
        self.measure_columns()
        stage_width = self.lane.end - self.lane.start
        self.width = (len(self.turns) + 1) * (stage_width + LANE_GAP) - LANE_GAP
        self.width += 2 * MARGIN
        room, outline = self.width - 2 * MARGIN, self.outline
        y = self.canvas.add_title(self.width / 2, outline.title, outline.facts, room)
        at, inputs = (self.lane.level, y + 12), outline.inputs
        self.last = self.canvas.add_text("text", at, inputs, room=self.box_width)
        self.along, self.lane_start = y + 20, y + 32

    def measure_columns(self) -> None:
        """Measure the first column; the others are like it."""
        if find_sheet().font:
            facts = [line for each in self.outline.sections for line in each.facts]
            widest = metrics.max_text_width(facts, LOOKS["text"].size)
            self.facts_width = min(max(self.facts_width, widest + 8), 220)
        rows = [row for section in self.outline.sections for row in section.rows]
        texts = [ARROW.join(row.labels) for row in rows]
        widest = metrics.max_text_width([*texts, ARROW.join(self.outline.head)])
        needed = metrics.widen_for_fonts(widest) + self.box_padding
        self.box_width = min(max(needed, 235), 330)
        texts = [line for row in rows for line in self.list_shortcut(row)]
        needed = metrics.max_text_width(texts) + 20
        has_shortcuts = any(row.shortcut_kind for row in rows)
        folds = any(row.count > 1 for row in rows)
        least = 118 if folds or not self.narrowed else 74
        self.shortcut_width = min(max(needed, least), 200) if has_shortcuts else 0
        counted = any(
            row.count > 1 and row.shortcut_kind not in {"", "identity"} for row in rows
        )
        behind = 14 + self.shortcut_width + (self.count_width if counted else 0)
        before = self.pad + (self.fold_pad if self.narrowed else self.facts_width)
        if self.narrowed:
            room = find_sheet().room - (len(self.turns) * LANE_GAP + 2 * MARGIN)
            beside = before + behind + self.pad
            room = room / (len(self.turns) + 1) - beside
            self.box_width = min(max(room, self.min_box_width), 330)
        level = MARGIN + before + self.box_width / 2
        end = level + self.box_width / 2 + behind
        self.lane = Lane(MARGIN, level, end + self.pad)

    def list_shortcut(self, row: OutlineRow) -> tuple[str, ...]:
        """List what is written on a shortcut, in shorter lines where it is narrow."""
        return list_shortcut_lines(row) if self.narrowed else row.shortcut_lines

    def finish(self) -> Point:
        """Place the output and the notes below all columns."""
        y, level = self.along, self.lane.level
        if self.outline.outputs:
            at, outputs = (level, y + 19), self.outline.outputs
            text = self.canvas.add_text("text", at, outputs, room=self.box_width)
            ends = (level, self.last.bottom), (level, y + 12)
            self.canvas.add_wire(self.last, text, "main", *ends)
            self.book.seat_outputs(text.key)
            self.book.seat(text.key, self.outline.after_layers)
            y += 28
        y = max(y, *(end + 8 for end in self.lane_ends), 0) + 2
        room = self.width - 2 * MARGIN
        y = self.canvas.add_notes(
            self.width / 2,
            y,
            self.signs,
            room,
            omissions=self.omissions,
            see=WHOLE_GRAPH,
        )
        return self.width, y + 6

    def measure_box(self, labels: tuple[str, ...], limit: int) -> MeasuredText:
        """Write labels in a row, an arrow between two; all boxes are of one width."""
        room = (self.box_width - self.box_padding) / metrics.FONT_FACTOR + 0.1
        pieces = split_labels(labels)
        if metrics.max_text_width(pieces) > room:
            broken = self.break_labels(labels, room)
            lines = metrics.cap_lines(broken, 3 * limit)
        else:
            lines = metrics.cap_lines(metrics.wrap_pieces(pieces, room), limit)
        return (10 + LINE_HEIGHT * len(lines), self.box_width), lines

    def break_labels(self, labels: tuple[str, ...], room: float) -> list[str]:
        """Break labels that are wider than their box between words."""
        lines: list[str] = []
        for number, label in enumerate(labels):
            arrow = ["→"] if number + 1 < len(labels) else []
            lines += metrics.wrap_words([*label.split(), *arrow], " ", room)
        return lines

    def measure_lead(self, lead: tuple[str, ...]) -> MeasuredText:
        """Write a preactivation in one line."""
        line = ", ".join(lead)
        return (16, metrics.widen_for_fonts(metrics.text_width(line, 11)) + 16), (line,)

    def measure_shortcut(self, row: OutlineRow) -> MeasuredText:
        """Fit a shortcut's lines into its column."""
        boxed = row.shortcut_kind != "identity"
        width = self.shortcut_width if boxed else 56
        shown = self.list_shortcut(row)
        lines = [
            piece
            for line in shown
            for piece in metrics.wrap_words(line.split(" "), " ", width - 4)
        ]
        return (LINE_HEIGHT * len(lines) + (6 if boxed else 2), width), (*lines,)

    def measure_shortcut_level(self, box: Node, width: float, kind: str) -> float:
        """Put a text with a box in the middle of the column, others at its left."""
        return box.right + 14 + (72 if kind == "identity" else width) / 2

    def add_elision(self, words: str) -> Node:
        """Add the note in one line."""
        at, room = (self.lane.level, self.along + 22), self.box_width + 2 * self.pad
        return self.canvas.add_text("note", at, words, room=room)

    def open_section(self, section: OutlineSection) -> None:
        """Place a stage's name and facts in its upper left corner."""
        if self.narrowed:
            self.place_section_heading(section)
            return
        x, y = self.lane.start + self.pad, self.along + 12
        for line in self.wrap_section_name(section):
            self.canvas.add_text("name", (x, y), line, align="start")
            y += 14
        for number, fact in enumerate(section.facts):
            role, room = "note" if number else "text", self.facts_width - 6
            self.canvas.add_text(role, (x, y), fact, align="start", room=room)
            y += 14
        if section.costs:
            self.costs_end = add_cost_bars(self.canvas, section, (x, y + 4))

    def place_section_heading(self, section: OutlineSection) -> None:
        """Place a stage's name left of the wire above its blocks, its facts right."""
        left, right = self.lane.start + self.pad, self.lane.level + 8
        room, size = self.lane.level - 6 - left, LOOKS["name"].size
        names = metrics.wrap_name(section.name, room, size, bold=True)
        for number, line in enumerate(names):
            at = (left, self.along + 12 + LINE_HEIGHT * number)
            self.canvas.add_text("name", at, line, align="start")
        room, size = self.lane.end - self.pad - right, LOOKS["note"].size
        facts = metrics.wrap_phrases(section.facts, " · ", room, size)
        for number, line in enumerate(facts):
            at = (right, self.along + 12 + LINE_HEIGHT * number)
            shown = line.removesuffix(" ·")
            self.canvas.add_text("note", at, shown, align="start")
        self.along += LINE_HEIGHT * max(len(names), len(facts)) + 4
        if section.costs:
            # Left of the main wire where there is room, else right of it.
            wide = self.lane.level - 8 - left >= COSTS_WIDTH
            at = (left if wide else right, self.along + 8)
            self.along = add_cost_bars(self.canvas, section, at)

    def close_section(self, section: OutlineSection, start: float) -> None:
        """Leave room for the name and the facts."""
        if self.narrowed:
            return
        words = 16 * (len(section.facts) + len(self.wrap_section_name(section)))
        self.along = max(self.along, start + words + 8, self.costs_end)

    def wrap_section_name(self, section: OutlineSection) -> list[str]:
        """Wrap a stage's name beside its blocks; [] where it has none."""
        if not section.name:
            return []
        size = LOOKS["name"].size
        return metrics.wrap_name(section.name, self.facts_width - 6, size, bold=True)

    def frame_folded_block(
        self, row: OutlineRow, start: float, since: int, key: str
    ) -> Group:
        """Frame a folded block with its shortcut, and write the count at the right."""
        left = self.lane.level - self.box_width / 2 - self.fold_pad
        end = self.lane.end - self.pad
        corners = (left, start), (end, self.along)
        at = (end - self.count_width / 2, (start + self.along) / 2)
        frame = frame_nodes(key, "fold", corners, self.canvas.nodes[since:])
        self.canvas.add_text("count", at, f"×{row.count}")
        return frame


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
        above += max((each.costs.height for each in sections if each.costs), default=0)
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
        lines = tuple(metrics.fit_text(line, 100) for line in lines)
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


def list_shortcut_lines(row: OutlineRow) -> tuple[str, ...]:
    """List what is written on a shortcut, its change of width in a line of its own."""
    return (*row.shortcut, row.width_change) if row.width_change else row.shortcut

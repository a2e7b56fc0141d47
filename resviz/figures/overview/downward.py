"""Placing an overview from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.branch_labels import ARROW, split_labels
from resviz.figures.declaring import WHOLE_GRAPH
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import frame_nodes
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.overview.cost_bars import BAR_LENGTH, COSTS_WIDTH, add_cost_bars
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
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Group, Node, Point
    from resviz.figures.overview.placing import MeasuredText
    from resviz.figures.overview.rows import OutlineRow, OutlineSection


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

    margin, pad, fold_pad = MARGIN, 7, 5
    """Around the picture, inside a stage, and inside a fold's frame."""

    bar_length = BAR_LENGTH
    """Length of the longest bar of a cost."""

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
        self.width += 2 * self.margin
        room, outline = self.width - 2 * self.margin, self.outline
        y = self.canvas.add_title(self.width / 2, outline.title, outline.facts, room)
        self.last = self.add_words("text", y + 5, outline.inputs, self.box_width)
        self.along = self.last.bottom + 1
        self.lane_start = self.along + 12

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
            room = find_sheet().room - (len(self.turns) * LANE_GAP + 2 * self.margin)
            beside = before + behind + self.pad
            room = room / (len(self.turns) + 1) - beside
            self.box_width = min(max(room, self.min_box_width), 330)
        level = self.margin + before + self.box_width / 2
        end = level + self.box_width / 2 + behind
        self.lane = Lane(self.margin, level, end + self.pad)

    def list_shortcut(self, row: OutlineRow) -> tuple[str, ...]:
        """List what is written on a shortcut, in shorter lines where it is narrow."""
        return list_shortcut_lines(row) if self.narrowed else row.shortcut_lines

    def finish(self) -> Point:
        """Place the output and the notes below all columns."""
        y, level = self.along, self.lane.level
        if self.outline.outputs:
            text = self.add_words("text", y + 12, self.outline.outputs, self.box_width)
            ends = (level, self.last.bottom), (level, y + 12)
            self.canvas.add_wire(self.last, text, "main", *ends)
            self.book.seat_outputs(text.key)
            self.book.seat(text.key, self.outline.after_layers)
            y = text.bottom + 2
        y = max(y, *(end + 8 for end in self.lane_ends), 0) + 2
        room = self.width - 2 * self.margin
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
            lines = metrics.cap_lines(broken, 3 * limit, room)
        else:
            lines = metrics.cap_lines(metrics.wrap_pieces(pieces, room), limit)
        return (10 + LINE_HEIGHT * len(lines), self.box_width), lines

    def break_labels(self, labels: tuple[str, ...], room: float) -> list[str]:
        """Break labels that are wider than their box between words."""
        lines: list[str] = []
        for number, label in enumerate(labels):
            *words, last = metrics.split_amounts(label, room)
            arrow = ["→"] * (number + 1 < len(labels))
            if metrics.text_width(f"{last} →") <= room:  # no arrow stands alone
                last, arrow = " ".join([last, *arrow]), []
            lines += metrics.wrap_words([*words, last, *arrow], " ", room)
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
        """Add the note, in as few lines as there is room for."""
        room = self.box_width + 2 * self.pad
        return self.add_words("note", self.along + 15, words, room)

    def add_words(self, role: str, top: float, words: str, room: float) -> Node:
        """Add words on the main wire, in as few lines as there is room for."""
        letters = LOOKS[role].size
        lines = metrics.wrap_words(words.split(), " ", room, letters)
        height = letters * metrics.LINE_SPACING * len(lines)
        size = (metrics.max_text_width(lines, letters) + 2, height)
        return self.canvas.add_node(
            role, (self.lane.level, top + height / 2), size, lines
        )

    def open_section(self, section: OutlineSection) -> None:
        """Place a stage's name and facts in its upper left corner."""
        if self.narrowed:
            self.place_section_heading(section)
            return
        self.place_section_facts(section)

    def list_facts(self, section: OutlineSection) -> Sequence[str]:
        """List a stage's facts in lines."""
        return section.facts

    def place_section_facts(self, section: OutlineSection) -> None:
        """Place a stage's name, facts and costs left of its blocks."""
        x, y = self.lane.start + self.pad, self.along + 12
        for line in self.wrap_section_name(section):
            self.canvas.add_text("name", (x, y), line, align="start")
            y += 14
        for number, fact in enumerate(self.list_facts(section)):
            role, room = "note" if number else "text", self.facts_width - 6
            self.canvas.add_text(role, (x, y), fact, align="start", room=room)
            y += 14
        if section.costs:
            self.costs_end = add_cost_bars(
                self.canvas, section, (x, y + 4), self.bar_length
            )

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
        self.end_facts(section, start)

    def end_facts(self, section: OutlineSection, start: float) -> None:
        """Move `along` below what stands left of a stage's blocks."""
        words = 16 * (
            len(self.list_facts(section)) + len(self.wrap_section_name(section))
        )
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

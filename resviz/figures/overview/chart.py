"""The chart of an overview: its boxes and frames, for formats that place them anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.branch_labels import split_labels
from resviz.figures.declaring import WHOLE_GRAPH, declare_coverage, explain_order
from resviz.figures.drawing.charts import settle_chart
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.overview.cost_bars import write_amount
from resviz.units import format_plural

if TYPE_CHECKING:
    from resviz.figures.overview.rows import Outline, OutlineRow, OutlineSection


class ChartBuilder:
    """Collects the links of one chart while its boxes are made."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.book = SeatBook(outline.arch, outline.scope)
        self.links: list[ChartLink] = []
        self.box_count = 0
        self.last_key = ""

    def build_chart(self, direction: str) -> Chart:
        """Return the whole chart, from the input to the output."""
        outline = self.outline
        facts = " · ".join(outline.facts)
        title = find_sheet().write_heading(outline.title, facts)
        heading = (*title, *outline.missing, outline.inputs)
        first = self.add_box("text", tuple(filter(None, heading)))
        self.book.seat_inputs(first.key)
        self.book.seat(first.key, outline.before_layers)
        parts: list[ChartBox | ChartFrame] = []
        if outline.stem:
            parts.append(self.add_box("chain", wrap_chart_labels(outline.stem), "stem"))
            self.book.seat(self.last_key, outline.stem_layers)
        for number, section in enumerate(outline.sections):
            parts.append(self.add_section(number, section))
        if outline.head:
            parts.append(self.add_box("chain", wrap_chart_labels(outline.head), "head"))
            self.book.seat(self.last_key, outline.head_layers)
        if outline.outputs:
            parts.append(self.add_box("text", (outline.outputs,)))
            self.book.seat_outputs(self.last_key)
            self.book.seat(self.last_key, outline.after_layers)
        chart = settle_chart(Chart(direction, (), tuple(self.links)), [self.book])
        notes = [*explain_order(chart.links)]
        notes += declare_coverage(chart.coverage, see=WHOLE_GRAPH)
        first = replace(first, lines=(*first.lines, *notes))
        return replace(chart, parts=(first, *parts))

    def add_section(self, number: int, section: OutlineSection) -> ChartFrame:
        """Return a stage as a frame; folded blocks have one of their own in it.

        Its name is a box on the wire: wires would cross a frame's title.
        """
        tint = section.tint
        facts = [*section.facts]
        if section.costs:
            facts.append(f"{write_amount(section.costs.params)} params")
            facts.append(f"{write_amount(section.costs.macs)} MACs")
        heading = (section.name, " · ".join(facts))
        parts: list[ChartBox | ChartFrame] = [
            self.add_box("name", tuple(filter(None, heading)))
        ]
        for k, group in enumerate(section.groups):
            framed = group[0].count > 1 and any(row.has_addition for row in group)
            boxes: list[ChartBox] = []
            for row in group:
                fold = f"rows {number} {k}"
                boxes += self.add_row(row, tint, fold, counted=not framed)
            if framed:
                fold = (f"×{group[0].count}",)
                parts.append(ChartFrame(f"f{number}_{k}", fold, "", tuple(boxes)))
            else:
                parts += boxes
        return ChartFrame(f"s{number}", (), tint, tuple(parts))

    def add_row(
        self, row: OutlineRow, tint: str, fold: str, *, counted: bool
    ) -> tuple[ChartBox, ...]:
        """Return a row's box, its count if it shall say that, and its addition."""
        if row.elided:
            note = self.add_box("note", row.labels)
            self.book.seat(note.key, row.turns[0].row_layers)
            return (note,)
        seat_turns = self.book.seat_turns
        lead = (self.add_box("plain", (", ".join(row.lead),)),) if row.lead else ()
        for box in lead:
            seat_turns(box.key, fold, [turn.lead for turn in row.turns])
        fork = self.last_key
        times = (f"×{row.count}",) if counted and row.count > 1 else ()
        lines = (*wrap_chart_labels(row.labels), *times * (not row.has_addition))
        box = self.add_box("block", lines, tint)
        seat_turns(box.key, fold, [turn.box for turn in row.turns])
        if not row.has_addition:
            seat_turns(box.key, fold, [turn.shortcut + turn.join for turn in row.turns])
            return *lead, box
        join = self.add_box("sum", (row.sign,))
        seat_turns(join.key, fold, [turn.join for turn in row.turns])
        kind, lines, via = row.shortcut_kind, row.shortcut_lines, f"{join.key} shortcut"
        seat_turns(via, fold, [turn.shortcut for turn in row.turns])
        self.links.append(ChartLink(fork, join.key, kind, lines, via))
        return *lead, box, join

    def add_box(self, role: str, lines: tuple[str, ...], tint: str = "") -> ChartBox:
        """Return the next box, linked to the one before it."""
        box = ChartBox(f"n{self.box_count}", role, lines, tint)
        if self.last_key:
            self.links.append(ChartLink(self.last_key, box.key))
        self.box_count, self.last_key = self.box_count + 1, box.key
        return box


MAX_BOX_LABELS = 8
"""The most labels of one box; further ones in the middle are left out."""

MAX_LINE_CHARACTERS = 46
"""Characters of a line of words."""


def wrap_chart_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Break words in a row into lines, an arrow at the end of each but the last."""
    if len(labels) > MAX_BOX_LABELS:
        left = format_plural(len(labels) - MAX_BOX_LABELS + 1, "more step")
        half = MAX_BOX_LABELS // 2
        labels = (*labels[:half], f"… {left} …", *labels[1 - half :])
    lines = [""]
    for piece in split_labels(labels):
        if lines[-1] and len(lines[-1]) + len(piece) > MAX_LINE_CHARACTERS + 3:
            lines.append("")
        lines[-1] += piece
    return tuple(line.rstrip() for line in lines)

"""An overview as a chart, for formats that place it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.chart import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.drawing.styles import stage_tint
from resviz.units import format_plural

if TYPE_CHECKING:
    from resviz.figures.overview.outline import Outline, OutlineRow, OutlineSection

ARROW = " →"


def build_chart(outline: Outline, direction: str) -> Chart:
    """Build the overview of a network, not placed."""
    return ChartBuilder(outline).build(direction)


class ChartBuilder:
    """Collects the links of one chart while its boxes are made."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.links: list[ChartLink] = []
        self.box_count = 0
        self.last_key = ""

    def build(self, direction: str) -> Chart:
        """Return the whole chart, from the input to the output."""
        outline = self.outline
        heading = (outline.title, " · ".join(outline.facts), outline.inputs)
        parts: list[ChartBox | ChartFrame] = [
            self.add_box("text", tuple(filter(None, heading)))
        ]
        if outline.stem:
            parts.append(self.add_box("chain", wrap_chart_labels(outline.stem), "stem"))
        parts += [
            self.add_section(number, section)
            for number, section in enumerate(outline.sections)
        ]
        if outline.head:
            parts.append(self.add_box("chain", wrap_chart_labels(outline.head), "head"))
        if outline.outputs:
            parts.append(self.add_box("text", (outline.outputs,)))
        return Chart(direction, tuple(parts), tuple(self.links))

    def add_section(self, number: int, section: OutlineSection) -> ChartFrame:
        """Return a stage as a frame; folded blocks have one of their own in it.

        Its name is a box on the wire: wires would cross a frame's title.
        """
        tint = stage_tint(number)
        heading = (section.name, " · ".join(section.facts))
        parts: list[ChartBox | ChartFrame] = [
            self.add_box("name", tuple(filter(None, heading)))
        ]
        for k, group in enumerate(section.groups):
            framed = group[0].count > 1 and any(row.has_addition for row in group)
            boxes = tuple(
                box
                for row in group
                for box in self.add_row(row, tint, counted=not framed)
            )
            if framed:
                fold = (f"×{group[0].count}",)
                parts.append(ChartFrame(f"f{number}_{k}", fold, "", boxes))
            else:
                parts += boxes
        return ChartFrame(f"s{number}", (), tint, tuple(parts))

    def add_row(
        self, row: OutlineRow, tint: str, *, counted: bool
    ) -> tuple[ChartBox, ...]:
        """A row's box, with its count if asked, and the sum that ends its shortcut."""
        lead = (self.add_box("plain", (", ".join(row.lead),)),) if row.lead else ()
        fork = self.last_key
        if row.elided:
            return (self.add_box("note", row.labels),)
        if not row.has_addition:
            times = (f"×{row.count}",) if counted and row.count > 1 else ()
            return (
                self.add_box("block", (*wrap_chart_labels(row.labels), *times), tint),
            )
        box = self.add_box("block", wrap_chart_labels(row.labels), tint)
        join = self.add_box("sum", (row.sign,))
        self.links.append(
            ChartLink(fork, join.key, row.shortcut_kind, row.shortcut_lines)
        )
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
    """Words in a row as lines, an arrow at the end of each but the last."""
    if len(labels) > MAX_BOX_LABELS:
        left = format_plural(len(labels) - MAX_BOX_LABELS + 1, "more step")
        labels = (
            *labels[: MAX_BOX_LABELS // 2],
            f"… {left} …",
            *labels[1 - MAX_BOX_LABELS // 2 :],
        )
    lines = list(labels[:1])
    for label in labels[1:]:
        if len(lines[-1]) + len(label) > MAX_LINE_CHARACTERS:
            lines[-1] += ARROW
            lines.append(label)
        else:
            lines[-1] += f"{ARROW} {label}"
    return tuple(lines)

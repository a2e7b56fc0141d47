"""An overview as a chart, which others place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.charts import Box, Chart, Frame, Link
from resviz.figures.drawing.styles import stage_tint
from resviz.units import plural

if TYPE_CHECKING:
    from resviz.figures.overview.outline import Outline, Row, Section

ARROW = " →"


def chart(told: Outline, description: str, direction: str) -> Chart:
    """The overview of a network, not placed."""
    return Charting(told).chart(description, direction)


class Charting:
    """Collects the links of one chart while its boxes are made."""

    def __init__(self, told: Outline) -> None:
        self.told = told
        self.links: list[Link] = []
        self.count = 0
        self.last = ""

    def chart(self, description: str, direction: str) -> Chart:
        """The whole chart, from the input to the output."""
        told = self.told
        heading = (told.title, " · ".join(told.facts), told.inputs)
        parts: list[Box | Frame] = [self.box("text", tuple(filter(None, heading)))]
        if told.stem:
            parts.append(self.box("chain", broken(told.stem), "stem"))
        parts += [
            self.section(number, section)
            for number, section in enumerate(told.sections)
        ]
        if told.head:
            parts.append(self.box("chain", broken(told.head), "head"))
        if told.outputs:
            parts.append(self.box("text", (told.outputs,)))
        return Chart(
            f"{told.title}, overview",
            description,
            direction,
            tuple(parts),
            tuple(self.links),
        )

    def section(self, number: int, section: Section) -> Frame:
        """A stage as a frame; folded blocks have one of their own in it.

        Its name is a box on the wire: wires would cross a frame's title.
        """
        tint = stage_tint(number)
        said = (section.name, " · ".join(section.facts))
        parts: list[Box | Frame] = [self.box("name", tuple(filter(None, said)))]
        for k, group in enumerate(section.groups):
            framed = group[0].count > 1 and any(row.adds for row in group)
            boxes = tuple(
                box for row in group for box in self.row(row, tint, counted=not framed)
            )
            if framed:
                fold = (f"×{group[0].count}",)
                parts.append(Frame(f"f{number}_{k}", fold, "", boxes))
            else:
                parts += boxes
        return Frame(f"s{number}", (), tint, tuple(parts))

    def row(self, row: Row, tint: str, *, counted: bool) -> tuple[Box, ...]:
        """A row's box, with its count if asked, and the sum that ends its shortcut."""
        lead = (self.box("plain", (", ".join(row.lead),)),) if row.lead else ()
        fork = self.last
        if row.elided:
            return (self.box("note", row.words),)
        if not row.adds:
            times = (f"×{row.count}",) if counted and row.count > 1 else ()
            return (self.box("block", (*broken(row.words), *times), tint),)
        box = self.box("block", broken(row.words), tint)
        join = self.box("sum", (row.sign,))
        self.links.append(Link(fork, join.key, row.kind, row.lines))
        return *lead, box, join

    def box(self, role: str, lines: tuple[str, ...], tint: str = "") -> Box:
        """The next box, linked to the one before it."""
        box = Box(f"n{self.count}", role, lines, tint)
        if self.last:
            self.links.append(Link(self.last, box.key))
        self.count, self.last = self.count + 1, box.key
        return box


MOST = 8
"""Words of one box; those in the middle of more are left out."""

WIDE = 46
"""Characters of a line of words."""


def broken(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words in a row as lines, an arrow at the end of each but the last."""
    if len(words) > MOST:
        left = plural(len(words) - MOST + 1, "more step")
        words = (*words[: MOST // 2], f"… {left} …", *words[1 - MOST // 2 :])
    lines = list(words[:1])
    for word in words[1:]:
        if len(lines[-1]) + len(word) > WIDE:
            lines[-1] += ARROW
            lines.append(word)
        else:
            lines[-1] += f"{ARROW} {word}"
    return tuple(lines)

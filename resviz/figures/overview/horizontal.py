"""Placing an overview from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import SUM_SIZE, Canvas
from resviz.figures.drawing.elements import Group, Node, Picture
from resviz.figures.drawing.screens import break_evenly
from resviz.figures.drawing.styles import stage_tint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.overview.outline import Outline, OutlineRow, OutlineSection

MARGIN, PAD = 9, 6
"""Around the picture and inside a stage."""

BOX_LEAD = 10
"""From a column's left side to its box; the shortcut leaves the wire in between."""

BOX_GAP = 10
"""Between two boxes on the main branch, for an arrow."""

LINE_HEIGHT = 14
"""Height of a line of text in a box."""

MAX_LINE_WIDTH = 84
"""Greatest width of a line of text in a box on the main branch."""

TITLE_HEIGHT = 34.0
"""Height of the title."""

NAME_HEIGHT = 24
"""Height of a stage's name; each further fact takes 12."""

COUNT_HEIGHT = 18
"""Height of a fold's count."""


MAX_LINES = 6
"""Lines of stages, one below the other."""

LINE_SHIFT = 26
"""Between two lines of stages, and from the left side to the first of a line."""


@dataclass(frozen=True, slots=True)
class StageLine:
    """Where a line of stages stands.

    Attributes:
        top: y of the stages' upper side.
        level: y of the main wire.
        bottom: y of the stages' lower side.
        turn: x at which the wire of the line before comes down.
    """

    top: float
    level: float
    bottom: float
    turn: float = 0

    def next_line(self, turn: float) -> StageLine:
        """Return the next line of stages."""
        down = self.bottom - self.top + LINE_SHIFT
        level, bottom = self.level + down, self.bottom + down
        return StageLine(self.top + down, level, bottom, turn)


def place_overview(outline: Outline, signs: list[str]) -> Iterator[Picture]:
    """The overview, placed: in one line, then in more."""
    whole = place_in_lines(outline, signs)
    yield whole
    sides = [
        group.at[0] - group.size[0] / 2
        for group in whole.groups
        if group.role == "stage"
    ]
    for number in range(2, min(len(sides), MAX_LINES) + 1):
        yield place_in_lines(outline, signs, break_evenly(sides, whole.size[0], number))


def place_in_lines(
    outline: Outline, signs: list[str], turns: tuple[int, ...] = ()
) -> Picture:
    """The overview, in a new line at each of some stages."""
    canvas = Canvas()
    line = measure_first_line(outline)
    last, x = place_end_text(canvas, MARGIN, line.level, "input", outline.inputs)
    if outline.stem:
        last, x = place_chain(canvas, last, x, line, outline.stem, "stem")
    right = x
    for number, section in enumerate(outline.sections):
        if number in turns:
            line, x = line.next_line(x + 12), MARGIN + LINE_SHIFT - 8
        last, x = place_section(canvas, last, x + 8, line, section, stage_tint(number))
        right = max(right, x + 12)
    if outline.head:
        last, x = place_chain(canvas, last, x, line, outline.head, "head")
    if outline.outputs:
        x += BOX_GAP + 3
        what, _, shapes = outline.outputs.partition(" ")
        text, end = place_end_text(canvas, x, line.level, what, shapes)
        canvas.add_wire(
            last, text, "main", (last.right, line.level), (x - 1, line.level)
        )
        x = end
    width = max(x + MARGIN, right + 6 if turns else 0, 560)
    canvas.add_title(width / 2, outline.title, outline.facts, width - 2 * MARGIN)
    y = canvas.add_notes(width / 2, line.bottom + 4, signs, width - 2 * MARGIN)
    return canvas.build_picture(f"{outline.title}, overview", (width, y + 6))


def draw_main_wire(canvas: Canvas, line: StageLine, last: Node, head: Node) -> None:
    """The main wire to a node; from the end of the line before, if need be."""
    points = [(last.right, last.at[1]), (head.left, line.level)]
    if last.at[1] != line.level:
        between, left = line.top - LINE_SHIFT / 2, MARGIN + LINE_SHIFT / 2 - 4
        points[1:1] = [(line.turn, last.at[1]), (line.turn, between)]
        points[3:3] = [(left, between), (left, line.level)]
    canvas.add_wire(last, head, "main", *points)


def measure_first_line(outline: Outline) -> StageLine:
    """The first line of stages; all are of one height."""
    rows = [row for section in outline.sections for row in section.rows]
    boxes = [outline.stem, outline.head, *(row.labels for row in rows)]
    half = max(len(wrap_box_text(words)) for words in boxes) * LINE_HEIGHT / 2
    facts = max((len(section.facts) for section in outline.sections), default=0)
    above = (
        NAME_HEIGHT
        + 12 * max(facts - 1, 0)
        + max(map(measure_headroom, rows), default=0)
    )
    level = TITLE_HEIGHT + above + 6 + half
    return StageLine(TITLE_HEIGHT, level, level + half + 20)


def wrap_box_text(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a box, each on lines of its own."""
    lines = [
        line
        for word in words
        for line in metrics.wrap_words(word.split(), " ", MAX_LINE_WIDTH)
    ]
    return metrics.cap_lines(lines, 8)


def list_shortcut_text(row: OutlineRow) -> tuple[str, ...]:
    """List what is written on a shortcut, one thing a line."""
    return (*row.shortcut, row.width_change) if row.width_change else row.shortcut


def measure_box_width(words: tuple[str, ...]) -> float:
    """Width of a box with these words."""
    return metrics.widen_for_fonts(metrics.max_text_width(wrap_box_text(words))) + 8


def measure_headroom(row: OutlineRow) -> float:
    """Measure the height of a row's shortcut, count and gaps over its box."""
    tall = LINE_HEIGHT * len(list_shortcut_text(row)) + 15 if row.has_addition else 4
    return tall + (COUNT_HEIGHT if row.count > 1 else 0)


def place_end_text(
    canvas: Canvas, x: float, level: float, *lines: str
) -> tuple[Node, float]:
    """The input's or the output's text from `x` on; gives it and the x behind it."""
    lines = tuple(metrics.fit_text(line, 100) for line in lines)
    wide = metrics.max_text_width(lines) + 2
    size = (wide, LINE_HEIGHT * len(lines))
    return canvas.add_node("text", (x + wide / 2, level), size, lines), x + wide


def place_chain(
    canvas: Canvas,
    last: Node,
    x: float,
    line: StageLine,
    words: tuple[str, ...],
    tint: str,
) -> tuple[Node, float]:
    """A box right of `last` that is no block; gives it and the x behind it."""
    lines = wrap_box_text(words)
    size = (measure_box_width(words), 12 + LINE_HEIGHT * len(lines))
    at = (x + BOX_GAP + 2 + size[0] / 2, line.level)
    box = canvas.add_node("chain", at, size, lines, tint=tint)
    draw_main_wire(canvas, line, last, box)
    return box, box.right


def place_section(
    canvas: Canvas,
    last: Node,
    x: float,
    line: StageLine,
    section: OutlineSection,
    tint: str,
) -> tuple[Node, float]:
    """A stage right of `last`; gives its last node and the x behind it.

    Args:
        canvas: to place it on.
        last: the node before it.
        x: its left side.
        line: the line that it stands in.
        section: what it holds.
        tint: its colours.
    """
    left, since = x, len(canvas.nodes)
    plates: list[Group] = []
    x += 4 if section.rows[0].count > 1 else 0
    for rows in section.groups:
        x, begin = x + 2, len(canvas.nodes)
        for row in rows:
            last, x = place_row(canvas, last, x, line, row, tint)
        if rows[0].count > 1:
            plates.append(
                frame_folded_block(canvas, (begin, x), rows[0], line, len(plates))
            )
            x += 2
    x = max(x + PAD - 3, left + measure_heading_width(section))
    place_stage_heading(canvas, section, (left + x) / 2, line.top)
    inside = {key for group in plates for key in group.nodes}
    group = Group(
        f"s{len(canvas.groups)}",
        "stage",
        ((left + x) / 2, (line.top + line.bottom) / 2),
        (x - left, line.bottom - line.top),
        tint,
        tuple(key for key in canvas.node_keys_since(since) if key not in inside),
        tuple(plates),
    )
    canvas.groups.append(group)
    return last, x


def measure_heading_width(section: OutlineSection) -> float:
    """The room that a stage's name and facts need."""
    first = metrics.text_width(section.name, bold=True) + 10
    first += metrics.max_text_width(section.facts[:1])
    return max(first, metrics.max_text_width(section.facts[1:], 11)) + 16


def place_stage_heading(
    canvas: Canvas, section: OutlineSection, centre: float, top: float
) -> None:
    """A stage's name and facts, along its upper side."""
    first = metrics.max_text_width(section.facts[:1])
    name = metrics.text_width(section.name, bold=True)
    gap = 8 if section.name else 0
    start = centre - (first + name + gap) / 2
    if section.name:
        canvas.add_text("name", (start, top + 12), section.name, align="start")
    for fact in section.facts[:1]:
        canvas.add_text("text", (start + name + gap, top + 12), fact, align="start")
    for number, fact in enumerate(section.facts[1:]):
        canvas.add_text("note", (centre, top + 26 + 12 * number), fact)


def frame_folded_block(
    canvas: Canvas,
    span: tuple[int, float],
    row: OutlineRow,
    line: StageLine,
    number: int,
) -> Group:
    """The frame around a folded block, which `span` gives: first node, right end."""
    since, right = span
    top = min(node.top for node in canvas.nodes[since:]) - COUNT_HEIGHT - 2
    bottom = line.bottom - PAD
    left = min(node.left for node in canvas.nodes[since:]) - BOX_LEAD + 1
    canvas.add_text("count", (right - 6, top + 12), f"×{row.count}", align="end")
    return canvas.frame_fold(number, (left, top), (right, bottom), since)


def place_row(
    canvas: Canvas, last: Node, x: float, line: StageLine, row: OutlineRow, tint: str
) -> tuple[Node, float]:
    """A row right of `last`; gives its last node and the x behind it."""
    if row.elided:
        lines = wrap_box_text(tuple(row.labels[0].split(" of ")))
        size = (metrics.max_text_width(lines, 11) + 4, 13 * len(lines))
        note = canvas.add_node(
            "note", (x + BOX_GAP + size[0] / 2, line.level), size, lines
        )
        draw_main_wire(canvas, line, last, note)
        return note, note.right + 2
    if row.lead:
        last, x = place_preactivation(canvas, last, x, line, row)
    lines = wrap_box_text(row.labels)
    tall = 12 + LINE_HEIGHT * len(lines)
    over = metrics.widen_for_fonts(metrics.max_text_width(list_shortcut_text(row)))
    over += 6 if row.shortcut_kind != "identity" else 0
    wide = max(measure_box_width(row.labels), over if row.has_addition else 0)
    middle = x + BOX_LEAD + wide / 2
    size = (measure_box_width(row.labels), tall)
    box = canvas.add_node("block", (middle, line.level), size, lines, tint=tint)
    draw_main_wire(canvas, line, last, box)
    if not row.has_addition:
        return box, box.right + 5
    join = canvas.add_sum(
        (x + BOX_LEAD + wide + BOX_GAP + SUM_SIZE[0] / 2, line.level), row.sign
    )
    canvas.add_wire(box, join, "main", (box.right, line.level), (join.left, line.level))
    place_shortcut(canvas, last, box, join, (x + 4, over), row)
    return join, join.right + 4


def place_preactivation(
    canvas: Canvas, last: Node, x: float, line: StageLine, row: OutlineRow
) -> tuple[Node, float]:
    """Place a row's preactivation right of `last`; return it and the x behind."""
    size = (
        metrics.widen_for_fonts(metrics.max_text_width(row.lead, 11)) + 10,
        8 + 13 * len(row.lead),
    )
    at = (x + BOX_GAP - 2 + size[0] / 2, line.level)
    pill = canvas.add_node("small plain", at, size, row.lead)
    draw_main_wire(canvas, line, last, pill)
    return pill, pill.right


def place_shortcut(
    canvas: Canvas,
    last: Node,
    box: Node,
    join: Node,
    start: tuple[float, float],
    row: OutlineRow,
) -> None:
    """A row's shortcut: off the main wire, over its box, into the sum.

    Args:
        canvas: to place it on.
        last: the node before the row.
        box: the row's box.
        join: the row's sum.
        start: x at which it leaves the wire, and the width of its text.
        row: what to write on it.
    """
    fork, wide = start
    boxed = row.shortcut_kind != "identity"
    tall = LINE_HEIGHT * len(list_shortcut_text(row)) + (6 if boxed else 2)
    level = box.at[1]
    y = box.top - 9 - tall / 2
    text = canvas.add_node(
        row.shortcut_kind, (box.at[0], y), (wide, tall), list_shortcut_text(row)
    )
    up = (fork, level), (fork, y), (text.left, y)
    canvas.add_wire(last, text, row.shortcut_kind, *up, arrow=False)
    down = (text.right, y), (join.at[0], y), (join.at[0], join.top)
    canvas.add_wire(text, join, row.shortcut_kind, *down)

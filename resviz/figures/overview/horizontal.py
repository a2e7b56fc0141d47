"""Placing an overview from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import SUM, Canvas
from resviz.figures.drawing.parts import Group, Node, Picture
from resviz.figures.drawing.screens import breaks
from resviz.figures.drawing.styles import stage_tint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.overview.outline import Outline, Row, Section

MARGIN, PAD = 9, 6
"""Around the picture and inside a stage."""

LEAD = 10
"""From a column's left side to its box; the shortcut leaves the wire in between."""

GAP = 10
"""Between two boxes on the main branch, for an arrow."""

LINE_HEIGHT = 14
"""Of a box's lines of text."""

WIDEST = 84
"""Of a line in a box on the main branch."""

TOP = 34.0
"""Height of the title."""

NAME = 24
"""Height of a stage's name; each further fact takes 12."""

COUNT = 18
"""Height of a fold's count."""


MOST = 6
"""Lines of stages, one below the other."""

SHIFT = 26
"""Between two lines of stages, and from the left side to the first of a line."""


@dataclass(frozen=True, slots=True)
class Line:
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

    def below(self, turn: float) -> Line:
        """The next one."""
        down = self.bottom - self.top + SHIFT
        level, bottom = self.level + down, self.bottom + down
        return Line(self.top + down, level, bottom, turn)


def place(told: Outline, signs: list[str]) -> Iterator[Picture]:
    """The overview, placed: in one line, then in more."""
    whole = lines(told, signs)
    yield whole
    sides = [it.at[0] - it.size[0] / 2 for it in whole.groups if it.role == "stage"]
    for number in range(2, min(len(sides), MOST) + 1):
        yield lines(told, signs, breaks(sides, whole.size[0], number))


def lines(told: Outline, signs: list[str], turns: tuple[int, ...] = ()) -> Picture:
    """The overview, in a new line at each of some stages."""
    canvas = Canvas()
    line = first_line(told)
    last, x = end_text(canvas, MARGIN, line.level, "input", told.inputs)
    if told.stem:
        last, x = chain(canvas, last, x, line, told.stem, "stem")
    right = x
    for number, section in enumerate(told.sections):
        if number in turns:
            line, x = line.below(x + 12), MARGIN + SHIFT - 8
        last, x = place_section(canvas, last, x + 8, line, section, stage_tint(number))
        right = max(right, x + 12)
    if told.head:
        last, x = chain(canvas, last, x, line, told.head, "head")
    if told.outputs:
        x += GAP + 3
        what, _, shapes = told.outputs.partition(" ")
        text, end = end_text(canvas, x, line.level, what, shapes)
        canvas.wire(last, text, "main", (last.right, line.level), (x - 1, line.level))
        x = end
    width = max(x + MARGIN, right + 6 if turns else 0, 560)
    canvas.title(width / 2, told.title, told.facts, width - 2 * MARGIN)
    y = canvas.notes(width / 2, line.bottom + 4, signs, width - 2 * MARGIN)
    return canvas.picture(f"{told.title}, overview", (width, y + 6))


def lead_in(canvas: Canvas, line: Line, last: Node, head: Node) -> None:
    """The main wire to a node; from the end of the line before, if need be."""
    points = [(last.right, last.at[1]), (head.left, line.level)]
    if last.at[1] != line.level:
        between, left = line.top - SHIFT / 2, MARGIN + SHIFT / 2 - 4
        points[1:1] = [(line.turn, last.at[1]), (line.turn, between)]
        points[3:3] = [(left, between), (left, line.level)]
    canvas.wire(last, head, "main", *points)


def first_line(told: Outline) -> Line:
    """The first line of stages; all are of one height."""
    rows = [row for section in told.sections for row in section.rows]
    boxes = [told.stem, told.head, *(row.words for row in rows)]
    half = max(len(box_lines(words)) for words in boxes) * LINE_HEIGHT / 2
    facts = max((len(section.facts) for section in told.sections), default=0)
    above = NAME + 12 * max(facts - 1, 0) + max(map(headroom, rows), default=0)
    level = TOP + above + 6 + half
    return Line(TOP, level, level + half + 20)


def box_lines(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a box, each on lines of its own."""
    lines = [line for word in words for line in metrics.flow(word.split(), " ", WIDEST)]
    return metrics.capped(lines, 8)


def shortcut_lines(row: Row) -> tuple[str, ...]:
    """What is written on a shortcut, one thing a line."""
    return (*row.shortcut, row.change) if row.change else row.shortcut


def box_width(words: tuple[str, ...]) -> float:
    """Width of a box with these words."""
    return metrics.roomy(metrics.widest(box_lines(words))) + 8


def headroom(row: Row) -> float:
    """What a row needs over its box: its shortcut, its count, the gaps."""
    tall = LINE_HEIGHT * len(shortcut_lines(row)) + 15 if row.adds else 4
    return tall + (COUNT if row.count > 1 else 0)


def end_text(canvas: Canvas, x: float, level: float, *lines: str) -> tuple[Node, float]:
    """The input's or the output's text from `x` on; gives it and the x behind it."""
    lines = tuple(metrics.fit(line, 100) for line in lines)
    wide = metrics.widest(lines) + 2
    size = (wide, LINE_HEIGHT * len(lines))
    return canvas.node("text", (x + wide / 2, level), size, lines), x + wide


def chain(
    canvas: Canvas,
    last: Node,
    x: float,
    line: Line,
    words: tuple[str, ...],
    tint: str,
) -> tuple[Node, float]:
    """A box right of `last` that is no block; gives it and the x behind it."""
    lines = box_lines(words)
    size = (box_width(words), 12 + LINE_HEIGHT * len(lines))
    at = (x + GAP + 2 + size[0] / 2, line.level)
    box = canvas.node("chain", at, size, lines, tint=tint)
    lead_in(canvas, line, last, box)
    return box, box.right


def place_section(
    canvas: Canvas,
    last: Node,
    x: float,
    line: Line,
    section: Section,
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
            plates.append(plate(canvas, (begin, x), rows[0], line, len(plates)))
            x += 2
    x = max(x + PAD - 3, left + names_width(section))
    side_lines(canvas, section, (left + x) / 2, line.top)
    inside = {key for group in plates for key in group.nodes}
    group = Group(
        f"s{len(canvas.groups)}",
        "stage",
        ((left + x) / 2, (line.top + line.bottom) / 2),
        (x - left, line.bottom - line.top),
        tint,
        tuple(key for key in canvas.keys(since) if key not in inside),
        tuple(plates),
    )
    canvas.groups.append(group)
    return last, x


def names_width(section: Section) -> float:
    """The room that a stage's name and facts need."""
    first = metrics.width(section.name, bold=True) + 10
    first += metrics.widest(section.facts[:1])
    return max(first, metrics.widest(section.facts[1:], 11)) + 16


def side_lines(canvas: Canvas, section: Section, centre: float, top: float) -> None:
    """A stage's name and facts, along its upper side."""
    first = metrics.widest(section.facts[:1])
    name = metrics.width(section.name, bold=True)
    gap = 8 if section.name else 0
    start = centre - (first + name + gap) / 2
    if section.name:
        canvas.text("name", (start, top + 12), section.name, align="start")
    for fact in section.facts[:1]:
        canvas.text("text", (start + name + gap, top + 12), fact, align="start")
    for number, fact in enumerate(section.facts[1:]):
        canvas.text("note", (centre, top + 26 + 12 * number), fact)


def plate(
    canvas: Canvas,
    span: tuple[int, float],
    row: Row,
    line: Line,
    number: int,
) -> Group:
    """The frame around a folded block, which `span` gives: first node, right end."""
    since, right = span
    top = min(node.top for node in canvas.nodes[since:]) - COUNT - 2
    bottom = line.bottom - PAD
    left = min(node.left for node in canvas.nodes[since:]) - LEAD + 1
    canvas.text("count", (right - 6, top + 12), f"×{row.count}", align="end")
    return canvas.fold(number, (left, top), (right, bottom), since)


def place_row(
    canvas: Canvas, last: Node, x: float, line: Line, row: Row, tint: str
) -> tuple[Node, float]:
    """A row right of `last`; gives its last node and the x behind it."""
    if row.elided:
        lines = box_lines(tuple(row.words[0].split(" of ")))
        size = (metrics.widest(lines, 11) + 4, 13 * len(lines))
        note = canvas.node("note", (x + GAP + size[0] / 2, line.level), size, lines)
        lead_in(canvas, line, last, note)
        return note, note.right + 2
    if row.lead:
        last, x = place_lead(canvas, last, x, line, row)
    lines = box_lines(row.words)
    tall = 12 + LINE_HEIGHT * len(lines)
    over = metrics.roomy(metrics.widest(shortcut_lines(row)))
    over += 6 if row.kind != "identity" else 0
    wide = max(box_width(row.words), over if row.adds else 0)
    middle = x + LEAD + wide / 2
    size = (box_width(row.words), tall)
    box = canvas.node("block", (middle, line.level), size, lines, tint=tint)
    lead_in(canvas, line, last, box)
    if not row.adds:
        return box, box.right + 5
    join = canvas.sum((x + LEAD + wide + GAP + SUM[0] / 2, line.level), row.sign)
    canvas.wire(box, join, "main", (box.right, line.level), (join.left, line.level))
    place_shortcut(canvas, last, box, join, (x + 4, over), row)
    return join, join.right + 4


def place_lead(
    canvas: Canvas, last: Node, x: float, line: Line, row: Row
) -> tuple[Node, float]:
    """What a row's branches share, right of `last`; gives it and the x behind it."""
    size = (metrics.roomy(metrics.widest(row.lead, 11)) + 10, 8 + 13 * len(row.lead))
    at = (x + GAP - 2 + size[0] / 2, line.level)
    pill = canvas.node("small plain", at, size, row.lead)
    lead_in(canvas, line, last, pill)
    return pill, pill.right


def place_shortcut(
    canvas: Canvas,
    last: Node,
    box: Node,
    join: Node,
    start: tuple[float, float],
    row: Row,
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
    boxed = row.kind != "identity"
    tall = LINE_HEIGHT * len(shortcut_lines(row)) + (6 if boxed else 2)
    level = box.at[1]
    y = box.top - 9 - tall / 2
    text = canvas.node(row.kind, (box.at[0], y), (wide, tall), shortcut_lines(row))
    up = (fork, level), (fork, y), (text.left, y)
    canvas.wire(last, text, row.kind, *up, arrow=False)
    down = (text.right, y), (join.at[0], y), (join.at[0], join.top)
    canvas.wire(text, join, row.kind, *down)

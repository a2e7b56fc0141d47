"""Placing an overview from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import SUM, Canvas
from resviz.figures.drawing.parts import Group, Node, Picture
from resviz.figures.drawing.styles import stage_tint

if TYPE_CHECKING:
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


def place(told: Outline, signs: list[str]) -> Picture:
    """The overview, placed."""
    canvas = Canvas()
    _, level, bottom = levels = heights(told)
    last, x = end_text(canvas, MARGIN, level, "input", told.inputs)
    if told.stem:
        last, x = chain(canvas, last, x, level, told.stem, "stem")
    for number, section in enumerate(told.sections):
        last, x = place_section(
            canvas, last, x + 8, levels, section, stage_tint(number)
        )
    if told.head:
        last, x = chain(canvas, last, x, level, told.head, "head")
    if told.outputs:
        x += GAP + 3
        what, _, shapes = told.outputs.partition(" ")
        text, end = end_text(canvas, x, level, what, shapes)
        canvas.wire(last, text, "main", (last.right, level), (x - 1, level))
        x = end
    width = max(x + MARGIN, 560)
    canvas.title(width / 2, told.title, told.facts, width - 2 * MARGIN)
    y = canvas.notes(width / 2, bottom + 4, signs, width - 2 * MARGIN)
    return canvas.picture(f"{told.title}, overview", (width, y + 6))


def heights(told: Outline) -> tuple[float, float, float]:
    """Y of the stages' top, of the main wire, and of their bottom."""
    rows = [row for section in told.sections for row in section.rows]
    boxes = [told.stem, told.head, *(row.words for row in rows)]
    half = max(len(box_lines(words)) for words in boxes) * LINE_HEIGHT / 2
    facts = max((len(section.facts) for section in told.sections), default=0)
    above = NAME + 12 * max(facts - 1, 0) + max(map(headroom, rows), default=0)
    level = TOP + above + 6 + half
    return TOP, level, level + half + 20


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
    level: float,
    words: tuple[str, ...],
    tint: str,
) -> tuple[Node, float]:
    """A box right of `last` that is no block; gives it and the x behind it."""
    lines = box_lines(words)
    size = (box_width(words), 12 + LINE_HEIGHT * len(lines))
    at = (x + GAP + 2 + size[0] / 2, level)
    box = canvas.node("chain", at, size, lines, tint=tint)
    canvas.wire(last, box, "main", (last.right, level), (box.left, level))
    return box, box.right


def place_section(
    canvas: Canvas,
    last: Node,
    x: float,
    levels: tuple[float, float, float],
    section: Section,
    tint: str,
) -> tuple[Node, float]:
    """A stage right of `last`; gives its last node and the x behind it.

    Args:
        canvas: to place it on.
        last: the node before it.
        x: its left side.
        levels: y of its top, of the main wire, and of its bottom.
        section: what it holds.
        tint: its colours.
    """
    top, level, bottom = levels
    left, since = x, len(canvas.nodes)
    plates: list[Group] = []
    x += 4 if section.rows[0].count > 1 else 0
    for rows in section.groups:
        x, begin = x + 2, len(canvas.nodes)
        for row in rows:
            last, x = place_row(canvas, last, x, level, row, tint)
        if rows[0].count > 1:
            plates.append(plate(canvas, (begin, x), rows[0], levels, len(plates)))
            x += 2
    x = max(x + PAD - 3, left + names_width(section))
    side_lines(canvas, section, (left + x) / 2, top)
    inside = {key for group in plates for key in group.nodes}
    group = Group(
        f"s{left:.0f}",
        "stage",
        ((left + x) / 2, (top + bottom) / 2),
        (x - left, bottom - top),
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
    levels: tuple[float, float, float],
    number: int,
) -> Group:
    """The frame around a folded block, which `span` gives: first node, right end."""
    since, right = span
    bottom = levels[2]
    top = min(node.top for node in canvas.nodes[since:]) - COUNT - 2
    bottom -= PAD
    left = min(node.left for node in canvas.nodes[since:]) - LEAD + 1
    canvas.text("count", (right - 6, top + 12), f"×{row.count}", align="end")
    return canvas.fold(number, (left, top), (right, bottom), since)


def place_row(
    canvas: Canvas, last: Node, x: float, level: float, row: Row, tint: str
) -> tuple[Node, float]:
    """A row right of `last`; gives its last node and the x behind it."""
    if row.elided:
        lines = box_lines(tuple(row.words[0].split(" of ")))
        size = (metrics.widest(lines, 11) + 4, 13 * len(lines))
        note = canvas.node("note", (x + GAP + size[0] / 2, level), size, lines)
        canvas.wire(last, note, "main", (last.right, level), (note.left, level))
        return note, note.right + 2
    if row.lead:
        last, x = place_lead(canvas, last, x, level, row)
    lines = box_lines(row.words)
    tall = 12 + LINE_HEIGHT * len(lines)
    over = metrics.roomy(metrics.widest(shortcut_lines(row)))
    over += 6 if row.kind != "identity" else 0
    wide = max(box_width(row.words), over if row.adds else 0)
    middle = x + LEAD + wide / 2
    size = (box_width(row.words), tall)
    box = canvas.node("block", (middle, level), size, lines, tint=tint)
    canvas.wire(last, box, "main", (last.right, level), (box.left, level))
    if not row.adds:
        return box, box.right + 5
    join = canvas.sum((x + LEAD + wide + GAP + SUM[0] / 2, level), row.sign)
    canvas.wire(box, join, "main", (box.right, level), (join.left, level))
    place_shortcut(canvas, last, box, join, (x + 4, over), row)
    return join, join.right + 4


def place_lead(
    canvas: Canvas, last: Node, x: float, level: float, row: Row
) -> tuple[Node, float]:
    """What a row's branches share, right of `last`; gives it and the x behind it."""
    size = (metrics.roomy(metrics.widest(row.lead, 11)) + 10, 8 + 13 * len(row.lead))
    at = (x + GAP - 2 + size[0] / 2, level)
    pill = canvas.node("small plain", at, size, row.lead)
    canvas.wire(last, pill, "main", (last.right, level), (pill.left, level))
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

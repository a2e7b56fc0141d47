"""Placing an overview from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import SUM, Canvas
from resviz.figures.drawing.parts import Group, Node, Picture
from resviz.figures.drawing.screens import breaks
from resviz.figures.drawing.styles import stage_tint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.parts import Point
    from resviz.figures.overview.outline import Outline, Row, Section

MARGIN, PAD, PLATE = 9, 7, 5
"""Around the picture, inside a stage, and inside a fold's plate."""

GUTTER = 26
"""Between two columns of stages."""

SIDE, COUNT = 140, 46
"""Widths of a stage's facts and of a fold's count."""

NARROWEST, WIDEST = 235, 330
"""Widths of the boxes on the main branch."""

INSIDE = 14
"""Left and right of a box's words together."""

LEAD = 13
"""From a row's top to its box; the shortcut leaves the wire 7 above the box."""

ARROW = " → "

LINE_HEIGHT = 14
"""Of a box's lines of text."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns stand.

    Attributes:
        main: width of the boxes on the main branch.
        boxed: width of the boxes on shortcuts.
        counted: whether counts need a column right of those boxes.
        left: x of the stages' left side.
        turn: y at which the wire of the column before comes over: under its last
            stage, and above this column's first.
    """

    main: float
    boxed: float
    counted: bool
    left: float = MARGIN
    turn: Point = (0, 0)

    @property
    def centre(self) -> float:
        """X of the main branch."""
        return self.left + PAD + SIDE + self.main / 2

    @property
    def right(self) -> float:
        """X at which the shortcuts' column begins."""
        return self.centre + self.main / 2 + 14

    @property
    def end(self) -> float:
        """X at which the last column ends."""
        return self.right + self.boxed + (COUNT if self.counted else 0)

    @property
    def width(self) -> float:
        """Of the stages."""
        return self.end + PAD - self.left

    def beside(self, turn: Point) -> Columns:
        """The same to the right."""
        return replace(self, left=self.left + self.width + GUTTER, turn=turn)


def columns(told: Outline) -> Columns:
    """The columns that an overview needs."""
    rows = [row for section in told.sections for row in section.rows]
    texts = [ARROW.join(row.words) for row in rows] + [ARROW.join(told.head)]
    main = metrics.roomy(metrics.widest(texts)) + INSIDE
    boxed = metrics.widest(line for row in rows for line in row.lines) + 20
    return Columns(
        min(max(main, NARROWEST), WIDEST),
        min(max(boxed, 118), 200) if any(row.kind for row in rows) else 0,
        any(row.count > 1 and row.kind not in {"", "identity"} for row in rows),
    )


def box_lines(words: tuple[str, ...], room: float, most: int = 4) -> tuple[str, ...]:
    """The words of a box as lines."""
    return metrics.capped(
        metrics.flow(words, ARROW, (room - INSIDE) / metrics.WIDER + 0.1), most
    )


MOST = 2
"""Columns of stages side by side."""


def place(told: Outline, signs: list[str]) -> Iterator[Picture]:
    """The overview, placed: in one column, then in two."""
    whole = column(told, signs)
    yield whole
    tops = [it.at[1] - it.size[1] / 2 for it in whole.groups if it.role == "stage"]
    if len(tops) > 1:
        for number in range(2, MOST + 1):
            yield column(told, signs, breaks(tops, whole.size[1], number))


def column(told: Outline, signs: list[str], turns: tuple[int, ...] = ()) -> Picture:
    """The overview, in a new column at each of some stages."""
    canvas = Canvas()
    at = columns(told)
    width = (len(turns) + 1) * (at.width + GUTTER) - GUTTER + 2 * MARGIN
    room = width - 2 * MARGIN
    y = canvas.title(width / 2, told.title, told.facts, room) + 12
    top = y + 20
    last = canvas.text("text", (at.centre, y), metrics.fit(told.inputs, at.main))
    y += 8
    if told.stem:
        last, y = chain(canvas, at, last, y, told.stem, "stem")
    y += 8
    bottoms = []
    for number, section in enumerate(told.sections):
        if number in turns:
            bottoms.append(y + 8)
            at, y = at.beside((y, top - 10)), top
        last, y = place_section(canvas, at, last, y, section, stage_tint(number))
        y += 8
    y -= 2
    if told.head:
        last, y = chain(canvas, at, last, y, told.head, "head")
    if told.outputs:
        line = metrics.fit(told.outputs, at.main)
        below = canvas.text("text", (at.centre, y + 19), line)
        canvas.wire(last, below, "main", (at.centre, last.bottom), (at.centre, y + 12))
        y += 28
    y = canvas.notes(width / 2, max(y, *bottoms, 0) + 2, signs, room)
    return canvas.picture(f"{told.title}, overview", (width, y + 6))


def lead_in(canvas: Canvas, at: Columns, last: Node, head: Node) -> None:
    """The main wire down to a node; from the foot of the column before, if need be."""
    points = [(last.at[0], last.bottom), (at.centre, head.top)]
    if last.at[0] != at.centre:
        between = at.left - GUTTER / 2
        under, over = at.turn
        points[1:1] = [(last.at[0], under), (between, under)]
        points[3:3] = [(between, over), (at.centre, over)]
    canvas.wire(last, head, "main", *points)


def chain(
    canvas: Canvas, at: Columns, last: Node, y: float, words: tuple[str, ...], tint: str
) -> tuple[Node, float]:
    """A box below `last` that is no block; gives it and the y below it."""
    lines = box_lines(words, at.main, most=6)
    height = 10 + LINE_HEIGHT * len(lines)
    size = (at.main, height)
    box = canvas.node("chain", (at.centre, y + 10 + height / 2), size, lines, tint=tint)
    lead_in(canvas, at, last, box)
    return box, box.bottom


def place_section(
    canvas: Canvas, at: Columns, last: Node, y: float, section: Section, tint: str
) -> tuple[Node, float]:
    """A stage below `last`; gives its last node and the y below it."""
    top, since = y, len(canvas.nodes)
    side_lines(canvas, section, at.left, top)
    plates: list[Group] = []
    y += 4 if section.rows[0].count > 1 else 0
    for group in section.groups:
        y, begin = y + 2, len(canvas.nodes)
        below = y
        for row in group:
            last, below = place_row(canvas, at, last, below, row, tint)
        if group[0].count > 1:
            plates.append(plate(canvas, at, y, below, begin, len(plates)))
            middle = (y + below) / 2
            canvas.text("count", (at.end - COUNT / 2, middle), f"×{group[0].count}")
        y = below
    y = max(y + PAD - 2, top + 16 * (len(section.facts) + bool(section.name)) + 8)
    inside = {key for it in plates for key in it.nodes}
    frame = Group(
        f"s{len(canvas.groups)}",
        "stage",
        (at.left + at.width / 2, (top + y) / 2),
        (at.width, y - top),
        tint,
        tuple(key for key in canvas.keys(since) if key not in inside),
        tuple(plates),
    )
    canvas.groups.append(frame)
    return last, y


def side_lines(canvas: Canvas, section: Section, left: float, top: float) -> None:
    """A stage's name and facts, in its upper left corner."""
    x, y = left + PAD, top + 12
    if section.name:
        canvas.text("name", (x, y), section.name, align="start")
        y += 14
    for number, fact in enumerate(section.facts):
        role = "note" if number else "text"
        fitting = metrics.fit(fact, SIDE - 6, 11 if number else 12)
        canvas.text(role, (x, y), fitting, align="start")
        y += 14


def plate(
    canvas: Canvas, at: Columns, top: float, bottom: float, since: int, number: int
) -> Group:
    """The frame around a folded block."""
    left = at.centre - at.main / 2 - PLATE
    return canvas.fold(number, (left, top), (at.end, bottom), since)


def place_row(
    canvas: Canvas, at: Columns, last: Node, y: float, row: Row, tint: str
) -> tuple[Node, float]:
    """A row below `last`; gives its last node and the y below it."""
    if row.elided:
        note = canvas.text(
            "note", (at.centre, y + 22), metrics.fit(row.words[0], at.main)
        )
        lead_in(canvas, at, last, note)
        return note, note.bottom + 2
    if row.lead:
        last, y = place_lead(canvas, at, last, y, row)
    lines = box_lines(row.words, at.main)
    tall = 10 + LINE_HEIGHT * len(lines)
    room = LINE_HEIGHT * len(row.lines) + (6 if row.kind != "identity" else 2)
    core = max(tall, room if row.adds else 0)
    middle = y + LEAD + core / 2
    box = canvas.node("block", (at.centre, middle), (at.main, tall), lines, tint=tint)
    lead_in(canvas, at, last, box)
    if not row.adds:
        return box, box.bottom + 4
    join = canvas.sum((at.centre, y + LEAD + core + 7 + SUM[1] / 2), row.sign)
    canvas.wire(box, join, "main", (at.centre, box.bottom), (at.centre, join.top))
    place_shortcut(canvas, at, last, join, (y + LEAD - 7, middle), row)
    return join, join.bottom + 4


def place_lead(
    canvas: Canvas, at: Columns, last: Node, y: float, row: Row
) -> tuple[Node, float]:
    """What a row's branches share, below `last`; gives it and the y below it."""
    said = ", ".join(row.lead)
    size = (metrics.roomy(metrics.width(said, 11)) + 16, 16)
    pill = canvas.node("small plain", (at.centre, y + 15), size, [said])
    lead_in(canvas, at, last, pill)
    return pill, pill.bottom - 1


def place_shortcut(
    canvas: Canvas,
    at: Columns,
    last: Node,
    join: Node,
    levels: tuple[float, float],
    row: Row,
) -> None:
    """A row's shortcut: off the main wire, down through its text, into the sum.

    Args:
        canvas: to place it on.
        at: the columns.
        last: the node before the row.
        join: the row's sum.
        levels: y at which it leaves the wire, and of its text.
        row: what to write on it.
    """
    fork, middle = levels
    boxed = row.kind != "identity"
    width = at.boxed if boxed else 56
    x = at.right + (at.boxed if boxed else 72) / 2
    lines = [metrics.fit(line, width - 4) for line in row.lines]
    height = LINE_HEIGHT * len(lines) + (6 if boxed else 2)
    text = canvas.node(row.kind, (x, middle), (width, height), lines)
    over = (at.centre, fork), (x, fork), (x, text.top)
    canvas.wire(last, text, row.kind, *over, arrow=False)
    under = (x, text.bottom), (x, join.at[1]), (join.right, join.at[1])
    canvas.wire(text, join, row.kind, *under)

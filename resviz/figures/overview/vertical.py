"""Placing an overview from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import SUM_SIZE, Canvas
from resviz.figures.drawing.elements import Group, Node, Picture
from resviz.figures.drawing.screens import break_evenly
from resviz.figures.drawing.styles import stage_tint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import Point
    from resviz.figures.overview.outline import Outline, OutlineRow, OutlineSection

MARGIN, PAD, PLATE_PAD = 9, 7, 5
"""Around the picture, inside a stage, and inside a fold's plate."""

GUTTER = 26
"""Between two columns of stages."""

FACTS_WIDTH, COUNT_WIDTH = 140, 46
"""Widths of a stage's facts and of a fold's count."""

MIN_BOX_WIDTH, MAX_BOX_WIDTH = 235, 330
"""Widths of the boxes on the main branch."""

BOX_PADDING = 14
"""Space left and right of a box's words, taken together."""

BOX_LEAD = 13
"""From a row's top to its box; the shortcut leaves the wire 7 above the box."""

ARROW = " → "

LINE_HEIGHT = 14
"""Height of a line of text in a box."""


@dataclass(frozen=True, slots=True)
class ColumnLayout:
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
        return self.left + PAD + FACTS_WIDTH + self.main / 2

    @property
    def right(self) -> float:
        """X at which the shortcuts' column begins."""
        return self.centre + self.main / 2 + 14

    @property
    def end(self) -> float:
        """X at which the last column ends."""
        return self.right + self.boxed + (COUNT_WIDTH if self.counted else 0)

    @property
    def width(self) -> float:
        """Width of the stages."""
        return self.end + PAD - self.left

    def next_column(self, turn: Point) -> ColumnLayout:
        """Return the layout of the next column to the right."""
        return replace(self, left=self.left + self.width + GUTTER, turn=turn)


def measure_columns(outline: Outline) -> ColumnLayout:
    """The columns that an overview needs."""
    rows = [row for section in outline.sections for row in section.rows]
    texts = [ARROW.join(row.labels) for row in rows] + [ARROW.join(outline.head)]
    main = metrics.widen_for_fonts(metrics.max_text_width(texts)) + BOX_PADDING
    boxed = (
        metrics.max_text_width(line for row in rows for line in row.shortcut_lines) + 20
    )
    return ColumnLayout(
        min(max(main, MIN_BOX_WIDTH), MAX_BOX_WIDTH),
        min(max(boxed, 118), 200) if any(row.shortcut_kind for row in rows) else 0,
        any(
            row.count > 1 and row.shortcut_kind not in {"", "identity"} for row in rows
        ),
    )


def wrap_box_text(
    words: tuple[str, ...], room: float, most: int = 4
) -> tuple[str, ...]:
    """The words of a box as lines."""
    return metrics.cap_lines(
        metrics.wrap_words(
            words, ARROW, (room - BOX_PADDING) / metrics.FONT_FACTOR + 0.1
        ),
        most,
    )


MAX_COLUMNS = 2
"""Columns of stages side by side."""


def place_overview(outline: Outline, signs: list[str]) -> Iterator[Picture]:
    """The overview, placed: in one column, then in two."""
    whole = place_in_columns(outline, signs)
    yield whole
    tops = [
        group.at[1] - group.size[1] / 2
        for group in whole.groups
        if group.role == "stage"
    ]
    if len(tops) > 1:
        for number in range(2, MAX_COLUMNS + 1):
            yield place_in_columns(
                outline, signs, break_evenly(tops, whole.size[1], number)
            )


def place_in_columns(
    outline: Outline, signs: list[str], turns: tuple[int, ...] = ()
) -> Picture:
    """The overview, in a new column at each of some stages."""
    canvas = Canvas()
    at = measure_columns(outline)
    width = (len(turns) + 1) * (at.width + GUTTER) - GUTTER + 2 * MARGIN
    room = width - 2 * MARGIN
    y = canvas.add_title(width / 2, outline.title, outline.facts, room) + 12
    top = y + 20
    last = canvas.add_text(
        "text", (at.centre, y), metrics.fit_text(outline.inputs, at.main)
    )
    y += 8
    if outline.stem:
        last, y = place_chain(canvas, at, last, y, outline.stem, "stem")
    y += 8
    bottoms = []
    for number, section in enumerate(outline.sections):
        if number in turns:
            bottoms.append(y + 8)
            at, y = at.next_column((y, top - 10)), top
        last, y = place_section(canvas, at, last, y, section, stage_tint(number))
        y += 8
    y -= 2
    if outline.head:
        last, y = place_chain(canvas, at, last, y, outline.head, "head")
    if outline.outputs:
        line = metrics.fit_text(outline.outputs, at.main)
        below = canvas.add_text("text", (at.centre, y + 19), line)
        canvas.add_wire(
            last, below, "main", (at.centre, last.bottom), (at.centre, y + 12)
        )
        y += 28
    y = canvas.add_notes(width / 2, max(y, *bottoms, 0) + 2, signs, room)
    return canvas.build_picture(f"{outline.title}, overview", (width, y + 6))


def draw_main_wire(canvas: Canvas, at: ColumnLayout, last: Node, head: Node) -> None:
    """The main wire down to a node; from the foot of the column before, if need be."""
    points = [(last.at[0], last.bottom), (at.centre, head.top)]
    if last.at[0] != at.centre:
        between = at.left - GUTTER / 2
        under, over = at.turn
        points[1:1] = [(last.at[0], under), (between, under)]
        points[3:3] = [(between, over), (at.centre, over)]
    canvas.add_wire(last, head, "main", *points)


def place_chain(
    canvas: Canvas,
    at: ColumnLayout,
    last: Node,
    y: float,
    words: tuple[str, ...],
    tint: str,
) -> tuple[Node, float]:
    """A box below `last` that is no block; gives it and the y below it."""
    lines = wrap_box_text(words, at.main, most=6)
    height = 10 + LINE_HEIGHT * len(lines)
    size = (at.main, height)
    box = canvas.add_node(
        "chain", (at.centre, y + 10 + height / 2), size, lines, tint=tint
    )
    draw_main_wire(canvas, at, last, box)
    return box, box.bottom


def place_section(
    canvas: Canvas,
    at: ColumnLayout,
    last: Node,
    y: float,
    section: OutlineSection,
    tint: str,
) -> tuple[Node, float]:
    """A stage below `last`; gives its last node and the y below it."""
    top, since = y, len(canvas.nodes)
    place_stage_heading(canvas, section, at.left, top)
    plates: list[Group] = []
    y += 4 if section.rows[0].count > 1 else 0
    for group in section.groups:
        y, begin = y + 2, len(canvas.nodes)
        below = y
        for row in group:
            last, below = place_row(canvas, at, last, below, row, tint)
        if group[0].count > 1:
            plates.append(frame_folded_block(canvas, at, y, below, begin, len(plates)))
            middle = (y + below) / 2
            canvas.add_text(
                "count", (at.end - COUNT_WIDTH / 2, middle), f"×{group[0].count}"
            )
        y = below
    y = max(y + PAD - 2, top + 16 * (len(section.facts) + bool(section.name)) + 8)
    inside = {key for plate_group in plates for key in plate_group.nodes}
    frame = Group(
        f"s{len(canvas.groups)}",
        "stage",
        (at.left + at.width / 2, (top + y) / 2),
        (at.width, y - top),
        tint,
        tuple(key for key in canvas.node_keys_since(since) if key not in inside),
        tuple(plates),
    )
    canvas.groups.append(frame)
    return last, y


def place_stage_heading(
    canvas: Canvas, section: OutlineSection, left: float, top: float
) -> None:
    """A stage's name and facts, in its upper left corner."""
    x, y = left + PAD, top + 12
    if section.name:
        canvas.add_text("name", (x, y), section.name, align="start")
        y += 14
    for number, fact in enumerate(section.facts):
        role = "note" if number else "text"
        fitting = metrics.fit_text(fact, FACTS_WIDTH - 6, 11 if number else 12)
        canvas.add_text(role, (x, y), fitting, align="start")
        y += 14


def frame_folded_block(
    canvas: Canvas, at: ColumnLayout, top: float, bottom: float, since: int, number: int
) -> Group:
    """The frame around a folded block."""
    left = at.centre - at.main / 2 - PLATE_PAD
    return canvas.frame_fold(number, (left, top), (at.end, bottom), since)


def place_row(
    canvas: Canvas, at: ColumnLayout, last: Node, y: float, row: OutlineRow, tint: str
) -> tuple[Node, float]:
    """A row below `last`; gives its last node and the y below it."""
    if row.elided:
        note = canvas.add_text(
            "note", (at.centre, y + 22), metrics.fit_text(row.labels[0], at.main)
        )
        draw_main_wire(canvas, at, last, note)
        return note, note.bottom + 2
    if row.lead:
        last, y = place_preactivation(canvas, at, last, y, row)
    lines = wrap_box_text(row.labels, at.main)
    tall = 10 + LINE_HEIGHT * len(lines)
    room = LINE_HEIGHT * len(row.shortcut_lines) + (
        6 if row.shortcut_kind != "identity" else 2
    )
    core = max(tall, room if row.has_addition else 0)
    middle = y + BOX_LEAD + core / 2
    box = canvas.add_node(
        "block", (at.centre, middle), (at.main, tall), lines, tint=tint
    )
    draw_main_wire(canvas, at, last, box)
    if not row.has_addition:
        return box, box.bottom + 4
    join = canvas.add_sum(
        (at.centre, y + BOX_LEAD + core + 7 + SUM_SIZE[1] / 2), row.sign
    )
    canvas.add_wire(box, join, "main", (at.centre, box.bottom), (at.centre, join.top))
    place_shortcut(canvas, at, last, join, (y + BOX_LEAD - 7, middle), row)
    return join, join.bottom + 4


def place_preactivation(
    canvas: Canvas, at: ColumnLayout, last: Node, y: float, row: OutlineRow
) -> tuple[Node, float]:
    """Place a row's preactivation below `last`; return it and the y below it."""
    text = ", ".join(row.lead)
    size = (metrics.widen_for_fonts(metrics.text_width(text, 11)) + 16, 16)
    pill = canvas.add_node("small plain", (at.centre, y + 15), size, [text])
    draw_main_wire(canvas, at, last, pill)
    return pill, pill.bottom - 1


def place_shortcut(
    canvas: Canvas,
    at: ColumnLayout,
    last: Node,
    join: Node,
    levels: tuple[float, float],
    row: OutlineRow,
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
    boxed = row.shortcut_kind != "identity"
    width = at.boxed if boxed else 56
    x = at.right + (at.boxed if boxed else 72) / 2
    lines = [metrics.fit_text(line, width - 4) for line in row.shortcut_lines]
    height = LINE_HEIGHT * len(lines) + (6 if boxed else 2)
    text = canvas.add_node(row.shortcut_kind, (x, middle), (width, height), lines)
    over = (at.centre, fork), (x, fork), (x, text.top)
    canvas.add_wire(last, text, row.shortcut_kind, *over, arrow=False)
    under = (x, text.bottom), (x, join.at[1]), (join.right, join.at[1])
    canvas.add_wire(text, join, row.shortcut_kind, *under)

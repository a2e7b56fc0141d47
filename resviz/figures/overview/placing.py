"""Placing an overview along its main wire, whichever way that runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from resviz.figures.drawing.canvas import SUM_SIZE, Canvas, frame_nodes
from resviz.figures.drawing.elements import Point, Taper
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.shifting import trim_top

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Group, Node, Picture
    from resviz.figures.overview.rows import Outline, OutlineRow, OutlineSection

MARGIN = 9
"""Around the picture."""

LINE_HEIGHT = 14
"""Height of a line of text in a box."""

LANE_GAP = 26
"""Between two lanes of stages, for the wire from one to the next."""

STAGE_GAP = 8
"""Between two stages of a lane, for the wire."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a lane of stages stands: a column, or a line where the wire runs right.

    Attributes:
        start: where its stages begin across the wire; end likewise.
        level: where its main wire runs.
        turn: how far along the wire from the lane before goes before it turns, and
            where it comes back to this lane.
    """

    start: float
    level: float
    end: float
    turn: Point = (0, 0)

    def next_lane(self, turn: Point) -> Lane:
        """Return the lane that follows this one."""
        shift = self.end - self.start + LANE_GAP
        return Lane(self.start + shift, self.level + shift, self.end + shift, turn)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Distances along the main wire.

    Attributes:
        chain: to a box that is no block.
        lead: from a row's start to its preactivation; after_lead behind it.
        fork: from a row's start to where its shortcut leaves the wire.
        block: from a row's start to its box.
        addition: from a box to the addition.
        after_block: behind a box that no addition follows.
        after_fold: behind a folded block.
        after_rows: behind the last row of a stage, to its frame.
        after_stages: behind the last stage, beside that of any other box.
        leave: behind a lane's last stage, to where the wire turns.
        enter: from where the wire comes back to the lane's first stage.
    """

    chain: float
    lead: float
    after_lead: float
    fork: float
    block: float
    addition: float
    after_block: float
    after_fold: float
    after_rows: float
    after_stages: float
    leave: float
    enter: float


MeasuredText = tuple[Point, tuple[str, ...]]
"""The extents of some text, along the main wire and across it, and its lines."""

MeasuredBlock = tuple[Point, tuple[str, ...], tuple[Taper, ...]]
"""The same of a block, and the steps that it is drawn as."""


class OverviewPlacing(ABC):
    """Places the parts of one overview, each behind the one before.

    Positions and extents are told along the main wire first and across it second.
    A direction says which of them is x, how large its boxes are, and where the words
    about a stage stand.

    Attributes:
        narrowed: whether all is made as narrow as the sheet.
        along: how far along the wire the overview has come.
        last: the node that the wire has reached.
        lane: where the present stages stand.
        lane_start: where the first stage of a further lane begins.
        lane_ends: where the wire turned behind each lane but the last.
    """

    axis: ClassVar[int]
    """The axis of the main wire: 0 for x, 1 for y."""

    shortcut_side: ClassVar[int]
    """Across the wire, the side on which shortcuts run: 1 or -1."""

    gaps: ClassVar[Gaps]

    max_lines: tuple[int, int]
    """The most lines of text in a block, and in another box."""

    along: float
    last: Node
    lane: Lane
    lane_start: float

    def __init__(
        self,
        outline: Outline,
        signs: list[str],
        omissions: list[str],
        turns: tuple[int, ...],
        *,
        narrowed: bool = False,
    ) -> None:
        self.outline = outline
        self.signs = signs
        self.omissions = omissions
        self.narrowed = narrowed
        self.turns = turns
        self.canvas = Canvas()
        self.book = SeatBook(outline.arch, outline.scope)
        self.canvas.books.append(self.book)
        self.lane_ends: list[float] = []

    @abstractmethod
    def begin(self) -> None:
        """Place what comes before the stem; set `along`, `last` and the lane."""

    @abstractmethod
    def finish(self) -> Point:
        """Place what comes behind the head and around all; return the size."""

    @abstractmethod
    def measure_box(self, labels: tuple[str, ...], limit: int) -> MeasuredText:
        """Measure a box on the main wire, of at most `limit` lines."""

    def measure_block(self, row: OutlineRow) -> MeasuredBlock:
        """Measure the box of a row, and the steps that it is drawn as, if any."""
        limit = self.max_lines[bool(not row.shortcut_kind)]
        return *self.measure_box(row.labels, limit), ()

    @abstractmethod
    def measure_lead(self, lead: tuple[str, ...]) -> MeasuredText:
        """Measure a preactivation."""

    @abstractmethod
    def measure_shortcut(self, row: OutlineRow) -> MeasuredText:
        """Measure a shortcut's text."""

    @abstractmethod
    def measure_shortcut_level(self, box: Node, width: float, kind: str) -> float:
        """Return where a shortcut's text stands across the wire.

        Args:
            box: what it passes.
            width: extent of the text across the wire.
            kind: of the shortcut.
        """

    @abstractmethod
    def add_elision(self, words: str) -> Node:
        """Add the note that stands for rows left out."""

    @abstractmethod
    def open_section(self, section: OutlineSection) -> None:
        """Place the words about a stage that begins here, if they need not its end."""

    @abstractmethod
    def close_section(self, section: OutlineSection, start: float) -> None:
        """Move `along` to a stage's end, and place the words that needed it."""

    @abstractmethod
    def frame_folded_block(
        self, row: OutlineRow, start: float, since: int, key: str
    ) -> Group:
        """Frame a folded block, the nodes from number `since` on, and add its count."""

    def place(self) -> Picture:
        """Return the whole overview, placed."""
        self.begin()
        self.book.seat_inputs(self.last.key)
        self.book.seat(self.last.key, self.outline.before_layers)
        if self.outline.stem:
            node = self.place_chain(self.outline.stem, "stem")
            self.book.seat(node.key, self.outline.stem_layers)
        for number, section in enumerate(self.outline.sections):
            if number in self.turns:
                self.start_lane()
            self.along += STAGE_GAP
            self.place_section(section)
        self.along += self.gaps.after_stages
        if self.outline.head:
            node = self.place_chain(self.outline.head, "head")
            self.book.seat(node.key, self.outline.head_layers)
        size = self.finish()
        picture = self.canvas.build_picture(f"{self.outline.title}, overview", size)
        is_title_above = any(node.top < 0 for node in picture.nodes)
        return trim_top(picture) if is_title_above else picture

    def turn_point(self, along: float, across: float) -> Point:
        """Return a position as x and y, or extents as width and height."""
        return (across, along) if self.axis else (along, across)

    def start_lane(self) -> None:
        """Go on in a new lane, beside those before."""
        self.lane_ends.append(self.along + self.gaps.leave)
        turn = (self.lane_ends[-1], self.lane_start - self.gaps.enter)
        self.lane = self.lane.next_lane(turn)
        self.along = self.lane_start - STAGE_GAP

    def add_next_node(
        self,
        role: str,
        extents: Point,
        lines: tuple[str, ...],
        gap: float,
        tint: str = "",
        steps: tuple[Taper, ...] = (),
    ) -> Node:
        """Add a box on the main wire, `gap` behind what is placed, and its wire."""
        at = (self.along + gap + extents[0] / 2, self.lane.level)
        at, size = self.turn_point(*at), self.turn_point(*extents)
        node = self.canvas.add_node(role, at, size, lines, tint=tint, steps=steps)
        self.extend_wire(node)
        return node

    def extend_wire(self, node: Node) -> None:
        """Draw the main wire to a node, from the lane before if it is the first."""
        begin, end = node.span(self.axis)[0], self.last.span(self.axis)[1]
        level = self.last.at[1 - self.axis]
        corners = [(end, level), (begin, self.lane.level)]
        if level != self.lane.level:
            between = self.lane.start - LANE_GAP / 2
            leave, enter = self.lane.turn
            corners[1:1] = [(leave, level), (leave, between)]
            corners[3:3] = [(enter, between), (enter, self.lane.level)]
        points = [self.turn_point(*corner) for corner in corners]
        self.canvas.add_wire(self.last, node, "main", *points)
        self.last = node
        self.along = node.span(self.axis)[1]

    def place_chain(self, labels: tuple[str, ...], tint: str) -> Node:
        """Place a box that is no block."""
        extents, lines = self.measure_box(labels, self.max_lines[1])
        return self.add_next_node("chain", extents, lines, self.gaps.chain, tint)

    def place_section(self, section: OutlineSection) -> None:
        """Place a stage and the frame around it."""
        start, since = self.along, len(self.canvas.nodes)
        self.open_section(section)
        folds: list[Group] = []
        self.along += 4 if section.rows[0].count > 1 else 0
        for rows in section.groups:
            self.along += 2
            row_start, first = self.along, len(self.canvas.nodes)
            for row in rows:
                self.place_row(row, section.tint, f"rows {first}")
            if rows[0].count > 1:
                key = f"f{len(self.canvas.groups)}_{len(folds)}"
                folds.append(self.frame_folded_block(rows[0], row_start, first, key))
                self.along += self.gaps.after_fold
        self.along += self.gaps.after_rows
        self.close_section(section, start)
        corners = (
            self.turn_point(start, self.lane.start),
            self.turn_point(self.along, self.lane.end),
        )
        key = f"s{len(self.canvas.groups)}"
        frame = frame_nodes(
            key,
            "stage",
            corners,
            self.canvas.nodes[since:],
            tint=section.tint,
            inner=folds,
        )
        self.canvas.groups.append(frame)

    def place_row(self, row: OutlineRow, tint: str, fold: str) -> None:
        """Place a row: its box, and for a block its shortcut and the addition.

        Rows that repeat together are one `fold`.
        """
        if row.elided:
            note = self.add_elision(row.labels[0])
            self.extend_wire(note)
            self.book.seat(note.key, row.turns[0].row_layers)
            self.along += 2
            return
        seat_turns = self.book.seat_turns
        if row.lead:
            extents, lines = self.measure_lead(row.lead)
            lead = self.add_next_node("small plain", extents, lines, self.gaps.lead)
            seat_turns(lead.key, fold, [turn.lead for turn in row.turns])
            self.along += self.gaps.after_lead
        fork, fork_node = self.along + self.gaps.fork, self.last
        extents, lines, steps = self.measure_block(row)
        beside = self.measure_shortcut(row)[0][0] if row.has_addition else 0
        longer = max(extents[0], beside)
        gap = self.gaps.block + (longer - extents[0]) / 2
        block_end = self.along + self.gaps.block + longer
        box = self.add_next_node("block", extents, lines, gap, tint, steps)
        seat_turns(box.key, fold, [turn.box for turn in row.turns])
        if not row.has_addition:
            seat_turns(box.key, fold, [turn.shortcut + turn.join for turn in row.turns])
            self.along += self.gaps.after_block
            return
        at = block_end + self.gaps.addition + SUM_SIZE[0] / 2
        join = self.canvas.add_sum(self.turn_point(at, self.lane.level), row.sign)
        seat_turns(join.key, fold, [turn.join for turn in row.turns])
        self.extend_wire(join)
        self.along += 4
        text = self.place_shortcut(row, fork_node, fork, box, join)
        shortcuts = [turn.shortcut for turn in row.turns]
        if row.first:  # what is written is of the first; identities end in the addition
            none = [()] * (len(shortcuts) - 1)
            seat_turns(join.key, fold, [(), *shortcuts[1:]])
            shortcuts = [shortcuts[0], *none]
        seat_turns(text.key, fold, shortcuts)

    def place_shortcut(
        self, row: OutlineRow, tail: Node, fork: float, box: Node, join: Node
    ) -> Node:
        """Place a row's shortcut: off the main wire, past its box, into the addition.

        Args:
            row: what to write on it.
            tail: the node that it comes from.
            fork: where it leaves the wire.
            box: the row's box.
            join: the row's addition.

        Returns:
            What is written on it.
        """
        extents, lines = self.measure_shortcut(row)
        beside = box.at[self.axis]
        level = self.measure_shortcut_level(box, extents[1], row.shortcut_kind)
        size = self.turn_point(*extents)
        text = self.canvas.add_node(
            row.shortcut_kind, self.turn_point(beside, level), size, lines
        )
        begin, end = text.span(self.axis)
        away = [(fork, self.lane.level), (fork, level), (begin, level)]
        side = self.lane.level + self.shortcut_side * SUM_SIZE[1] / 2
        centre = join.at[self.axis]
        back = [(end, level), (centre, level), (centre, side)]
        add_wire, turn = self.canvas.add_wire, self.turn_point
        add_wire(tail, text, row.shortcut_kind, *(turn(*p) for p in away), arrow=False)
        add_wire(text, join, row.shortcut_kind, *(turn(*p) for p in back))
        return text

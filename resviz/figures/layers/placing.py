"""Placing every layer: rows in columns, their frames, and the wires between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, log
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import tints
from resviz.figures.declaring import WHOLE_GRAPH
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas, frame_nodes
from resviz.figures.legend import list_shortcut_signs

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Group, Node, Picture, Point
    from resviz.figures.layers.rows import LayerPiece, LayerRow
    from resviz.readings.structure import Structure

ROW_PITCH, BOX_HEIGHT = 17, 14
"""Distance of rows, and the height of a row's box."""

MIN_BOX_WIDTH, MAX_BOX_WIDTH = 116, 170
"""Width of a row's box at least and at most: all are as wide as the widest label."""

BLOCK_LEAD, BLOCK_TAIL, PIECE_GAP = 9, 3, 4
"""Above a block's first row, below its last, and between two pieces."""

STAGE_HEADER = 17
"""Height of a stage's name."""

LANE_WIDTH = 74
"""Width right of the boxes, for shortcuts and their own layers."""

SHORTCUT_GAP = 14
"""How far right of the boxes the middle of a shortcut's own layer stands."""

MARGIN, GUTTER = 10, 20
"""Around the picture, and between two columns."""

TARGET_ASPECT = 1.6
"""Width to height that the number of columns comes nearest to."""


@dataclass(frozen=True, slots=True)
class TextWidths:
    """Widths of the columns of text.

    Attributes:
        name: of modules.
        output: of shapes.
        params: of parameter counts.
        box: of the boxes.
    """

    name: float
    output: float
    params: float
    box: float = MIN_BOX_WIDTH

    @property
    def shortcut_shift(self) -> float:
        """How far a shortcut's own layer stands right of the main branch."""
        return self.box / 2 + SHORTCUT_GAP

    @property
    def total_width(self) -> float:
        """Width of one column of the figure."""
        texts = self.name + self.output + self.params
        return texts + self.box + LANE_WIDTH + 28


def measure_text_widths(rows: list[LayerRow]) -> TextWidths:
    """Return the widths that some rows need."""
    name = metrics.max_text_width((row.printed_names for row in rows), 11)
    output = metrics.max_text_width((row.output for row in rows), 11)
    counts = (units.group_digits(row.params) for row in rows)
    params = metrics.max_text_width(counts, 11)
    label = metrics.max_text_width((row.label for row in rows), 11) + 8
    box = min(max(label, MIN_BOX_WIDTH), MAX_BOX_WIDTH)
    return TextWidths(max(name + 10, 90), max(output, 36), max(params, 60), box)


def piece_height(piece: LayerPiece) -> float:
    """Return the height that a piece takes in a column."""
    return ROW_PITCH * len(piece.rows) + (
        BLOCK_LEAD + BLOCK_TAIL + PIECE_GAP if piece.block else 0
    )


def split_into_columns(
    pieces: list[LayerPiece], width: float, count: int | None = None
) -> list[list[LayerPiece]]:
    """Split pieces into columns, or into those that come nearest to `TARGET_ASPECT`."""
    total = sum(map(piece_height, pieces))
    limit = min(ceil(total / 200), 24)
    counts = range(1, max(limit, 1) + 1)
    best = count or min(
        counts, key=lambda n: abs(log(n * n * width / total / TARGET_ASPECT))
    )
    split: list[list[LayerPiece]] = [[]]
    filled = done = 0.0
    for piece in pieces:
        full = filled + piece_height(piece) / 2 > (total - done) / (
            best - len(split) + 1
        )
        if split[-1] and full and len(split) < best:
            done += filled
            split.append([])
            filled = 0.0
        split[-1].append(piece)
        filled += piece_height(piece)
    return split


class LayersPlacing:
    """Places rows on a canvas, column by column."""

    def __init__(
        self,
        structure: Structure,
        rows: list[LayerRow],
        widths: TextWidths,
        count: int,
        facts: tuple[str, ...],
    ) -> None:
        self.structure = structure
        self.rows = rows
        self.widths = widths
        self.canvas = Canvas()
        self.wiring = LayersWiring(self.canvas, rows, widths)
        self.bottom = 0.0
        self.width = self.column_left(count) - GUTTER + MARGIN
        room = self.width - 2 * MARGIN
        label = structure.arch.label
        self.top = 28 + self.canvas.add_title(self.width / 2, label, facts, room)

    def column_left(self, number: int) -> float:
        """Return the x at which a column begins."""
        return MARGIN + number * (self.widths.total_width + GUTTER)

    def column_centre(self, number: int) -> float:
        """Return the x of a column's main branch."""
        return self.column_left(number) + 6 + self.widths.name + self.widths.box / 2

    def place_column(self, number: int, column: list[LayerPiece]) -> None:
        """Place one column, stage by stage."""
        self.place_headings(number)
        y = self.top - PIECE_GAP
        for _, run in groupby(column, key=lambda piece: piece.stage):
            y = self.place_run(number, y + PIECE_GAP, list(run))
        self.bottom = max(self.bottom, y)

    def place_headings(self, number: int) -> None:
        """Place the headings of the columns of text."""
        left, y = self.column_left(number), self.top - 17
        self.canvas.add_text("note", (left + 6, y), "module", align="start")
        self.canvas.add_text("note", (self.column_centre(number), y), "layer")
        right = left + self.widths.total_width - 6
        self.canvas.add_text("note", (right, y), "parameters", align="end")
        output = right - self.widths.params - 12
        self.canvas.add_text("note", (output, y), "output", align="end")

    def place_run(self, number: int, y: float, run: list[LayerPiece]) -> float:
        """Place pieces of one stage, or some outside; return the y below them."""
        stage = run[0].stage
        top, since = y, len(self.canvas.nodes)
        frames: list[Group] = []
        if stage is not None:
            name = self.structure.stages[stage].name
            first = next((piece.block for piece in run if piece.block), "")
            continues = first != self.structure.stages[stage].block_name(1)
            name = f"{name}, continued" if continues else name
            self.canvas.add_text(
                "name", (self.column_left(number) + 6, y + 10), name, align="start"
            )
            y += STAGE_HEADER
        for piece in run:
            begin = len(self.canvas.nodes)
            bottom = self.place_piece(number, y, piece)
            if piece.block:
                side = self.column_centre(number) - self.widths.box / 2 - 4
                corners = (side, y), (side + self.widths.box + LANE_WIDTH, bottom)
                key = f"{piece.block}.{begin}"
                frames.append(
                    frame_nodes(key, "frame", corners, self.canvas.nodes[begin:])
                )
                bottom += PIECE_GAP
            y = bottom
        if stage is None:
            return y
        left = self.column_left(number)
        corners = (left, top), (left + self.widths.total_width, y)
        tint = tints.choose_stage_tint(self.structure.stages[stage])
        key = f"s{stage}_{number}"
        frame = frame_nodes(
            key, "stage", corners, self.canvas.nodes[since:], tint=tint, inner=frames
        )
        self.canvas.groups.append(frame)
        return y + PIECE_GAP + 2

    def place_piece(self, number: int, y: float, piece: LayerPiece) -> float:
        """Place the rows of a piece; return the y below them."""
        if piece.block:
            if piece.join is not None:
                self.wiring.skips.append((piece, y + 3))
            y += BLOCK_LEAD
        for row in piece.rows:
            self.place_row(number, y + ROW_PITCH / 2, row)
            y += ROW_PITCH
        return y + (BLOCK_TAIL if piece.block else 0)

    def place_row(self, number: int, y: float, index: int) -> None:
        """Place one row: its box, its names, its shape, its parameters."""
        row = self.rows[index]
        shift = self.widths.shortcut_shift if row.shortcut_kind else 0
        x = self.column_centre(number) + shift
        label = metrics.fit_text(row.label, self.widths.box - 6, 11)
        size = measure_row_box(row, self.widths.box)
        role, tint = row.drawn_role, row.tint
        box = self.canvas.add_node(role, (x, y), size, [label], tint=tint)
        self.wiring.boxes[index], self.wiring.column_of[index] = box, number
        left = self.column_left(number)
        self.canvas.add_text("note", (left + 6, y), row.printed_names, align="start")
        right = left + self.widths.total_width - 6
        output = right - self.widths.params - 12
        if row.output:
            self.canvas.add_text("small", (output, y), row.output, align="end")
        if row.params:
            shown = units.group_digits(row.params)
            self.canvas.add_text("note", (right, y), shown, align="end")

    def finish_picture(self) -> Picture:
        """Return the picture, with its legend."""
        arch = self.structure.arch
        kinds = (piece.shortcut_kind for piece, _ in self.wiring.skips)
        signs = list_shortcut_signs(kinds)
        signs.append("parameters are those of all modules in a row")
        is_long = any(" · +" in row.printed_names for row in self.rows)
        signs += ["+2: two more modules in the row"] * is_long
        signs += tints.explain_tints(row.tint for row in self.rows)
        cut = ["long connections between columns are not drawn"]
        bottom = self.canvas.add_notes(
            self.width / 2,
            self.bottom + 6,
            signs,
            self.width,
            omissions=cut * self.wiring.has_cut_links,
            see=WHOLE_GRAPH,
        )
        title = f"{arch.label}, layer by layer"
        return self.canvas.build_picture(title, (self.width, bottom + 6))


def measure_row_box(row: LayerRow, usual: float) -> Point:
    """Measure a row's box: on a shortcut it is as narrow as its words."""
    if row.role == "sum":
        return (BOX_HEIGHT, BOX_HEIGHT)
    if not row.shortcut_kind:
        return (usual, BOX_HEIGHT)
    width = metrics.text_width(row.label, 11) + 14
    return (min(max(width, 60), usual - 4), BOX_HEIGHT)


class LayersWiring:
    """Draws the wires between placed rows.

    Attributes:
        canvas: with the rows on it.
        rows: every row.
        widths: of the boxes.
        boxes: the box of each row.
        column_of: the column of each row.
        skips: the blocks, each with the y at which its shortcut leaves.
        has_cut_links: whether a connection between two columns was left out.
    """

    def __init__(
        self, canvas: Canvas, rows: list[LayerRow], widths: TextWidths
    ) -> None:
        self.canvas = canvas
        self.rows = rows
        self.widths = widths
        self.boxes: dict[int, Node] = {}
        self.column_of: dict[int, int] = {}
        self.skips: list[tuple[LayerPiece, float]] = []
        self.taken_lanes: dict[int, list[list[tuple[int, int]]]] = {}
        self.has_cut_links = False

    def draw_wires(self) -> None:
        """Draw every wire within a column."""
        on_skips: set[tuple[int, int]] = set()
        for piece, fork in self.skips:
            on_skips |= self.draw_shortcut(piece, fork)
        main = 0
        for index, row in enumerate(self.rows):
            for source in row.sources:
                if (source, index) not in on_skips:
                    self.draw_link(source, index, straight=source == main)
            if not row.shortcut_kind and row.sources:
                main = index

    def draw_shortcut(self, piece: LayerPiece, fork: float) -> set[tuple[int, int]]:
        """Draw a block's shortcut; return the connections that it stands for."""
        number = piece.join or 0
        join = self.boxes[number]
        chain = [index for index in piece.rows if self.rows[index].shortcut_kind]
        entry = self.boxes[chain[0]] if chain else join
        x, centre = join.at[0] + self.widths.shortcut_shift, join.at[0]
        read = [
            k for k in self.rows[[*chain, number][0]].sources if k not in piece.rows
        ]
        tail = self.boxes[read[0] if read else piece.rows[0]]
        stops = [*(self.boxes[index] for index in chain), join]
        into = (x, entry.top) if chain else (x, join.at[1])
        path = [(centre, fork), (x, fork), into]
        if not chain:
            path.append((join.right, join.at[1]))
        self.canvas.add_wire(tail, entry, piece.shortcut_kind, *path, arrow=not chain)
        for before, after in pairwise(stops):
            ends_here = after is join
            points = [(x, before.bottom), (x, after.top)]
            if ends_here:
                points[1:] = (x, join.at[1]), (join.right, join.at[1])
            kind = piece.shortcut_kind
            self.canvas.add_wire(before, after, kind, *points, arrow=ends_here)
        ends = {
            source
            for source in self.rows[number].sources
            if (source in chain if chain else source not in piece.rows)
        }
        inside = {(source, k) for k in chain for source in self.rows[k].sources}
        return inside | {(source, number) for source in ends}

    def draw_link(self, source: int, index: int, *, straight: bool) -> None:
        """Draw one connection; of one between two columns, its end at most."""
        tail, head = self.boxes[source], self.boxes[index]
        column = self.column_of[index]
        if self.column_of[source] != column:
            if straight:
                entry = (head.at[0], head.top - 10), (head.at[0], head.top)
                self.canvas.add_wire(tail, head, "main", *entry)
            self.has_cut_links |= not straight
            return
        if straight:
            points = (tail.at[0], tail.bottom), (head.at[0], head.top)
            self.canvas.add_wire(tail, head, "main", *points)
            return
        lane = self.take_lane(column, source, index)
        is_aside = self.rows[index].shortcut_kind != ""
        centre = head.at[0] - self.widths.shortcut_shift * is_aside
        x = centre + self.widths.box / 2 + 4 + 4 * min(lane, 2)
        points = (tail.right, tail.at[1]), (x, tail.at[1]), (x, head.at[1])
        self.canvas.add_wire(tail, head, "link", *points, (head.right, head.at[1]))

    def take_lane(self, column: int, first: int, last: int) -> int:
        """Return the first lane beside a column that is free between two rows."""
        lanes = self.taken_lanes.setdefault(column, [])
        for number, taken in enumerate(lanes):
            if all(last <= start or stop <= first for start, stop in taken):
                taken.append((first, last))
                return number
        lanes.append([(first, last)])
        return len(lanes) - 1

"""Placing every layer: rows in columns, their frames, and the wires between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil, log
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import tints
from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas, frame_nodes
from resviz.figures.drawing.fitting import warn_of_zooming
from resviz.figures.layers.routing import FRAME_REACH, LANE_PITCH
from resviz.figures.legend import list_shortcut_signs
from resviz.figures.part_names import name_stage
from resviz.figures.title_facts import list_title_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Group, Node, Picture, Point
    from resviz.figures.layers.routing import RowRouter
    from resviz.figures.layers.rows import LayerPiece, LayerRow, PieceFold
    from resviz.readings.structure import Structure

ROW_PITCH, BOX_HEIGHT, BRANCH_GAP = 17, 14, 6
"""Distance of rows, the height of a row's box, and what is above a row that does not
read the one above it."""

MIN_BOX_WIDTH, MAX_BOX_WIDTH = 116, 170
"""Width of a row's box at least and at most: all are as wide as the widest label."""

BLOCK_LEAD, BLOCK_TAIL, PIECE_GAP = 9, 3, 4
"""Above a block's first row, below its last, and between two pieces."""

STAGE_HEADER = 17
"""Height of a stage's name."""

FOLD_HEADER, FOLD_TAIL, FOLD_INSET = 16, 4, 3
"""Height of a fold's count and of what is below its last row, and how far the frame of
one lies inside another."""

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
        margin: between the sides of a column and its texts, for frames in frames.
        reach: of wires and frames, from the main branch to the right.
    """

    name: float
    output: float
    params: float
    box: float = MIN_BOX_WIDTH
    margin: float = 6
    reach: float = 0

    @property
    def total_width(self) -> float:
        """Width of one column of the figure."""
        texts = self.name + self.output + self.params
        reach = max(self.reach, self.box / 2 + FRAME_REACH + 4)
        return texts + self.box / 2 + reach + 16 + 2 * self.margin


def measure_text_widths(rows: list[LayerRow], depth: int) -> TextWidths:
    """Return the widths that some rows need which are in so many frames at most."""
    name = metrics.max_text_width((row.printed_names for row in rows), 11)
    output = metrics.max_text_width((row.output for row in rows), 11)
    counts = (units.group_digits(row.params) for row in rows)
    params = metrics.max_text_width(counts, 11)
    label = metrics.max_text_width((row.label for row in rows), 11) + 8
    box = min(max(label, MIN_BOX_WIDTH), MAX_BOX_WIDTH)
    margin = 6 + FOLD_INSET * max(depth - 1, 0)
    return TextWidths(max(name + 10, 90), max(output, 36), max(params, 60), box, margin)


def measure_pieces(pieces: list[LayerPiece]) -> list[float]:
    """Return the height that each piece takes in a column, with what begins at it."""
    heights: list[float] = []
    before: tuple[PieceFold, ...] = ()
    stage: int | None = None
    for piece in pieces:
        begins = len({*piece.folds} - {*before})
        height = (
            ROW_PITCH * len(piece.rows)
            + (BLOCK_LEAD + BLOCK_TAIL + PIECE_GAP) * bool(piece.block)
            + (FOLD_HEADER + FOLD_TAIL) * begins
            + (STAGE_HEADER + PIECE_GAP) * (piece.stage not in {None, stage})
        )
        heights.append(height)
        before, stage = piece.folds, piece.stage
    return heights


def split_into_columns(
    pieces: list[LayerPiece], width: float, count: int | None = None
) -> list[list[LayerPiece]]:
    """Split pieces into columns, or into those that come nearest to `TARGET_ASPECT`."""
    heights = measure_pieces(pieces)
    total = sum(heights)
    limit = min(ceil(total / 200), 24)
    counts = range(1, max(limit, 1) + 1)
    best = count or min(
        counts, key=lambda n: abs(log(n * n * width / total / TARGET_ASPECT))
    )
    split: list[list[LayerPiece]] = [[]]
    filled = done = 0.0
    for piece, height in zip(pieces, heights, strict=True):
        full = filled + height / 2 > (total - done) / (best - len(split) + 1)
        if split[-1] and full and len(split) < best:
            done += filled
            split.append([])
            filled = 0.0
        split[-1].append(piece)
        filled += height
    return split


class LayersPlacing:
    """Places rows on a canvas, column by column."""

    def __init__(
        self,
        structure: Structure,
        rows: list[LayerRow],
        columns: list[list[LayerPiece]],
        widths: TextWidths,
        router: RowRouter,
    ) -> None:
        self.structure, self.rows, self.columns = structure, rows, columns
        self.router = router
        self.widths = replace(widths, reach=router.reach + 4)
        self.canvas = Canvas()
        self.boxes: dict[int, Node] = {}
        self.piece_tops: dict[int, float] = {}
        self.bottom = 0.0
        self.width = self.column_left(len(columns)) - GUTTER + MARGIN
        room = self.width - 2 * MARGIN
        self.top = 28 + self.canvas.add_title(
            self.width / 2,
            structure.arch.label,
            list_title_facts(structure),
            room,
        )
        for number, column in enumerate(columns):
            self.place_column(number, column)
        self.channels_top = self.bottom + 6
        if router.channel_count:
            self.bottom = self.channels_top + LANE_PITCH * router.channel_count

    def column_left(self, number: int) -> float:
        """Return the x at which a column begins."""
        return MARGIN + number * (self.widths.total_width + GUTTER)

    def column_centre(self, number: int) -> float:
        """Return the x of a column's main branch."""
        left = self.column_left(number) + self.widths.margin
        return left + self.widths.name + self.widths.box / 2

    def place_column(self, number: int, column: list[LayerPiece]) -> None:
        """Place one column, stage by stage."""
        self.place_headings(number)
        y, groups = self.place_run(number, self.top, column, 0)
        self.canvas.groups += groups
        self.bottom = max(self.bottom, y)

    def place_headings(self, number: int) -> None:
        """Place the headings of the columns of text."""
        left, y = self.column_left(number), self.top - 17
        margin = self.widths.margin
        self.canvas.add_text("note", (left + margin, y), "module", align="start")
        self.canvas.add_text("note", (self.column_centre(number), y), "layer")
        right = left + self.widths.total_width - margin
        self.canvas.add_text("note", (right, y), "parameters", align="end")
        output = right - self.widths.params - 12
        self.canvas.add_text("note", (output, y), "output", align="end")

    def place_run(
        self, number: int, y: float, run: Sequence[LayerPiece], depth: int
    ) -> tuple[float, list[Group]]:
        """Place pieces that are in so many frames; return the y below, and frames."""
        groups: list[Group] = []
        graph = self.router.graph
        for frame, members in groupby(run, key=lambda p: graph.find_frame(p, depth)):
            pieces = list(members)
            if frame is None:
                for piece in pieces:
                    y, found = self.place_piece(number, y, piece)
                    groups += found
                continue
            y += PIECE_GAP * (pieces[0] is not run[0] or depth > 0)
            y, group = self.place_frame(number, y, frame, pieces, depth)
            groups.append(group)
        return y, groups

    def place_frame(
        self,
        number: int,
        y: float,
        frame: PieceFold | int,
        pieces: list[LayerPiece],
        depth: int,
    ) -> tuple[float, Group]:
        """Place the pieces of a stage or of a fold, and its frame around them."""
        top, since = y, len(self.canvas.nodes)
        inset = FOLD_INSET * depth
        left = self.column_left(number) + inset
        right = left + self.widths.total_width - 2 * inset
        at = (left + 6, y + 10)
        room = self.widths.name + self.widths.box / 2 - 10  # before the main wire
        if isinstance(frame, int):
            look, role = "name", "stage"
            tint, tail = tints.choose_stage_tint(self.structure.stages[frame]), 0
            y += STAGE_HEADER
        else:
            look, role = "frame label", "turns"
            tint, tail = "", FOLD_TAIL - PIECE_GAP * bool(pieces[-1].block)
            y += FOLD_HEADER
        words = self.name_frame(frame, pieces, room)
        self.canvas.add_text(look, at, words, align="start", room=room)
        y, inner = self.place_run(number, y, pieces, depth + 1)
        y += tail
        key = f"{role} {number}.{since}"
        corners = (left, top), (right, y)
        nodes = self.canvas.nodes[since:]
        group = frame_nodes(key, role, corners, nodes, tint=tint, inner=inner)
        return y + PIECE_GAP + 2, group

    def name_frame(
        self, frame: PieceFold | int, pieces: list[LayerPiece], room: float
    ) -> str:
        """Name a stage, or a fold by its count and modules; or say that it goes on.

        Long names are cut in the middle.
        """
        is_stage = isinstance(frame, int)
        first = next(
            piece
            for piece in self.router.pieces
            if (piece.stage == frame if is_stage else frame in piece.folds)
        )
        name = (
            name_stage(self.structure.stages[frame]) if is_stage else f"×{frame.times}"
        )
        goes_on = pieces[0] is not first
        if is_stage:
            room -= metrics.text_width(", continued", bold=True) * goes_on
            name = metrics.fit_name(name, room, bold=True)
        if goes_on:
            return f"{name}, continued"
        return name if is_stage else " ".join(filter(None, [name, frame.names]))

    def place_piece(
        self, number: int, y: float, piece: LayerPiece
    ) -> tuple[float, list[Group]]:
        """Place the rows of a piece, and its frame; return the y below, and that."""
        since, top = len(self.canvas.nodes), y
        self.piece_tops[piece.rows[0]] = y
        y += BLOCK_LEAD * bool(piece.block)
        for row in piece.rows:
            y += BRANCH_GAP * self.router.is_branch(row)
            self.place_row(number, y + ROW_PITCH / 2, row)
            y += ROW_PITCH
        if not piece.block:
            return y, []
        y += BLOCK_TAIL
        centre = self.column_centre(number)
        right = centre + self.router.shapes[piece.rows[0]].right
        corners = (centre - self.widths.box / 2 - 4, top), (right, y)
        key = f"{piece.block}.{since}"
        frame = frame_nodes(key, "frame", corners, self.canvas.nodes[since:])
        return y + PIECE_GAP, [frame]

    def place_row(self, number: int, y: float, index: int) -> None:
        """Place one row: its box, its names, its shape, its parameters."""
        row = self.rows[index]
        shift = self.router.shape_of(index).shift if row.shortcut_kind else 0
        x = self.column_centre(number) + shift
        label = metrics.fit_text(row.label, self.widths.box - 6, 11)
        size = measure_row_box(row, self.widths.box)
        box = self.canvas.add_node(row.drawn_role, (x, y), size, [label], tint=row.tint)
        self.boxes[index] = box
        left = self.column_left(number)
        at = (left + self.widths.margin, y)
        self.canvas.add_text("note", at, row.printed_names, align="start")
        right = left + self.widths.total_width - self.widths.margin
        output = right - self.widths.params - 12
        if row.output:
            self.canvas.add_text("small", (output, y), row.output, align="end")
        if row.params:
            shown = units.group_digits(row.params)
            self.canvas.add_text("note", (right, y), shown, align="end")

    def finish_picture(self, missing: Sequence[str]) -> Picture:
        """Return the picture, with its legend, and what it shows none of."""
        arch, graph = self.structure.arch, self.router.graph
        pieces = [piece for column in self.columns for piece in column]
        kinds = (piece.shortcut_kind for piece in pieces if piece.join is not None)
        signs = list_shortcut_signs(kinds)
        if any(piece.folds for piece in pieces):
            signs.append("×n: n equal in a row, one of them drawn")
        signs.append("parameters are those of all modules in a row")
        is_long = any(" · +" in self.rows[row].printed_names for row in graph.nodes)
        signs += ["+2: two more modules in the row"] * is_long
        signs += tints.explain_tints(self.rows[row].tint for row in graph.nodes)
        bottom = self.canvas.add_notes(
            self.width / 2,
            self.bottom + 6,
            signs,
            self.width,
            omissions=[
                *warn_of_zooming((self.width, self.bottom)),
                *declare_coverage(graph.row_coverage),
                *missing,
            ],
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

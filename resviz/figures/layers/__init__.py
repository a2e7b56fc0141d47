"""Every layer in order, in columns, framed by block and stage; made for zooming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import sentences
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.elements import Group, Picture, Point
from resviz.figures.drawing.styles import stage_tint
from resviz.figures.layers.columns import (
    BLOCK_LEAD,
    BLOCK_TAIL,
    BOX_SIZE,
    GUTTER,
    LANE_WIDTH,
    MARGIN,
    PIECE_GAP,
    ROW_PITCH,
    SHORTCUT_SHIFT,
    STAGE_HEADER,
    TextWidths,
    format_row_names,
    measure_text_widths,
    split_into_columns,
)
from resviz.figures.layers.rows import (
    LayerPiece,
    LayerRow,
    build_layer_rows,
    group_into_pieces,
)
from resviz.figures.layers.wiring import LayersWiring
from resviz.figures.legend import list_shortcut_signs
from resviz.figures.overview.outline import list_title_facts
from resviz.readings.structure import Structure, read_structure

if TYPE_CHECKING:
    from resviz.record import Architecture


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """Every layer of a network; `at` and `direction` have no meaning here."""
    del at, direction
    read = read_structure(arch)
    all_rows, row_of_layer = build_layer_rows(read)
    column_pieces = split_into_columns(
        group_into_pieces(read, all_rows, row_of_layer),
        measure_text_widths(all_rows).total_width,
    )
    placing = LayersPlacing(
        read, all_rows, measure_text_widths(all_rows), len(column_pieces)
    )
    for number, column in enumerate(column_pieces):
        placing.place_column(number, column)
    placing.wiring.draw_wires()
    return placing.finish_picture()


def description(arch: Architecture, *, at: str | None) -> str:
    """The list in sentences; `at` has no meaning here."""
    del at
    return (
        f"{len(arch.layers)} layers in execution order, with output shapes and "
        f"parameters, {units.group_digits(arch.params)} in all. "
        f"{sentences.describe_network(arch)}"
    )


class LayersPlacing:
    """Places rows on a canvas, column by column."""

    def __init__(
        self, read: Structure, all_rows: list[LayerRow], widths: TextWidths, count: int
    ) -> None:
        self.read = read
        self.rows = all_rows
        self.widths = widths
        self.canvas = Canvas()
        self.wiring = LayersWiring(self.canvas, all_rows)
        self.bottom = 0.0
        self.width = self.column_left(count) - GUTTER + MARGIN
        title_facts = list_title_facts(read.arch, residual=bool(read.stages))
        room = self.width - 2 * MARGIN
        self.top = 28 + self.canvas.add_title(
            self.width / 2, read.arch.label, title_facts, room
        )

    def column_left(self, number: int) -> float:
        """X at which a column begins."""
        return MARGIN + number * (self.widths.total_width + GUTTER)

    def column_centre(self, number: int) -> float:
        """X of a column's main branch."""
        return self.column_left(number) + 6 + self.widths.name + BOX_SIZE[0] / 2

    def place_column(self, number: int, column: list[LayerPiece]) -> None:
        """Place one column, stage by stage."""
        self.place_headings(number)
        y = self.top
        start = 0
        while start < len(column):
            stage = column[start].stage
            stop = start
            while stop < len(column) and column[stop].stage == stage:
                stop += 1
            y = self.place_run(
                number, y + (PIECE_GAP if start else 0), column[start:stop]
            )
            start = stop
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
        """Place pieces of one stage, or some outside; gives the y below them."""
        stage = run[0].stage
        top, since, frames = y, len(self.canvas.nodes), []
        if stage is not None:
            name = self.read.stages[stage].name
            first = next((piece.block for piece in run if piece.block), "")
            continues = first != self.read.stages[stage].block_name(1)
            name = f"{name}, continued" if continues else name
            self.canvas.add_text(
                "name", (self.column_left(number) + 6, y + 10), name, align="start"
            )
            y += STAGE_HEADER
        for piece in run:
            begin = len(self.canvas.nodes)
            bottom = self.place_piece(number, y, piece)
            if piece.block:
                frames.append(self.frame_block(number, y, bottom, piece, begin))
                bottom += PIECE_GAP
            y = bottom
        if stage is not None:
            self.frame_stage(number, stage, (top, y), since, frames)
            y += PIECE_GAP + 2
        return y

    def frame_stage(
        self,
        number: int,
        stage: int,
        span: tuple[float, float],
        since: int,
        frames: list[Group],
    ) -> None:
        """The frame of a stage, or of its part in one column."""
        inside = {key for group in frames for key in group.nodes}
        keys = tuple(
            key for key in self.canvas.node_keys_since(since) if key not in inside
        )
        width = self.widths.total_width
        at = (self.column_left(number) + width / 2, sum(span) / 2)
        size = (width, span[1] - span[0])
        tint = stage_tint(stage)
        self.canvas.groups.append(
            Group(f"s{stage}_{number}", "stage", at, size, tint, keys, tuple(frames))
        )

    def frame_block(
        self, number: int, top: float, bottom: float, piece: LayerPiece, since: int
    ) -> Group:
        """The frame of a block."""
        left = self.column_centre(number) - BOX_SIZE[0] / 2 - 4
        right = left + BOX_SIZE[0] + LANE_WIDTH
        at = ((left + right) / 2, (top + bottom) / 2)
        size = (right - left, bottom - top)
        keys = self.canvas.node_keys_since(since)
        return Group(f"{piece.block}.{since}", "frame", at, size, nodes=keys)

    def place_piece(self, number: int, y: float, piece: LayerPiece) -> float:
        """Place the rows of a piece; gives the y below them."""
        if piece.block:
            if piece.join is not None:
                self.wiring.skips.append((piece, y + 3))
            y += BLOCK_LEAD
        tint = "stem" if not self.wiring.skips else "head"
        if piece.stage is not None:
            tint = stage_tint(piece.stage)
        for row in piece.rows:
            self.place_row(number, y + ROW_PITCH / 2, row, tint)
            y += ROW_PITCH
        return y + (BLOCK_TAIL if piece.block else 0)

    def place_row(self, number: int, y: float, index: int, tint: str) -> None:
        """Place one row: its box, its names, its shape, its parameters."""
        row = self.rows[index]
        x = self.column_centre(number) + (SHORTCUT_SHIFT if row.shortcut_kind else 0)
        label = metrics.fit_text(row.label, BOX_SIZE[0] - 6, 11)
        projects = row.shortcut_kind == "projection" and row.params
        role = "small projected" if projects else row.role
        box = self.canvas.add_node(role, (x, y), row_box_size(row), [label], tint=tint)
        self.wiring.boxes[index], self.wiring.column_of[index] = box, number
        left = self.column_left(number)
        self.canvas.add_text(
            "note", (left + 6, y), format_row_names(row), align="start"
        )
        right = left + self.widths.total_width - 6
        output = right - self.widths.params - 12
        if row.output:
            self.canvas.add_text("small", (output, y), row.output, align="end")
        if row.params:
            shown = units.group_digits(row.params)
            self.canvas.add_text("note", (right, y), shown, align="end")

    def finish_picture(self) -> Picture:
        """The picture, with its legend."""
        arch = self.read.arch
        signs = [
            *list_shortcut_signs(piece.shortcut_kind for piece, _ in self.wiring.skips),
            "parameters are those of all modules in a row",
            *(
                ["long connections between columns are not drawn"]
                if self.wiring.has_cut_links
                else []
            ),
        ]
        bottom = self.canvas.add_notes(
            self.width / 2, self.bottom + 6, signs, self.width
        )
        title = f"{arch.label}, layer by layer"
        return self.canvas.build_picture(title, (self.width, bottom + 6))


def row_box_size(row: LayerRow) -> Point:
    """Width and height of a row's box; on a shortcut as narrow as its words."""
    if row.role == "sum":
        return (BOX_SIZE[1], BOX_SIZE[1])
    if not row.shortcut_kind:
        return BOX_SIZE
    wide = metrics.text_width(row.label, 11) + 14
    return (min(max(wide, 60), BOX_SIZE[0] - 4), BOX_SIZE[1])

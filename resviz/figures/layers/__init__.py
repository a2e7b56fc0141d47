"""Every layer in order, in columns, framed by block and stage; made for zooming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import sentences
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.parts import Group, Picture, Point
from resviz.figures.drawing.styles import stage_tint
from resviz.figures.layers.columns import (
    APART,
    BOX,
    GUTTER,
    HEADER,
    LANE,
    LEAD,
    MARGIN,
    PITCH,
    SHIFT,
    TAIL,
    Table,
    columns,
    names,
    table,
)
from resviz.figures.layers.rows import Piece, Row, pieces, rows
from resviz.figures.layers.wiring import Wiring
from resviz.figures.legend import shortcuts
from resviz.figures.overview.outline import facts
from resviz.structure import Structure, structure

if TYPE_CHECKING:
    from resviz.record import Architecture


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """Every layer of a network; `at` and `direction` have no meaning here."""
    del at, direction
    read = structure(arch)
    found, where = rows(read)
    split = columns(pieces(read, found, where), table(found).width)
    placing = Placing(read, found, table(found), len(split))
    for number, column in enumerate(split):
        placing.column(number, column)
    placing.wiring.connect()
    return placing.finish()


def description(arch: Architecture, *, at: str | None) -> str:
    """The list in sentences; `at` has no meaning here."""
    del at
    return (
        f"{len(arch.layers)} layers in execution order, with output shapes and "
        f"parameters, {units.grouped(arch.params)} in all. {sentences.network(arch)}"
    )


class Placing:
    """Places rows on a canvas, column by column."""

    def __init__(
        self, read: Structure, found: list[Row], widths: Table, count: int
    ) -> None:
        self.read = read
        self.found = found
        self.widths = widths
        self.canvas = Canvas()
        self.wiring = Wiring(self.canvas, found)
        self.bottom = 0.0
        self.width = self.left(count) - GUTTER + MARGIN
        told = facts(read.arch, residual=bool(read.stages))
        room = self.width - 2 * MARGIN
        self.top = 28 + self.canvas.title(self.width / 2, read.arch.label, told, room)

    def left(self, number: int) -> float:
        """X at which a column begins."""
        return MARGIN + number * (self.widths.width + GUTTER)

    def centre(self, number: int) -> float:
        """X of a column's main branch."""
        return self.left(number) + 6 + self.widths.name + BOX[0] / 2

    def column(self, number: int, column: list[Piece]) -> None:
        """Place one column, stage by stage."""
        self.heading(number)
        y = self.top
        start = 0
        while start < len(column):
            stage = column[start].stage
            stop = start
            while stop < len(column) and column[stop].stage == stage:
                stop += 1
            y = self.run(number, y + (APART if start else 0), column[start:stop])
            start = stop
        self.bottom = max(self.bottom, y)

    def heading(self, number: int) -> None:
        """What the columns of text hold."""
        left, y = self.left(number), self.top - 17
        self.canvas.text("note", (left + 6, y), "module", align="start")
        self.canvas.text("note", (self.centre(number), y), "layer")
        right = left + self.widths.width - 6
        self.canvas.text("note", (right, y), "parameters", align="end")
        output = right - self.widths.params - 12
        self.canvas.text("note", (output, y), "output", align="end")

    def run(self, number: int, y: float, run: list[Piece]) -> float:
        """Place pieces of one stage, or some outside; gives the y below them."""
        stage = run[0].stage
        top, since, frames = y, len(self.canvas.nodes), []
        if stage is not None:
            name = self.read.stages[stage].name
            first = next((piece.block for piece in run if piece.block), "")
            begun = first != self.read.stages[stage].block_name(1)
            name = f"{name}, continued" if begun else name
            self.canvas.text(
                "name", (self.left(number) + 6, y + 10), name, align="start"
            )
            y += HEADER
        for piece in run:
            begin = len(self.canvas.nodes)
            bottom = self.piece(number, y, piece)
            if piece.block:
                frames.append(self.frame(number, y, bottom, piece, begin))
                bottom += APART
            y = bottom
        if stage is not None:
            self.stage(number, stage, (top, y), since, frames)
            y += APART + 2
        return y

    def stage(
        self,
        number: int,
        stage: int,
        span: tuple[float, float],
        since: int,
        frames: list[Group],
    ) -> None:
        """The frame of a stage, or of its part in one column."""
        inside = {key for group in frames for key in group.nodes}
        keys = tuple(key for key in self.canvas.keys(since) if key not in inside)
        width = self.widths.width
        at = (self.left(number) + width / 2, sum(span) / 2)
        size = (width, span[1] - span[0])
        tint = stage_tint(stage)
        self.canvas.groups.append(
            Group(f"s{stage}_{number}", "stage", at, size, tint, keys, tuple(frames))
        )

    def frame(
        self, number: int, top: float, bottom: float, piece: Piece, since: int
    ) -> Group:
        """The frame of a block."""
        left = self.centre(number) - BOX[0] / 2 - 4
        right = left + BOX[0] + LANE
        at = ((left + right) / 2, (top + bottom) / 2)
        size = (right - left, bottom - top)
        keys = self.canvas.keys(since)
        return Group(f"{piece.block}.{since}", "frame", at, size, nodes=keys)

    def piece(self, number: int, y: float, piece: Piece) -> float:
        """Place the rows of a piece; gives the y below them."""
        if piece.block:
            if piece.join is not None:
                self.wiring.skips.append((piece, y + 3))
            y += LEAD
        tint = "stem" if not self.wiring.skips else "head"
        if piece.stage is not None:
            tint = stage_tint(piece.stage)
        for row in piece.rows:
            self.row(number, y + PITCH / 2, row, tint)
            y += PITCH
        return y + (TAIL if piece.block else 0)

    def row(self, number: int, y: float, index: int, tint: str) -> None:
        """Place one row: its box, its names, its shape, its parameters."""
        row = self.found[index]
        x = self.centre(number) + (SHIFT if row.kind else 0)
        label = metrics.fit(row.label, BOX[0] - 6, 11)
        projects = row.kind == "projection" and row.params
        role = "small projected" if projects else row.role
        box = self.canvas.node(role, (x, y), box_size(row), [label], tint=tint)
        self.wiring.boxes[index], self.wiring.column_of[index] = box, number
        left = self.left(number)
        self.canvas.text("note", (left + 6, y), names(row), align="start")
        right = left + self.widths.width - 6
        output = right - self.widths.params - 12
        if row.output:
            self.canvas.text("small", (output, y), row.output, align="end")
        if row.params:
            shown = units.grouped(row.params)
            self.canvas.text("note", (right, y), shown, align="end")

    def finish(self) -> Picture:
        """The picture, with its legend."""
        arch = self.read.arch
        said = [
            *shortcuts(piece.kind for piece, _ in self.wiring.skips),
            "parameters are those of all modules in a row",
            *(
                ["long connections between columns are not drawn"]
                if self.wiring.cut
                else []
            ),
        ]
        bottom = self.canvas.notes(self.width / 2, self.bottom + 6, said, self.width)
        title = f"{arch.label}, layer by layer"
        return self.canvas.picture(title, (self.width, bottom + 6))


def box_size(row: Row) -> Point:
    """Width and height of a row's box; on a shortcut as narrow as its words."""
    if row.role == "sum":
        return (BOX[1], BOX[1])
    if not row.kind:
        return BOX
    wide = metrics.width(row.label, 11) + 14
    return (min(max(wide, 60), BOX[0] - 4), BOX[1])

"""Every layer in order, in columns, framed by block and stage; made for zooming."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import metrics
from resviz.figures.canvas import Canvas
from resviz.figures.legend import shortcuts
from resviz.figures.outline import facts
from resviz.figures.parts import Group, Node, Picture
from resviz.figures.rows import Piece, Row, pieces, rows
from resviz.figures.styles import stage_tint
from resviz.structure import Structure, structure

if TYPE_CHECKING:
    from resviz.record import Architecture

PITCH, BOX = 17, (116, 14)
"""Distance of rows, and the size of a row's box."""

LEAD, TAIL, APART = 9, 3, 4
"""Above a block's first row, below its last, and between two pieces."""

HEADER = 17
"""Height of a stage's name."""

LANE = 74
"""Right of the boxes, for shortcuts and their own layers."""

SHIFT = 72
"""How far a shortcut's own layer stands right of the main branch."""

MARGIN, GUTTER = 10, 20
"""Around the picture, and between two columns."""

ASPECT = 1.6
"""Width to height that the number of columns comes nearest to."""

LONGEST_NAME = 190
"""Of a row's names, in pixels."""


@dataclass(frozen=True, slots=True)
class Table:
    """Widths of the columns of text.

    Attributes:
        name: of modules.
        output: of shapes.
        params: of parameter counts.
    """

    name: float
    output: float
    params: float

    @property
    def width(self) -> float:
        """Of one column of the figure."""
        return self.name + 8 + BOX[0] + LANE + self.output + 12 + self.params + 8


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """Every layer of a network; `at` and `direction` have no meaning here."""
    del at, direction
    read = structure(arch)
    found, where = rows(read)
    split = columns(pieces(read, found, where), table(found).width)
    placing = Placing(read, found, table(found), len(split))
    for number, column in enumerate(split):
        placing.column(number, column)
    placing.connect()
    return placing.finish()


def table(found: list[Row]) -> Table:
    """The widths that some rows need."""
    return Table(
        max(metrics.widest((names(row) for row in found), 11) + 10, 90),
        max(metrics.widest((row.output for row in found), 11), 36),
        max(metrics.widest((units.grouped(row.params) for row in found), 11), 60),
    )


def names(row: Row) -> str:
    """The names of a row's layers, as printed."""
    return metrics.fit(" · ".join(row.names), LONGEST_NAME, 11)


def height(piece: Piece) -> float:
    """What a piece takes of a column."""
    return PITCH * len(piece.rows) + (LEAD + TAIL + APART if piece.block else 0)


def columns(made: list[Piece], width: float) -> list[list[Piece]]:
    """Pieces in as many columns as bring the figure nearest to `ASPECT`."""
    total = sum(map(height, made))
    most = min(ceil(total / 200), 24)
    counts = range(1, max(most, 1) + 1)
    best = min(counts, key=lambda n: abs(log(n * n * width / total / ASPECT)))
    split: list[list[Piece]] = [[]]
    filled = done = 0.0
    for piece in made:
        full = filled + height(piece) / 2 > (total - done) / (best - len(split) + 1)
        if split[-1] and full and len(split) < best:
            done += filled
            split.append([])
            filled = 0.0
        split[-1].append(piece)
        filled += height(piece)
    return split


class Placing:
    """Places rows on a canvas, column by column."""

    def __init__(
        self, read: Structure, found: list[Row], widths: Table, count: int
    ) -> None:
        self.read = read
        self.found = found
        self.widths = widths
        self.canvas = Canvas()
        self.boxes: dict[int, Node] = {}
        self.column_of: dict[int, int] = {}
        self.links: dict[int, int] = {}
        self.skips: list[tuple[Piece, float]] = []
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
            begun = run[0].block != self.read.stages[stage].block_name(1)
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
        return Group(piece.block, "frame", at, size, nodes=keys)

    def piece(self, number: int, y: float, piece: Piece) -> float:
        """Place the rows of a piece; gives the y below them."""
        if piece.block:
            self.skips.append((piece, y + 3))
            y += LEAD
        tint = "stem" if not self.skips else "head"
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
        wide = metrics.width(row.label, 11) + 14
        size = (
            (14, 14)
            if row.role == "sum"
            else (BOX[0] if not row.kind else min(max(wide, 60), BOX[0] - 4), BOX[1])
        )
        label = metrics.fit(row.label, BOX[0] - 6, 11)
        role = (
            "small projected" if row.kind == "projection" and row.params else row.role
        )
        self.boxes[index] = self.canvas.node(role, (x, y), size, [label], tint=tint)
        self.column_of[index] = number
        left, width = self.left(number), self.widths.width
        self.canvas.text("note", (left + 6, y), names(row), align="start")
        right = left + width - 6
        output = right - self.widths.params - 12
        if row.output:
            self.canvas.text("small", (output, y), row.output, align="end")
        if row.params:
            shown = units.grouped(row.params)
            self.canvas.text("note", (right, y), shown, align="end")

    def connect(self) -> None:
        """Draw every wire within a column."""
        on_skips = set()
        for piece, fork in self.skips:
            on_skips |= self.skip(piece, fork)
        main: int | None = None
        for index, row in enumerate(self.found):
            for source in row.sources:
                if (source, index) not in on_skips:
                    self.link(source, index, straight=source == main)
            if not row.kind and row.sources:
                main = index

    def skip(self, piece: Piece, fork: float) -> set[tuple[int, int]]:
        """Draw a block's shortcut; gives the connections that it stands for."""
        join = self.boxes[piece.join or 0]
        chain = [index for index in piece.rows if self.found[index].kind]
        entry = self.boxes[chain[0]] if chain else join
        x, centre = join.at[0] + SHIFT, join.at[0]
        first = self.boxes[piece.rows[0]]
        stops = [*(self.boxes[index] for index in chain), join]
        into = (x, entry.top) if chain else (x, join.at[1])
        path = [(centre, fork), (x, fork), into]
        if not chain:
            path.append((join.right, join.at[1]))
        self.canvas.wire(first, entry, piece.kind, *path, arrow=not chain)
        for before, after in pairwise(stops):
            way = [(x, before.bottom), (x, after.top)]
            if after is join:
                way = [(x, before.bottom), (x, join.at[1]), (join.right, join.at[1])]
            self.canvas.wire(before, after, piece.kind, *way, arrow=after is join)
        return self.covered(piece, chain)

    def covered(self, piece: Piece, chain: list[int]) -> set[tuple[int, int]]:
        """The connections of a shortcut."""
        inside = {(source, k) for k in chain for source in self.found[k].sources}
        join = piece.join or 0
        ends = {source for source in self.found[join].sources if source in chain}
        if not chain:
            ends = {s for s in self.found[join].sources if s not in piece.rows}
        return inside | {(source, join) for source in ends}

    def link(self, source: int, index: int, *, straight: bool) -> None:
        """Draw one connection, if both ends are in one column."""
        head = self.boxes[index]
        tail = self.boxes.get(source)
        if tail is None or self.column_of[source] != self.column_of[index]:
            if straight or source < 0:
                entry = (head.at[0], head.top - 10), (head.at[0], head.top)
                self.canvas.wire(tail or head, head, "main", *entry)
            return
        if straight:
            way = (tail.at[0], tail.bottom), (head.at[0], head.top)
            self.canvas.wire(tail, head, "main", *way)
            return
        depth = self.links[index] = self.links.get(source, 0) + 1
        x = self.centre(self.column_of[index]) + BOX[0] / 2 + 4 + 4 * (depth % 3)
        way = (tail.right, tail.at[1]), (x, tail.at[1]), (x, head.at[1])
        self.canvas.wire(tail, head, "link", *way, (head.right, head.at[1]))

    def finish(self) -> Picture:
        """The picture, with its legend."""
        arch = self.read.arch
        said = [
            *shortcuts(block.shortcut.kind for block in self.read.blocks),
            "parameters are those of all modules in a row",
        ]
        bottom = self.canvas.notes(self.width / 2, self.bottom + 6, said, self.width)
        description = (
            f"{arch.label}: {len(arch.layers)} layers in execution order, with output "
            f"shapes and parameters, {units.grouped(arch.params)} in all."
        )
        title = f"{arch.label}, layer by layer"
        return self.canvas.picture(title, description, (self.width, bottom + 6))

"""Whole networks as stacks of boxes, one a convolution, aligned by output size.

Source: He et al. 2015, figure 3, with its plain network beside the residual one.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.curves import ARROW, straight
from resviz.figures.drawing.parts import Edge, Group, Node, Picture
from resviz.figures.legend import convolution_words, gate_words, shortcuts
from resviz.figures.stack.bands import (
    ABOVE,
    BETWEEN,
    BOX,
    PITCH,
    TALLEST,
    UNDER,
    Band,
    Item,
    bands,
    candidates,
    height,
    things,
)
from resviz.figures.stack.pieces import Arc, Piece, Stack, stack
from resviz.figures.stack.wrapping import wrapped
from resviz.structure import structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Architecture

NARROWEST, WIDEST = 116, 190
"""Widths of the boxes."""

NARROWEST_PICTURE = 320
"""Width of the picture, at least; its title and legend want it."""

BULGE, COUNT, GUTTER = 24, 30, 24
"""How far shortcuts reach, the width of a fold's count, and between columns."""

MARGIN, SIDE = 8, 66
"""Around the picture, and the width of the output sizes."""

TOP = 54
"""Y at which the first band begins."""


def draw(archs: Sequence[Architecture], *, plain: bool) -> Picture:
    """Networks side by side; `plain` adds each without its shortcuts."""
    shown, sheets = fitted(stacks(archs, plain=plain))
    placing = Placing(shown, sheets)
    for number in range(len(shown)):
        placing.network(number)
    return placing.finish(title(archs), signs(archs, shown, plain=plain))


def description(archs: Sequence[Architecture], *, plain: bool) -> str:
    """The stacks in sentences: what is drawn, what is folded, each network."""
    shown, _ = fitted(stacks(archs, plain=plain))
    names = sentences.listed([it.title for it in shown])
    beside = "" if len(shown) == 1 else ", side by side, aligned by output size"
    said = [f"{names}: every convolution a box, from the input down{beside}."]
    if plain:
        said.append("Plain is the same network without its shortcuts.")
    said += [
        f"Of {piece.count} equal {things(piece)} in a row, {it.title} shows one."
        for it in shown
        for piece in it.pieces
        if piece.count > 1
    ]
    hidden = {it.title: sum(piece.hidden for piece in it.pieces) for it in shown}
    said += [
        f"{n} blocks or layers of {it} are left out." for it, n in hidden.items() if n
    ]
    if not all(it.chained for it in shown):
        said.append("Parallel branches stand one below the other.")
    return " ".join([*said, *(sentences.network(arch) for arch in archs)])


def fitted(stacks: Sequence[Stack]) -> tuple[list[Stack], list[list[Band]]]:
    """Stacks, folded no more than a page asks for, and the bands of each column.

    One network goes on in further columns; several share their bands, side by side.
    """
    chosen, found = list(stacks), bands(stacks)
    for chosen in candidates(stacks):
        found = bands(chosen)
        if height(found) <= TALLEST:
            break
        columns = wrapped(found) if len(chosen) == 1 else None
        if columns is not None:
            return chosen, columns
    return chosen, [found]


def stacks(archs: Sequence[Architecture], *, plain: bool) -> list[Stack]:
    """The stacks of some networks, each with its plain twin before it if asked for."""
    twins = (True, False) if plain else (False,)
    return [stack(arch, plain=twin) for arch in archs for twin in twins]


def title(archs: Sequence[Architecture]) -> str:
    """The title of some networks' stacks."""
    return f"{sentences.listed([arch.label for arch in archs])}, every convolution"


def signs(
    archs: Sequence[Architecture], shown: Sequence[Stack], *, plain: bool
) -> list[str]:
    """The legend: every sign that occurs, and what is not drawn."""
    pieces = [piece for it in shown for piece in it.pieces]
    said = [row.label for it in shown for row in it.rows]
    norms = {tuple(convolution_words(structure(arch))) for arch in archs}
    folds = any(piece.count > 1 for piece in pieces)
    return [
        *shortcuts(arc.kind for piece in pieces for arc in piece.arcs),
        *(["plain: without shortcuts"] if plain else []),
        *(["/2: stride"] if any(", /2" in it for it in said) else []),
        *gate_words(said),
        *(["×n: n equal in a row, one of them drawn"] if folds else []),
        *(norms.pop() if len(norms) == 1 else ()),
        *(
            []
            if all(it.chained for it in shown)
            else ["parallel branches stand one below the other"]
        ),
    ]


class Placing:
    """Places stacks on a canvas, column by column."""

    def __init__(
        self, shown: Sequence[Stack], sheets: Sequence[Sequence[Band]]
    ) -> None:
        self.shown = shown
        self.sheets = sheets
        self.canvas = Canvas()
        rows = [row for it in shown for row in it.rows]
        wide = metrics.roomy(metrics.widest((row.label for row in rows), 11)) + 8
        self.box = min(max(wide, NARROWEST), WIDEST)
        counted = any(piece.count > 1 for it in shown for piece in it.pieces)
        self.lane = BULGE + (COUNT if counted else 0)
        self.canvas.text("note", (MARGIN + SIDE / 2, TOP - 8), "output size")
        self.tops = [self.sizes(number) for number in range(len(sheets))]

    def left(self, number: int) -> float:
        """X at which a column begins; with its output sizes where it has its own."""
        own = SIDE + 10 if len(self.sheets) > 1 else 0
        return MARGIN + number * (own + self.box + self.lane + GUTTER)

    def centre(self, number: int) -> float:
        """X of a column's boxes."""
        return self.left(number) + SIDE + 10 + self.box / 2

    @property
    def width(self) -> float:
        """Of the picture."""
        last = max(len(self.shown), len(self.sheets)) - 1
        wide = self.centre(last) + self.box / 2 + self.lane + 2 * MARGIN
        return max(wide, NARROWEST_PICTURE)

    def sizes(self, number: int) -> list[float]:
        """Where the bands of a sheet begin; the output sizes stand left of them."""
        x, tops = self.left(number) + SIDE / 2, [float(TOP)]
        for band in self.sheets[number]:
            text = metrics.fit(band.size, SIDE, 11)
            first = min((it[0].height for it in band.items if it), default=PITCH)
            self.canvas.text("note", (x, tops[-1] + min(first, PITCH) / 2), text)
            tops.append(tops[-1] + band.height + BETWEEN)
        return tops

    def network(self, number: int) -> None:
        """Place one network."""
        self.heading(number)
        placed: dict[int, Node] = {}
        last: Node | None = None
        inside: list[tuple[Piece, list[Node]]] = []
        for sheet, (found, tops) in enumerate(zip(self.sheets, self.tops, strict=True)):
            x = self.centre(number + sheet)
            for band, top in zip(found, tops, strict=False):
                y = top
                for item in band.items[number]:
                    last, y = self.row(item, (x, y), last)
                    placed[item.row.end] = last
                    if item.number == 0:
                        inside.append((item.piece, []))
                    inside[-1][1].append(last)
        self.shortcuts(inside, placed)

    def heading(self, number: int) -> None:
        """A network's name and costs, over all its columns."""
        one, x = self.shown[number], self.centre(number)
        room = self.box + self.lane + GUTTER - 8
        if len(self.shown) == 1:
            x, room = self.width / 2, self.width - 2 * MARGIN
        name = metrics.fit(one.title, room * 0.94, 13, bold=True)
        self.canvas.text("title", (x, 14), name)
        self.canvas.text("note", (x, 31), metrics.fit(one.facts, room, 11))

    def row(
        self, item: Item, at: tuple[float, float], last: Node | None
    ) -> tuple[Node, float]:
        """Place a row below the last; gives it and the y below it."""
        folded = item.piece.count > 1
        lead = ABOVE if folded and item.number == 0 else 0
        x, y = at[0], at[1] + lead + PITCH / 2
        label = metrics.fit(item.row.label, self.box - 6, 11)
        if item.piece.hidden or last is None:
            role = "note" if last else "small"
            node = self.canvas.text(role, (x, y), label)
        else:
            role = "layer" if item.row.boxed else "small plain"
            wide = self.box if item.row.boxed else self.box - 24
            if metrics.widest([label], 11) > wide - 6:
                wide = self.box
            node = self.canvas.node(
                role, (x, y), (wide, BOX), [label], tint=item.piece.tint
            )
        if last is not None:
            points = [(last.at[0], last.bottom), (x, node.top)]
            if last.at[0] != x:
                between = x - self.box / 2 - SIDE - 10 - GUTTER / 2
                under, over = last.bottom + 12, TOP - 8
                points[1:1] = [(last.at[0], under), (between, under)]
                points[3:3] = [(between, over), (x, over)]
            self.canvas.wire(last, node, "main", *points)
        return node, at[1] + item.height

    def shortcuts(
        self, inside: list[tuple[Piece, list[Node]]], placed: dict[int, Node]
    ) -> None:
        """Place the shortcuts and the plates of one network."""
        ends = sorted(placed)
        for piece, nodes in inside:
            if piece.count > 1:
                self.plate(piece, nodes)
            for arc in piece.arcs:
                known = max(bisect_right(ends, arc.fork) - 1, 0)
                before = placed[ends[known]]
                first = arc.first == 0 and piece.count > 1
                apart = before.at[0] != nodes[0].at[0]
                self.arc(arc, nodes, None if first or apart else before)

    def arc(self, arc: Arc, nodes: list[Node], before: Node | None) -> None:
        """One shortcut, from the box before it; in a plate, from the wire above."""
        first, last = nodes[arc.first], nodes[arc.last]
        edge = last.at[0] + self.box / 2
        if before is None:
            start = (first.at[0], first.top - 5)
            turn = (edge, start[1])
            path = [start, *straight(start, turn)]
        else:
            turn = (before.right, before.at[1] + 3)
            path = [turn]
        down = last.at[1] - 3
        tip = (last.right, down)
        base = (last.right + ARROW, down)
        reach = edge + BULGE / 0.75 - 4
        path += [(reach, turn[1]), (reach, down), base]
        tail = before or first
        self.canvas.edges.append(Edge(tail.key, last.key, arc.kind, tuple(path), tip))

    def plate(self, piece: Piece, nodes: list[Node]) -> None:
        """The frame around a folded piece, and how many it stands for."""
        top, bottom = nodes[0].top - ABOVE + 5, nodes[-1].bottom + UNDER
        left = nodes[0].at[0] - self.box / 2 - 5
        right = nodes[0].at[0] + self.box / 2 + self.lane + 2
        self.canvas.groups.append(
            Group(
                f"f{len(self.canvas.groups)}",
                "fold",
                ((left + right) / 2, (top + bottom) / 2),
                (right - left, bottom - top),
                nodes=tuple(node.key for node in nodes),
            )
        )
        at = (right - COUNT / 2 - 2, (top + bottom) / 2)
        self.canvas.text("name", at, f"×{piece.count}")

    def finish(self, name: str, said: list[str]) -> Picture:
        """The picture, with its legend."""
        width = self.width
        below = max(tops[-1] for tops in self.tops) + (8 if len(self.tops) > 1 else 0)
        bottom = self.canvas.notes(width / 2, below + 4, said, width)
        return self.canvas.picture(name, (width, bottom + 6))

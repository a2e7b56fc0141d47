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
from resviz.figures.legend import convolution_words, shortcuts
from resviz.figures.stack.bands import (
    ABOVE,
    BETWEEN,
    BOX,
    PITCH,
    UNDER,
    Band,
    Item,
    fitted,
    things,
)
from resviz.figures.stack.pieces import Arc, Piece, Stack, stack
from resviz.structure import structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Architecture

NARROWEST, WIDEST = 116, 190
"""Widths of the boxes."""

BULGE, COUNT, GUTTER = 24, 30, 24
"""How far shortcuts reach, the width of a fold's count, and between columns."""

MARGIN, SIDE = 8, 66
"""Around the picture, and the width of the output sizes."""

TOP = 54
"""Y at which the first band begins."""


def draw(archs: Sequence[Architecture], *, plain: bool) -> Picture:
    """Networks side by side; `plain` adds each without its shortcuts."""
    shown, found = fitted(stacks(archs, plain=plain))
    placing = Placing(shown, found)
    for number in range(len(shown)):
        placing.column(number)
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

    def __init__(self, shown: Sequence[Stack], found: Sequence[Band]) -> None:
        self.shown = shown
        self.found = found
        self.canvas = Canvas()
        rows = [row for it in shown for row in it.rows]
        wide = metrics.roomy(metrics.widest((row.label for row in rows), 11)) + 8
        self.box = min(max(wide, NARROWEST), WIDEST)
        counted = any(piece.count > 1 for it in shown for piece in it.pieces)
        self.lane = BULGE + (COUNT if counted else 0)
        self.tops = [float(TOP)]
        for band in found:
            self.tops.append(self.tops[-1] + band.height + BETWEEN)
        self.sizes()

    def centre(self, number: int) -> float:
        """X of a column's boxes."""
        whole = self.box + self.lane + GUTTER
        return MARGIN + SIDE + 10 + number * whole + self.box / 2

    @property
    def width(self) -> float:
        """Of the picture."""
        return self.centre(len(self.shown) - 1) + self.box / 2 + self.lane + 2 * MARGIN

    def sizes(self) -> None:
        """The output sizes, left of where they begin."""
        x = MARGIN + SIDE / 2
        self.canvas.text("note", (x, TOP - 8), "output size")
        for band, top in zip(self.found, self.tops, strict=False):
            text = metrics.fit(band.size, SIDE, 11)
            first = min((it[0].height for it in band.items if it), default=PITCH)
            self.canvas.text("note", (x, top + min(first, PITCH) / 2), text)

    def column(self, number: int) -> None:
        """Place one network."""
        one, x = self.shown[number], self.centre(number)
        room = self.box + self.lane + GUTTER - 8
        name = metrics.fit(one.title, room * 0.94, 13, bold=True)
        self.canvas.text("title", (x, 14), name)
        facts = metrics.fit(one.facts, room, 11)
        self.canvas.text("note", (x, 31), facts)
        placed: dict[int, Node] = {}
        last: Node | None = None
        inside: list[tuple[Piece, list[Node]]] = []
        for band, top in zip(self.found, self.tops, strict=False):
            y = top
            for item in band.items[number]:
                last, y = self.row(item, (x, y), last)
                placed[item.row.end] = last
                if item.number == 0:
                    inside.append((item.piece, []))
                inside[-1][1].append(last)
        self.shortcuts(inside, placed)

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
            self.canvas.wire(last, node, "main", (x, last.bottom), (x, node.top))
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
                first = arc.first == 0 and piece.count > 1
                self.arc(arc, nodes, None if first else placed[ends[known]])

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
        width = max(self.width, 320)
        bottom = self.canvas.notes(width / 2, self.tops[-1] + 4, said, width)
        return self.canvas.picture(name, (width, bottom + 6))

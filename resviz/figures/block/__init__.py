"""One residual block in full: kernels, widths, norms, the addition, the shortcut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import costs, units
from resviz.figures import sentences
from resviz.figures.block.lanes import Lanes, lanes
from resviz.figures.block.places import Place, find
from resviz.figures.block.steps import Step, steps
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.styles import stage_tint
from resviz.structure import structure

if TYPE_CHECKING:
    from resviz.figures.drawing.parts import Node, Picture, Point
    from resviz.record import Architecture

MARGIN, GUTTER = 14, 34
"""Around the picture, and between two columns."""

SHORT_GAP, LONG_GAP = 15, 30
"""Between two levels: without and with room for a shape beside the wire."""

TURN = 8
"""Below a level, y at which wires leave for another column."""

WIDEST = 260
"""Of a box, in pixels."""


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """One block of a network, from top to bottom; `direction` has no meaning here.

    Raises:
        RenderError: if there is no block, or none called `at`; lists those there are.
    """
    del direction
    read = structure(arch)
    found = find(read, at)
    flow = steps(arch, found.block)
    outer = frozenset(k for k, step in enumerate(flow) if step.shortcut)
    laid = lanes([step.sources for step in flow], outer)
    canvas = Canvas()
    Placing(canvas, flow, laid, found).run()
    return finish(canvas, arch, found)


class Placing:
    """Places the steps of one block on a canvas."""

    def __init__(
        self, canvas: Canvas, flow: list[Step], laid: Lanes, found: Place
    ) -> None:
        self.canvas = canvas
        self.flow = flow
        self.laid = laid
        self.tint = stage_tint(found.stage)
        self.sizes = [size(step) for step in flow]
        self.centres = self.column_centres()
        self.middles, self.bottoms = self.level_rows()
        self.nodes: list[Node] = []

    def run(self) -> None:
        """Place every step, then every wire."""
        for number, step in enumerate(self.flow):
            at = (
                self.centres[self.laid.column[number]],
                self.middles[self.laid.level[number]],
            )
            lines = [metrics.fit(line, WIDEST - 12) for line in step.lines]
            if step.role == "text":
                lines = [f"{step.lines[0]} {units.feature_map(step.shape)}"]
            self.nodes.append(
                self.canvas.node(
                    step.role, at, self.sizes[number], lines, tint=self.tint
                )
            )
        for number, step in enumerate(self.flow):
            for source in dict.fromkeys(step.sources):
                self.connect(source, number)

    def column_centres(self) -> list[float]:
        """X of each column."""
        count = max([*self.laid.column, *self.laid.along.values()]) + 1
        widths = [10.0] * count
        for number, column in enumerate(self.laid.column):
            widths[column] = max(widths[column], self.sizes[number][0])
        centres, x = [], float(MARGIN)
        for width in widths:
            centres.append(x + width / 2)
            x += width + GUTTER
        return centres

    def level_rows(self) -> tuple[list[float], list[float]]:
        """Y of each level's middle, and of its bottom."""
        count = max(self.laid.level) + 1
        heights, gaps = [0.0] * count, [SHORT_GAP] * count
        for number, level in enumerate(self.laid.level):
            heights[level] = max(heights[level], self.sizes[number][1])
        for number, step in enumerate(self.flow):
            for source in step.sources:
                if self.shape_beside(source, number) or len(self.users(source)) > 1:
                    gaps[self.laid.level[source]] = LONG_GAP
        middles, bottoms, y = [], [], 62.0
        for height, gap in zip(heights, gaps, strict=True):
            middles.append(y + height / 2)
            bottoms.append(y + height)
            y += height + gap
        return middles, bottoms

    def users(self, number: int) -> list[int]:
        """The steps that read a step."""
        return [k for k, step in enumerate(self.flow) if number in step.sources]

    def ends(self, number: int) -> bool:
        """Whether no wire goes straight down from a step."""
        return all((number, user) in self.laid.along for user in self.users(number))

    def shape_beside(self, source: int, target: int) -> bool:
        """Whether the shape stands beside a wire: it goes down to other than a norm."""
        tail, head = self.flow[source], self.flow[target]
        ends = "text" in {tail.role, head.role} or tail.role == "identity"
        straight = (source, target) not in self.laid.along
        same = tail.role in {"conv", "projected", "sum"} and head.role == "plain"
        return straight and not ends and not same

    def connect(self, source: int, target: int) -> None:
        """The wire from one step to another."""
        tail, head = self.nodes[source], self.nodes[target]
        role = self.flow[source].shortcut or self.flow[target].shortcut or "main"
        if (source, target) in self.laid.along:
            points = self.detour(source, target)
        else:
            points = [(tail.at[0], tail.bottom), (head.at[0], head.top)]
        arrow = self.flow[target].role != "identity"
        self.canvas.wire(tail, head, role, *points, arrow=arrow)
        if self.shape_beside(source, target):
            at = (tail.at[0] + 6, max((tail.bottom + head.top) / 2, self.below(source)))
            words = units.feature_map(self.flow[source].shape)
            self.canvas.text("note", at, words, align="start")

    def below(self, number: int) -> float:
        """The y under which wires to other columns do not pass a step's words."""
        forks = len(self.users(number)) > 1
        return self.bottoms[self.laid.level[number]] + TURN + 9 if forks else 0

    def detour(self, source: int, target: int) -> list[Point]:
        """The way of a wire between two columns, or round its own."""
        tail, head = self.nodes[source], self.nodes[target]
        x = self.centres[self.laid.along[source, target]]
        turn = self.bottoms[self.laid.level[source]] + TURN
        points = [(tail.at[0], tail.bottom)]
        if x != tail.at[0]:
            # Where the tail's own column goes on, the wire leaves that one.
            points = points if self.ends(source) else []
            points += [(tail.at[0], turn), (x, turn)]
        if x == head.at[0]:
            return [*points, (x, head.top)]
        if self.free_beside(target, x):
            side = head.right if x > head.at[0] else head.left
            return [*points, (x, head.at[1]), (side, head.at[1])]
        above = self.middles[self.laid.level[target]] - head.size[1] / 2 - TURN
        over = head.at[0] + (9 if x > head.at[0] else -9)
        return [*points, (x, above), (over, above), (over, head.top)]

    def free_beside(self, target: int, x: float) -> bool:
        """Whether no box stands between a step and an x on its level."""
        head = self.nodes[target]
        low, high = sorted((head.at[0], x))
        level = self.laid.level[target]
        return not any(
            low < node.at[0] <= high and self.laid.level[number] == level
            for number, node in enumerate(self.nodes)
            if number != target
        )


def size(step: Step) -> Point:
    """Width and height of a step's box."""
    if step.role == "sum":
        return (20, 20)
    if step.role == "text":
        return (metrics.width(f"x {units.feature_map(step.shape)}") + 4, 16)
    wide = metrics.widest(step.lines) + (24 if step.role != "identity" else 4)
    least = {"conv": 160, "projected": 160, "plain": 84}.get(step.role, 0)
    tall = {"conv": 27, "projected": 27, "plain": 20}.get(step.role, 30)
    return (min(max(wide, least), WIDEST), tall)


def finish(canvas: Canvas, arch: Architecture, found: Place) -> Picture:
    """The picture of a placed block, with its title."""
    block = found.block
    width = max(max(node.right for node in canvas.nodes) + MARGIN, 300)
    layers = [arch.layers[index] for index in block.layers]
    total = costs.total(layers)
    size = f"{units.count(total.params)} parameters"
    title = f"{found.name}, {block.type}"
    canvas.text("title", (width / 2, 13), title)
    where = metrics.fit(
        f"module {block.path or '(root)'} of {arch.label}", width - 20, 11
    )
    canvas.text("note", (width / 2, 28), where)
    bound = "≥ " if any(costs.macs(layer) is None for layer in layers) else ""
    facts = f"{size} · {bound}{units.count(total.macs)} multiply-adds"
    canvas.text("note", (width / 2, 42), metrics.fit(facts, width - 10, 11))
    bottom = max(node.bottom for node in canvas.nodes) + 6
    if found.equal:
        same = metrics.fit(f"equal: {', '.join(found.equal)}", width - 20, 11)
        canvas.text("note", (width / 2, bottom + 8), same)
        bottom += 16
    return canvas.picture(f"{arch.label}, {found.name}", (width, bottom + 4))


def description(arch: Architecture, *, at: str | None) -> str:
    """A block in sentences: what runs on it, its shortcuts, what it costs.

    Raises:
        RenderError: as `draw`.
    """
    found = find(structure(arch), at)
    return sentences.block(arch, found.name, found.block, found.equal)

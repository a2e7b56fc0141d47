"""Placing the steps of one block, from top to bottom or from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.block.boxes import SIDE, TOP, flipped, slim, upright
from resviz.figures.drawing import metrics
from resviz.figures.drawing.styles import stage_tint

if TYPE_CHECKING:
    from resviz.figures.block.lanes import Lanes
    from resviz.figures.block.places import Place
    from resviz.figures.block.steps import Step
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.parts import Node, Point

GUTTER = 34
"""Between two columns."""

SHORT_GAP, LONG_GAP = 15, 30
"""Between two levels: without and with room for a shape beside the wire."""

TURN = 8
"""Below a level, y at which wires leave for another column."""


class Placing:
    """Places the steps of one block on a canvas, from top to bottom.

    Args:
        canvas: to place it on.
        flow: the steps.
        laid: their columns and levels.
        found: where the block stands in its network.
        turned: whether it is turned afterwards, so that widths are heights here.
    """

    def __init__(
        self,
        canvas: Canvas,
        flow: list[Step],
        laid: Lanes,
        found: Place,
        *,
        turned: bool,
    ) -> None:
        self.turned = turned
        self.canvas = canvas
        self.flow = flow
        self.laid = laid
        self.tint = stage_tint(found.stage)
        self.joins = [k for k, it in enumerate(flow) if it.role == "sum"] or [-1]
        self.boxes = [slim(step) if turned else upright(step) for step in flow]
        self.sizes = [flipped(it.size) if turned else it.size for it in self.boxes]
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
            size, lines = self.sizes[number], self.boxes[number].lines
            self.nodes.append(
                self.canvas.node(step.role, at, size, lines, tint=self.tint)
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
        centres, x = [], float(SIDE)
        for width in widths:
            centres.append(x + width / 2)
            x += width + GUTTER
        return centres

    def level_rows(self) -> tuple[list[float], list[float]]:
        """Y of each level's middle, and of its bottom."""
        count = max(self.laid.level) + 1
        heights, gaps = [0.0] * count, [float(SHORT_GAP)] * count
        for number, level in enumerate(self.laid.level):
            heights[level] = max(heights[level], self.sizes[number][1])
        for number, step in enumerate(self.flow):
            for source in step.sources:
                level = self.laid.level[source]
                gaps[level] = max(gaps[level], self.gap(source, number))
        middles, bottoms, y = [], [], float(TOP)
        for height, gap in zip(heights, gaps, strict=True):
            middles.append(y + height / 2)
            bottoms.append(y + height)
            y += height + gap
        return middles, bottoms

    def gap(self, source: int, target: int) -> float:
        """The room that a wire wants below its step."""
        forks = len(self.users(source)) > 1
        said = self.shape_beside(source, target)
        if not self.turned or not said:
            return LONG_GAP if said or forks else SHORT_GAP
        words = units.feature_map(self.flow[source].shape)
        return metrics.width(words, 11) + (2 * TURN + 10 if forks else 13)

    def users(self, number: int) -> list[int]:
        """The steps that read a step."""
        return [k for k, step in enumerate(self.flow) if number in step.sources]

    def ends(self, number: int) -> bool:
        """Whether no wire goes straight down from a step."""
        return all((number, user) in self.laid.along for user in self.users(number))

    def shape_beside(self, source: int, target: int) -> bool:
        """Whether the shape stands beside a wire: where it was not said before."""
        last = self.flow[-1].shape == self.flow[source].shape
        if not self.may_say(source, target) or (last and target == self.joins[-1]):
            return False
        shape, step = self.flow[source].shape, source
        while self.flow[step].role != "text":
            before = self.flow[step].sources[0]
            if self.flow[before].shape != shape:
                return True
            if self.may_say(before, step):
                return False
            step = before
        return self.flow[step].shape != shape

    def may_say(self, source: int, target: int) -> bool:
        """Whether a wire has room for a shape: it goes down to other than a norm."""
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
            self.say(source, tail, head)

    def say(self, source: int, tail: Node, head: Node) -> None:
        """A step's shape, beside the wire that leaves it."""
        words = units.feature_map(self.flow[source].shape)
        middle = (tail.bottom + head.top) / 2
        if not self.turned:
            at = (tail.at[0] + 6, max(middle, self.below(source)))
            self.canvas.text("note", at, words, align="start")
            return
        size = (metrics.width(words, 11) + 2, 13)
        end = self.bottoms[self.laid.level[source]]
        forks = len(self.users(source)) > 1
        along = end + (2 * TURN + 2 if forks else 6) + size[0] / 2
        self.canvas.node("note", (tail.at[0] + 9, along), flipped(size), [words])

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

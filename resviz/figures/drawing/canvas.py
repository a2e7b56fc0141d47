"""A canvas that collects the parts of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.curves import build_wire
from resviz.figures.drawing.elements import (
    Align,
    Edge,
    Group,
    Node,
    Picture,
    Point,
    Solid,
)
from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

SUM_SIZE = (14, 14)
"""Width and height of an addition's circle."""


class Canvas:
    """Collects nodes, edges and groups in drawing order."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.solids: list[Solid] = []

    def add_node(
        self,
        role: str,
        at: Point,
        size: Point,
        lines: Sequence[str] = (),
        *,
        tint: str = "",
        align: Align = "middle",
    ) -> Node:
        """Add a node."""
        key = f"n{len(self.nodes)}"
        node = Node(key, role, at, size, tuple(lines), tint, align)
        self.nodes.append(node)
        return node

    def add_text(
        self, role: str, at: Point, line: str, *, align: Align = "middle"
    ) -> Node:
        """Add a line of text that starts, stands or ends at a point."""
        look = LOOKS[role]
        width = metrics.text_width(line, look.size, bold=look.bold) + 2
        shift = {"start": width / 2, "middle": 0, "end": -width / 2}[align]
        size = (width, look.size * metrics.LINE_SPACING)
        return self.add_node(role, (at[0] + shift, at[1]), size, (line,), align=align)

    def add_sum(self, at: Point, sign: str) -> Node:
        """Add an addition."""
        return self.add_node("sum", at, SUM_SIZE, (sign,))

    def add_wire(
        self, tail: Node, head: Node, role: str, *points: Point, arrow: bool = True
    ) -> None:
        """Add an edge along some points."""
        self.edges.append(build_wire(tail.key, head.key, role, *points, arrow=arrow))

    def node_keys_since(self, since: int) -> tuple[str, ...]:
        """Return the keys of the nodes added from number `since` on."""
        return tuple(node.key for node in self.nodes[since:])

    def frame_fold(self, number: int, start: Point, end: Point, since: int) -> Group:
        """The frame around a folded block: the nodes from number `since` on.

        `start` and `end` are its upper left and its lower right corner.
        """
        (left, top), (right, bottom) = start, end
        return Group(
            f"f{len(self.groups)}_{number}",
            "fold",
            ((left + right) / 2, (top + bottom) / 2),
            (right - left, bottom - top),
            nodes=self.node_keys_since(since),
        )

    def add_title(
        self, centre: float, name: str, facts: Sequence[str], room: float
    ) -> float:
        """Add a title around `centre` in one line or two; gives the y below it."""
        name = metrics.fit_text(name, room * 0.97, LOOKS["title"].size, bold=True)
        fact_line = metrics.fit_text(" · ".join(facts), room)
        name_width = metrics.text_width(name, LOOKS["title"].size, bold=True)
        gap = 20
        total_width = name_width + gap + metrics.text_width(fact_line)
        if not fact_line or total_width > room:
            self.add_text("title", (centre, 12), name)
            if fact_line:
                self.add_text("text", (centre, 28), fact_line)
            return 38.0 if fact_line else 22.0
        self.add_text("title", (centre - total_width / 2, 13), name, align="start")
        self.add_text(
            "text",
            (centre - total_width / 2 + name_width + gap, 13),
            fact_line,
            align="start",
        )
        return 24

    def add_notes(
        self, centre: float, top: float, signs: Sequence[str], room: float
    ) -> float:
        """Add a legend around `centre` from `top` on; gives the y below it."""
        size = LOOKS["note"].size
        for line in metrics.wrap_words(signs, " · ", room * 0.87, size):
            self.add_text("note", (centre, top + 7), line.removesuffix(" ·"))
            top += 13
        return top

    def build_picture(self, title: str, size: Point) -> Picture:
        """The finished picture; `resviz.figures.diagram` adds its description."""
        return Picture(
            title,
            "",
            size,
            tuple(self.nodes),
            tuple(self.edges),
            tuple(self.groups),
            tuple(self.solids),
        )

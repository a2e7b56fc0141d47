"""A picture while it is being placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.curves import wire
from resviz.figures.drawing.parts import Align, Edge, Group, Node, Picture, Point, Solid
from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

SUM = (14, 14)
"""Width and height of an addition's circle."""


class Canvas:
    """Collects nodes, edges and groups in drawing order."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.groups: list[Group] = []
        self.solids: list[Solid] = []

    def node(
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

    def text(self, role: str, at: Point, line: str, *, align: Align = "middle") -> Node:
        """Add a line of text that starts, stands or ends at a point."""
        look = LOOKS[role]
        width = metrics.width(line, look.size, bold=look.bold) + 2
        shift = {"start": width / 2, "middle": 0, "end": -width / 2}[align]
        size = (width, look.size * metrics.LINE)
        return self.node(role, (at[0] + shift, at[1]), size, (line,), align=align)

    def sum(self, at: Point, sign: str) -> Node:
        """Add an addition."""
        return self.node("sum", at, SUM, (sign,))

    def wire(
        self, tail: Node, head: Node, role: str, *points: Point, arrow: bool = True
    ) -> None:
        """Add an edge along some points."""
        self.edges.append(wire(tail.key, head.key, role, *points, arrow=arrow))

    def keys(self, since: int) -> tuple[str, ...]:
        """Keys of the nodes added from number `since` on."""
        return tuple(node.key for node in self.nodes[since:])

    def fold(self, number: int, start: Point, end: Point, since: int) -> Group:
        """The frame around a folded block: the nodes from number `since` on.

        `start` and `end` are its upper left and its lower right corner.
        """
        (left, top), (right, bottom) = start, end
        return Group(
            f"f{len(self.groups)}_{number}",
            "fold",
            ((left + right) / 2, (top + bottom) / 2),
            (right - left, bottom - top),
            nodes=self.keys(since),
        )

    def title(
        self, centre: float, name: str, facts: Sequence[str], room: float
    ) -> float:
        """Add a title around `centre` in one line or two; gives the y below it."""
        name = metrics.fit(name, room * 0.97, LOOKS["title"].size, bold=True)
        said = metrics.fit(" · ".join(facts), room)
        wide = metrics.width(name, LOOKS["title"].size, bold=True)
        gap = 20
        whole = wide + gap + metrics.width(said)
        if not said or whole > room:
            self.text("title", (centre, 12), name)
            if said:
                self.text("text", (centre, 28), said)
            return 38.0 if said else 22.0
        self.text("title", (centre - whole / 2, 13), name, align="start")
        self.text("text", (centre - whole / 2 + wide + gap, 13), said, align="start")
        return 24

    def notes(
        self, centre: float, top: float, said: Sequence[str], room: float
    ) -> float:
        """Add a legend around `centre` from `top` on; gives the y below it."""
        size = LOOKS["note"].size
        for line in metrics.flow(said, " · ", room * 0.87, size):
            self.text("note", (centre, top + 7), line.removesuffix(" ·"))
            top += 13
        return top

    def picture(self, title: str, size: Point) -> Picture:
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

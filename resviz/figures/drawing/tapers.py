"""Where the steps of a node stand that is stacked of them, as a funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.figures.drawing.metrics import LINE_SPACING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import Node, Point

STEP_GAP = 1.5
"""Between two steps of a node, in pixels."""


class PlacedStep(NamedTuple):
    """A step of a node: its four corners, from the upper left on, and its text."""

    corners: tuple[Point, Point, Point, Point]
    lines: tuple[str, ...]

    @property
    def middle(self) -> float:
        """Y of the middle of its text."""
        return (self.corners[0][1] + self.corners[2][1]) / 2


def measure_step_padding(node: Node, size: float) -> float:
    """Return how much higher a step is than its lines, of letters of a size."""
    room = node.size[1] - STEP_GAP * (len(node.steps) - 1)
    return (room - size * LINE_SPACING * len(node.lines)) / len(node.steps)


def place_steps(node: Node, size: float) -> Iterator[PlacedStep]:
    """Yield the steps of a node from above, with letters of a size."""
    pad = measure_step_padding(node, size)
    x, top, done = node.at[0], node.top, 0
    for step in node.steps:
        bottom = top + size * LINE_SPACING * step.lines + pad
        corners = (
            (x - step.above / 2, top),
            (x + step.above / 2, top),
            (x + step.below / 2, bottom),
            (x - step.below / 2, bottom),
        )
        yield PlacedStep(corners, node.lines[done : done + step.lines])
        top, done = bottom + STEP_GAP, done + step.lines

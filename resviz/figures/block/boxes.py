"""The boxes of a block's steps in both directions, and turning a placed block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.drawing import metrics

if TYPE_CHECKING:
    from resviz.figures.block.steps import Step
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.parts import Point

WIDEST = 260
"""Of a box, in pixels."""

SLIM = {"conv": 96, "projected": 96, "identity": 112}
"""Of the lines in a box from left to right, in pixels; of all others 72."""

TOP, SIDE = 62, 14
"""Y of the first level, below the title; x of it from left to right."""


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in a step's box, and its width and height."""

    lines: tuple[str, ...]
    size: Point


def upright(step: Step) -> Box:
    """A step's box from top to bottom: its words in one line, but on a shortcut."""
    if step.role == "sum":
        return Box(tuple(step.lines), (20, 20))
    if step.role == "text":
        line = f"{step.lines[0]} {units.feature_map(step.shape)}"
        return Box((line,), (metrics.width(line) + 4, 16))
    lines = tuple(metrics.fit(line, WIDEST - 12) for line in step.lines)
    wide = metrics.widest(lines) + (24 if step.role != "identity" else 4)
    least = {"conv": 160, "projected": 160, "plain": 84}.get(step.role, 0)
    tall = {"conv": 27, "projected": 27, "plain": 20}.get(step.role, 30)
    return Box(lines, (min(max(wide, least), WIDEST), tall))


def slim(step: Step) -> Box:
    """A step's box from left to right: its words in lines, a thing each."""
    if step.role == "sum":
        return Box(tuple(step.lines), (20, 20))
    if step.role == "text":
        said = [step.lines[0], units.feature_map(step.shape)]
    elif step.role in {"conv", "projected"}:
        kernel, *rest = step.lines[0].split(", ")
        said = [kernel, *metrics.flow(rest, ", ", SLIM[step.role])]
    else:
        parts = [part for line in step.lines for part in line.split(", ")]
        room = SLIM.get(step.role, 72)
        said = [it for part in parts for it in metrics.flow(part.split(), " ", room)]
    lines = metrics.capped([metrics.fit(line, WIDEST) for line in said], 8)
    around = 4 if step.role in {"text", "identity"} else 16
    tall = 14 * len(lines) + (2 if step.role in {"text", "identity"} else 12)
    return Box(lines, (metrics.widest(lines) + around, tall))


def flipped(size: Point) -> Point:
    """Height and width."""
    return size[1], size[0]


def turn(canvas: Canvas) -> None:
    """Turn a block that was placed from top to bottom: then it runs to the right.

    What was right is above, so that a shortcut arches over its block.
    """
    base = max(node.right for node in canvas.nodes) + TOP

    def turned(point: Point) -> Point:
        return point[1] - TOP + SIDE, base - point[0]

    canvas.nodes[:] = [
        replace(node, at=turned(node.at), size=flipped(node.size))
        for node in canvas.nodes
    ]
    canvas.edges[:] = [
        replace(
            edge,
            path=tuple(map(turned, edge.path)),
            tip=edge.tip and turned(edge.tip),
        )
        for edge in canvas.edges
    ]

"""The boxes of a block's steps in both directions, and turning a placed block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.drawing import metrics

if TYPE_CHECKING:
    from resviz.figures.block.steps import BlockStep
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Point

MAX_BOX_WIDTH = 260
"""Greatest width of a box, in pixels."""

SLIM_WIDTHS = {"conv": 96, "projected": 96, "identity": 112}
"""Width of text by role from left to right, in pixels; 72 for all others."""

TOP, SIDE = 62, 14
"""Y of the first level, below the title; x of it from left to right."""


@dataclass(frozen=True, slots=True)
class StepBox:
    """The text of a step's box, and its width and height."""

    lines: tuple[str, ...]
    size: Point


def size_upright_box(step: BlockStep) -> StepBox:
    """A step's box from top to bottom: its words in one line, but on a shortcut."""
    if step.role == "sum":
        return StepBox(tuple(step.lines), (20, 20))
    if step.role == "text":
        line = f"{step.lines[0]} {units.format_feature_map(step.shape)}"
        return StepBox((line,), (metrics.text_width(line) + 4, 16))
    lines = tuple(metrics.fit_text(line, MAX_BOX_WIDTH - 12) for line in step.lines)
    wide = metrics.max_text_width(lines) + (24 if step.role != "identity" else 4)
    least = {"conv": 160, "projected": 160, "plain": 84}.get(step.role, 0)
    tall = {"conv": 27, "projected": 27, "plain": 20}.get(step.role, 30)
    return StepBox(lines, (min(max(wide, least), MAX_BOX_WIDTH), tall))


def size_slim_box(step: BlockStep) -> StepBox:
    """A step's box from left to right: its words in lines, a thing each."""
    if step.role == "sum":
        return StepBox(tuple(step.lines), (20, 20))
    if step.role == "text":
        texts = [step.lines[0], units.format_feature_map(step.shape)]
    elif step.role in {"conv", "projected"}:
        kernel, *rest = step.lines[0].split(", ")
        texts = [kernel, *metrics.wrap_words(rest, ", ", SLIM_WIDTHS[step.role])]
    else:
        parts = [part for line in step.lines for part in line.split(", ")]
        room = SLIM_WIDTHS.get(step.role, 72)
        texts = [
            piece
            for part in parts
            for piece in metrics.wrap_words(part.split(), " ", room)
        ]
    lines = metrics.cap_lines(
        [metrics.fit_text(line, MAX_BOX_WIDTH) for line in texts], 8
    )
    around = 4 if step.role in {"text", "identity"} else 16
    tall = 14 * len(lines) + (2 if step.role in {"text", "identity"} else 12)
    return StepBox(lines, (metrics.max_text_width(lines) + around, tall))


def swap_axes(size: Point) -> Point:
    """Swap width and height."""
    return size[1], size[0]


def turn_to_right(canvas: Canvas) -> None:
    """Turn a block that was placed from top to bottom: then it runs to the right.

    What was right is above, so that a shortcut arches over its block.
    """
    base = max(node.right for node in canvas.nodes) + TOP

    def turn_point(point: Point) -> Point:
        return point[1] - TOP + SIDE, base - point[0]

    canvas.nodes[:] = [
        replace(node, at=turn_point(node.at), size=swap_axes(node.size))
        for node in canvas.nodes
    ]
    canvas.edges[:] = [
        replace(
            edge,
            path=tuple(map(turn_point, edge.path)),
            tip=edge.tip and turn_point(edge.tip),
        )
        for edge in canvas.edges
    ]

"""A block as a chart, for formats that place it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.drawing.chart import Chart, ChartBox, ChartLink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.block.placing import BlockPlacing
    from resviz.figures.block.steps import BlockStep


def build_block_chart(
    placing: BlockPlacing, heading: tuple[str, ...], direction: str
) -> Chart:
    """Return the steps of a placed block as boxes, below its heading."""
    parts = [
        ChartBox("title", "text", tuple(filter(None, heading))),
        *(
            ChartBox(f"n{number}", step.role, step_lines(step), placing.tint)
            for number, step in enumerate(placing.steps)
        ),
    ]
    links = tuple(iter_step_links(placing))
    return Chart(direction, tuple(parts), links, figure="block")


def step_lines(step: BlockStep) -> tuple[str, ...]:
    """Return the words of a step; input and output have their shape."""
    if step.role == "text":
        return (f"{step.lines[0]} {units.format_feature_map(step.shape)}",)
    return tuple(step.lines)


def iter_step_links(placing: BlockPlacing) -> Iterator[ChartLink]:
    """Yield an arrow from each step to every reader, with the shape if it is news."""
    for number, step in enumerate(placing.steps):
        for source in dict.fromkeys(step.sources):
            role = placing.steps[source].shortcut or step.shortcut or "main"
            shape = units.format_feature_map(placing.steps[source].shape)
            shown = placing.needs_shape_label(source, number)
            yield ChartLink(f"n{source}", f"n{number}", role, (shape,) if shown else ())

"""One block, placed: its canvas, and its part of a chart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels
from resviz.figures.block.lanes import assign_lanes
from resviz.figures.block.placing import BlockPlacing, turn_to_right
from resviz.figures.block.step_names import name_steps
from resviz.figures.block.steps import build_block_steps
from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.charts import settle_chart
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.readings import costs
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.parts import list_block_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.block.places import DrawnBlock
    from resviz.figures.drawing.ledgers import SeatBook


class PlacedBlock:
    """A block on a canvas of its own.

    Args:
        place: the block.
        direction: in which it runs, "TB" or "LR".
        prefix: of its keys, where several blocks become one picture.
        reach: where its addition is at least, along that direction.

    Attributes:
        addition: where its last addition is.
        scope: the layers that it is about.
        boxes: its steps, for a chart.
        links: the arrows between them.
    """

    def __init__(
        self, place: DrawnBlock, direction: str, prefix: str = "", reach: float = 0
    ) -> None:
        self.place, self.prefix = place, prefix
        arch = place.block.arch
        self.steps = name_steps(place.block, build_block_steps(arch, place.block))
        self.scope = list_block_members(build_graph(arch), place.block)
        outer = frozenset(k for k, step in enumerate(self.steps) if step.shortcut)
        layout = assign_lanes([step.sources for step in self.steps], outer)
        self.canvas, turned = Canvas(prefix), direction == "LR"
        self.placing = BlockPlacing(
            self.canvas, self.steps, layout, turned=turned, reach=reach
        )
        self.placing.place_all()
        self.addition = self.placing.middles[self.placing.landing]
        if turned:
            turn_to_right(self.canvas)
        self.boxes = [
            ChartBox(f"{prefix}n{number}", step.role, step.words, step.tint)
            for number, step in enumerate(self.steps)
        ]
        self.links = [*self.iter_links()]

    def seat_steps(self, book: SeatBook, chart_book: SeatBook) -> None:
        """Seat the layers of its steps in what is drawn for them, and in a chart."""
        nodes = self.placing.nodes
        for step, node, box in zip(self.steps, nodes, self.boxes, strict=True):
            book.seat(node.key, step.ends)
            chart_book.seat(box.key, step.ends)

    def iter_links(self) -> Iterator[ChartLink]:
        """Yield an arrow from a step to each reader, with the shape if it is news."""
        for number, step in enumerate(self.steps):
            for source in dict.fromkeys(step.sources):
                role = self.steps[source].shortcut or step.shortcut or "main"
                shape = units.format_feature_map(self.steps[source].shape)
                shown = self.placing.needs_shape_label(source, number)
                ends = f"{self.prefix}n{source}", f"{self.prefix}n{number}"
                yield ChartLink(*ends, role, (shape,) if shown else ())


def list_block_costs(place: DrawnBlock) -> list[str]:
    """List what a block costs: its parameters and multiply-adds."""
    block = place.block
    total = costs.sum_layer_costs(block.layers)
    bound = "≥ " if total.leaves_out else ""
    facts = layer_labels.format_costs(block.arch, total.params, total.macs, bound=bound)
    return [*facts]


def finish_chart(
    parts: Sequence[ChartBox | ChartFrame],
    links: Sequence[ChartLink],
    heading: Sequence[str],
    direction: str,
    books: Sequence[SeatBook],
) -> Chart:
    """Return the steps of placed blocks as boxes, below a heading."""
    chart = settle_chart(Chart(direction, (), tuple(links), figure="block"), books)
    lines = (*heading, *declare_coverage(chart.coverage))
    return replace(chart, parts=(ChartBox("title", "text", lines), *parts))

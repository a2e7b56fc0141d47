"""One residual block in full: kernels, widths, norms, the addition, the shortcut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.errors import RenderError
from resviz.figures import layer_labels, sentences
from resviz.figures.block.lanes import assign_lanes
from resviz.figures.block.placing import SIDE, BlockPlacing, turn_to_right
from resviz.figures.block.steps import build_block_steps, list_block_members
from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.charts import settle_chart
from resviz.figures.drawing.elements import Chart, ChartBox, ChartLink
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.sheet import find_sheet
from resviz.readings import costs
from resviz.readings.structure import read_structure
from resviz.readings.structure.graph import build_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.block.steps import BlockStep
    from resviz.figures.drawing.elements import Picture
    from resviz.readings.structure import Block, Structure
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class DrawnBlock:
    """Where a block stands in its network.

    Attributes:
        block: the block.
        name: the paper's, "conv3_1".
        stage: number of its stage, counted from 0.
        equal: names of the blocks that are drawn alike.
        before: how many of them come before it.
    """

    block: Block
    name: str
    stage: int
    equal: tuple[str, ...]
    before: int = 0


def find_block(structure: Structure, at: str | None) -> DrawnBlock:
    """Return the block called `at`; by default the first that projects.

    Else the first that has a shortcut, else the first.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    candidates = list_block_places(structure)
    if not candidates:
        label = structure.arch.label
        raise RenderError(f"{label}: there are no residual blocks to draw")
    if at is None:
        for place in candidates:
            if place.block.shortcut.kind == "projection":
                return place
        return max(candidates, key=lambda place: place.block.shortcut.kind != "none")
    for place in candidates:
        if at in {place.name, place.block.path}:
            return place
    legal = ", ".join(
        f"{stage.block_name(1)} to {stage.block_name(len(stage.blocks))}"
        for stage in structure.stages
    )
    raise RenderError(f"unknown block {at!r}: want {legal}, or the path of its module")


def list_block_places(structure: Structure) -> list[DrawnBlock]:
    """Return every block of a network with its name."""
    result = []
    for number, stage in enumerate(structure.stages):
        for fold in stage.folds:
            names = tuple(stage.block_name(fold.number + k) for k in range(fold.count))
            members = stage.blocks[fold.number - 1 : fold.number - 1 + fold.count]
            for k, (name, block) in enumerate(zip(names, members, strict=True)):
                equal = (*names[:k], *names[k + 1 :])
                result.append(DrawnBlock(block, name, number, equal, k))
    return result


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """Draw one block of a network, from top to bottom or from left to right.

    Raises:
        RenderError: if there is no block, or none called `at`; lists those there are.
    """
    structure = read_structure(arch)
    place = find_block(structure, at)
    flow = build_block_steps(arch, place.block)
    outer = frozenset(k for k, step in enumerate(flow) if step.shortcut)
    layout = assign_lanes([step.sources for step in flow], outer)
    canvas = Canvas()
    turned = direction == "LR"
    placing = BlockPlacing(canvas, flow, layout, turned=turned)
    placing.place_all()
    scope = list_block_members(build_graph(arch), place.block)
    canvas.books.append(
        seat_steps(arch, flow, scope, [node.key for node in placing.nodes])
    )
    book = seat_steps(arch, flow, scope, [f"n{k}" for k in range(len(flow))])
    if turned:
        turn_to_right(canvas)
    heading = block_heading(arch, place)
    equal = [f"equal: {name_equal_blocks(place)}"] if place.equal else []
    return replace(
        finish_block_picture(canvas, arch, place, heading),
        chart=build_block_chart(
            placing, (*find_sheet().write_heading(*heading), *equal), direction, book
        ),
    )


def seat_steps(
    arch: Architecture, steps: Sequence[BlockStep], scope: set[int], keys: Sequence[str]
) -> SeatBook:
    """Seat the layers of a block's steps in what is drawn for them, by its keys."""
    book = SeatBook(arch, scope)
    for step, key in zip(steps, keys, strict=True):
        book.seat(key, step.ends)
    return book


def name_equal_blocks(place: DrawnBlock) -> str:
    """Name the blocks that are drawn alike, of many in a row the first and the last.

    Example:
        >>> names = ("conv4_2", "conv4_4", "conv4_5", "conv4_6")
        >>> name_equal_blocks(DrawnBlock(None, "conv4_3", 2, names, 1))
        'conv4_2, conv4_4 to conv4_6'
    """
    runs = place.equal[: place.before], place.equal[place.before :]
    return ", ".join(
        f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run)
        for run in runs
        if run
    )


def block_heading(arch: Architecture, place: DrawnBlock) -> tuple[str, str, str]:
    """Return what stands above a block: its name, where it is, what it costs."""
    block = place.block
    total = costs.sum_layer_costs(block.layers)
    bound = "≥ " if total.leaves_out else ""
    facts = layer_labels.format_costs(arch, total.params, total.macs, bound=bound)
    where = f"module {block.path or '(root)'} of {arch.label}"
    return f"{place.name}, {block.type}", where, " · ".join(facts)


def finish_block_picture(
    canvas: Canvas, arch: Architecture, place: DrawnBlock, heading: tuple[str, str, str]
) -> Picture:
    """Return the picture of a placed block, with its heading."""
    width = max(max(node.right for node in canvas.nodes) + SIDE, 300)
    lines = find_sheet().write_heading(*heading)
    rows = zip(("title", "note", "note"), (13, 28, 42), (20, 20, 10), lines)  # noqa: B905 - there may be none
    for role, y, sides, line in rows:
        canvas.add_text(role, (width / 2, y), line, room=width - sides)
    bottom = max(node.bottom for node in canvas.nodes) + 6
    if place.equal and find_sheet().has_legend:
        words = f"equal: {name_equal_blocks(place)}".split()
        for line in metrics.wrap_words(words, " ", (width - 20) * 0.87, 11):
            canvas.add_text("note", (width / 2, bottom + 8), line)
            bottom += 14
        bottom += 2
    bottom = canvas.add_notes(width / 2, bottom + 1, [], width)
    return canvas.build_picture(f"{arch.label}, {place.name}", (width, bottom + 4))


def build_block_chart(
    placing: BlockPlacing, heading: tuple[str, ...], direction: str, book: SeatBook
) -> Chart:
    """Return the steps of a placed block as boxes, below its heading."""
    boxes = [
        ChartBox(f"n{number}", step.role, step.words, step.tint)
        for number, step in enumerate(placing.steps)
    ]
    links = tuple(iter_step_links(placing))
    chart = settle_chart(Chart(direction, (), links, figure="block"), [book])
    lines = (*heading, *declare_coverage(chart.coverage))
    return replace(chart, parts=(ChartBox("title", "text", lines), *boxes))


def iter_step_links(placing: BlockPlacing) -> Iterator[ChartLink]:
    """Yield an arrow from each step to every reader, with the shape if it is news."""
    for number, step in enumerate(placing.steps):
        for source in dict.fromkeys(step.sources):
            role = placing.steps[source].shortcut or step.shortcut or "main"
            shape = units.format_feature_map(placing.steps[source].shape)
            shown = placing.needs_shape_label(source, number)
            yield ChartLink(f"n{source}", f"n{number}", role, (shape,) if shown else ())


def description(arch: Architecture, *, at: str | None) -> str:
    """Say a block in sentences: what runs on it, its shortcuts, what it costs.

    Raises:
        RenderError: as `draw`.
    """
    place = find_block(read_structure(arch), at)
    return sentences.describe_block(arch, place.name, place.block, place.equal)

"""One residual block in full: kernels, widths, norms, the addition, the shortcut."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.block.placed import PlacedBlock, finish_chart, list_block_costs
from resviz.figures.block.places import name_equal_blocks, read_places
from resviz.figures.block.placing import SIDE
from resviz.figures.block.sentences import describe_block
from resviz.figures.block.sides import draw_sides
from resviz.figures.drawing import metrics
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.sheet import find_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.block.places import DrawnBlock
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Picture
    from resviz.record import Architecture


def draw(
    archs: Sequence[Architecture],
    *,
    at: str | Sequence[str] | None,
    direction: str,
    stages: str | None = None,
) -> Picture:
    """Draw blocks, from top to bottom or from left to right; several side by side.

    Raises:
        RenderError: if there is no block, or none called `at`; lists those there are.
    """
    networks = read_places(archs, at, stages)
    if sum(map(len, networks)) > 1:
        return draw_sides(archs, networks, direction)
    arch, place = archs[0], networks[0][0]
    placed = PlacedBlock(place, direction)
    book, chart_book = (SeatBook(arch, placed.scope) for _ in range(2))
    placed.seat_steps(book, chart_book)
    placed.canvas.books.append(book)
    heading = block_heading(arch, place)
    equal = [f"equal: {name_equal_blocks(place)}"] if place.equal else []
    lines = (*find_sheet().write_heading(*heading), *equal)
    return replace(
        finish_block_picture(placed.canvas, arch, place, heading),
        chart=finish_chart(placed.boxes, placed.links, lines, direction, [chart_book]),
    )


def block_heading(arch: Architecture, place: DrawnBlock) -> tuple[str, str, str]:
    """Return what stands above a block: its name, where it is, what it costs."""
    where = f"module {place.block.path or '(root)'} of {arch.label}"
    facts = " · ".join(list_block_costs(place))
    return place.title, where, facts


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


def description(
    archs: Sequence[Architecture],
    *,
    at: str | Sequence[str] | None,
    stages: str | None = None,
) -> str:
    """Say blocks in sentences: what runs on them, their shortcuts, what they cost.

    Raises:
        RenderError: as `draw`.
    """
    networks = read_places(archs, at, stages)
    told = [
        describe_block(arch, place.name, place.block, place.equal)
        for arch, places in zip(archs, networks, strict=True)
        for place in places
    ]
    beside = [f"{len(told)} blocks side by side."] if len(told) > 1 else []
    return " ".join([*beside, *told])

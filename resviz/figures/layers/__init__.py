"""Every layer in order, in columns, framed by block and stage; what repeats, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing.elements import ChartBox
from resviz.figures.drawing.fitting import (
    SCREEN_LETTERS,
    choose_fitting,
    measure_screen_letters,
)
from resviz.figures.drawing.folded_ledgers import FoldedLedger
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.layers.chart import build_layers_chart
from resviz.figures.layers.folding import build_row_graph
from resviz.figures.layers.part import build_shown_rows
from resviz.figures.layers.placing import (
    LayersPlacing,
    measure_row_box,
    measure_text_widths,
    split_into_columns,
)
from resviz.figures.layers.routing import RowRouter
from resviz.figures.layers.rows import group_into_pieces
from resviz.figures.layers.wiring import LayersWiring
from resviz.figures.overview.sentences import describe_network
from resviz.figures.stage_parts import declare_span, read_stage_part, tell_span
from resviz.figures.title_facts import list_title_facts
from resviz.readings.structure import Structure, read_structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.layers.folding import RowGraph
    from resviz.figures.layers.rows import LayerRow
    from resviz.record import Architecture


def draw(
    arch: Architecture,
    *,
    each: bool = False,
    stages: str | None = None,
    depth: int | None = None,
) -> Picture:
    """Draw every layer of a network or of stages; of what repeats `each`, or one turn.

    What fits a screen is not folded. With a `depth` it is a row a module's call.

    Raises:
        RenderError: for stages that it has not; lists those it has.
    """
    structure = read_structure(arch)
    part = read_stage_part(structure, stages)
    shown = build_shown_rows(structure, part, depth)
    rows, row_of_layer = shown.rows, shown.row_of_layer
    pieces = group_into_pieces(structure, rows, row_of_layer)

    def place(*, folds: bool, count: int | None = None) -> Picture:
        graph = build_row_graph(arch, rows, row_of_layer, pieces, folds=folds)
        graph = replace(graph, sides=shown.sides)
        return place_rows(structure, rows, graph, count, declare_span(part))

    if find_sheet().width is not None:
        return choose_fitting(
            place(folds=folds, count=count)
            for folds in ((False,) if each else (False, True))
            for count in range(1, MAX_PRINTED_COLUMNS + 1)
        )
    if each or len(rows) <= MAX_SCREEN_ROWS:
        picture = place(folds=False)
        if each or measure_screen_letters(picture.size) >= SCREEN_LETTERS:
            return picture
    return place(folds=True)


MAX_PRINTED_COLUMNS = 4
"""Columns that a width is laid out in at most."""

MAX_SCREEN_ROWS = 200
"""Rows that a screen shows unfolded at most."""


def place_rows(
    structure: Structure,
    rows: list[LayerRow],
    graph: RowGraph,
    count: int | None,
    missing: Sequence[str],
) -> Picture:
    """Place rows in so many columns, or in as many as look well.

    What is `missing` of the network is said below.
    """
    arch = structure.arch
    shown = [rows[number] for number in graph.nodes]
    widths = measure_text_widths(shown, graph.depth)
    boxes = {n: measure_row_box(rows[n], widths.box)[0] for n in graph.nodes}
    columns = split_into_columns(graph.pieces, widths.total_width, count)
    router = RowRouter(graph, rows, columns, boxes, widths.box)
    if count is None and router.reach + 4 > widths.reach:
        wider = replace(widths, reach=router.reach + 4)
        columns = split_into_columns(graph.pieces, wider.total_width)
        router = RowRouter(graph, rows, columns, boxes, widths.box)
    placing = LayersPlacing(structure, rows, columns, widths, router)
    LayersWiring(placing).draw_wires()
    nodes = {box.key: row for row, box in placing.boxes.items()}
    ledger = FoldedLedger(graph, nodes, graph.list_side_boxes(nodes))
    heading = find_sheet().write_heading(
        arch.label, " · ".join(list_title_facts(structure))
    )
    chart = build_layers_chart(structure, rows, graph)
    named = {f"n{row}": row for row in graph.nodes}
    lines = (*heading, *declare_coverage(graph.row_coverage), *missing)
    title = ChartBox("title", "text", lines)
    chart = replace(
        chart,
        parts=(title, *chart.parts),
        ledgers=(FoldedLedger(graph, named, graph.list_side_boxes(named)),),
    )
    return replace(placing.finish_picture(missing), chart=chart, ledgers=(ledger,))


def description(
    arch: Architecture,
    *,
    each: bool = False,
    stages: str | None = None,
    depth: int | None = None,
) -> str:
    """Say the list in sentences."""
    del each  # what is folded is said of the picture
    part = read_stage_part(read_structure(arch), stages)
    count = len(part.scope & {*range(len(arch.layers))} if part else arch.layers)
    rows = "" if depth is None else f" in rows of calls at a depth of {depth}"
    return (
        f"{units.format_plural(count, 'layer')}{rows} in execution order, with output "
        f"shapes and parameters, {units.group_digits(arch.params)} in all. "
        f"{describe_network(arch)}{tell_span(part)}"
    )

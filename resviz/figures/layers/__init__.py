"""Every layer in order, in columns, framed by block and stage; made for zooming."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import sentences
from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing.charts import settle_chart
from resviz.figures.drawing.elements import ChartBox
from resviz.figures.drawing.fitting import choose_fitting
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.layers.placing import (
    LayersPlacing,
    measure_text_widths,
    split_into_columns,
)
from resviz.figures.layers.rows import (
    LayerPiece,
    LayerRow,
    build_layer_rows,
    build_layers_chart,
    group_into_pieces,
)
from resviz.figures.title_facts import list_title_facts
from resviz.readings.structure import Structure, read_structure

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.record import Architecture


def draw(arch: Architecture) -> Picture:
    """Draw every layer of a network."""
    structure = read_structure(arch)
    rows, row_of_layer = build_layer_rows(structure)
    pieces = group_into_pieces(structure, rows, row_of_layer)
    if find_sheet().width is None:
        return place_rows(structure, rows, row_of_layer, pieces, None)
    counts = range(1, MAX_PRINTED_COLUMNS + 1)
    return choose_fitting(
        place_rows(structure, rows, row_of_layer, pieces, n) for n in counts
    )


MAX_PRINTED_COLUMNS = 4
"""Columns that a width is laid out in at most."""


def place_rows(
    structure: Structure,
    rows: list[LayerRow],
    row_of_layer: dict[int, int],
    pieces: list[LayerPiece],
    count: int | None,
) -> Picture:
    """Place rows in so many columns, or in as many as look well."""
    arch = structure.arch
    widths = measure_text_widths(rows)
    columns = split_into_columns(pieces, widths.total_width, count)
    facts = list_title_facts(structure)
    placing = LayersPlacing(structure, rows, widths, len(columns), facts)
    for number, column in enumerate(columns):
        placing.place_column(number, column)
    placing.wiring.draw_wires()
    keys = [placing.wiring.boxes[number].key for number in range(len(rows))]
    placing.canvas.books.append(seat_rows(arch, row_of_layer, keys))
    heading = find_sheet().write_heading(arch.label, " · ".join(facts))
    chart = build_layers_chart(structure, rows, pieces)
    book = seat_rows(arch, row_of_layer, [f"n{k}" for k in range(len(rows))])
    chart = settle_chart(chart, [book])
    lines = (*heading, *declare_coverage(chart.coverage))
    title = ChartBox("title", "text", lines)
    chart = replace(chart, parts=(title, *chart.parts))
    return replace(placing.finish_picture(), chart=chart)


def seat_rows(
    arch: Architecture, row_of_layer: dict[int, int], keys: list[str]
) -> SeatBook:
    """Seat each layer in its row; what the network returns is in the row that gives it.

    `keys` are those of the rows.
    """
    book = SeatBook(arch)
    for layer, row in row_of_layer.items():
        if layer >= 0:
            book.seat(keys[row], [layer])
    book.seat_inputs(keys[0])
    for number, source in enumerate(arch.outputs, len(arch.stored_layers)):
        book.seat(keys[row_of_layer.get(source.layer, 0)], [number])
    return book


def description(arch: Architecture) -> str:
    """Say the list in sentences."""
    return (
        f"{len(arch.layers)} layers in execution order, with output shapes and "
        f"parameters, {units.group_digits(arch.params)} in all. "
        f"{sentences.describe_network(arch)}"
    )

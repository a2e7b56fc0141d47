"""The figure "layers" for formats that place it themselves: boxes, frames and links."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import tints
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.part_names import name_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.layers.folding import RowGraph
    from resviz.figures.layers.rows import LayerPiece, LayerRow
    from resviz.readings.structure import Structure


def build_layers_chart(
    structure: Structure, rows: Sequence[LayerRow], graph: RowGraph
) -> Chart:
    """Return the rows as boxes in frames of stages, folds and blocks, linked."""

    def build_parts(
        pieces: Sequence[LayerPiece], depth: int
    ) -> Iterator[ChartBox | ChartFrame]:
        for frame, members in groupby(pieces, key=lambda p: graph.find_frame(p, depth)):
            inner = [*members]
            first = inner[0].rows[0]
            if frame is None:
                for piece in inner:
                    boxes = tuple(row_box(rows[row], row) for row in piece.rows)
                    key = f"b{piece.rows[0]}"
                    if piece.block:
                        yield ChartFrame(key, (piece.block,), "", boxes)
                    else:
                        yield from boxes
                continue
            parts = tuple(build_parts(inner, depth + 1))
            if isinstance(frame, int):
                stage = structure.stages[frame]
                name = ChartBox(f"t{first}", "name", (name_stage(stage),))
                tint = tints.choose_stage_tint(stage)
                yield ChartFrame(f"s{first}", (), tint, (name, *parts))
            else:
                lines = (f"×{frame.times}",)
                yield ChartFrame(f"f{first}.{depth}", lines, "", parts)

    links = tuple(iter_row_links(rows, graph))
    return Chart("TB", tuple(build_parts(graph.pieces, 0)), links, figure="layers")


def row_box(row: LayerRow, index: int) -> ChartBox:
    """Return a row's box: what it does, its modules, its output and its parameters."""
    if row.role == "sum":
        return ChartBox(f"n{index}", "sum", (row.label,))
    params = f"{units.group_digits(row.params)} parameters" if row.params else ""
    facts = " · ".join(filter(None, (row.output, params)))
    lines = tuple(filter(None, (row.label, row.printed_names, facts)))
    return ChartBox(f"n{index}", row.drawn_role, lines, row.tint)


def iter_row_links(rows: Sequence[LayerRow], graph: RowGraph) -> Iterator[ChartLink]:
    """Yield an arrow from each row to every reader, those of shortcuts marked."""
    kinds: dict[tuple[int, int], str] = {}
    for piece in graph.pieces:
        labelled = any(rows[index].shortcut_kind for index in piece.rows)
        if piece.join is not None and not labelled:
            for source in {*graph.sources[piece.join]} - {*piece.rows}:
                kinds[source, piece.join] = piece.shortcut_kind
    for index, sources in graph.sources.items():
        for source in sources:
            on_shortcut = rows[index].shortcut_kind or rows[source].shortcut_kind
            role = on_shortcut or kinds.get((source, index), "main")
            yield ChartLink(f"n{source}", f"n{index}", role)

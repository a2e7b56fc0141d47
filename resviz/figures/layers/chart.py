"""Every layer as a chart, for formats that place it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.drawing.styles import stage_tint
from resviz.figures.layers.rows import format_row_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.layers.rows import LayerPiece, LayerRow
    from resviz.readings.structure import Structure


def build_layers_chart(
    structure: Structure,
    rows: Sequence[LayerRow],
    pieces: Sequence[LayerPiece],
    heading: tuple[str, ...],
) -> Chart:
    """Return the rows as boxes in frames of stages and blocks, with every link."""
    parts: list[ChartBox | ChartFrame] = [
        ChartBox("title", "text", tuple(filter(None, heading)))
    ]
    seen_weights = False
    run: list[ChartBox | ChartFrame] = []
    for number, piece in enumerate(pieces):
        seen_weights |= piece.block != ""
        tint = "head" if seen_weights else "stem"
        if piece.stage is not None:
            tint = stage_tint(piece.stage)
        boxes = tuple(row_box(rows[index], index, tint) for index in piece.rows)
        if piece.block:
            run.append(ChartFrame(f"b{number}", (piece.block,), "", boxes))
        else:
            run += boxes
        after = pieces[number + 1].stage if number + 1 < len(pieces) else None
        if piece.stage is None:
            parts += run
        elif after != piece.stage:
            name = ChartBox(f"t{number}", "name", (structure.stages[piece.stage].name,))
            parts.append(ChartFrame(f"s{number}", (), tint, (name, *run)))
        else:
            continue
        run = []
    links = tuple(iter_row_links(rows, pieces))
    return Chart("TB", tuple(parts), links, figure="layers")


def row_box(row: LayerRow, index: int, tint: str) -> ChartBox:
    """Return a row's box: what it does, its modules, its output and its parameters."""
    if row.role == "sum":
        return ChartBox(f"n{index}", "sum", (row.label,))
    params = f"{units.group_digits(row.params)} parameters" if row.params else ""
    facts = " · ".join(filter(None, (row.output, params)))
    lines = tuple(filter(None, (row.label, format_row_names(row), facts)))
    projects = row.shortcut_kind == "projection" and row.params
    role = "small projected" if projects else row.role
    return ChartBox(f"n{index}", role, lines, tint)


def iter_row_links(
    rows: Sequence[LayerRow], pieces: Sequence[LayerPiece]
) -> Iterator[ChartLink]:
    """Yield an arrow from each row to every reader, those of shortcuts marked."""
    kinds = {
        (source, piece.join): piece.shortcut_kind
        for piece in pieces
        if piece.join is not None and not any(rows[k].shortcut_kind for k in piece.rows)
        for source in rows[piece.join].sources
        if source not in piece.rows
    }
    for index, row in enumerate(rows):
        for source in row.sources:
            role = (
                row.shortcut_kind
                or rows[source].shortcut_kind
                or kinds.get((source, index), "main")
            )
            yield ChartLink(f"n{source}", f"n{index}", role)

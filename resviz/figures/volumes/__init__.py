"""Volumes: boxes in perspective, as papers draw them, to scale by roots.

Most networks are a row: boxes one after the other, shortcuts as arcs over blocks, skips
as brackets above all that they pass. What is no row stands in lanes, one for each
resolution. Either is a contracted graph, of which every line is drawn.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.fitting import warn_of_zooming
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.graph_notes import declare_boxes
from resviz.figures.graph_sentences import describe_graph
from resviz.figures.lanes import LanesPainter
from resviz.figures.legend import add_line_colours
from resviz.figures.stage_parts import (
    declare_span,
    read_shown_graph,
    read_stage_part,
    tell_span,
)
from resviz.figures.title_facts import list_title_facts
from resviz.figures.volumes.ledger import BYPASS
from resviz.figures.volumes.notes import (
    declare_gates,
    list_lanes_notes,
    list_row_notes,
)
from resviz.figures.volumes.placing import choose_row, choose_row_of_part
from resviz.figures.volumes.rows import build_row
from resviz.figures.volumes.wrapping import WrappedRowPainter
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.stage_parts import StagePart
    from resviz.figures.volumes.rows import VolumeRow
    from resviz.record import Architecture

MIN_WIDTH = 640
"""Width of a picture at least: its title and its notes need room."""

MARGIN = 14

MAX_NODES = 150
"""Boxes, signs and dots that are drawn at most: of more, nobody could see anything."""


def draw(
    arch: Architecture,
    *,
    each: bool = False,
    stages: str | None = None,
    depth: int | None = None,
) -> Picture:
    """Draw a network as boxes in a row, or in lanes where it is none.

    Raises:
        RenderError: for more boxes than can be seen; says what draws them. For stages
            that it has not; lists those it has.
    """
    part = read_stage_part(read_structure(arch), stages)
    row = choose_row_of_stages(arch, part, depth)
    graph = row.graph if row else read_shown_graph(part, arch, depth)
    if len(graph.nodes) > MAX_NODES:
        raise RenderError(
            f"volumes: got {len(graph.nodes)} boxes, signs and outputs, want at most "
            f"{MAX_NODES} for any to be seen; --figure lanes draws them all"
            + (f", or want --depth {depth - 1}" if depth and depth > 1 else "")
        )
    canvas, room = Canvas(), find_sheet().room
    if row:
        painter = WrappedRowPainter(row, canvas, room=room - 2 * MARGIN, each=each)
        width = ceil(max(painter.right + 2 * MARGIN, min(MIN_WIDTH, room)))
        top = add_title(canvas, arch, width)
        bottom = painter.paint((width - painter.right) / 2, top + 8) + 8
        notes = list_row_notes(graph, painter.list_boxes(), each=each)
        has_skips = any(edge.role == BYPASS for edge in canvas.edges)
        notes += ["bracket: a skip connection"] * has_skips
    else:
        from resviz.figures.volumes.in_lanes import VolumeLanesPainter

        painter = VolumeLanesPainter(graph, canvas, each=each)
        width = max(painter.least_width, min(MIN_WIDTH, room))
        bottom = painter.paint_graph(width, add_title(canvas, arch, width) + 6) + 2
        notes = list_lanes_notes(graph, painter.list_boxes())
    bottom = canvas.add_notes(
        width / 2,
        add_line_colours(canvas, width / 2, bottom, LanesPainter.directions),
        notes,
        width,
        omissions=[
            *warn_of_zooming((width, bottom)),
            *declare_coverage(graph.coverage, lines=len(graph.lines)),
            *declare_boxes(graph),
            *(declare_gates(graph) if each else ()),
            *declare_span(part),
        ],
    )
    picture = canvas.build_picture(f"{arch.label}, volumes", (width, ceil(bottom) + 6))
    return replace(picture, ledgers=(painter.build_ledger(),))


def add_title(canvas: Canvas, arch: Architecture, width: float) -> float:
    """Add the title with the network's totals; return the y below it."""
    facts = list_title_facts(read_structure(arch))
    room = width - 2 * MARGIN
    return canvas.add_title(width / 2, arch.label, facts, room)


def choose_row_of_stages(
    arch: Architecture, part: StagePart | None, depth: int | None
) -> VolumeRow | None:
    """Choose the row of a network, some stages or modules; None where it is none."""
    if depth is not None or find_sheet().names != "paper":
        return build_row(read_shown_graph(part, arch, depth))
    return choose_row_of_part(arch, part.graph_part) if part else choose_row(arch)


def description(
    arch: Architecture,
    *,
    each: bool = False,
    stages: str | None = None,
    depth: int | None = None,
) -> str:
    """Say the boxes in sentences: each with what it reads, and what is inside."""
    part = read_stage_part(read_structure(arch), stages)
    row = choose_row_of_stages(arch, part, depth)
    graph = row.graph if row else read_shown_graph(part, arch, depth)
    form = "in a row" if row else "in lanes by resolution"
    if each:  # what is opened is no other graph
        form += ", those of blocks opened into their layers"
    told = describe_graph(graph, f"As boxes in perspective, {form}")
    return told + tell_span(part)

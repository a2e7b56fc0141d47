"""The chart of a lanes figure: its boxes and lines without places, for DOT, Mermaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.declaring import declare_coverage
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.drawing.folded_ledgers import FoldedLedger, list_boxes_of_parts
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import level_tint
from resviz.figures.graph_notes import declare_boxes
from resviz.readings.resolution import find_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.contraction.drawn import ContractedGraph, DrawnNode

CHART_ROLES = {
    "input": "plain",
    "part": "plain",
    "output": "text",
    "join": "sum",
    "pool": "block",
}
"""The roles of boxes; those of others are "layer"."""


def build_chart(
    graph: ContractedGraph,
    title: str,
    facts: Sequence[str],
    missing: Sequence[str] = (),
) -> Chart:
    """Build the chart of a contracted graph; a motif is in a frame of its own.

    Frames that share nodes with another are left out, for a box has one place. Of what
    is `missing` of the network its title tells.
    """
    boxes = {key: build_chart_box(graph, node) for key, node in graph.nodes.items()}
    heading = find_sheet().write_heading(title, " · ".join(facts))
    declared = declare_coverage(graph.coverage, lines=len(graph.lines))
    heading = (*heading, *declared, *declare_boxes(graph), *missing)
    parts: list[ChartBox | ChartFrame] = [ChartBox("n0", "text", heading)]
    framed: set[int] = set()
    frames: dict[int, ChartFrame] = {}
    for number, frame in enumerate(graph.frames):
        if framed.isdisjoint(frame.members):
            framed.update(frame.members)
            members = tuple(boxes[key] for key in frame.members)
            frames[frame.members[0]] = ChartFrame(
                f"f{number}", (frame.label,), "", members
            )
    for key, box in boxes.items():
        if key in frames:
            parts.append(frames[key])
        elif key not in framed:
            parts.append(box)
    links = tuple(ChartLink(name_box(a), name_box(b)) for a, b in graph.lines)
    nodes = {name_box(key): key for key in graph.nodes}
    ledger = FoldedLedger(graph, nodes, list_boxes_of_parts(graph, nodes))
    return Chart("TB", tuple(parts), links, figure="lanes", ledgers=(ledger,))


def build_chart_box(graph: ContractedGraph, node: DrawnNode) -> ChartBox:
    """Build a box with its words, and what it gives below them."""
    role = CHART_ROLES.get(node.role, "layer")
    if role == "sum":
        return ChartBox(name_box(node.key), role, node.lines)
    gives = (
        f"{node.place}, {node.gives}" if node.resolution.positions > 1 else node.gives
    )
    sign = (f"({node.entrance})",) if node.entrance else ()
    tint = level_tint(find_level(graph.arch, node.resolution.positions))
    tint = "" if role in {"text", "plain"} else tint
    return ChartBox(name_box(node.key), role, (*sign, *node.lines, gives), tint)


def name_box(key: int) -> str:
    """Name the box of a node; the first name is the title's."""
    return f"n{key + 1}"

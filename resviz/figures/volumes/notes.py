"""The words below volumes: their scale, and what their signs mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.graph_notes import LANE_NOTE, explain_signs, explain_words
from resviz.figures.legend import list_shortcut_signs
from resviz.figures.tints import explain_tints
from resviz.figures.volumes.boxes import SHARED_SIGN
from resviz.readings.structure import read_structure
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.volumes.boxes import Volume
    from resviz.readings.contraction.drawn import ContractedGraph

SCALE_NOTE = "scale: edges as √pixels, thickness as √channels"
"""What lengths mean. (∝ is in few fonts.)"""


def list_row_notes(
    graph: ContractedGraph, volumes: Sequence[Volume], *, each: bool
) -> list[str]:
    """List what boxes, arcs and signs of a row mean."""
    kinds = [volume.shortcut.kind for volume in volumes if volume.shortcut]
    box = "a box: a layer" if each else "a box: a layer, or a block below its arc"
    return [
        *explain_scale(volumes),
        *[box] * bool(kinds),
        *(f"arc, {line}" for line in list_shortcut_signs(kinds)),
        *["side by side behind C: what is concatenated"]
        * any(volume.whole for volume in volumes),
        *["…: equal blocks left out"] * any(each.left_out for each in volumes),
        *explain_tints(volume.tint for volume in volumes),
        *explain_signs(graph),
        *explain_shared(graph),
        *explain_words(graph, letters=False),
    ]


def list_lanes_notes(graph: ContractedGraph, volumes: Sequence[Volume]) -> list[str]:
    """List the same of boxes in lanes."""
    has_left_out = any(volume.left_out for volume in volumes)
    return [
        *explain_scale(volumes),
        *["of many boxes in a row only some are drawn"] * has_left_out,
        LANE_NOTE,
        *explain_signs(graph),
        *explain_shared(graph),
        *explain_words(graph),
    ]


def explain_scale(volumes: Sequence[Volume]) -> Iterator[str]:
    """Yield what the lengths of boxes mean."""
    yield SCALE_NOTE
    if any(len(volume.sizes) == 1 for volume in volumes):
        yield "a sheet: tokens or steps, as high as a square of so many"
    if any(len(volume.sizes) > 2 for volume in volumes):
        yield "of three axes the last two are drawn"


def explain_shared(graph: ContractedGraph) -> Iterator[str]:
    """Yield what marks the boxes that have the weights of others."""
    if any(node.is_shared for node in graph.nodes.values()):
        yield f"{SHARED_SIGN}: weights of another box"


def declare_gates(graph: ContractedGraph) -> Iterator[str]:
    """Yield how many layers with weights gates have, which stand in no box."""
    blocks = read_structure(graph.arch).blocks
    inside = [index for block in blocks for index in block.gate_indices]
    count = sum(graph.wiring.weighted.get(index, 0) > 0 for index in inside)
    if count:
        layers = format_plural(count, "layer")
        yield f"in no box of their own: {layers} of gates with weights"

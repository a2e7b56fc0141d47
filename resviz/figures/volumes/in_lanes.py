"""Volumes in lanes: boxes of a network that is no row, each at its resolution."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.lanes import LanesPainter
from resviz.figures.lanes.placing import (
    ENTRANCE_WIDTH,
    LETTER_SIZE,
    LINE_HEIGHT,
    MAX_TEXT_WIDTH,
    SIGN_SIZE,
    BoxSize,
    LanesPlacing,
    is_bar,
)
from resviz.figures.volumes.boxes import SHARED_SIGN, Volume, list_volumes
from resviz.figures.volumes.shapes import BoxScale, PlacedVolume, shape_volume

if TYPE_CHECKING:
    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Node, Solid
    from resviz.figures.drawing.folded_ledgers import FoldedLedger
    from resviz.figures.lanes.routing import LineRouter
    from resviz.readings.contraction.drawn import ContractedGraph, DrawnNode

SCALES = ((84, 0.5), (60, 0.45), (44, 0.4), (32, 0.35), (22, 0.3))
"""Scales that are tried, the first of which fits: the longest edge of a front, and the
root of a channel, in pixels."""

SCREEN_HEIGHT = 740
"""Above which lanes are drawn smaller."""

MAX_BOXES, MAX_OPEN_BOXES = 4, 9
"""Boxes of one node at most, and where its blocks are opened: the first, the last."""

BOX_GAP, WORDS_GAP, LABEL_MARGIN = 4, 4, 6
"""Pixels between boxes of one node, between them and the words below, and beside
these."""


class VolumeLanesPainter(LanesPainter):
    """Puts boxes in perspective into the lanes of a graph.

    Attributes:
        nodes: the boxes of each node.
        shapes: the same, from x 0 on around y 0.
        solids: the same, once they are painted.
    """

    def __init__(self, graph: ContractedGraph, canvas: Canvas, *, each: bool) -> None:
        self.nodes = {
            key: volumes
            for key in graph.nodes
            if (volumes := select_boxes(graph, key, each=each))
        }
        self.shapes: dict[int, list[PlacedVolume]] = {}
        self.solids: dict[int, list[Solid]] = {}
        super().__init__(graph, canvas)

    def place_nodes(self, router: LineRouter, left: float) -> LanesPlacing:
        """Place the nodes, as large as a screen has room for."""
        sides = [side for volume in self.list_boxes() for side in volume.sides]
        placings: list[LanesPlacing] = []
        for edge, thickness in SCALES:
            scale = BoxScale(edge / sqrt(max(sides, default=1)), thickness)
            self.shapes = {
                key: shape_boxes(volumes, scale) for key, volumes in self.nodes.items()
            }
            placings.append(super().place_nodes(router, left))
            placings[-1].place_rows(0)
            if placings[-1].height <= SCREEN_HEIGHT:
                break
        return placings[-1]

    def list_boxes(self) -> list[Volume]:
        """List all boxes."""
        return [volume for volumes in self.nodes.values() for volume in volumes]

    def measure_node_box(self, node: DrawnNode) -> BoxSize:
        """Measure a node: its boxes, and the words below them."""
        usual = super().measure_node_box(node)
        boxes = self.shapes.get(node.key)
        if boxes is None:
            return usual
        last = boxes[-1]
        first, *others = node.lines
        lines = [f"{first} {SHARED_SIGN}" if node.is_shared else first, *others]
        words = (
            *(metrics.fit_text(line, MAX_TEXT_WIDTH, LETTER_SIZE) for line in lines),
            last.volume.label,
        )
        own_width = last.right_end + (ENTRANCE_WIDTH if node.entrance else 0)
        text_width = metrics.widen_for_fonts(metrics.max_text_width(words, LETTER_SIZE))
        width = max(own_width, text_width + LABEL_MARGIN)
        beside = (width - own_width) / 2
        height = max(box.height + box.depth[1] for box in boxes)
        sign = SIGN_SIZE if node.entrance else 0
        bar = usual.entry_height if is_bar(node, self.count_lines(node)) else sign
        reach = max(height, bar) / 2
        return BoxSize(
            width,
            reach,
            reach + WORDS_GAP + LINE_HEIGHT * len(words),
            words,
            beside,
            beside + last.depth[0] / 2,
            bar or height,
        )

    def build_ledger(self) -> FoldedLedger:
        """Build what knows for which edges the wires stand, and what boxes hold."""
        ledger = super().build_ledger()
        drawn = self.solids.items()
        nodes = {solid.key: key for key, solids in drawn for solid in solids}
        parts = {
            solid.key: volume.ends
            for key, solids in drawn
            for solid, volume in zip(solids, self.nodes[key], strict=True)
        }
        signs = {
            sign.key: frozenset[int]()
            for key, sign in self.entrances.items()
            if key in self.solids
        }
        nodes |= ledger.nodes
        return replace(ledger, nodes=nodes, parts={**ledger.parts, **parts, **signs})

    def find_head(self, key: int) -> Node | Solid:
        """Find what the lines to a node enter: its sign, or the first of its boxes."""
        if key in self.entrances or key not in self.solids:
            return super().find_head(key)
        return self.solids[key][0]

    def list_parts(self, key: int, since: int) -> list[Node | Solid]:
        """List what was painted of a node, its boxes first."""
        return [*self.solids.get(key, ()), *super().list_parts(key, since)]

    def count_lines(self, node: DrawnNode) -> int:
        """Count the lines that enter a node."""
        return len(self.graph.sources[node.key])

    def paint_node(self, key: int, node: DrawnNode) -> None:
        """Paint the boxes of a node, the sign before them, and its words."""
        if key not in self.shapes:
            super().paint_node(key, node)
            return
        x, y = self.placing.find_centre(key)
        size = self.placing.sizes[key]
        left = x - size.width / 2 + size.front
        first = left + (ENTRANCE_WIDTH if node.entrance else 0)
        solids = self.solids[key] = []
        for box in self.shapes[key]:
            faces = tuple(
                tuple((first + a, y + b) for a, b in face) for face in box.faces
            )
            solid = self.canvas.add_solid(faces, box.volume.tint, box.volume.label)
            solids.append(solid)
        self.boxes[key] = solids[-1]
        if node.entrance:
            height = size.entry_height
            at = (left + SIGN_SIZE / 2, y)
            self.entrances[key] = sign = self.paint_sign(at, node.entrance, height)
            self.canvas.add_wire(
                sign, solids[0], "main", (sign.right, y), (first, y), arrow=False
            )
        top = y + size.below - LINE_HEIGHT * len(size.words)
        for row, line in enumerate(size.words):
            role = "box note" if row == len(size.words) - 1 else "small"
            self.canvas.add_text(role, (x, top + LINE_HEIGHT * (row + 0.5)), line)


def select_boxes(graph: ContractedGraph, key: int, *, each: bool) -> list[Volume]:
    """Select the boxes of a node that are drawn."""
    volumes = list_volumes(graph, key, each=each)
    most = MAX_OPEN_BOXES if each else MAX_BOXES
    if len(volumes) <= most:
        return volumes
    last = replace(volumes[-1], left_out=len(volumes) - most)
    return [*volumes[: most - 1], last]


def shape_boxes(volumes: list[Volume], scale: BoxScale) -> list[PlacedVolume]:
    """Shape the boxes of a node, from x 0 on."""
    boxes: list[PlacedVolume] = []
    x = 0.0
    for volume in volumes:
        boxes.append(shape_volume(volume, x, scale))
        x += boxes[-1].thickness + BOX_GAP
    return boxes

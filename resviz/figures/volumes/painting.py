"""Painting: the boxes, arcs, frames, ways and labels of a row of volumes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.elements import Edge, Group
from resviz.figures.drawing.styles import LINES
from resviz.figures.volumes.arcs import WORDS_RISE, RowArc, keep_legible_words
from resviz.figures.volumes.groups import spell_lines
from resviz.figures.volumes.ledger import BYPASS, STEP
from resviz.figures.volumes.placing import (
    DOT_SIZE,
    ELLIPSIS_GAP,
    LABEL_SIZE,
    LEAD,
    LEAD_INSET,
    SIGN_SIZE,
    PlacedSign,
    find_right_end,
)
from resviz.figures.volumes.shapes import PlacedVolume
from resviz.figures.volumes.ways import (
    OUTPUT_WORDS_GAP,
    WAY_LINE_HEIGHT,
    Skyline,
    WaySpan,
    find_free_middle,
    fit_way_words,
    measure_words,
    place_ways,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Node, Point, Solid
    from resviz.figures.volumes.boxes import Volume
    from resviz.figures.volumes.placing import PlacedGroup, PlacedPart
    from resviz.figures.volumes.rows import VolumeRow
    from resviz.readings.contraction.drawn import DrawnFrame

ARC_OVERHANG = 20
"""How much wider than its arc the words over it may be."""

LABEL_TOP_GAP, LEVEL_GAP = 10, 7
"""Pixels above the labels, and between the two rows of them."""

LINE_HEIGHT, NAME_HEIGHT = 13, 14
"""Heights of the lines of a label, in whole pixels as renderers place letters."""

LEADING_GAP = 14
"""Pixels before the first box of a line at which the arc of a shortcut leaves the wire
that leads there."""

ARRIVAL_STEP = 6
"""Pixels between the ways that arrive at one place."""


class RowPainter:
    """Puts a row on a canvas, or a line of one.

    Attributes:
        row: the nodes.
        canvas: on which.
        groups: its boxes and signs in groups, placed.
        lead: the line before it; None for the first.
        parts: the same, one after the other.
        right: x of their right end.
        gaps: the dots that stand for blocks left out, by the number of what follows.
    """

    def __init__(
        self,
        row: VolumeRow,
        canvas: Canvas,
        groups: Sequence[PlacedGroup],
        *,
        lead: RowPainter | None = None,
    ) -> None:
        self.row, self.canvas, self.groups, self.lead = row, canvas, groups, lead
        self.parts = [part for group in self.groups for part in group.parts]
        self.firsts: dict[int, int] = {}
        self.lasts: dict[int, int] = {}
        for number, part in enumerate(self.parts):
            self.firsts.setdefault(part.key, number)
            self.lasts[part.key] = number
        self.spans = [*self.list_way_spans()]
        reaches = [right for _, right in (span.reach for span in self.spans)]
        self.right = max([find_right_end(self.groups), *reaches])
        self.skyline = Skyline()
        self.anchors: list[Node | Solid] = []
        self.keys: dict[str, int] = {}
        self.ways: dict[str, tuple[int, ...]] = {}
        self.gaps: dict[int, Node] = {}

    @property
    def boxes(self) -> list[PlacedVolume]:
        """Its boxes, placed."""
        return [part for part in self.parts if isinstance(part, PlacedVolume)]

    def list_boxes(self) -> list[Volume]:
        """List its boxes."""
        return [box.volume for box in self.boxes]

    def paint(self, left: float, top: float) -> float:
        """Paint all with its upper left corner there; return the y below it."""
        for part in self.parts:
            self.skyline.add_span(*measure_part(part))
        arcs = keep_legible_words(self.find_arcs())
        for arc in arcs:
            crest = arc.crest - (LINE_HEIGHT if arc.words else 0)
            self.skyline.add_span(arc.start[0], arc.stop[0], crest)
        frames = [(frame, self.bound_frame(frame)) for frame in self.row.frames]
        for _, (first, upper, last, _) in frames:
            self.skyline.add_span(first, last, upper)
        ways = place_ways(self.skyline, self.spans)
        self.left, self.axis = left, ceil(top - self.skyline.top)
        for frame, bounds in frames:
            self.paint_frame(frame, *bounds)
        for number, part in enumerate(self.parts):
            self.anchors.append(self.paint_part(number, part))
            self.keys[self.anchors[-1].key] = part.key
        self.paint_steps()
        for arc in arcs:
            self.paint_arc(arc)
        legs = [x for span, _ in ways for x in (span.start, span.stop)]
        for span, y in ways:
            self.paint_way(span, y, legs)
        return self.paint_labels()

    def move(self, point: Point) -> Point:
        """Return a point of the row as one of the picture."""
        return self.left + point[0], self.axis + point[1]

    def find_top(self, number: int) -> Point:
        """Find the upper end of a part."""
        part = self.parts[number]
        return part.top if isinstance(part, PlacedVolume) else (part.x, -SIGN_SIZE / 2)

    def find_arcs(self) -> Iterator[RowArc]:
        """Find the arcs of blocks: from what stands before one to its last box."""
        for number, part in enumerate(self.parts):
            if not isinstance(part, PlacedVolume) or part.volume.shortcut is None:
                continue
            first = number - part.volume.span + 1
            start, stop = self.find_top(max(first - 1, 0)), part.top
            opening = self.parts[first]
            before = max(first - 1, 0)
            if isinstance(opening, PlacedVolume) and opening.volume.left_out:
                start = opening.x - ELLIPSIS_GAP / 2, -NAME_HEIGHT / 2
            elif first == 0 and self.lead is not None:
                before, start = None, (opening.entry[0] - LEADING_GAP, 0)
            shortcut = part.volume.shortcut
            arc = RowArc(before, number, shortcut.kind, start, stop, "")
            words = shortcut.label if shortcut.kind != "identity" else ""
            yield arc._replace(words=words) if self.has_room(arc, words) else arc

    def has_room(self, arc: RowArc, words: str) -> bool:
        """Tell whether words have room over an arc; legs and frames take it."""
        width = metrics.text_width(words, LABEL_SIZE)
        legs = [leg for span in self.spans for leg in (span.start, span.stop)]
        legs += [LEAD_INSET - LEAD] * (self.lead is not None)
        tail = None if arc.tail is None else self.parts[arc.tail].key
        keys = tail, self.parts[arc.head].key
        return (
            width <= arc.stop[0] - arc.start[0] + ARC_OVERHANG
            and all(abs(leg - arc.middle) > width / 2 + 4 for leg in legs)
            and all(
                (keys[0] in frame.members) == (keys[1] in frame.members)
                for frame in self.row.frames
            )
        )

    def bound_frame(self, frame: DrawnFrame) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of a frame."""
        numbers = [
            number
            for number, part in enumerate(self.parts)
            if part.key in frame.members
        ]
        first, last = self.parts[numbers[0]], self.parts[numbers[-1]]
        left, right = measure_part(first)[0] - 6, measure_part(last)[1] + 4
        boxes = [self.parts[number] for number in numbers]
        bottoms = [box.bottom for box in boxes if isinstance(box, PlacedVolume)]
        top = self.skyline.find_top(left, right) - 18
        return left, top, right, max(bottoms, default=SIGN_SIZE) + 6

    def paint_frame(
        self, frame: DrawnFrame, left: float, top: float, right: float, bottom: float
    ) -> None:
        """Paint a dashed frame and its label."""
        at = self.move(((left + right) / 2, (top + bottom) / 2))
        key = f"frame {frame.label} {frame.members[0]}"
        size = (right - left, bottom - top)
        self.canvas.groups.append(Group(key, "turns", at, size))
        x, width = left + 6, metrics.text_width(frame.label, LABEL_SIZE, bold=True)
        for leg in sorted(
            leg for span in self.spans for leg in (span.start, span.stop)
        ):
            x = leg + 4 if x - 2 < leg < x + width + 2 else x
        place = self.move((x, top + 9))
        self.canvas.add_text("frame label", place, frame.label, align="start")

    def paint_part(self, number: int, part: PlacedPart) -> Node | Solid:
        """Paint a box, a sign or an output's dot."""
        if isinstance(part, PlacedSign):
            at = self.move((part.x, 0))
            if not part.sign:
                return self.canvas.add_node("point", at, (DOT_SIZE, DOT_SIZE))
            node = self.row.graph.nodes[part.key]
            for count in node.lines[1:] if node.role == "join" else ():
                place = self.move((part.x, SIGN_SIZE / 2 + LINE_HEIGHT / 2))
                self.canvas.add_text("frame label", place, count)
            return self.canvas.add_node("sum", at, (SIGN_SIZE, SIGN_SIZE), (part.sign,))
        faces = tuple(tuple(map(self.move, face)) for face in part.faces)
        if part.volume.left_out:
            place = self.move((part.x - ELLIPSIS_GAP / 2, 0))
            self.gaps[number] = self.canvas.add_text("name", place, "…")
        return self.canvas.add_solid(faces, part.volume.tint, part.volume.label)

    def paint_steps(self) -> None:
        """Paint an arrow from node to node, and from block to block."""
        for (tail, part), (head, after) in pairwise(enumerate(self.parts)):
            is_step = part.key != after.key
            if isinstance(after, PlacedVolume) and not is_step:
                volume = after.volume
                is_first = self.parts[max(head - volume.span + 1, 0)] is after
                follows_sign = isinstance(part, PlacedSign)
                is_block = volume.ends_block and is_first
                is_step = follows_sign or (is_block and not volume.left_out)
            if is_step:
                points = self.move(part.exit), self.move(after.entry)
                ends = self.anchors[tail], self.anchors[head]
                self.canvas.add_wire(*ends, STEP, *points)

    def paint_arc(self, arc: RowArc) -> None:
        """Paint the arc of a shortcut, and what is on it."""
        (a, first), (b, last) = self.move(arc.start), self.move(arc.stop)
        height = min(first, last) - arc.rise
        path = (a, first), (a, height), (b, height), (b, last - 6)
        role = arc.kind if arc.kind in LINES else "other"
        tail, head = self.find_tail(arc), self.anchors[arc.head]
        self.canvas.edges.append(Edge(tail.key, head.key, role, path, (b, last)))
        if arc.words:
            _, crest = self.move((0, arc.crest))
            at = ((a + b) / 2, crest - WORDS_RISE)
            self.canvas.add_text("small", at, arc.words)

    def find_tail(self, arc: RowArc) -> Node | Solid:
        """Find what an arc leaves; it may be dots, or the last of the line before."""
        if arc.tail is None and self.lead is not None:
            return self.lead.anchors[-1]
        opening = self.parts[arc.head]
        span = opening.volume.span if isinstance(opening, PlacedVolume) else 1
        first = arc.head - span + 1
        return self.gaps.get(first, self.anchors[arc.tail or 0])

    def list_way_spans(self) -> Iterator[WaySpan]:
        """List the ways past parts of the row, each with its ends along x."""
        ways = self.row.ways
        for way in ways:
            start, _ = self.find_top(self.lasts[way.start])
            nodes = [self.row.graph.nodes[key] for key in way.nodes]
            texts = [
                ", ".join(spell_lines(self.row.graph, node))
                for node in nodes
                if node.role != "output"
            ]
            words = " + ".join(texts)
            if way.stop is None:
                leaving = [other for other in ways if other.start == way.start]
                outputs = [other for other in leaving if other.stop is None]
                place = outputs.index(way) + (len(leaving) > len(outputs))
                start += ARRIVAL_STEP * place
                stop = start
                lines = (words,) if words else ()
            else:
                arriving = [other for other in ways if other.stop == way.stop]
                offset = arriving.index(way) - (len(arriving) - 1) / 2
                stop, _ = self.find_top(self.firsts[way.stop])
                stop += ARRIVAL_STEP * offset
                lines = fit_way_words(words, start, stop)
            yield WaySpan(
                way, start, stop, lines, max(map(measure_words, lines), default=0)
            )

    def paint_way(self, span: WaySpan, y: float, legs: list[float]) -> None:
        """Paint a bracket past a part of the row, or a line up to an output."""
        tail = self.anchors[self.lasts[span.way.start]]
        _, low = self.find_top(self.lasts[span.way.start])
        start = self.move((span.start, low))
        corner = self.move((span.start, y))
        inner = span.way.nodes
        if span.way.stop is None:
            dot = self.canvas.add_node("point", corner, (DOT_SIZE, DOT_SIZE))
            *inner, output = inner
            self.keys[dot.key] = output
            end = (corner[0], corner[1] + DOT_SIZE / 2)
            self.canvas.add_wire(tail, dot, BYPASS, start, end)
            for line in span.lines:
                place = self.move((span.start + OUTPUT_WORDS_GAP, y))
                self.canvas.add_text("small", place, line, align="start")
        else:
            number = self.firsts[span.way.stop]
            _, low = self.find_top(number)
            points = (self.move((span.stop, y)), self.move((span.stop, low)))
            self.canvas.add_wire(
                tail, self.anchors[number], BYPASS, start, corner, *points
            )
            middle = find_free_middle(span, legs)
            for number, line in enumerate(reversed(span.lines)):
                place = self.move((middle, y - 9 - WAY_LINE_HEIGHT * number))
                self.canvas.add_text("small", place, line)
        if inner:
            via = f"way {inner[0]}"
            self.ways[via] = tuple(inner)
            self.canvas.edges[-1] = replace(self.canvas.edges[-1], via=via)

    def find_shares(self) -> dict[str, frozenset[int]]:
        """Find what each part holds of a node that has boxes; a sign holds nothing."""
        with_boxes = {box.key for box in self.boxes}
        return {
            anchor.key: part.volume.ends
            if isinstance(part, PlacedVolume)
            else frozenset[int]()
            for anchor, part in zip(self.anchors, self.parts, strict=True)
            if part.key in with_boxes
        }

    def paint_labels(self) -> float:
        """Paint the labels of groups in two rows; return the y below them."""
        low = ceil(max([volume.bottom for volume in self.boxes], default=SIGN_SIZE))
        upper = [measure_height(group) for group in self.groups if not group.level]
        first = low + LABEL_TOP_GAP
        tops = first, first + max(upper, default=0) + LEVEL_GAP
        bottom = tops[0]
        for group in self.groups:
            if group.group.lines:
                top = tops[group.level]
                bottom = max(bottom, top + measure_height(group))
                self.paint_label(group, top)
        return self.axis + bottom

    def paint_label(self, group: PlacedGroup, top: float) -> None:
        """Paint the label of a group, and a line down to it in the second row."""
        x, y = group.centre, top
        if group.level:
            start = self.move((x, self.find_low(x) + 3))
            stop = self.move((x, top - 2))
            third = (stop[1] - start[1]) / 3
            path = (start, (x, start[1] + third), (x, stop[1] - third), stop)
            path = tuple((start[0], point[1]) for point in path)
            self.canvas.edges.append(Edge("", "", "grid", path))
        for line in group.group.name:
            at = self.move((x, y + NAME_HEIGHT / 2))
            self.canvas.add_text("name", at, line)
            y += NAME_HEIGHT
        for number, line in enumerate(group.group.lines):
            at = self.move((x, y + LINE_HEIGHT * (number + 0.5)))
            self.canvas.add_text("small" if not number else "note", at, line)

    def find_low(self, x: float) -> float:
        """Find the y of the lowest thing of the row at an x."""
        gaps = (box.x - x for box in self.boxes if box.volume.left_out)
        if any(0 < gap < ELLIPSIS_GAP for gap in gaps):
            return LINE_HEIGHT / 2
        return max((part.find_low(x) for part in self.parts), default=0)


def measure_part(part: PlacedPart) -> tuple[float, float, float]:
    """Measure a part's left and right end, and its upper one."""
    if isinstance(part, PlacedVolume):
        return part.x, part.right_end, part.y - part.depth[1]
    return part.x - SIGN_SIZE / 2, part.x + SIGN_SIZE / 2, -SIGN_SIZE / 2


def measure_height(group: PlacedGroup) -> float:
    """Measure the height of a group's label."""
    label = group.group
    return NAME_HEIGHT * len(label.name) + LINE_HEIGHT * len(label.lines)

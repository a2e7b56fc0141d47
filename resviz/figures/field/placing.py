"""Placing fields: boxes around one another over the input, each with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas, straight_segment
from resviz.figures.drawing.elements import Edge, Group, PlacedImage
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.tints import explain_tints
from resviz.figures.title_facts import list_title_facts
from resviz.readings.receptive.gaps import describe_field_gaps
from resviz.readings.structure import read_structure
from resviz.units import format_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Picture, Point
    from resviz.figures.field.image import ImageFile
    from resviz.figures.field.views import FieldView, Span
    from resviz.record import Architecture

PANEL = 440
"""Width or height of what is shown of the input and around it, in pixels."""

FARTHEST = 2.4
"""Sides of the input that are shown; a field that is larger is told alone."""

MAX_GRID_LINES = 32
"""Lines of the grid along an axis, at most."""

LINE_HEIGHT = 18
"""Distance of two names, in pixels."""

LEAST_SIDE = 4
"""Side of a box that can still be seen, in pixels."""

LONGEST_NAME, LONGEST_IN_COLUMN = 260, 150
"""Greatest width of a name, in pixels, also where a width is asked for."""

MARGIN = 12


class FieldPlacing:
    """Places the fields of a network on a canvas.

    Attributes:
        arch: the network.
        views: its fields, in the order of its layers.
        sides: height and width of its input, in pixels of it.
        file: what stands below the boxes; None for a grid.
        shown: the fields that have a box, the largest first.
        scale: pixels of the figure for one of the input.
        step: pixels of the input between two lines of the grid.
    """

    def __init__(
        self,
        arch: Architecture,
        views: Sequence[FieldView],
        sides: tuple[int, int],
        file: ImageFile | None,
    ) -> None:
        self.arch, self.views, self.sides, self.file = arch, views, sides, file
        self.canvas = Canvas()
        most = FARTHEST * max(sides)
        boxed = [view for view in views if view.spans and max(view.sides) <= most]
        self.shown = sorted(boxed, key=lambda view: view.sides, reverse=True)
        spans = [view.spans for view in boxed if view.spans]
        ends = [tuple(span[axis] for span in spans) for axis in (0, 1)]
        self.starts = [min([0, *(end[0] for end in axis)]) for axis in ends]
        stops = [
            max([side, *(end[1] + 1 for end in axis)])
            for axis, side in zip(ends, sides, strict=True)
        ]
        self.extent = [b - a for a, b in zip(self.starts, stops, strict=True)]
        lines = [self.label_view(view) for view in views]
        self.beside = metrics.max_text_width(lines, LOOKS["small"].size) + 44
        room = find_sheet().room - self.beside - 2 * MARGIN
        self.scale = max(min(PANEL, room), 120) / max(self.extent)
        self.top = 0.0
        self.step = 1
        while max(sides) / self.step > MAX_GRID_LINES:
            self.step *= 2

    def draw_picture(self) -> Picture:
        """Draw the input, the boxes, their names, and what they mean."""
        panel = self.extent[1] * self.scale
        width = panel + self.beside + 2 * MARGIN
        facts = list_title_facts(read_structure(self.arch))
        self.top = 8 + self.canvas.add_title(
            width / 2, self.arch.label, facts, width - 2 * MARGIN
        )
        below = self.draw_input()
        for view in self.shown:
            self.add_outline("field halo", view)
            self.add_outline("field", view)
        y = self.top + 8 - LINE_HEIGHT
        for view in self.list_named():
            y = max(y + LINE_HEIGHT, self.find_start(view)[1])
            self.add_name(view, (MARGIN + panel + 26, y))
        bottom = max(below, y + LINE_HEIGHT / 2)
        bottom = self.canvas.add_notes(
            width / 2,
            bottom + 8,
            [*self.explain_boxes(), *explain_tints(view.tint for view in self.shown)],
            width,
            omissions=[*self.list_unboxed(), *describe_field_gaps(self.arch)],
        )
        title = f"{self.arch.label}, receptive fields"
        return self.canvas.build_picture(title, (width, bottom + 6))

    def list_named(self) -> list[FieldView]:
        """List the fields as their names stand, the largest first."""
        others = [view for view in self.views if view not in self.shown]
        others.sort(key=lambda view: view.sides)
        whole = [view for view in others if view.spans is None]
        large = [view for view in others[::-1] if view.spans]
        return [*whole, *large, *self.shown]

    def explain_boxes(self) -> list[str]:
        """Explain what a box is."""
        height, width = self.sides
        said = [
            f"box: what the middle position sees of {format_sizes((height, width))}"
        ]
        if any(side > 0 for side in (-self.starts[0], -self.starts[1])):
            said.append("outside of the input it is padding")
        if self.file is not None:
            said.append("image: cropped to the input's shape")
        elif self.step > 1:
            said.append(f"grid: every {self.step} pixels")
        if any(view.varies for view in self.views):
            said.append("fields differ from position to position after upsampling")
        return said

    def list_unboxed(self) -> list[str]:
        """List what has no box."""
        large = [v.name for v in self.views if v.spans and v not in self.shown]
        return [f"too large for a box: {', '.join(large)}"] * bool(large)

    def label_view(self, view: FieldView) -> str:
        """Label a field by its name and size."""
        room = LONGEST_NAME if find_sheet().width is None else LONGEST_IN_COLUMN
        name = metrics.fit_name(view.name, room, LOOKS["small"].size)
        size = "all" if view.spans is None else format_sizes(view.sides)
        return f"{name}: {size}"

    def find_start(self, view: FieldView) -> Point:
        """Find where the line to a name begins: at the right side of a box, high up."""
        if view not in self.shown or view.spans is None:
            return 0, 0
        (x, y), (width, height) = self.place_spans(view.spans)
        return x + width / 2, y - height / 2 + min(height / 2, 6)

    def place_spans(self, spans: tuple[Span, Span]) -> tuple[Point, Point]:
        """Return centre and size of a rectangle of pixels of the input."""
        sizes = [(last - first + 1) * self.scale for first, last in spans]
        y, x = (
            (first - start) * self.scale + size / 2
            for (first, _), start, size in zip(spans, self.starts, sizes, strict=True)
        )
        height, width = sizes
        return (MARGIN + x, self.top + y), (width, height)

    def draw_input(self) -> float:
        """Draw the image or the grid in the input's place; return the y below."""
        height, width = self.sides
        at, size = self.place_spans(((0, height - 1), (0, width - 1)))
        if self.file is not None:
            image = PlacedImage(at, size, self.file.kind, self.file.data)
            self.canvas.images.append(image)
        else:
            self.draw_grid(at, size)
        self.canvas.groups.append(Group("input", "sheet", at, size))
        return self.top + self.extent[0] * self.scale

    def draw_grid(self, at: Point, size: Point) -> None:
        """Draw lines every few pixels of the input."""
        step = self.step
        left, top = at[0] - size[0] / 2, at[1] - size[1] / 2
        for axis in (0, 1):
            count = self.sides[1 - axis] // step
            for number in range(1, count + (self.sides[1 - axis] % step > 0)):
                along = number * step * self.scale
                ends = (
                    ((left + along, top), (left + along, top + size[1]))
                    if axis == 0
                    else ((left, top + along), (left + size[0], top + along))
                )
                self.add_line("grid", *ends)

    def add_line(self, role: str, start: Point, end: Point) -> None:
        """Add a straight line between nothing."""
        path = (start, *straight_segment(start, end))
        self.canvas.edges.append(Edge("", "", role, path))

    def add_outline(self, role: str, view: FieldView) -> None:
        """Add the box of a field, which can be seen if it is small."""
        if view.spans is None:
            return
        at, (width, height) = self.place_spans(view.spans)
        size = (max(width, LEAST_SIDE), max(height, LEAST_SIDE))
        self.canvas.add_node(role, at, size, tint=view.tint)

    def add_name(self, view: FieldView, at: Point) -> None:
        """Add the name of a field, and a line from its box."""
        if view in self.shown:
            start = self.find_start(view)
            for role in ("halo", "link"):
                self.add_line(role, start, (at[0] - 4, at[1]))
        self.canvas.add_text("small", at, self.label_view(view), align="start")

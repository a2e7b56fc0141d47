"""PPTX: a slide of native shapes, text and connectors, to be edited in PowerPoint."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from resviz import escape
from resviz.errors import RenderError
from resviz.extras import import_extra
from resviz.figures.drawing.connectors import list_connectors, list_loose_lines
from resviz.figures.drawing.elements import Solid
from resviz.figures.drawing.marks import NODE_CORNER, choose_ground, resolve_colour
from resviz.figures.drawing.metrics import LINE_SPACING
from resviz.figures.drawing.shapes import list_shapes
from resviz.figures.drawing.styles import FRAMES, LINES, LOOKS, Dash, LineLook, Style
from resviz.figures.drawing.tapers import STEP_GAP, measure_step_padding, place_steps
from resviz.formats.office_connectors import (
    add_arrow,
    cut_into_pieces,
    fit_preset,
    glue,
    place_connector,
)
from resviz.formats.office_solids import write_funnel_geometry, write_solid_geometry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.figures.drawing.connectors import Connector
    from resviz.figures.drawing.elements import Group, Node, Picture, Point
    from resviz.figures.drawing.shapes import LabelledShape

SUFFIXES = (".pptx",)

FONT = "Arial"
"""Every Office has it, and its widths are those of `metrics`."""

EMU_PER_PIXEL, EMU_PER_POINT = 9525, 12_700
"""Office's units of length in a pixel, of which an inch has 96, and in a point."""

SLIDE_LIMITS = (96, 5376)
"""Least and greatest side of a slide, in pixels: 1 to 56 inches."""

OFFICE_DASHES: dict[Dash, str] = {"dashed": "dash", "dotted": "sysDot"}
"""What Office calls the dashes of lines; a solid one has none."""

OUTLINES = {"none": "rect", "box": "rect", "round": "roundRect", "circle": "ellipse"}
"""What Office calls the shapes of looks."""

ALIGNMENTS = {"start": "l", "middle": "ctr", "end": "r"}

WAYPOINT_SIZE = (0.25, 0.25)
"""Sides of what joins the pieces of a connector that bends too often for one."""

BLANK_LAYOUT = 6
"""The layout of python-pptx' own template that has no text to fill in."""

MAX_PROPERTY_LENGTH = 255
"""Characters of a property of the file that python-pptx takes."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When every file was made, so that equal pictures give equal bytes."""


def render(picture: Picture, style: Style) -> bytes:
    """Write a picture as one slide of its size, light where the SVG follows the reader.

    Raises:
        RenderError: for a figure whose lines join no shapes, or one larger than a
            slide.
        ResvizError: without python-pptx.
    """
    connectors = list_connectors(picture)
    if max(picture.pixels) > SLIDE_LIMITS[1]:
        size = " by ".join(f"{side:.0f}" for side in picture.pixels)
        raise RenderError(
            f"{picture.title}: {size} pixels, and a slide has at most "
            f"{SLIDE_LIMITS[1]} a side; write .drawio or .svg instead"
        )
    builder = _SlideBuilder(picture, replace(style, dark=None))
    builder.add_all(connectors)
    return pack_equally(builder.presentation)


class _SlideBuilder:
    """Puts the shapes of one picture on a slide.

    Attributes:
        picture: what is drawn.
        style: its colours.
        unit: one of its units of length, in those of Office.
        presentation: of python-pptx.
        tree: the shapes of its slide.
        boxes: nodes and solids that no line shall meet.
        placed: by the key of a node or solid its shape.
        waypoints: by the node whose connectors pass there, and the place.
    """

    def __init__(self, picture: Picture, style: Style) -> None:
        self.picture, self.style = picture, style
        self.presentation = import_extra("pptx", "pptx").Presentation()
        self.unit = EMU_PER_PIXEL * picture.pixels[0] / picture.size[0]
        least = SLIDE_LIMITS[0] * EMU_PER_PIXEL
        width, height = (max(self.to_emu(side), least) for side in picture.size)
        self.presentation.slide_width = width
        self.presentation.slide_height = height
        layout = self.presentation.slide_layouts[BLANK_LAYOUT]
        slide = self.presentation.slides.add_slide(layout)
        if ground := choose_ground(picture, style):
            paint_fill(slide.background.fill, ground)
        self.tree = slide.shapes
        boxes = (node for node in picture.nodes if LOOKS[node.role].shape != "none")
        self.boxes = [*boxes, *picture.solids]
        self.placed: dict[str, Any] = {}
        self.waypoints: dict[tuple[str, float, float], Any] = {}
        facts = self.presentation.core_properties
        facts.title = escape.clean_name(picture.title)[:MAX_PROPERTY_LENGTH]
        facts.author = facts.last_modified_by = "resviz"
        facts.created = facts.modified = LONG_AGO

    def add_all(self, connectors: list[Connector]) -> None:
        """Add frames with what they hold, solids, lines, then all other shapes."""
        ends = {node.key for connector in connectors for node in connector.ends}
        shapes = {shape.node.key: shape for shape in list_shapes(self.picture, ends)}
        for group in self.picture.groups:
            self.add_group(self.tree, group, shapes)
        self.tree.turbo_add_enabled = True  # else it searches all ids for each shape
        rest = [shape for key, shape in shapes.items() if key not in self.placed]
        for shape in rest:
            if isinstance(shape.node, Solid):
                self.add_shape(self.tree, shape)
        for edge in list_loose_lines(self.picture):
            self.add_line(edge.role, [edge.path[0], edge.path[-1]])
        place = len(self.tree.element)
        for shape in rest:
            if not isinstance(shape.node, Solid):
                self.add_shape(self.tree, shape)
        # The main path lies on top, where a shortcut has its first stretch in common.
        for connector in sorted(connectors, key=lambda each: each.role == "main"):
            for line in self.add_connector(connector):
                self.tree.element.insert(place, line.element)
                place += 1
        titles = [node.key for node in self.picture.nodes if node.role == "title"]
        for key in [*titles, *self.placed][:1]:
            describe(self.placed[key], self.picture.description)

    def add_group(
        self, tree: Any, group: Group, shapes: Mapping[str, LabelledShape]
    ) -> None:
        """Add a frame, in one group with what it holds if that is anything."""
        held = [shapes[key] for key in group.nodes if key in shapes]
        if held or group.groups:
            together = tree.add_group_shape()
            together.name = escape.clean_name(f"group {group.key}")
            tree = together.shapes
        look = FRAMES[group.role]
        kind = "roundRect" if look.corner else "rect"
        frame = self.add_outline(tree, kind, group.at, group.size, look.corner)
        frame.name = escape.clean_name(f"frame {group.key}")
        paint_fill(
            frame.fill, resolve_colour(self.style, look.fill, group.tint, "wash")
        )
        line = resolve_colour(self.style, look.line, group.tint, "line")
        self.paint_line(frame, LineLook(line, look.dash, look.width))
        for inner in group.groups:
            self.add_group(tree, inner, shapes)
        for shape in held:
            self.add_shape(tree, shape)

    def add_shape(self, tree: Any, labelled: LabelledShape) -> None:
        """Add a box, a circle or bare text, with what is written in it."""
        node = labelled.node
        if isinstance(node, Solid):
            self.add_solid(tree, node)
            return
        look = LOOKS[node.role]
        kind = OUTLINES[look.shape]
        shape = self.add_outline(tree, kind, node.at, node.size, NODE_CORNER)
        if node.steps:
            reshape(shape, write_funnel_geometry(node, look.size))
        shape.name = escape.clean_name(f"{node.role} {node.key}")
        is_shown = look.shape != "none"
        fill = resolve_colour(
            self.style, look.fill if is_shown else "", node.tint, "fill"
        )
        line = resolve_colour(
            self.style, look.line if is_shown else "", node.tint, "line"
        )
        paint_fill(shape.fill, fill)
        self.paint_line(shape, LineLook(line, look.dash, look.width))
        self.write_text(shape.text_frame, labelled.texts)
        self.placed[node.key] = shape

    def add_solid(self, tree: Any, solid: Solid) -> None:
        """Add a box in oblique view, one shape that its connectors are held by."""
        shape = self.add_outline(tree, "rect", solid.at, solid.size)
        reshape(shape, write_solid_geometry(solid, is_heat=self.style.is_heat))
        shape.name = escape.clean_name(f"box {solid.key}")
        describe(shape, solid.label)
        tint = self.style.tints[solid.tint]
        paint_fill(shape.fill, tint.fill)
        self.paint_line(shape, LineLook(tint.line, width=1))
        self.placed[solid.key] = shape

    def write_text(self, frame: Any, texts: tuple[Node, ...]) -> None:
        """Write the text of a shape: a paragraph a node, or one a step of it."""
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
        from pptx.util import Pt

        frame.word_wrap, frame.vertical_anchor = False, MSO_ANCHOR.MIDDLE
        frame.margin_left = frame.margin_right = 0
        frame.margin_top = frame.margin_bottom = 0
        parts = [part for node in texts for part in self.list_paragraphs(node)]
        for number, (node, lines, gap) in enumerate(parts):
            look = LOOKS[node.role]
            paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.from_xml(ALIGNMENTS[node.align])
            size = look.size * self.unit / EMU_PER_POINT
            paragraph.line_spacing = Pt(size * LINE_SPACING)
            if gap:
                paragraph.space_before = Pt(gap * self.unit / EMU_PER_POINT)
            for row, line in enumerate(lines):
                if row:
                    paragraph.add_line_break()
                run = paragraph.add_run()
                run.text = escape.clean_name(line)
                run.font.size, run.font.bold = Pt(size), look.bold
                run.font.name = self.picture.font or FONT
                run.font.color.rgb = to_rgb(self.style.colours[look.ink])

    def list_paragraphs(self, node: Node) -> list[tuple[Node, tuple[str, ...], float]]:
        """List what of a node's text is one paragraph, and the gap above it."""
        if not node.steps:
            return [(node, node.lines, 0)]
        size = LOOKS[node.role].size
        gap = measure_step_padding(node, size) + STEP_GAP
        steps = enumerate(place_steps(node, size))
        return [(node, step.lines, gap * bool(number)) for number, step in steps]

    def add_connector(self, connector: Connector) -> list[Any]:
        """Add a connector, with a waypoint between two pieces of it."""
        tail, head = connector.ends
        pieces = cut_into_pieces(connector, self.boxes)
        stops = [
            self.placed[tail.key],
            *(self.find_waypoint(tail, piece.corners[-1]) for piece in pieces[:-1]),
            self.placed[head.key],
        ]
        lines: list[Any] = []
        for piece, joined in zip(pieces, pairwise(stops), strict=True):
            is_curved = connector.is_arc
            line = self.add_line(connector.role, piece.corners, is_curved=is_curved)
            line.name = escape.clean_name(f"line {tail.key} to {head.key}")
            describe(line, f"from {name_node(tail)} to {name_node(head)}")
            glue(line, joined, piece.sites)
            lines.append(line)
        if connector.has_arrow:
            add_arrow(lines[-1])
        return lines

    def add_line(
        self, role: str, corners: Sequence[Point], *, is_curved: bool = False
    ) -> Any:
        """Add a line, straight or with one turn, that nothing holds yet."""
        line, look = self.tree.add_connector(1, 0, 0, 0, 0), LINES[role]
        strip_style(line)
        places = [self.place(corner) for corner in corners]
        place_connector(line, fit_preset(places, is_curved=is_curved))
        self.paint_line(line, replace(look, colour=self.style.colours[look.colour]))
        return line

    def find_waypoint(self, tail: Node | Solid, at: Point) -> Any:
        """Find what holds two pieces of a connector together; nobody sees it.

        Connectors of one node share it where they take one way.
        """
        key = (tail.key, round(at[0], 1), round(at[1], 1))
        if key not in self.waypoints:
            shape = self.add_outline(self.tree, "ellipse", at, WAYPOINT_SIZE)
            shape.name = f"waypoint {len(self.waypoints)}"
            paint_fill(shape.fill, "")
            self.paint_line(shape, LineLook(""))
            self.waypoints[key] = shape
        return self.waypoints[key]

    def add_outline(
        self, tree: Any, kind: str, at: Point, size: Point, corner: float = 0
    ) -> Any:
        """Add a shape around its centre, without what a theme would give it."""
        from pptx.enum.shapes import MSO_SHAPE

        left, top = (at[axis] - size[axis] / 2 for axis in (0, 1))
        sides = tuple(map(self.to_emu, (left, top, *size)))
        shape = tree.add_shape(MSO_SHAPE.from_xml(kind), *sides)
        strip_style(shape)
        if kind == "roundRect":
            shape.adjustments[0] = min(corner / min(size), 0.5)
        return shape

    def paint_line(self, shape: Any, look: LineLook) -> None:
        """Draw an outline or a connector; a look without a colour is none."""
        from pptx.enum.dml import MSO_LINE_DASH_STYLE

        if not look.colour:
            shape.line.fill.background()
            return
        shape.line.color.rgb = to_rgb(look.colour)
        shape.line.width = self.to_emu(look.width)
        if look.dash != "solid":
            style = MSO_LINE_DASH_STYLE.from_xml(OFFICE_DASHES[look.dash])
            shape.line.dash_style = style

    def place(self, at: Point) -> tuple[int, int]:
        """Return a point of the picture in Office's units."""
        return self.to_emu(at[0]), self.to_emu(at[1])

    def to_emu(self, length: float) -> int:
        """Return a length of the picture in Office's units."""
        return round(self.unit * length)


def reshape(shape: Any, geometry: str) -> None:
    """Give a shape a geometry of its own."""
    from pptx.oxml import parse_xml

    properties = shape.element.spPr
    properties.replace(properties.prstGeom, parse_xml(geometry))


def strip_style(shape: Any) -> None:
    """Leave out what a shape would have of the theme: colours, a shadow."""
    for child in [*shape.element]:
        if child.tag.endswith("}style"):
            shape.element.remove(child)


def paint_fill(fill: Any, colour: str) -> None:
    """Fill a shape with a colour; "" for none."""
    if not colour:
        fill.background()
        return
    fill.solid()
    fill.fore_color.rgb = to_rgb(colour)


def describe(shape: Any, words: str) -> None:
    """Give a shape its alternative text."""
    from pptx.oxml.ns import qn

    properties = next(shape.element.iter(qn("p:cNvPr")))
    properties.set("descr", escape.clean_prose(words))


def name_node(node: Node | Solid) -> str:
    """Name a node by what is written in it, a solid by its sizes."""
    if isinstance(node, Solid):
        return node.label or node.key
    return " ".join(node.lines) or node.key


def to_rgb(colour: str) -> Any:
    """Return a colour as python-pptx has it."""
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(colour.removeprefix("#").upper())


def pack_equally(presentation: Any) -> bytes:
    """Return the bytes of a file, with one date for all that it holds."""
    saved, packed = BytesIO(), BytesIO()
    presentation.save(saved)
    with ZipFile(saved) as source, ZipFile(packed, "w") as target:
        for name in source.namelist():
            entry = ZipInfo(name, LONG_AGO.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return packed.getvalue()

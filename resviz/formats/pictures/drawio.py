"""draw.io: shapes, text and connectors, to be edited in diagrams.net.

Source: mxfile.xsd of draw.io, and the styles that its editor writes.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from resviz import escape
from resviz.figures.drawing.connectors import list_connectors, list_loose_lines
from resviz.figures.drawing.elements import Solid
from resviz.figures.drawing.marks import NODE_CORNER, choose_ground, resolve_colour
from resviz.figures.drawing.shapes import list_shapes
from resviz.figures.drawing.styles import FRAMES, LINES, LOOKS, Dash, Style
from resviz.figures.drawing.tapers import place_steps
from resviz.formats.drawio_solids import write_funnel_shape, write_solid_shape
from resviz.formats.pictures.svg import format_length

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resviz.figures.drawing.connectors import Connector
    from resviz.figures.drawing.elements import Edge, Group, Node, Picture, Point
    from resviz.figures.drawing.shapes import LabelledShape

SUFFIXES = (".drawio",)

FONT = "Helvetica"
"""draw.io's own font, whose widths are those of `metrics`."""

LAYER = "1"
"""The id of the layer on which all lies."""

LINE_BREAK = "&#10;"

DRAWIO_DASHES: dict[Dash, tuple[int, int]] = {"dashed": (5, 2), "dotted": (1, 4)}
"""Lengths of dashes and gaps, as in the SVG, where a line is not solid."""

ARROW_SIZE = 4
"""What draw.io draws as long as an arrow of the SVG."""

CORNER_SIZE = 12
"""Of a turn, twice the radius of the SVG's."""


def render(picture: Picture, style: Style) -> str:
    """Write a picture as a page of its size, light where the SVG follows the reader.

    Raises:
        RenderError: for a figure whose lines join no shapes.
    """
    writer = _PageWriter(picture, replace(style, dark=None))
    width, height = map(ceil, picture.pixels)
    title = escape.escape_html(picture.title)
    ground = choose_ground(picture, style) or "none"
    model = (
        '<mxGraphModel dx="0" dy="0" grid="0" gridSize="1" page="1" pageScale="1"'
        f' pageWidth="{width}" pageHeight="{height}" math="0" shadow="0"'
        f' background="{ground}">'
    )
    lines = (
        '<mxfile host="resviz" type="device">',
        f'<diagram id="figure" name="{title}">',
        model,
        "<root>",
        '<mxCell id="0"/>',
        f'<mxCell id="{LAYER}" parent="0"/>',
        *writer.iter_cells(list_connectors(picture)),
        "</root>",
        "</mxGraphModel>",
        "</diagram>",
        "</mxfile>\n",
    )
    return "\n".join(lines)


class _PageWriter:
    """Writes the cells of one picture.

    Attributes:
        picture: what is drawn.
        style: its colours.
        scale: pixels of one of its units.
    """

    def __init__(self, picture: Picture, style: Style) -> None:
        self.picture, self.style = picture, style
        self.scale = picture.pixels[0] / picture.size[0]

    def iter_cells(self, connectors: list[Connector]) -> Iterator[str]:
        """Yield frames with what they hold, solids, lines, then all other shapes.

        The main path lies on top, where a shortcut has its first stretch in common.
        """
        ends = {node.key for connector in connectors for node in connector.ends}
        shapes = {shape.node.key: shape for shape in list_shapes(self.picture, ends)}
        groups = self.picture.groups
        for number, group in enumerate(groups):
            yield from self.group_cells(group, shapes, f"g{number}", LAYER, (0, 0))
        held = {key for group in groups for key in list_held_keys(group)}
        rest = [shape for key, shape in shapes.items() if key not in held]
        for shape in rest:
            if isinstance(shape.node, Solid):
                yield self.shape_cell(shape, LAYER, (0, 0))
        for number, edge in enumerate(list_loose_lines(self.picture)):
            yield self.loose_cell(edge, f"l{number}")
        ordered = sorted(connectors, key=lambda each: each.role == "main")
        for number, connector in enumerate(ordered):
            yield self.connector_cell(connector, f"e{number}")
        for shape in rest:
            if not isinstance(shape.node, Solid):
                yield self.shape_cell(shape, LAYER, (0, 0))

    def group_cells(
        self,
        group: Group,
        shapes: Mapping[str, LabelledShape],
        cell: str,
        parent: str,
        origin: Point,
    ) -> Iterator[str]:
        """Yield a frame that moves what it holds, and that."""
        look = FRAMES[group.role]
        settings = {
            **self.outline_settings("round" if look.corner else "box", look.corner),
            **self.line_settings(look.width, look.dash),
            "fillColor": resolve_colour(self.style, look.fill, group.tint, "wash"),
            "strokeColor": resolve_colour(self.style, look.line, group.tint, "line"),
            "container": "1",
            "collapsible": "0",
            "connectable": "0",
        }
        yield self.vertex(cell, parent, "", settings, group.at, group.size, origin)
        corner = group.left, group.top
        for number, inner in enumerate(group.groups):
            name = f"{cell}.{number}"
            yield from self.group_cells(inner, shapes, name, cell, corner)
        for key in group.nodes:
            if key in shapes:
                yield self.shape_cell(shapes[key], cell, corner)

    def shape_cell(self, labelled: LabelledShape, parent: str, origin: Point) -> str:
        """Write a box, a circle or bare text, with what is written in it."""
        node = labelled.node
        if isinstance(node, Solid):
            return self.solid_cell(node, parent, origin)
        look = LOOKS[node.role]
        settings = self.outline_settings(look.shape, NODE_CORNER)
        if look.shape != "none":
            fill = resolve_colour(self.style, look.fill, node.tint, "fill")
            line = resolve_colour(self.style, look.line, node.tint, "line")
            settings |= {"fillColor": fill, "strokeColor": line}
            settings |= self.line_settings(look.width, look.dash)
        if node.steps:
            return self.funnel_cells(node, settings, parent, origin)
        lines = [line for text in labelled.texts for line in text.lines]
        if labelled.texts:
            settings |= self.text_settings(labelled.texts[0])
        value = LINE_BREAK.join(map(escape.escape_html, lines))
        return self.vertex(
            node.key, parent, value, settings, node.at, node.size, origin
        )

    def funnel_cells(
        self, node: Node, settings: dict[str, str], parent: str, origin: Point
    ) -> str:
        """Write a node that is stacked of steps, the text of each as a cell in it."""
        size = LOOKS[node.role].size
        drawn = {**settings, "shape": write_funnel_shape(node, size)}
        cells = [self.vertex(node.key, parent, "", drawn, node.at, node.size, origin)]
        bare = {**self.outline_settings("none", 0), **self.text_settings(node)}
        bare |= {"connectable": "0"}
        for number, step in enumerate(place_steps(node, size)):
            value = LINE_BREAK.join(map(escape.escape_html, step.lines))
            extent = (node.size[0], 2 * (step.middle - step.corners[0][1]))
            at, corner = (node.at[0], step.middle), (node.left, node.top)
            name = f"{node.key}.{number}"
            cells.append(self.vertex(name, node.key, value, bare, at, extent, corner))
        return "\n".join(cells)

    def solid_cell(self, solid: Solid, parent: str, origin: Point) -> str:
        """Write a box in oblique view, one shape."""
        tint = self.style.tints[solid.tint]
        settings = {
            "html": "0",
            "shape": write_solid_shape(solid, tint.wash, is_heat=self.style.is_heat),
            **self.line_settings(1, "solid"),
            "fillColor": tint.fill,
            "strokeColor": tint.line,
        }
        at, size = solid.at, solid.size
        return self.vertex(solid.key, parent, "", settings, at, size, origin)

    def loose_cell(self, edge: Edge, cell: str) -> str:
        """Write a straight line that joins nothing."""
        look = LINES[edge.role]
        settings = {
            "html": "0",
            "endArrow": "none",
            "strokeColor": self.style.colours[look.colour],
            **self.line_settings(look.width, look.dash),
        }
        ends = {"sourcePoint": edge.path[0], "targetPoint": edge.path[-1]}
        points = "".join(
            self.write_point(at, f' as="{end}"') for end, at in ends.items()
        )
        return (
            f'<mxCell id="{cell}" parent="{LAYER}" edge="1"'
            f' style="{join_settings(settings)}">'
            f'<mxGeometry relative="1" as="geometry">{points}</mxGeometry></mxCell>'
        )

    def connector_cell(self, connector: Connector, cell: str) -> str:
        """Write a connector, with where it leaves and enters, and where it turns."""
        look = LINES[connector.role]
        settings = {
            "html": "0",
            "endArrow": "block" if connector.has_arrow else "none",
            "endSize": self.format_length(ARROW_SIZE),
            "strokeColor": self.style.colours[look.colour],
            **self.line_settings(look.width, look.dash),
            **port_settings("exit", connector.tail, connector.points[0]),
            **port_settings("entry", connector.head, connector.points[-1]),
        }
        if connector.is_smooth or connector.is_arc:
            settings |= {"edgeStyle": "none", "curved": "1"}
            turns = connector.points[1:-1]
        else:
            size = self.format_length(CORNER_SIZE)
            settings |= {"edgeStyle": "orthogonalEdgeStyle", "rounded": "1"}
            settings |= {"arcSize": size}
            turns = connector.corners[1:-1]
        points = "".join(map(self.write_point, turns))
        way = f'<Array as="points">{points}</Array>' if points else ""
        return (
            f'<mxCell id="{cell}" parent="{LAYER}" edge="1"'
            f' style="{join_settings(settings)}" source="{connector.tail.key}"'
            f' target="{connector.head.key}">'
            f'<mxGeometry relative="1" as="geometry">{way}</mxGeometry></mxCell>'
        )

    def write_point(self, at: Point, role: str = "") -> str:
        """Write a point on the way of a line, or one of its ends."""
        x, y = map(self.format_length, at)
        return f'<mxPoint x="{x}" y="{y}"{role}/>'

    def outline_settings(self, shape: str, corner: float) -> dict[str, str]:
        """Return what makes a shape, still without colours."""
        settings = {"html": "0"}
        if shape == "circle":
            settings |= {"shape": "ellipse", "perimeter": "ellipsePerimeter"}
        if shape == "round":
            size = self.format_length(2 * corner)
            settings |= {"rounded": "1", "absoluteArcSize": "1", "arcSize": size}
        return settings | {"fillColor": "none", "strokeColor": "none"}

    def line_settings(self, width: float, dash: Dash) -> dict[str, str]:
        """Return what makes the width and the dashes of a line."""
        settings = {"strokeWidth": self.format_length(width)}
        if dash != "solid":
            lengths = map(self.format_length, DRAWIO_DASHES[dash])
            pattern = " ".join(lengths)
            settings |= {"dashed": "1", "fixDash": "1", "dashPattern": pattern}
        return settings

    def text_settings(self, text: Node) -> dict[str, str]:
        """Return what makes text look like that of a node."""
        look = LOOKS[text.role]
        align = {"start": "left", "middle": "center", "end": "right"}[text.align]
        return {
            "fontFamily": self.picture.font or FONT,
            "fontSize": self.format_length(look.size),
            "fontStyle": "1" if look.bold else "0",
            "fontColor": self.style.colours[look.ink],
            "align": align,
            "verticalAlign": "middle",
            "spacing": "0",
        }

    def vertex(
        self,
        cell: str,
        parent: str,
        value: str,
        settings: Mapping[str, str],
        at: Point,
        size: Point,
        origin: Point,
    ) -> str:
        """Write a cell that is a shape, around its centre."""
        x, y, width, height = map(
            self.format_length,
            (
                at[0] - size[0] / 2 - origin[0],
                at[1] - size[1] / 2 - origin[1],
                *size,
            ),
        )
        return (
            f'<mxCell id="{cell}" parent="{parent}" vertex="1" value="{value}"'
            f' style="{join_settings(settings)}">'
            f'<mxGeometry x="{x}" y="{y}" width="{width}" height="{height}"'
            ' as="geometry"/></mxCell>'
        )

    def format_length(self, length: float) -> str:
        """Write a length of the picture in pixels."""
        return format_length(length * self.scale)


def list_held_keys(group: Group) -> list[str]:
    """List the keys of all nodes in a frame, and in those inside it."""
    inner = (key for each in group.groups for key in list_held_keys(each))
    return [*group.nodes, *inner]


def port_settings(end: str, node: Node | Solid, at: Point) -> dict[str, str]:
    """Return where on a shape a connector is held, as shares of its sides."""
    left_top = (node.left, node.top)
    x, y = ((at[axis] - left_top[axis]) / node.size[axis] for axis in (0, 1))
    return {
        f"{end}X": f"{x:.4g}",
        f"{end}Y": f"{y:.4g}",
        f"{end}Dx": "0",
        f"{end}Dy": "0",
        f"{end}Perimeter": "0",
    }


def join_settings(settings: Mapping[str, str]) -> str:
    """Write a style; what has no colour has "none"."""
    return "".join(f"{name}={value or 'none'};" for name, value in settings.items())

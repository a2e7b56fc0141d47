"""draw.io: shapes, text and connectors, to be edited in diagrams.net.

Source: mxfile.xsd of draw.io, and the styles that its editor writes.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from resviz import escape
from resviz.figures.drawing.connectors import list_connectors
from resviz.figures.drawing.marks import NODE_CORNER, resolve_colour
from resviz.figures.drawing.shapes import list_shapes
from resviz.figures.drawing.styles import FRAMES, LINES, LOOKS, Dash, Style
from resviz.formats.pictures.svg import format_length

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resviz.figures.drawing.connectors import Connector
    from resviz.figures.drawing.elements import Group, Node, Picture, Point
    from resviz.figures.drawing.shapes import LabelledShape

SUFFIXES = (".drawio",)

FONT = "Helvetica"
"""draw.io's own font, whose widths are those of `metrics`."""

LAYER = "1"
"""The id of the layer on which all lies."""

LINE_BREAK = "&#10;"

DRAWIO_DASHES: dict[Dash, str] = {"dashed": "5 2", "dotted": "1 4"}
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
    connectors = list_connectors(picture)
    light = replace(style, dark=None)
    width, height = map(ceil, picture.size)
    title = escape.escape_html(picture.title)
    ground = light.colours["background"]
    model = (
        f'<mxGraphModel dx="0" dy="0" grid="0" gridSize="1" page="1" pageScale="1"'
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
        *iter_cells(picture, light, connectors),
        "</root>",
        "</mxGraphModel>",
        "</diagram>",
        "</mxfile>\n",
    )
    return "\n".join(lines)


def iter_cells(
    picture: Picture, style: Style, connectors: list[Connector]
) -> Iterator[str]:
    """Yield frames with what they hold, connectors, then all other shapes.

    The main path lies on top, where a shortcut has its first stretch in common.
    """
    ends = {node.key for connector in connectors for node in connector.ends}
    shapes = {shape.node.key: shape for shape in list_shapes(picture, ends)}
    for number, group in enumerate(picture.groups):
        yield from group_cells(group, style, shapes, f"g{number}", LAYER, (0, 0))
    ordered = sorted(connectors, key=lambda each: each.role == "main")
    for number, connector in enumerate(ordered):
        yield connector_cell(connector, style, f"e{number}")
    held = {key for group in picture.groups for key in list_held_keys(group)}
    for key, shape in shapes.items():
        if key not in held:
            yield shape_cell(shape, style, LAYER, (0, 0))


def list_held_keys(group: Group) -> list[str]:
    """List the keys of all nodes in a frame, and in those inside it."""
    inner = (key for each in group.groups for key in list_held_keys(each))
    return [*group.nodes, *inner]


def group_cells(
    group: Group,
    style: Style,
    shapes: Mapping[str, LabelledShape],
    cell: str,
    parent: str,
    origin: Point,
) -> Iterator[str]:
    """Yield a frame that moves what it holds, and that."""
    look = FRAMES[group.role]
    settings = outline_settings(
        "round" if look.corner else "box",
        resolve_colour(style, look.fill, group.tint, "wash"),
        resolve_colour(style, look.line, group.tint, "line"),
        look.corner,
    )
    settings |= line_settings(look.width, look.dash)
    settings |= {"container": "1", "collapsible": "0", "connectable": "0"}
    yield vertex(cell, parent, "", settings, group.at, group.size, origin)
    inside = tuple(group.at[axis] - group.size[axis] / 2 for axis in (0, 1))
    for number, inner in enumerate(group.groups):
        yield from group_cells(
            inner, style, shapes, f"{cell}.{number}", cell, (inside[0], inside[1])
        )
    for key in group.nodes:
        if key in shapes:
            yield shape_cell(shapes[key], style, cell, (inside[0], inside[1]))


def shape_cell(
    labelled: LabelledShape, style: Style, parent: str, origin: Point
) -> str:
    """Write a box, a circle or bare text, with what is written in it."""
    node, look = labelled.node, LOOKS[labelled.node.role]
    is_shown = look.shape != "none"
    settings = outline_settings(
        look.shape,
        resolve_colour(style, look.fill if is_shown else "", node.tint, "fill"),
        resolve_colour(style, look.line if is_shown else "", node.tint, "line"),
        NODE_CORNER,
    )
    settings |= line_settings(look.width, look.dash) if is_shown else {}
    lines = [line for text in labelled.texts for line in text.lines]
    if labelled.texts:
        settings |= text_settings(labelled.texts[0], style)
    value = LINE_BREAK.join(map(escape.escape_html, lines))
    return vertex(node.key, parent, value, settings, node.at, node.size, origin)


def connector_cell(connector: Connector, style: Style, cell: str) -> str:
    """Write a connector, with where it leaves and enters, and where it turns."""
    look = LINES[connector.role]
    settings = {
        "html": "0",
        "endArrow": "block" if connector.has_arrow else "none",
        "endSize": str(ARROW_SIZE),
        "strokeColor": style.colours[look.colour],
        **line_settings(look.width, look.dash),
        **port_settings("exit", connector.tail, connector.points[0]),
        **port_settings("entry", connector.head, connector.points[-1]),
    }
    if connector.is_smooth:
        settings |= {"edgeStyle": "none", "curved": "1"}
        turns = connector.points[1:-1]
    else:
        rounding = {"rounded": "1", "arcSize": str(CORNER_SIZE)}
        settings |= {"edgeStyle": "orthogonalEdgeStyle", **rounding}
        turns = connector.corners[1:-1]
    points = "".join(
        f'<mxPoint x="{format_length(x)}" y="{format_length(y)}"/>' for x, y in turns
    )
    way = f'<Array as="points">{points}</Array>' if points else ""
    return (
        f'<mxCell id="{cell}" parent="{LAYER}" edge="1" style="{join(settings)}"'
        f' source="{connector.tail.key}" target="{connector.head.key}">'
        f'<mxGeometry relative="1" as="geometry">{way}</mxGeometry></mxCell>'
    )


def outline_settings(shape: str, fill: str, line: str, corner: float) -> dict[str, str]:
    """Return what makes a shape and its colours."""
    settings = {"html": "0"}
    if shape == "circle":
        settings |= {"shape": "ellipse", "perimeter": "ellipsePerimeter"}
    if shape == "round":
        size = f"{2 * corner:g}"
        settings |= {"rounded": "1", "absoluteArcSize": "1", "arcSize": size}
    return settings | {"fillColor": fill or "none", "strokeColor": line or "none"}


def line_settings(width: float, dash: Dash) -> dict[str, str]:
    """Return what makes the width and the dashes of a line."""
    settings = {"strokeWidth": f"{width:g}"}
    if dash != "solid":
        pattern = DRAWIO_DASHES[dash]
        settings |= {"dashed": "1", "fixDash": "1", "dashPattern": pattern}
    return settings


def text_settings(text: Node, style: Style) -> dict[str, str]:
    """Return what makes text look like that of a node."""
    look = LOOKS[text.role]
    align = {"start": "left", "middle": "center", "end": "right"}[text.align]
    return {
        "fontFamily": FONT,
        "fontSize": f"{look.size:g}",
        "fontStyle": "1" if look.bold else "0",
        "fontColor": style.colours[look.ink],
        "align": align,
        "verticalAlign": "middle",
        "spacing": "0",
    }


def port_settings(end: str, node: Node, at: Point) -> dict[str, str]:
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


def vertex(
    cell: str,
    parent: str,
    value: str,
    settings: Mapping[str, str],
    at: Point,
    size: Point,
    origin: Point,
) -> str:
    """Write a cell that is a shape, around its centre."""
    x, y = (format_length(at[axis] - size[axis] / 2 - origin[axis]) for axis in (0, 1))
    width, height = map(format_length, size)
    return (
        f'<mxCell id="{cell}" parent="{parent}" vertex="1" value="{value}"'
        f' style="{join(settings)}">'
        f'<mxGeometry x="{x}" y="{y}" width="{width}" height="{height}"'
        ' as="geometry"/></mxCell>'
    )


def join(settings: Mapping[str, str]) -> str:
    """Write a style."""
    return "".join(f"{name}={value};" for name, value in settings.items())

"""Boxes in oblique view and funnels as draw.io has them: shapes of their own stencils.

A box that is filled anew keeps its light, and its sides can be pulled.

Source: draw.io's stencils.xsd, and how its editor compresses a shape.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

from resviz.figures.drawing.marks import HEAT_SHADE_OPACITY, SHADE_OPACITY
from resviz.figures.drawing.tapers import place_steps
from resviz.formats.pictures.svg import format_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Node, Outlined, Point, Solid


def write_solid_shape(solid: Solid, light: str, *, is_heat: bool) -> str:
    """Write the shape of a solid, as the setting `shape` takes it.

    Args:
        solid: with its faces.
        light: the colour of its top.
        is_heat: whether its fill is an amount, of which a shade would be another.
    """
    front, top, side = (write_face(solid, face) for face in solid.faces)
    opacity = HEAT_SHADE_OPACITY if is_heat else SHADE_OPACITY
    return write_stencil(
        solid,
        f"{front}<fillstroke/>{side}<fillstroke/>"
        f'<save/><fillcolor color="stroke"/><fillalpha alpha="{opacity}"/>'
        f"{side}<fill/><restore/>"
        f'<fillcolor color="{light}"/>{top}<fillstroke/>',
    )


def write_funnel_shape(node: Node, letters: float) -> str:
    """Write the shape of a node that is stacked of steps, with letters of a size."""
    faces = (write_face(node, step.corners) for step in place_steps(node, letters))
    return write_stencil(node, "".join(f"{face}<fillstroke/>" for face in faces))


def write_stencil(shape: Outlined, drawn: str) -> str:
    """Write a stencil around what is drawn in it."""
    width, height = map(format_length, shape.size)
    stencil = (
        f'<shape w="{width}" h="{height}" aspect="variable" strokewidth="inherit">'
        f"<foreground>{drawn}</foreground></shape>"
    )
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(quote(stencil, safe="").encode()) + packer.flush()
    return f"stencil({b64encode(packed).decode()})"


def write_face(shape: Outlined, corners: Sequence[Point]) -> str:
    """Write a face as a closed path."""
    (left, _), (top, _) = shape.span(0), shape.span(1)
    places = [(format_length(x - left), format_length(y - top)) for x, y in corners]
    (x, y), *others = places
    lines = "".join(f'<line x="{x}" y="{y}"/>' for x, y in others)
    return f'<path><move x="{x}" y="{y}"/>{lines}<close/></path>'

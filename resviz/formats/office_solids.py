"""Boxes in oblique view as Office has them: one shape of its own geometry.

Its faces are paths that Office lightens or darkens, so that a box that is filled anew
keeps its light, and its sites lie on these faces. Office's own cube leans by 45°.

Source: ECMA-376, part 1, sections 20.1.9.8 and 20.1.10.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.canvas import mix_points

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Point, Solid

FACE_FILLS = ("norm", "lighten", "darkenLess")
"""How the fill of a box is changed on its front, top and side."""

HEAT_FACE_FILLS = ("norm", "lighten", "norm")
"""Likewise where the fill is an amount: a shade would be another."""

WHOLE = 100_000
"""What a share of a side is told of."""


def write_solid_geometry(solid: Solid, *, is_heat: bool) -> str:
    """Write the geometry of a solid, `a:custGeom`, with its sites.

    `is_heat` tells whether its fill is an amount.
    """
    sites = list_sites(solid)
    places = [share_point(solid, at) for at, _ in sites]
    guides = "".join(
        f'<a:gd name="x{number}" fmla="*/ w {x} {WHOLE}"/>'
        f'<a:gd name="y{number}" fmla="*/ h {y} {WHOLE}"/>'
        for number, (x, y) in enumerate(places)
    )
    held = "".join(
        f'<a:cxn ang="{angle}"><a:pos x="x{number}" y="y{number}"/></a:cxn>'
        for number, (_, angle) in enumerate(sites)
    )
    fills = HEAT_FACE_FILLS if is_heat else FACE_FILLS
    faces = "".join(
        write_face([share_point(solid, corner) for corner in face], fill)
        for face, fill in zip(solid.faces, fills, strict=True)
    )
    return (
        '<a:custGeom xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f"<a:avLst/><a:gdLst>{guides}</a:gdLst><a:ahLst/><a:cxnLst>{held}</a:cxnLst>"
        f'<a:rect l="l" t="t" r="r" b="b"/><a:pathLst>{faces}</a:pathLst></a:custGeom>'
    )


def list_sites(solid: Solid) -> list[tuple[Point, str]]:
    """List where a solid holds connectors, and by Office's angle whereto these lead.

    The first four are as those of a rectangle: LibreOffice knows no sites of such a
    shape, and takes the middles of the sides of the rectangle around it, of the fifth
    its centre.
    """
    front, top, side = solid.faces
    exit_site = (mix_points(side[0], side[2], 0.5), "0")
    return [
        (mix_points(top[0], top[2], 0.5), "3cd4"),
        (mix_points(front[0], front[3], 0.5), "cd2"),
        (mix_points(front[0], front[1], 0.5), "cd4"),
        exit_site,
        exit_site,
    ]


def write_face(corners: list[tuple[int, int]], fill: str) -> str:
    """Write a face as a closed path."""
    points = [f'<a:pt x="{x}" y="{y}"/>' for x, y in corners]
    first, *others = points
    lines = "".join(f"<a:lnTo>{point}</a:lnTo>" for point in others)
    return (
        f'<a:path w="{WHOLE}" h="{WHOLE}" fill="{fill}">'
        f"<a:moveTo>{first}</a:moveTo>{lines}<a:close/></a:path>"
    )


def share_point(solid: Solid, point: Point) -> tuple[int, int]:
    """Return a point as shares of the sides of the rectangle around a solid."""
    x, y = (
        round(WHOLE * (point[axis] - solid.span(axis)[0]) / solid.size[axis])
        for axis in (0, 1)
    )
    return x, y

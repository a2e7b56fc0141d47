"""Boxes in oblique view and funnels as Office has them: a shape of its own geometry.

The faces of a box are paths that Office lightens or darkens, so that one that is filled
anew keeps its light, and its sites lie on these faces. Office's own cube leans by 45°.

Source: ECMA-376, part 1, sections 20.1.9.8 and 20.1.10.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.canvas import mix_points
from resviz.figures.drawing.tapers import place_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Node, Outlined, Point, Solid

FACE_FILLS = ("norm", "lighten", "darkenLess")
"""How the fill of a box is changed on its front, top and side."""

HEAT_FACE_FILLS = ("norm", "lighten", "norm")
"""Likewise where the fill is an amount: a shade would be another."""

WHOLE = 100_000
"""What a share of a side is told of."""


RECTANGLE_SITES = (
    ((WHOLE // 2, 0), "3cd4"), ((0, WHOLE // 2), "cd2"),
    ((WHOLE // 2, WHOLE), "cd4"), ((WHOLE, WHOLE // 2), "0"),
)  # fmt: skip
"""Where a rectangle holds connectors: above, left, below, right."""


def write_solid_geometry(solid: Solid, *, is_heat: bool) -> str:
    """Write the geometry of a solid, `a:custGeom`, with its sites.

    `is_heat` tells whether its fill is an amount.
    """
    sites = [(share_point(solid, at), angle) for at, angle in list_sites(solid)]
    fills = HEAT_FACE_FILLS if is_heat else FACE_FILLS
    return write_geometry(solid, solid.faces, fills, sites)


def write_funnel_geometry(node: Node, letters: float) -> str:
    """Write the geometry of a node that is stacked of steps, with a box's sites."""
    steps = [step.corners for step in place_steps(node, letters)]
    return write_geometry(node, steps, ["norm"] * len(steps), RECTANGLE_SITES)


def write_geometry(
    shape: Outlined,
    faces: Sequence[Sequence[Point]],
    fills: Sequence[str],
    sites: Sequence[tuple[tuple[int, int], str]],
) -> str:
    """Write a geometry, `a:custGeom`, of faces, each with its fill, and of sites."""
    guides = "".join(
        f'<a:gd name="x{number}" fmla="*/ w {x} {WHOLE}"/>'
        f'<a:gd name="y{number}" fmla="*/ h {y} {WHOLE}"/>'
        for number, ((x, y), _) in enumerate(sites)
    )
    held = "".join(
        f'<a:cxn ang="{angle}"><a:pos x="x{number}" y="y{number}"/></a:cxn>'
        for number, (_, angle) in enumerate(sites)
    )
    drawn = "".join(
        write_face([share_point(shape, corner) for corner in face], fill)
        for face, fill in zip(faces, fills, strict=True)
    )
    return (
        '<a:custGeom xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f"<a:avLst/><a:gdLst>{guides}</a:gdLst><a:ahLst/><a:cxnLst>{held}</a:cxnLst>"
        f'<a:rect l="l" t="t" r="r" b="b"/><a:pathLst>{drawn}</a:pathLst></a:custGeom>'
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


def share_point(shape: Outlined, point: Point) -> tuple[int, int]:
    """Return a point as shares of the sides of the rectangle around a shape."""
    x, y = (
        round(WHOLE * (point[axis] - shape.span(axis)[0]) / shape.size[axis])
        for axis in (0, 1)
    )
    return x, y

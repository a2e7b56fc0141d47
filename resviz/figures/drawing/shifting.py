"""Moving a whole picture, and cutting off what is empty above it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import Group, Picture, Point

TOP_MARGIN = 8
"""Above the highest part of a picture without a title, in pixels."""


def trim_top(picture: Picture) -> Picture:
    """Move a picture up to its upper side."""
    empty = min(iter_tops(picture), default=TOP_MARGIN) - TOP_MARGIN
    width, height = picture.size
    return shift_picture(picture, (0, -empty), (width, height - empty))


def iter_tops(picture: Picture) -> Iterator[float]:
    """Yield the y at which each part of a picture begins."""
    parts = (*picture.nodes, *picture.groups, *picture.images, *picture.solids)
    yield from (part.top for part in parts)
    yield from (y for edge in picture.edges for _, y in edge.path)


def shift_picture(picture: Picture, by: Point, size: Point) -> Picture:
    """Return a picture of another size whose parts are all moved.

    Args:
        picture: what to move.
        by: how far, to the right and down.
        size: its new width and height.
    """

    def move(point: Point) -> Point:
        return point[0] + by[0], point[1] + by[1]

    def move_group(group: Group) -> Group:
        inner = tuple(map(move_group, group.groups))
        return replace(group, at=move(group.at), groups=inner)

    return replace(
        picture,
        size=size,
        nodes=tuple(replace(node, at=move(node.at)) for node in picture.nodes),
        edges=tuple(
            replace(
                edge,
                path=tuple(map(move, edge.path)),
                lead=tuple(map(move, edge.lead)),
                tip=move(edge.tip) if edge.tip else None,
            )
            for edge in picture.edges
        ),
        groups=tuple(map(move_group, picture.groups)),
        images=tuple(replace(image, at=move(image.at)) for image in picture.images),
        solids=tuple(
            replace(solid, faces=tuple(tuple(map(move, face)) for face in solid.faces))
            for solid in picture.solids
        ),
    )

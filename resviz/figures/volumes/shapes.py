"""The shape of a box: how high, deep and thick it is drawn, and where its faces are."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Point
    from resviz.figures.volumes.boxes import Volume

SHORTENING, ANGLE = 0.40, radians(38)
"""How much shorter what leads backwards is drawn, and how far it leans."""

MIN_SIDE, MAX_THICKNESS = 3, 60
"""The least length of any side, and the most of a box along the row, in pixels."""


class BoxScale(NamedTuple):
    """Pixels of the root of one pixel of a map, and of the root of one channel."""

    edge: float
    thickness: float


@dataclass(frozen=True, slots=True)
class PlacedVolume:
    """A box: x of its left side, thickness, height, and where its depth leads."""

    volume: Volume
    x: float
    thickness: float
    height: float
    depth: Point

    @property
    def y(self) -> float:
        """Y of the upper side of its front; the box has its middle on the axis."""
        return (self.depth[1] - self.height) / 2

    @property
    def top(self) -> Point:
        """The middle of its upper face."""
        right, up = self.depth
        return self.x + (self.thickness + right) / 2, self.y - up / 2

    @property
    def exit(self) -> Point:
        """The middle of its side face."""
        return self.x + self.thickness + self.depth[0] / 2, 0

    @property
    def entry(self) -> Point:
        """The middle of its front's left side."""
        return self.x, 0

    @property
    def key(self) -> int:
        """That of its node."""
        return self.volume.key

    @property
    def right_end(self) -> float:
        """X of its right end."""
        return self.x + self.thickness + self.depth[0]

    @property
    def bottom(self) -> float:
        """Y of its lower end."""
        return self.y + self.height

    def find_low(self, x: float) -> float:
        """Find the y of its lower end at an x; the axis beside it."""
        right, up = self.depth
        behind = max((x - self.x - self.thickness) / right, 0)
        return self.bottom - behind * up if self.x <= x and behind <= 1 else 0

    @property
    def faces(self) -> tuple[tuple[Point, ...], ...]:
        """The corners of its front, its top and its side."""
        (right, up), left, stop = self.depth, self.x, self.x + self.thickness
        high, low = self.y, self.bottom
        a, b, c, d = (left, low), (stop, low), (stop, high), (left, high)
        behind = [(x + right, y - up) for x, y in (b, c, d)]
        return (a, b, c, d), (d, c, behind[1], behind[2]), (b, behind[0], behind[1], c)


def shape_volume(volume: Volume, x: float, scale: BoxScale) -> PlacedVolume:
    """Shape a box: edges by roots of its sides, thickness by that of its channels."""
    height, width = volume.sides
    whole = volume.whole or volume.channels
    thickness = min(sqrt(whole) * scale.thickness, MAX_THICKNESS)
    thickness *= volume.channels / max(whole, 1)
    depth = max(sqrt(width) * scale.edge, MIN_SIDE) * SHORTENING
    return PlacedVolume(
        volume,
        x,
        max(thickness, MIN_SIDE),
        max(sqrt(height) * scale.edge, MIN_SIDE),
        (depth * cos(ANGLE), depth * sin(ANGLE)),
    )

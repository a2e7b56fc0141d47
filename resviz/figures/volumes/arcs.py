"""Arcs of shortcuts over blocks, and the words on them that have room."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.figures.drawing import metrics
from resviz.figures.volumes.placing import LABEL_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.drawing.elements import Point

ARC_RISES, ARC_SHARE = (16, 28), 0.9
"""How far the control points of an arc lie above its ends, at least and at most, and as
a share of its length."""

ARC_PEAK = 0.75
"""How far up an arc of Bézier's reaches, as a share of that."""

WORDS_RISE, WORDS_HEIGHT, WORDS_MARGIN = 8, 15, 3
"""How far above an arc the middle of its words is, how high they are, and what is free
beside them, in pixels."""

SAMPLES = 24
"""Points of an arc that are looked at."""


class RowArc(NamedTuple):
    """The arc of a shortcut: the parts from and to which it leads, its ends, its words.

    There are words where there is room, and on it is more than nothing. `tail` is None
    where that stands in the line before.
    """

    tail: int | None
    head: int
    kind: str
    start: Point
    stop: Point
    words: str

    @property
    def middle(self) -> float:
        """X of its middle."""
        return (self.start[0] + self.stop[0]) / 2

    @property
    def rise(self) -> float:
        """How far its control points lie above the higher one of its ends."""
        least, most = ARC_RISES
        return min(max((self.stop[0] - self.start[0]) * ARC_SHARE, least), most)

    @property
    def crest(self) -> float:
        """The y of its upper end."""
        (_, first), (_, last) = self.start, self.stop
        return min(first, last) - ARC_PEAK * self.rise

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of its words."""
        half = metrics.text_width(self.words, LABEL_SIZE) / 2 + WORDS_MARGIN
        y = self.crest - WORDS_RISE
        return (
            self.middle - half,
            y - WORDS_HEIGHT / 2,
            self.middle + half,
            y + WORDS_HEIGHT / 2,
        )

    def passes(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Tell whether it passes through a rectangle."""
        (a, first), (b, last) = self.start, self.stop
        if b < left or a > right:
            return False
        height = min(first, last) - self.rise
        for number in range(SAMPLES + 1):
            t = number / SAMPLES
            shares = (1 - t) ** 3, 3 * t * (1 - t), t**3
            x = a * (1 - t) ** 2 * (1 + 2 * t) + b * t**2 * (3 - 2 * t)
            y = shares[0] * first + shares[1] * height + shares[2] * last
            if left <= x <= right and top <= y <= bottom:
                return True
        return False


def keep_legible_words(arcs: Iterable[RowArc]) -> list[RowArc]:
    """Leave out words that lie on another arc, or on other words."""
    arcs = [*arcs]
    taken: list[tuple[float, float, float, float]] = []
    for number, arc in enumerate(arcs):
        if not arc.words:
            continue
        bounds = arc.bounds
        others = (other for other in arcs if other is not arc)
        if any(other.passes(*bounds) for other in others) or any(
            overlap(bounds, kept) for kept in taken
        ):
            arcs[number] = arc._replace(words="")
        else:
            taken.append(bounds)
    return arcs


def overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    """Tell whether two rectangles have points in common."""
    return (
        one[0] < other[2]
        and other[0] < one[2]
        and one[1] < other[3]
        and other[1] < one[3]
    )

"""What stands above a row: arcs of shortcuts, frames, and ways past parts of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.volumes.groups import split_before_words
from resviz.figures.volumes.placing import LABEL_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.volumes.rows import BypassWay

CLEARANCE = 12
"""Pixels between a way and what it passes."""

WORDS_HEIGHT, OUTPUT_WORDS_GAP = 16, 9
"""What words on a way need above it, and how far behind an output's middle they are."""

WAY_LINE_HEIGHT = 13
"""From one line of these words to the next."""


MAX_WAY_WORDS, MAX_WAY_LINES = 180, 3
"""Pixels of words on a way at most that is shorter than they are, and their lines."""


@dataclass(frozen=True, slots=True)
class WaySpan:
    """A way past a part of a row, as far as x is concerned.

    Attributes:
        way: which it is.
        start: x where it begins; stop likewise, for an output the same.
        lines: what is on it; none for nothing.
        width: of the longest of these lines.
    """

    way: BypassWay
    start: float
    stop: float
    lines: tuple[str, ...]
    width: float

    @property
    def reach(self) -> tuple[float, float]:
        """From which to which x nothing else may be; words on an output follow it."""
        if self.way.stop is None:
            behind = OUTPUT_WORDS_GAP + self.width if self.lines else 0
            return self.start - CLEARANCE / 2, self.stop + CLEARANCE / 2 + behind
        half = max(self.stop - self.start + CLEARANCE, self.width) / 2
        middle = (self.start + self.stop) / 2
        return middle - half, middle + half


@dataclass
class Skyline:
    """How high a row reaches, along x; y grows downwards.

    Attributes:
        spans: left, right and y of all that stands there.
    """

    spans: list[tuple[float, float, float]] = field(
        default_factory=list[tuple[float, float, float]]
    )

    def add_span(self, left: float, right: float, y: float) -> None:
        """Add something whose upper side lies at a y."""
        self.spans.append((left, right, y))

    def find_top(self, left: float, right: float) -> float:
        """Find the y of the highest thing between two x."""
        tops = (y for a, b, y in self.spans if a < right and b > left)
        return min(tops, default=0)

    @property
    def top(self) -> float:
        """The y of the highest thing of all."""
        return min((y for *_, y in self.spans), default=0)


def place_ways(
    skyline: Skyline, spans: Iterable[WaySpan]
) -> list[tuple[WaySpan, float]]:
    """Place ways above all that they pass, the shortest first; return each with its y.

    Outputs whose words another would lead through stand above all, the left ones above
    the right ones, for words lie to the right. All are added to the skyline.
    """
    spans = [*spans]
    legs = [x for span in spans for x in (span.start, span.stop)]

    def rank(span: WaySpan) -> tuple[bool, float, float]:
        left, right = span.reach
        is_output = span.way.stop is None and bool(span.lines)
        inside = [leg for leg in legs if left < leg < right and leg > span.stop]
        if is_output and inside:
            return True, -span.start, 0
        return False, span.stop - span.start, span.start

    placed: list[tuple[WaySpan, float]] = []
    for span in sorted(spans, key=rank):
        y = skyline.find_top(*span.reach) - CLEARANCE
        placed.append((span, y))
        more = WAY_LINE_HEIGHT * (len(span.lines) - 1)
        room = WORDS_HEIGHT + more if span.lines else 4
        skyline.add_span(*span.reach, y - room)
    return placed


def find_free_middle(span: WaySpan, legs: Iterable[float]) -> float:
    """Find where words on a way stand: near its middle, where no leg of one passes."""
    middle = (span.start + span.stop) / 2
    half = span.width / 2 + 3
    most = max(span.stop - span.start - 2 * half, 0) / 2
    others = [leg for leg in legs if span.start < leg < span.stop]
    steps = [number * 6 for number in range(int(most / 6) + 1)]
    places = [middle + sign * step for step in steps for sign in (1, -1)]
    free = (x for x in places if all(abs(leg - x) > half for leg in others))
    return next(free, middle)


def fit_way_words(words: str, start: float, stop: float) -> tuple[str, ...]:
    """Break words over a bracket into the lines that it has room for, or cut them.

    One line may reach over the ends of a bracket that is not near the edge.
    """
    if not words:
        return ()
    room = stop - start - 8
    if metrics.text_width(words, LABEL_SIZE) > room:
        parts = split_before_words(words)
        lines = metrics.wrap_words(parts, " ", room, LABEL_SIZE)
        is_whole = " ".join(lines) == words
        if is_whole and len(lines) <= MAX_WAY_LINES:
            return (*lines,)
    beside = min(start + stop, MAX_WAY_WORDS)  # left of it lies the edge
    return (metrics.fit_text(words, max(room, beside), LABEL_SIZE),)


def measure_words(words: str) -> float:
    """Measure words over a line, in any font."""
    width = metrics.text_width(words, LABEL_SIZE) if words else 0
    return metrics.widen_for_fonts(width)

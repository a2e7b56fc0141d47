"""Axes of a plot: round ticks, places of points, places of labels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import floor, hypot, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.drawing.elements import Point

TICK_STEPS = (1, 2, 2.5, 5, 10)
"""Distances of ticks, times a power of ten."""

LABEL_PLACES = (
    (1, 0), (1, 1), (1, -1), (1, 1.5), (1, -1.5), (-1, 0), (-1, -1), (-1, 1), (0, -1),
    (0, 1), (1, -2), (1, 2), (-1, -2), (-1, 2), (0.6, -1), (-0.6, -1), (0.6, 1),
    (-0.6, 1), (-0.9, -1), (-0.2, -1), (0.2, -1), (0.9, -1), (0, -2.2), (-0.6, -2.2),
    (0.6, -2.2), (0, 2.2), (1, 0.7), (1, -0.7), (-1, 0.7), (-1, -0.7),
)  # fmt: skip
"""Where a label may stand about the end of its line, the best first: right and down,
in halves of its own width and height."""


TEX_EXCESS = 0.15
"""How much wider TeX's bold letters are, in widths of a label; it grows outwards."""


@dataclass(frozen=True, slots=True)
class PlotArea:
    """A plot's area, and the largest values on it.

    Attributes:
        left: its x in the picture; right, top, bottom likewise.
        max_depth: the largest depth.
        max_value: the largest value.
        min_depth: the least depth.
    """

    left: float
    right: float
    top: float
    bottom: float
    max_depth: float
    max_value: float
    min_depth: int = 1

    @property
    def depth_span(self) -> float:
        """From the least depth to the largest; 1 at least."""
        return max(self.max_depth - self.min_depth, 1)

    def point(self, depth: float, value: float) -> Point:
        """Return where a value at a depth stands."""
        share = (depth - self.min_depth) / self.depth_span
        x = self.left + share * (self.right - self.left)
        return x, self.bottom - value / self.max_value * (self.bottom - self.top)

    def points(self, line: Sequence[tuple[int, int]]) -> list[Point]:
        """Return where the values of a line stand."""
        return [self.point(*pair) for pair in line]


def round_ticks(most: float, count: int = 4) -> list[float]:
    """Return about `count` round values from 0 to `most`: 0, 20, 40, 60 of 60.2."""
    if most <= 0:
        return [0]
    rough = most / count
    power = 10 ** floor(log10(rough))
    step = next(k for k in TICK_STEPS if k * power >= rough * 0.8) * power
    return [k * step for k in range(int(most // step) + 1)]


def choose_depth_ticks(depths: Sequence[int], room: float, least: int = 1) -> list[int]:
    """Choose the depths below a plot: the least, the deepest, others that have room.

    `room` is the least distance of two, in layers.
    """
    deepest = max(depths)
    kept = [deepest] if deepest == least else [least, deepest]
    for depth in sorted(set(depths), reverse=True):
        if all(abs(depth - other) >= room for other in kept):
            kept.append(depth)
    return sorted(kept)


LabelBox = tuple[float, float, float, float]
"""Left, top, right and bottom."""


def place_end_labels(
    ends: Sequence[Point],
    sizes: Sequence[Point],
    taken: Sequence[LabelBox],
    points: Sequence[Point],
    area: LabelBox,
    grid: Sequence[LabelBox],
) -> list[Point]:
    """Return the centres of labels beside the ends of their lines.

    The highest has its place first, so that those below it move down; the arguments
    are those of `place_end_label`.
    """
    boxes = [*taken]
    places: dict[int, Point] = {}
    for number in sorted(range(len(ends)), key=lambda k: ends[k][1]):
        size = sizes[number]
        at = place_end_label(ends[number], size, boxes, points, ends, area, grid)
        places[number] = at
        boxes.append(box_around(at, size))
    return [places[number] for number in range(len(ends))]


COLUMN_GAP = 16
"""Pixels between a plot and the labels in a column right of it."""


def place_labels_in_column(
    ends: Sequence[Point], sizes: Sequence[Point], area: PlotArea
) -> list[Point]:
    """Return the centres of labels right of a plot, in the order of their lines' ends.

    Each stands beside its end, or as near as the others let it.
    """
    order = sorted(range(len(ends)), key=lambda k: (ends[k][1], -ends[k][0]))
    least = min(area.top, *(y for _, y in ends))
    levels: list[float] = []
    for number in order:
        level = max(ends[number][1], least)
        levels.append(level)
        least = level + sizes[number][1]
    most = area.bottom + sizes[0][1]
    for row in reversed(range(len(order))):
        levels[row] = min(levels[row], most)
        most = levels[row] - sizes[order[row]][1]
    x = area.right + COLUMN_GAP
    rows = dict(zip(order, levels, strict=True))
    return [(x + size[0] / 2, rows[k]) for k, size in enumerate(sizes)]


def hides_lines(
    box: LabelBox, paths: Sequence[Sequence[Point]], taken: Sequence[LabelBox]
) -> bool:
    """Tell whether a label lies over a line, or over another label."""
    left, top, right, bottom = box
    inner = (left + 1, top + 2, right - 1, bottom - 2)
    on_lines = any(box_contains(inner, p) for path in paths for p in sample_path(path))
    return on_lines or any(boxes_overlap(inner, other) for other in taken)


def place_end_label(
    end: Point,
    size: Point,
    taken: Sequence[LabelBox],
    points: Sequence[Point],
    ends: Sequence[Point],
    area: LabelBox,
    grid: Sequence[LabelBox],
) -> Point:
    """Return the centre of a label beside its line's end, where it hides least.

    Args:
        end: of the line.
        size: of the label.
        taken: the labels that are placed.
        points: of all lines.
        ends: of all lines; a label should not stand at another's.
        area: that labels should not leave.
        grid: faint lines, which should not lead through letters.
    """

    def cost(number: int) -> float:
        at = label_centre(end, size, LABEL_PLACES[number])
        box = box_around(at, size)
        wider = TEX_EXCESS * size[0] * LABEL_PLACES[number][0]
        room = (size[0] + abs(wider) + 6, size[1])
        roomy = box_around((at[0] + wider / 2, at[1]), room)
        hidden = sum(boxes_overlap(box, other) for other in taken)
        covered = sum(box_contains(roomy, point) for point in points)
        outside = box[0] < area[0] or box[1] < area[1]
        outside = outside or box[2] > area[2] or box[3] > area[3]
        own = distance_to_box(end, box)
        strange = any(distance_to_box(other, box) < own for other in ends)
        worst = 200 * hidden + 500 * outside
        struck = count_struck(at, size, grid)
        return worst + 3 * covered + 5 * strange + 4 * struck + number / 10

    best = min(range(len(LABEL_PLACES)), key=cost)
    return label_centre(end, size, LABEL_PLACES[best])


def choose_clear_place(
    places: Sequence[Point],
    size: Point,
    points: Sequence[Point],
    grid: Sequence[LabelBox],
) -> Point:
    """Return the first place at which a label hides fewest points and grid lines."""

    def count_hidden(at: Point) -> int:
        hidden = sum(box_contains(box_around(at, size), point) for point in points)
        return hidden + count_struck(at, size, grid)

    return min(places, key=count_hidden)


LETTER_SHARE = 0.7
"""Share of a line of words that its letters are high."""


def count_struck(at: Point, size: Point, grid: Sequence[LabelBox]) -> int:
    """Count the grid lines that lead through the letters of a label."""
    letters = box_around(at, (size[0], size[1] * LETTER_SHARE))
    return sum(boxes_overlap(letters, line) for line in grid)


def label_centre(end: Point, size: Point, way: tuple[float, float]) -> Point:
    """Return the centre of a label that stands some way off a point."""
    right, down = way
    apart = 7 if abs(right) == 1 else 0
    return (
        end[0] + right * (size[0] / 2 + apart),
        end[1] + down * (size[1] / 2 + (1 if apart else 4)),
    )


def box_around(at: Point, size: Point) -> LabelBox:
    """Return the box of a label."""
    half, height = size[0] / 2, size[1] / 2
    return at[0] - half, at[1] - height, at[0] + half, at[1] + height


def boxes_overlap(box: LabelBox, other: LabelBox) -> bool:
    """Tell whether two boxes share more than an edge."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    return across > 0 and min(box[3], other[3]) - max(box[1], other[1]) > 0


def distance_to_box(point: Point, box: LabelBox) -> float:
    """Return how far outside of a box a point lies; 0 within."""
    x, y = point
    return hypot(max(box[0] - x, 0, x - box[2]), max(box[1] - y, 0, y - box[3]))


def box_contains(box: LabelBox, point: Point) -> bool:
    """Tell whether a point lies in a box."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def sample_path(path: Sequence[Point]) -> Iterator[Point]:
    """Yield points along a line, a few pixels apart."""
    for (x, y), (u, v) in pairwise(path):
        steps = max(int(max(abs(u - x), abs(v - y)) // 4), 1)
        for k in range(steps):
            yield x + (u - x) * k / steps, y + (v - y) * k / steps
    yield from path[-1:]

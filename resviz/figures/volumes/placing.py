"""Placing: where every box, sign and label of a row of volumes stands.

A row lies along its axis, y 0, from x 0 on; y grows downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, NamedTuple

from resviz.figures.drawing import metrics
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.volumes.groups import list_groups
from resviz.figures.volumes.rows import iter_rows
from resviz.figures.volumes.shapes import BoxScale, PlacedVolume, shape_volume
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Point
    from resviz.figures.volumes.groups import VolumeGroup
    from resviz.figures.volumes.rows import VolumeRow
    from resviz.readings.contraction.parts import GraphPart
    from resviz.record import Architecture

MAX_EDGE = 132
"""The longest edge of a front, in pixels."""

SIGN_SIZE, DOT_SIZE = 17, 9
"""Diameters of a join's circle and of an output's dot."""

BOX_GAP, BLOCK_GAP, ELLIPSIS_GAP, SIGN_GAP = 4, 10, 24, 8
"""Pixels between boxes of a run, between blocks, where some are left out, and beside
a sign."""

LEAD, LEAD_INSET = 30, 2
"""Pixels before a line that goes on with a row, and from there to the arrow to it."""

SCREEN_WIDTH, MAX_WIDTH = 1230, 1400
"""Above which everything moves together, and above which parts are larger."""


class RowScale(NamedTuple):
    """How large everything is.

    Attributes:
        box: of boxes.
        lean: how much of a box's depth is kept free behind a group.
        gap: pixels between groups beside that.
    """

    box: BoxScale
    lean: float
    gap: float


SCALES = (
    (1, 1, 1, 24),
    (1, 0.8, 0.8, 18),
    (1, 0.66, 0.62, 14),
    (0.85, 0.55, 0.62, 12),
    (0.7, 0.45, 0.62, 12),
    (0.6, 0.4, 0.62, 12),
)
"""Scales that are tried, the first of which fits: share of the largest edge, pixels of
the root of a channel, lean and gap."""

SCALES_FOR_ONE_ROW = 3
"""How many of them are tried for labels in one row instead of two."""


@dataclass(frozen=True, slots=True)
class PlacedSign:
    """A join or an output, by its node: x of its centre, and its sign; "" for a dot."""

    key: int
    x: float
    sign: str

    @property
    def size(self) -> float:
        """Its diameter."""
        return SIGN_SIZE if self.sign else DOT_SIZE

    @property
    def right_end(self) -> float:
        """X of its right end."""
        return self.x + self.size / 2

    @property
    def entry(self) -> Point:
        """Its left end."""
        return self.x - self.size / 2, 0

    @property
    def exit(self) -> Point:
        """Its right end."""
        return self.x + self.size / 2, 0

    def find_low(self, x: float) -> float:
        """Find the y of its lower end at an x; the axis beside it."""
        return self.size / 2 if abs(x - self.x) <= self.size / 2 else 0


PlacedPart = PlacedVolume | PlacedSign


@dataclass(frozen=True, slots=True)
class PlacedGroup:
    """A group of boxes with one label; `centre` is the x of that.

    Attributes:
        group: what it shows.
        parts: its boxes and signs, from left to right.
        centre: x of its label.
        level: in which row of labels that stands, 0 or 1.
    """

    group: VolumeGroup
    parts: tuple[PlacedPart, ...]
    centre: float
    level: int


LABEL_SIZE = LOOKS["small"].size
LABEL_GAP = 6
"""Pixels between labels."""


def list_scales(groups: Sequence[VolumeGroup]) -> list[RowScale]:
    """List the scales at which groups may be placed, the largest first."""
    sides = [side for group in groups for box in group.volumes for side in box.sides]
    largest = MAX_EDGE / sqrt(max(sides, default=1))
    return [
        RowScale(BoxScale(edge * largest, thickness), lean, gap)
        for edge, thickness, lean, gap in SCALES
    ]


def place_in_row(groups: Sequence[VolumeGroup]) -> list[PlacedGroup]:
    """Place groups in a row, as large as a screen has room for."""
    scales = list_scales(groups)
    return find_fitting_row(groups, scales, SCREEN_WIDTH) or place_groups(
        groups, scales[-1]
    )


def find_fitting_row(
    groups: Sequence[VolumeGroup], scales: Sequence[RowScale], room: float
) -> list[PlacedGroup]:
    """Place groups at the largest scale that some width has room for; [] if at none.

    Where one of the next scales has all labels in one row, that is taken.
    """
    for number, scale in enumerate(scales):
        placed = place_groups(groups, scale)
        if find_right_end(placed) > room:
            continue
        for smaller in scales[number : number + SCALES_FOR_ONE_ROW]:
            in_one = place_groups(groups, smaller, label_rows=1)
            if find_right_end(in_one) <= room:
                return in_one
        return placed
    return []


@cache_reading
def choose_row(arch: Architecture) -> VolumeRow | None:
    """Choose the row of a network; None where it is none."""
    return choose_row_of_part(arch, None)


def choose_row_of_part(arch: Architecture, part: GraphPart | None) -> VolumeRow | None:
    """Choose the row of a network or of a part of it; None where it is none.

    It is that of the smallest pieces in which letters can be read, else the shortest.
    """
    best, least = None, inf
    for row in iter_rows(arch, part):
        width = find_right_end(place_in_row(list_groups(row)))
        if width <= MAX_WIDTH:
            return row
        if width < least:
            best, least = row, width
    return best


def find_right_end(placed: Sequence[PlacedGroup]) -> float:
    """Find the x behind everything, labels included."""
    ends = [group.centre + measure_label(group.group) / 2 for group in placed]
    parts = [part for group in placed for part in group.parts]
    ends += [part.right_end for part in parts]
    return max(ends, default=0)


def measure_label(group: VolumeGroup) -> float:
    """Measure the width of a group's label, in any font."""
    widths = [metrics.max_text_width(group.lines, LABEL_SIZE)]
    size = LOOKS["name"].size
    widths += [metrics.text_width(line, size, bold=True) for line in group.name]
    return metrics.widen_for_fonts(max(widths)) + LABEL_GAP if max(widths) else 0


def place_groups(
    groups: Sequence[VolumeGroup], scale: RowScale, *, label_rows: int = 2
) -> list[PlacedGroup]:
    """Place groups one after the other, so far apart that so many rows hold the labels.

    In two, the label of one never reaches below the middle of the next, so a line leads
    from there down to a label in the second row.
    """
    placed: list[PlacedGroup] = []
    x = 0.0
    ends = [0.0, 0.0]  # of the labels in both rows
    labelled: tuple[float, float] | None = None  # centre of the last, and half of it
    for group in groups:
        parts, width = place_parts(group, x, scale)
        half = measure_label(group) / 2
        centre = find_centre(parts)
        least = half
        if labelled is not None:
            apart = sum if label_rows == 1 else max
            least = labelled[0] + apart((half, labelled[1]))
        if half and centre < least:
            x += least - centre
            parts, width = place_parts(group, x, scale)
            centre = find_centre(parts)
        level = int(half > 0 and centre - half < ends[0] - 0.01)
        if half:
            ends[level], labelled = centre + half, (centre, half)
        placed.append(PlacedGroup(group, tuple(parts), centre, level))
        x += width
    return placed


def find_centre(parts: Sequence[PlacedPart]) -> float:
    """Find the x of the middle of some parts, of their boxes if there are any."""
    boxes = [part for part in parts if isinstance(part, PlacedVolume)]
    if boxes:
        first, last = boxes[0], boxes[-1]
        return (first.x + last.x + last.thickness + last.depth[0] / 2) / 2
    return sum(part.x for part in parts) / max(len(parts), 1)


def place_parts(
    group: VolumeGroup, start: float, scale: RowScale
) -> tuple[list[PlacedPart], float]:
    """Place the parts of a group from an x on; return them, and what they take."""
    x = start
    parts: list[PlacedPart] = []
    for key, sign, volumes in group.nodes:
        if sign or not volumes:
            part = PlacedSign(key, x, sign)
            x += part.size / 2 + SIGN_GAP
            parts.append(PlacedSign(key, x, sign))
            x += part.size / 2 + SIGN_GAP + 6
        for number, volume in enumerate(volumes):
            box = shape_volume(volume, x, scale.box)
            if volume.left_out:
                before = parts[-1]
                lean = before.depth[0] if isinstance(before, PlacedVolume) else 0
                box = shape_volume(volume, x + ELLIPSIS_GAP + lean / 2, scale.box)
            parts.append(box)
            x = box.x + box.thickness + BOX_GAP
            after = volumes[number + 1] if number + 1 < len(volumes) else None
            if volume.ends_block or after is None:
                x += BLOCK_GAP - BOX_GAP + 0.4 * box.depth[0]
            elif volume.whole and after.whole:
                x -= BOX_GAP
            elif after.sizes != volume.sizes:
                x += 0.6 * box.depth[0]
    last = parts[-1]
    if isinstance(last, PlacedVolume):
        x = last.x + last.thickness + last.depth[0] * scale.lean + scale.gap
    return parts, x - start

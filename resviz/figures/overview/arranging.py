"""The ways in which an overview may stand; the first that can be read is taken.

In one lane of stages and in more, with fewer rows, narrower, or with blocks as funnels.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from resviz.figures.branch_labels import explain_serial_labels
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.legend import build_overview_legend
from resviz.figures.overview.cost_bars import add_section_costs, explain_squares
from resviz.figures.overview.downward import DownwardPlacing
from resviz.figures.overview.outline import MAX_ROWS, build_outline
from resviz.figures.overview.part import choose_part
from resviz.figures.overview.rightward import RightwardPlacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.overview.rows import Outline
    from resviz.readings.structure import Structure

MIN_ROWS = 3
"""Rows of one stage that are drawn at least: the first, what is left out, the last."""


def build_part(
    structure: Structure,
    stages: str | None,
    rows: int = MAX_ROWS,
    *,
    costs: bool = False,
) -> Outline:
    """Return the overview of some stages, with at most so many rows of each.

    With `costs` its sections know what they cost.
    """
    outline = build_outline(structure, most=rows)
    if costs:
        outline = add_section_costs(outline, structure)
    return choose_part(structure, outline, stages)


def iter_pictures(
    structure: Structure,
    whole: Outline,
    build: Callable[[int], Outline],
    direction: str,
    *,
    max_lanes: int | None = None,
) -> Iterator[Picture]:
    """Yield the overview in one lane of stages and in more, then with fewer rows.

    `whole` has all rows, `build` outlines it with at most so many of a stage. On a
    sheet of some width each is narrowed to it after that.
    """
    widths = (False,) if find_sheet().width is None else (False, True)
    previous, outline = None, whole
    for most in range(MAX_ROWS, MIN_ROWS - 1, -1):
        if most < MAX_ROWS:
            outline = build(most)
        if outline != previous:
            omissions = [*explain_serial_labels(structure), *outline.missing]
            signs = build_overview_legend(structure, outline)
            signs += explain_squares(outline)
            for narrowed in widths:
                placed = iter_placed(
                    outline, signs, omissions, direction, narrowed=narrowed
                )
                yield from islice(placed, max_lanes)
        previous = outline


def iter_funnels(
    structure: Structure, whole: Outline, build: Callable[[int], Outline]
) -> Iterator[Picture]:
    """Yield the overview with its blocks as funnels, then with fewer rows.

    A block and those like it behind it are one.
    """
    from resviz.figures.overview.funnel import FunnelPlacing
    from resviz.figures.overview.merging import explain_merged, merge_first_blocks

    for most in range(MAX_ROWS, MIN_ROWS - 1, -1):
        outline = merge_first_blocks(whole if most == MAX_ROWS else build(most))
        omissions = [*explain_serial_labels(structure), *outline.missing]
        signs = build_overview_legend(structure, outline)
        signs += [*explain_merged(outline), *explain_squares(outline)]
        yield FunnelPlacing(outline, signs, omissions, ()).place()


PLACINGS = {"TB": DownwardPlacing, "LR": RightwardPlacing}
"""The way that each direction is placed."""


def iter_placed(
    outline: Outline,
    signs: list[str],
    omissions: list[str],
    direction: str,
    *,
    narrowed: bool = False,
) -> Iterator[Picture]:
    """Yield the overview placed in one lane, then in more."""
    placing = PLACINGS[direction]
    whole = placing(outline, signs, omissions, (), narrowed=narrowed).place()
    yield whole
    axis = placing.axis
    starts = [group.span(axis)[0] for group in whole.groups if group.role == "stage"]
    for lanes in range(2, min(len(starts), placing.max_lanes) + 1):
        turns = break_evenly(starts, whole.size[axis], lanes)
        yield placing(outline, signs, omissions, turns, narrowed=narrowed).place()


def break_evenly(starts: list[float], end: float, lines: int) -> tuple[int, ...]:
    """Break a run of parts into lines of like length.

    Args:
        starts: where each part begins; the first may lie behind the run's own start.
        end: where the last ends.
        lines: how many there shall be at most.
    """
    limit = (end - starts[0]) / lines
    while True:
        chosen: list[int] = []
        begin = 0.0
        for number, start in enumerate(starts[1:], start=1):
            after = starts[number + 1] if number + 1 < len(starts) else end
            if after - begin > limit:
                chosen.append(number)
                begin = start
        if len(chosen) < lines:
            return tuple(chosen)
        limit *= 1.02


SCREEN_SIZE = (1280, 800)
"""Width and height of a small laptop's screen, in pixels."""

MIN_LETTER_SIZE = 9
"""Size of the smallest letters that are read with ease, in pixels."""


def smallest_letter_size(picture: Picture) -> float:
    """Return the size of a picture's smallest letters once it fits a screen."""
    sizes = [LOOKS[node.role].size for node in picture.nodes if node.lines]
    width, height = picture.size
    scale = min(1, SCREEN_SIZE[0] / width, SCREEN_SIZE[1] / height)
    return min(sizes, default=0) * scale


def choose_readable(pictures: Iterable[Picture]) -> Picture:
    """Return the first picture that can be read on one screen, else the best."""
    too_small: list[Picture] = []
    for picture in pictures:
        if smallest_letter_size(picture) >= MIN_LETTER_SIZE:
            return picture
        too_small.append(picture)
    return max(too_small, key=smallest_letter_size)

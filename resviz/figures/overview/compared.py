"""The overview of the second of two networks, with what changed from the first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures.drawing.fitting import choose_fitting
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.overview.arranging import (
    build_part,
    choose_readable,
    iter_pictures,
)
from resviz.figures.overview.changes import (
    describe_changes,
    list_chart_lines,
    list_marked_changes,
    mark_parts,
    mark_picture,
)
from resviz.figures.overview.chart import MAX_LINE_CHARACTERS, ChartBuilder
from resviz.readings.compare import read_comparison
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.figures.drawing.elements import Chart, Picture
    from resviz.record import Architecture


def draw_changes(
    archs: Sequence[Architecture],
    direction: str,
    stages: str | None,
    *,
    costs: bool,
) -> Picture:
    """Draw the overview of the second of two networks, what changed marked."""
    if direction != "TB":
        raise RenderError(
            f"direction: got {direction!r} with diff, whose marks stand left of blocks "
            "from top to bottom: want TB, or leave out one of both"
        )
    before, after = archs
    structure = read_structure(after)
    comparison = read_comparison(before, after)
    changes = list_marked_changes(comparison, structure)
    outline = build_part(structure, stages, costs=costs)
    chart = ChartBuilder(outline).build_chart(direction)
    first, *parts = mark_parts(chart.parts, changes, find_holders(chart))
    lines = list_chart_lines(comparison, changes, MAX_LINE_CHARACTERS)
    first = replace(first, lines=(*first.lines, *lines))
    shown = partial(build_part, structure, stages, costs=costs)
    placed = iter_pictures(structure, outline, shown, direction, max_lanes=1)
    is_screen = find_sheet().width is None
    pictures = (
        mark_picture(each, comparison, changes, beside=is_screen) for each in placed
    )
    picture = choose_readable(pictures) if is_screen else choose_fitting(pictures)
    return replace(picture, chart=replace(chart, parts=(first, *parts)))


def find_holders(chart: Chart) -> Mapping[int, Sequence[str]]:
    """Find the keys of the boxes that hold each layer."""
    (ledger,) = chart.ledgers
    return ledger.find_holders()


def describe_difference(before: Architecture, after: Architecture) -> str:
    """Say in sentences what changed from one network to another."""
    comparison = read_comparison(before, after)
    changes = list_marked_changes(comparison, read_structure(after))
    return describe_changes(comparison, changes)

"""The overview: stages, blocks and shortcuts of any depth on one screen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, cast

from resviz.figures.drawing.fitting import choose_fitting
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.overview.arranging import (
    build_part,
    choose_readable,
    iter_funnels,
    iter_pictures,
)
from resviz.figures.overview.chart import ChartBuilder
from resviz.figures.overview.cost_bars import say_costs
from resviz.figures.overview.sentences import describe_network
from resviz.figures.sentences import join_with_and
from resviz.readings.structure import read_structure
from resviz.record import Architecture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Picture


def draw(
    arch: Architecture | Sequence[Architecture],
    *,
    direction: str,
    stages: str | None = None,
    costs: bool = False,
    diff: bool = False,
) -> Picture:
    """Draw the overview of a network, or of some of its stages, with bars of costs.

    With `diff`, of the second of two, with what changed from the first marked.

    Raises:
        RenderError: for stages that it has not; lists those it has. For changes from
            left to right.
    """
    if diff or not isinstance(arch, Architecture):
        from resviz.figures.overview.compared import draw_changes

        return draw_changes(
            cast("Sequence[Architecture]", arch), direction, stages, costs=costs
        )
    structure = read_structure(arch)
    outline = build_part(structure, stages, costs=costs)
    unplaced = ChartBuilder(outline).build_chart(direction)
    shown = partial(build_part, structure, stages, costs=costs)
    pictures = iter_pictures(structure, outline, shown, direction)
    is_screen = find_sheet().width is None
    if direction == "TB" and (costs or not is_screen):
        funnels = iter_funnels(structure, outline, shown)
        pictures = chain(funnels, pictures) if costs else chain(pictures, funnels)
    picture = choose_readable(pictures) if is_screen else choose_fitting(pictures)
    return replace(picture, chart=unplaced)


def description(
    arch: Architecture | Sequence[Architecture],
    *,
    stages: str | None = None,
    costs: bool = False,
    diff: bool = False,
) -> str:
    """Say the overview in sentences; with `costs` also what each stage costs.

    With `diff`, that of the second of two, and what changed from the first.

    Raises:
        RenderError: as `draw`.
    """
    if diff or not isinstance(arch, Architecture):
        from resviz.figures.overview.compared import describe_difference

        before, after = cast("Sequence[Architecture]", arch)
        whole = description(after, stages=stages, costs=costs)
        return f"{whole} {describe_difference(before, after)}"
    whole = describe_network(arch)
    outline = build_part(read_structure(arch), stages, costs=costs)
    if costs and outline.sections:
        whole = f"{whole} {say_costs(outline)}"
    if not outline.missing:
        return whole
    drawn = join_with_and([section.name for section in outline.sections])
    verb = "is" if len(outline.sections) == 1 else "are"
    return f"{whole} Of this, {drawn} {verb} drawn."

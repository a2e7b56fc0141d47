"""The overview: stages, blocks and shortcuts of any depth on one screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.drawing.screens import choose_readable
from resviz.figures.legend import build_overview_legend
from resviz.figures.overview.directions import iter_placed
from resviz.figures.overview.flowchart import build_chart
from resviz.figures.overview.outline import MAX_ROWS, build_outline
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import Picture
    from resviz.readings.structure import Structure
    from resviz.record import Architecture


def draw(arch: Architecture, *, direction: str) -> Picture:
    """Draw the overview of a network."""
    structure = read_structure(arch)
    unplaced = build_chart(build_outline(structure), direction)
    return replace(choose_readable(iter_pictures(structure, direction)), chart=unplaced)


MIN_ROWS = 3
"""Rows of one stage that are drawn at least: the first, what is left out, the last."""


def iter_pictures(structure: Structure, direction: str) -> Iterator[Picture]:
    """Yield the overview in one lane of stages and in more, then with fewer rows."""
    previous = None
    for most in range(MAX_ROWS, MIN_ROWS - 1, -1):
        outline = build_outline(structure, most=most)
        if outline != previous:
            signs = build_overview_legend(structure, outline)
            yield from iter_placed(outline, signs, direction)
        previous = outline


def description(arch: Architecture) -> str:
    """Say the overview in sentences."""
    return sentences.describe_network(arch)

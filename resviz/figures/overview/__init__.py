"""The overview: stages, blocks and shortcuts of any depth on one screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.drawing.screens import fitting
from resviz.figures.legend import legend
from resviz.figures.overview import horizontal, vertical
from resviz.figures.overview.chart import chart
from resviz.figures.overview.outline import MOST_ROWS, outline
from resviz.structure import structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.parts import Picture
    from resviz.record import Architecture
    from resviz.structure import Structure


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """The overview of a network; `at` has no meaning here."""
    del at
    read = structure(arch)
    said = sentences.network(arch)
    drawn = chart(outline(read), said, direction)
    return replace(fitting(pictures(read, direction)), chart=drawn)


FEWEST_ROWS = 3
"""Rows of one stage that are drawn at least: the first, what is left out, the last."""


def pictures(read: Structure, direction: str) -> Iterator[Picture]:
    """The overview, placed in more and more columns or lines, then with fewer rows."""
    place = {"TB": vertical.place, "LR": horizontal.place}[direction]
    done = None
    for most in range(MOST_ROWS, FEWEST_ROWS - 1, -1):
        told = outline(read, most=most)
        if told != done:
            yield from place(told, legend(read, told))
        done = told


def description(arch: Architecture, *, at: str | None) -> str:
    """The overview in sentences; `at` has no meaning here."""
    del at
    return sentences.network(arch)

"""The overview: stages, blocks and shortcuts of any depth on one screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.legend import legend
from resviz.figures.overview import horizontal, vertical
from resviz.figures.overview.chart import chart
from resviz.figures.overview.outline import outline
from resviz.structure import structure

if TYPE_CHECKING:
    from resviz.figures.drawing.parts import Picture
    from resviz.record import Architecture


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """The overview of a network; `at` has no meaning here."""
    del at
    read = structure(arch)
    told = outline(read)
    place = {"TB": vertical.place, "LR": horizontal.place}[direction]
    placed = place(told, legend(read, told))
    said = sentences.network(arch)
    return replace(placed, chart=chart(told, said, direction))


def description(arch: Architecture, *, at: str | None) -> str:
    """The overview in sentences; `at` has no meaning here."""
    del at
    return sentences.network(arch)

"""The overview: stages, blocks and shortcuts of any depth on one screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.legend import legend
from resviz.figures.overview import horizontal, vertical
from resviz.figures.overview.chart import chart
from resviz.figures.overview.outline import outline
from resviz.structure import Structure, structure

if TYPE_CHECKING:
    from resviz.figures.drawing.parts import Picture
    from resviz.record import Architecture


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """The overview of a network; `at` has no meaning here."""
    del at
    read = structure(arch)
    told = outline(read)
    place = {"TB": vertical.place, "LR": horizontal.place}[direction]
    said = description(read)
    placed = place(told, legend(read, told), said)
    return replace(placed, chart=chart(told, said, direction))


def description(read: Structure) -> str:
    """The overview in a sentence or two."""
    label = read.arch.label
    if not read.stages:
        return f"{label}: a chain of layers without residual blocks."
    stages = "; ".join(
        f"{stage.name} with {len(stage.blocks)} {stage.type}" for stage in read.stages
    )
    units = (unit for block in read.blocks for unit in block.units)
    kinds = dict.fromkeys(unit.shortcut.kind for unit in units)
    return (
        f"{label}: residual blocks by stage: {stages}. Shortcuts: {', '.join(kinds)}."
    )

"""Growth by depth: parameters, MACs, activations and receptive field, as a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import sentences
from resviz.figures.growth.placing import GrowthPlacing
from resviz.figures.growth.series import (
    MEASURES,
    build_all_series,
    declare_parts_of,
    explain_numbers,
    list_omissions,
)
from resviz.figures.stage_parts import read_stage_part
from resviz.readings.structure import read_structure
from resviz.units import format_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Picture
    from resviz.record import Architecture


def draw(archs: Sequence[Architecture], *, stages: str | None = None) -> Picture:
    """Draw the four plots, at all weighted layers or at those of some stages.

    Raises:
        RenderError: for a network without weighted layers, or without such stages, or
            for too many networks.
    """
    placing = GrowthPlacing(archs, build_all_series(archs, stages), stages)
    for number, measure in enumerate(MEASURES):
        placing.place_panel(number, measure)
    return placing.finish_picture()


def description(archs: Sequence[Architecture], *, stages: str | None = None) -> str:
    """Say the plots in sentences: what is on the axes, where each line ends."""
    titles = sentences.join_with_and([measure.title.lower() for measure in MEASURES])
    lines = [f"Four plots over the weighted layers on the main path: {titles}."]
    for arch, points in zip(archs, build_all_series(archs, stages), strict=True):
        last = points[-1]
        is_part = read_stage_part(read_structure(arch), stages) is not None
        verb = f"from layer {points[0].depth} on stands" if is_part else "ends"
        fields = [point.field for point in points if point.field is not None]
        field = "that is not known"
        if fields:
            field = f"of {units.group_digits(max(fields))} pixels"
        lines.append(
            f"{arch.label} {verb} after {units.format_plural(last.depth, 'layer')} at "
            f"{units.format_count(last.params)} parameters, "
            f"{units.format_count(last.macs)} multiply-adds, "
            f"{units.format_count(last.activations)} activations and a receptive "
            f"field {field}."
        )
    lines += map(format_sentence, explain_numbers(archs))
    lines += [f"{omission}." for omission in list_omissions(archs)]
    lines += map(format_sentence, declare_parts_of(archs, stages))
    return " ".join(lines)

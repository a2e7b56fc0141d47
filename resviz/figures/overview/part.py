"""A part of an overview: stages in a row, from where they come, and where they lead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures.overview.outline import stage_output_shape
from resviz.figures.stage_parts import declare_stages, read_stage_part

if TYPE_CHECKING:
    from resviz.figures.overview.rows import Outline
    from resviz.readings.structure import Structure


def choose_part(structure: Structure, outline: Outline, stages: str | None) -> Outline:
    """Return an overview of some stages alone; of all where none are named."""
    part = read_stage_part(structure, stages)
    if part is None:
        return outline
    if not part.has_start:
        before = structure.stages[part.numbers[0] - 1]
        shape = units.format_feature_map(stage_output_shape(before))
        outline = replace(
            outline,
            inputs=f"{part.source}, {shape}",
            stem=(),
            stem_layers=(),
            before_layers=part.before,
        )
    if not part.has_end:
        outline = replace(
            outline,
            outputs=part.target,
            head=(),
            head_layers=(),
            after_layers=part.after,
        )
    return replace(
        outline,
        sections=outline.sections[part.numbers[0] : part.numbers[-1] + 1],
        scope=part.scope,
        missing=(*declare_stages(part),),
    )

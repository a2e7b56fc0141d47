"""A part of an overview: stages in a row, from where they come, and where they lead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.errors import RenderError, suggest
from resviz.figures.overview.outline import stage_output_shape

if TYPE_CHECKING:
    from resviz.figures.overview.outline import Outline
    from resviz.readings.structure import Structure

STEM, HEAD = "stem", "head"
"""What a network's parts before and behind its stages are called."""


def find_part(structure: Structure, stages: str) -> range:
    """Find the stages that are meant by "conv3_x..conv5_x", "conv4_x" or "..conv3_x".

    Raises:
        RenderError: if there are no such stages; lists those there are.
    """
    names = [stage.name for stage in structure.stages]
    label = structure.arch.label
    if not names:
        raise RenderError(f"stages: {label} has none, leave the option out")
    first, dots, last = (word.strip() for word in stages.partition(".."))
    start = find_stage(first, names) if first or not dots else 0
    end = (find_stage(last, names) if last else len(names) - 1) if dots else start
    if end < start:
        raise RenderError(
            f"stages: got {stages!r}, and {last} comes before {first}: want {last}.."
            f"{first}"
        )
    return range(start, end + 1)


def find_stage(word: str, names: list[str]) -> int:
    """Find the number of the stage that is called so, in any case.

    Raises:
        RenderError: if there is none.
    """
    for number, name in enumerate(names):
        if name.casefold() == word.casefold():
            return number
    several = f", or several in a row as {names[0]}..{names[-1]}"
    remedy = f"{suggest(word, names)}{several if len(names) > 1 else ''}"
    raise RenderError(f"stages: got {word!r}, {remedy}")


def choose_part(structure: Structure, outline: Outline, stages: str | None) -> Outline:
    """Return an overview of some stages alone; of all where none are named."""
    if stages is None:
        return outline
    part, count = find_part(structure, stages), len(structure.stages)
    if len(part) == count:
        return outline
    every = range(len(structure.arch.stored_layers))
    ends = [stage.blocks[-1].end for stage in structure.stages]
    blocks = structure.stages[0].blocks
    begin = ends[part[0] - 1] + 1 if part[0] else min(blocks[0].layer_indices)
    scope = every[begin : ends[part[-1]] + 1]
    if part[0]:
        before = structure.stages[part[0] - 1]
        shape = units.format_feature_map(stage_output_shape(before))
        outline = replace(
            outline,
            inputs=f"from {before.name}, {shape}",
            stem=(),
            stem_layers=(),
            before_layers=tuple(every[:begin]),
        )
    else:
        scope = every[: ends[part[-1]] + 1]
    if part[-1] + 1 < count:
        outline = replace(
            outline,
            outputs=f"to {structure.stages[part[-1] + 1].name}",
            head=(),
            head_layers=(),
            after_layers=tuple(every[scope.stop :]),
        )
    else:
        scope = every[scope.start :]
    return replace(
        outline,
        sections=outline.sections[part[0] : part[-1] + 1],
        scope=frozenset(scope),
        missing=tuple(list_missing(structure, part)),
    )


def list_missing(structure: Structure, part: range) -> list[str]:
    """Name the parts of a network that are not among some stages."""
    names = [stage.name for stage in structure.stages]
    before, after = names[: part[0]], names[part[-1] + 1 :]
    return [*([STEM, *before] if before else []), *([*after, HEAD] if after else [])]


def declare_missing(outline: Outline) -> list[str]:
    """Say which parts of a network an overview leaves out, if any."""
    if not outline.missing:
        return []
    return [
        f"left out: {units.format_names(list(outline.missing), 12)}",
        "totals are of the whole network",
    ]

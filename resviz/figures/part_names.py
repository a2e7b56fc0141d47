"""What a figure calls stages and blocks: as its sheet says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resviz.figures.drawing.sheet import find_sheet
from resviz.readings.stage_modules import (
    read_stage_classes,
    read_stage_paths,
)
from resviz.readings.structure import read_structure
from resviz.readings.structure.stage_names import StageNames

if TYPE_CHECKING:
    from resviz.readings.part_tree import NetworkPart
    from resviz.readings.structure import Stage, Structure
    from resviz.record import Architecture, Call, Layer

READERS = {"path": read_stage_paths, "class": read_stage_classes}
"""What reads the names of stages and blocks that are no words of papers."""


def name_stage(stage: Stage) -> str:
    """Return what the figure calls a stage: "conv2_x", "layer1" or "Bottleneck ×3"."""
    names = find_names(stage)
    return names.stage if names else stage.name


def name_block(stage: Stage, number: int) -> str:
    """Return what the figure calls block `number` of a stage, counted from 1."""
    names = find_names(stage)
    return names.blocks[number - 1] if names else stage.block_name(number)


def find_names(stage: Stage) -> StageNames | None:
    """Find the names of a stage and its blocks; None for those of papers."""
    read = READERS.get(find_sheet().names)
    if read is None:
        return None
    firsts = [other.blocks[0].end for other in read_structure(stage.arch).stages]
    return read(stage.arch)[firsts.index(stage.blocks[0].end)]


def respell_names(structure: Structure, text: str) -> str:
    """Return a text with module paths for words of papers, where the figure has these.

    Classes stay out of it: several stages have one.
    """
    if find_sheet().names != "path":
        return text
    paths = read_stage_paths(structure.arch)
    own = [StageNames(stage.name, stage.block_names) for stage in structure.stages]
    called = {
        old: new
        for before, after in zip(own, paths, strict=True)
        for old, new in zip(
            (before.stage, *before.blocks), (after.stage, *after.blocks), strict=True
        )
        if old != new
    }
    if not called:
        return text
    return re.sub(r"conv\d+_(?:x|\d+)", lambda at: called.get(at[0], at[0]), text)


def name_layer(layer: Layer) -> str:
    """Return what the figure calls a layer that it names: its path, or its class."""
    return layer.type if find_sheet().names == "class" else layer.name


def name_call(call: Call) -> str:
    """Return what the figure calls a call: its path, or its class."""
    return call.type if find_sheet().names == "class" else call.path


def name_part(arch: Architecture, part: NetworkPart) -> str:
    """Return what the figure calls a part of the tree of a network."""
    stages = read_structure(arch).stages
    numbers = dict(part.key)
    naming = find_sheet().names
    if part.kind == "stage":
        return name_stage(stages[numbers["stage"]])
    if part.kind == "block":
        stage = stages[numbers["stage"]]
        ends = [block.end for block in stage.blocks]
        return name_block(stage, ends.index(numbers["block"]) + 1)
    if part.kind == "call" and naming == "class":
        return name_call(arch.calls[numbers["call"]])
    return part.name

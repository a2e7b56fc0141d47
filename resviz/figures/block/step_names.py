"""What the code calls the steps of a block, in front of what they do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.escape import clean_name
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.layer_labels import label_layer_fully
from resviz.figures.part_names import name_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.block.steps import BlockStep
    from resviz.readings.structure import Block

BARE_ROLES = {"sum", "text", "identity"}
"""Steps that have no name: signs, and words beside wires."""


def name_steps(block: Block, steps: Sequence[BlockStep]) -> list[BlockStep]:
    """Put the names of modules before the words of steps, where the sheet wants them.

    Paths are those within the block: "conv1: 1×1, 64".
    """
    if find_sheet().names == "paper":
        return [*steps]
    return [
        step if step.role in BARE_ROLES else name_step(block, step) for step in steps
    ]


def name_step(block: Block, step: BlockStep) -> BlockStep:
    """Put the names of the modules of one step before its words, each before its own.

    What has no word has no name either: a dropout, or an operation of no module.
    """
    layers = [block.arch.stored_layers[end] for end in sorted(step.ends) if end >= 0]
    modules = [
        layer for layer in layers if ":" not in layer.name and label_layer_fully(layer)
    ]
    shared = f"{block.path}." if block.path else ""
    names = [clean_name(name_layer(la).removeprefix(shared)) for la in modules]
    first, *others = step.lines
    words = first.split(", ")
    if not names or first in names:
        return step
    if len(names) == len(words):
        pairs = zip(names, words, strict=True)
        line = ", ".join(f"{name}: {word}" for name, word in pairs)
    else:
        line = f"{', '.join(dict.fromkeys(names))}: {first}"
    return replace(step, lines=[line, *others])

"""Which colours a part of a figure has: those of its resolution, in every figure."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LEVEL_TINTS, level_tint
from resviz.figures.layer_labels import arrange_axes, list_flowing_operations
from resviz.readings.resolution import find_level
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.weights import is_weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.readings.structure import Stage
    from resviz.record import Architecture, Layer, Shape


def choose_tint(arch: Architecture, shape: Shape) -> str:
    """Return the tint of a map of shape (N, C, positions)."""
    return level_tint(find_level(arch, prod(shape[2:])))


def choose_stage_tint(stage: Stage) -> str:
    """Return the tint of what a stage gives."""
    last = stage.blocks[-1]
    shape = arrange_axes(stage.arch, stage.output_shape, last.channel_axis)
    return choose_tint(stage.arch, shape)


def choose_layers_tint(arch: Architecture, layers: Sequence[Layer]) -> str:
    """Return the tint of what layers in a row give; of a pool alone, grey."""
    operations = (op for layer in layers for op in list_flowing_operations(layer))
    if not any(map(is_weighted, operations)):
        return "stem"
    node = layers[-1].index
    return level_tint(find_level(arch, build_graph(arch).count_positions(node)))


def explain_tints(tints: Iterable[str]) -> list[str]:
    """Return the legend's line on colours, where resolutions have several."""
    several = not find_sheet().heat and len({*tints} & {*LEVEL_TINTS}) > 1
    return ["colour: resolution, one for each halving"] * several

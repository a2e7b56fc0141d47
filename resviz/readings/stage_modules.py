"""What the code calls stages, blocks and layers: paths of modules, or their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.contraction import read_wiring
from resviz.readings.contraction.forms import count_names
from resviz.readings.structure import read_structure
from resviz.readings.structure.stage_names import StageNames, name_by_path
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.contraction.module_names import Naming
    from resviz.record import Architecture


@cache_reading
def read_stage_paths(arch: Architecture) -> tuple[StageNames, ...]:
    """Read the module paths of all stages and their blocks, "layer1", "layer1.0"."""
    stages = read_structure(arch).stages
    return tuple(name_by_path([stage.blocks for stage in stages]))


@cache_reading
def read_stage_classes(arch: Architecture) -> tuple[StageNames, ...]:
    """Read the classes of all blocks, and of a stage those, counted: "Bottleneck ×3".

    The class of a stage itself is mostly that of a container.
    """
    from resviz.readings.contraction.module_names import shorten_list

    found: list[StageNames] = []
    for stage in read_structure(arch).stages:
        blocks = [name_layers(arch, b.layer_indices, "class") for b in stage.blocks]
        counted = ", ".join(shorten_list(count_names(blocks)))
        found.append(StageNames(counted, tuple(blocks)))
    return tuple(found)


def name_layers(arch: Architecture, layers: Iterable[int], naming: Naming) -> str:
    """Name the modules of some layers in one line; "" for none."""
    from resviz.readings.contraction.module_names import list_module_names

    return ", ".join(list_module_names(read_wiring(arch), layers, naming))

"""Reading a record's residual structure: stem, stages, blocks, shortcuts, head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.once import once
from resviz.structure.blocks import Block, blocks
from resviz.structure.graph import Graph
from resviz.structure.regions import Region, regions
from resviz.structure.shortcuts import Shortcut
from resviz.structure.stages import Fold, Stage, stages

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer

__all__ = ["Block", "Fold", "Shortcut", "Stage", "Structure", "structure"]


@dataclass(frozen=True, slots=True)
class Structure:
    """How a network is built.

    Attributes:
        arch: the record it was read off.
        stem: live layers before the first block.
        stages: in order; () if nothing is residual.
        head: live layers after the last block.
        regions: every addition of two branches, blocks or not.
    """

    arch: Architecture
    stem: tuple[Layer, ...]
    stages: tuple[Stage, ...]
    head: tuple[Layer, ...]
    regions: tuple[Region, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of all stages."""
        return tuple(block for stage in self.stages for block in stage.blocks)

    @property
    def on_shortcuts(self) -> frozenset[int]:
        """Indices of the layers that lie on a shortcut."""
        return frozenset(i for block in self.blocks for i in block.shortcut.layers)


@once
def structure(arch: Architecture) -> Structure:
    """Read blocks, shortcuts and stages off a record's dataflow.

    Neither names nor classes are looked at; module paths only label.
    """
    graph = Graph(arch)
    joins = regions(graph)
    found = blocks(graph, joins)
    live = [arch.layers[index] for index in graph.before]
    if not found:
        return Structure(arch, tuple(live), (), (), tuple(joins))
    first = min(index for block in found for index in block.layers)
    last = max(block.end for block in found)
    return Structure(
        arch,
        tuple(layer for layer in live if layer.index < first),
        stages(arch, found),
        tuple(layer for layer in live if layer.index > last),
        tuple(joins),
    )

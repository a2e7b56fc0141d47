"""Reading a record's residual structure: stem, stages, blocks, shortcuts, head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.once import once
from resviz.structure.blocks import Block, Unit, blocks
from resviz.structure.graph import ROOT, Graph, operations, weighted
from resviz.structure.regions import Region, regions
from resviz.structure.shortcuts import Shortcut
from resviz.structure.stages import Fold, Stage, stages

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer

__all__ = [
    "Block",
    "Fold",
    "Shortcut",
    "Stage",
    "Structure",
    "Unit",
    "depth",
    "structure",
]


@dataclass(frozen=True, slots=True)
class Structure:
    """How a network is built.

    Attributes:
        arch: the record it was read off.
        stem: live layers before the first block.
        stages: in order; () if nothing is residual.
        head: live layers after the last block.
        spine: indices of the layers from input to output that every path passes,
            and within a block those of its main branch.
        regions: every addition of two branches, blocks or not.
    """

    arch: Architecture
    stem: tuple[Layer, ...]
    stages: tuple[Stage, ...]
    head: tuple[Layer, ...]
    spine: tuple[int, ...]
    regions: tuple[Region, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of all stages, in execution order."""
        every = (block for stage in self.stages for block in stage.blocks)
        return tuple(sorted(every, key=lambda block: block.end))


@once
def structure(arch: Architecture) -> Structure:
    """Read blocks, shortcuts and stages off a record's dataflow.

    Neither names nor classes are looked at; module paths only label.
    """
    graph = Graph(arch)
    joins = regions(graph)
    found = blocks(graph, joins)
    live = [arch.layers[index] for index in graph.before]
    first = min((i for block in found for i in block.layers), default=len(arch.layers))
    last = max((block.end for block in found), default=len(arch.layers))
    return Structure(
        arch,
        tuple(layer for layer in live if layer.index < first),
        stages(graph, found),
        tuple(layer for layer in live if layer.index > last),
        spine(graph, found),
        tuple(joins),
    )


def spine(graph: Graph, found: list[Block]) -> tuple[int, ...]:
    """The layers from input to output that every path passes, in order.

    Gates and other ways around are left out; a block is passed by its main branch.
    """
    joins = {unit.join: unit for block in found for unit in block.units}
    node = max(graph.returned & graph.before.keys(), default=ROOT)
    passed: list[int] = []
    while node != ROOT:
        passed.append(node)
        unit = joins.get(node)
        if unit:
            passed += main_path(graph, node, unit)
        node = graph.dominator[node]
    return tuple(reversed(passed))


def depth(read: Structure) -> int:
    """Weighted layers on the main path, which give a ResNet its number.

    Source: He et al. 2015, section 3.3; projections are not counted, nor are gates.
    """
    layers = (read.arch.layers[index] for index in read.spine)
    return sum(map(weighted, operations(layers)))


def main_path(graph: Graph, join: int, unit: Unit) -> list[int]:
    """The layers of a unit's main branch that every path along it passes."""
    ends = [node for node in graph.before[join] if node in unit.main]
    node = max(ends, default=unit.fork)
    passed: list[int] = []
    while node != unit.fork and node in unit.main:
        passed.append(node)
        node = graph.dominator[node]
    return passed

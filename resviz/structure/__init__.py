"""Reading a record's residual structure: stem, stages, blocks, shortcuts, head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.once import once
from resviz.structure.blocks import Block, Unit, blocks
from resviz.structure.graph import ROOT, Graph, dataflow, weights
from resviz.structure.regions import Region, regions
from resviz.structure.shortcuts import Shortcut
from resviz.structure.stages import Fold, Stage, stages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.record import Architecture, Layer, Operation

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


@dataclass(frozen=True)  # without slots, so that what is read off it can be kept
class Structure:
    """How a network is built.

    Attributes:
        arch: the record it was read off.
        stem: live layers before the first block.
        stages: in order; () if nothing is residual.
        head: live layers after the last block.
        spine: indices of the layers on the path from input to output with the most
            weights, gates left out.
        regions: every addition of two branches, blocks or not.
        axis: in which axis of each live layer's output the channels lie.
    """

    arch: Architecture
    stem: tuple[Layer, ...]
    stages: tuple[Stage, ...]
    head: tuple[Layer, ...]
    spine: tuple[int, ...]
    regions: tuple[Region, ...]
    axis: Mapping[int, int | None]

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
    graph = dataflow(arch)
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
        spine(graph),
        tuple(joins),
        graph.axis,
    )


def enlarges(op: Operation) -> bool:
    """Whether an operation makes more positions out of fewer."""
    turned = op.window is not None and op.window.transposed
    return turned or op.name.startswith(("upsample", "_upsample", "pixel_shuffle"))


def spine(graph: Graph) -> tuple[int, ...]:
    """The path from input to output with the most weighted operations, in order.

    Where branches meet, a gate, which comes from fewer positions than another branch,
    is left out. Of branches with as many weights the longest is taken.
    """
    best: dict[int, tuple[int, int]] = {ROOT: (0, 0)}
    places = {ROOT: graph.extent(ROOT)[0]}
    chosen: dict[int, int] = {}
    for node, sources in graph.before.items():
        way, most = sources[0], places[sources[0]]
        if len(sources) > 1:
            most = max(places[source] for source in sources)
            ways = [source for source in sources if places[source] == most]
            way = max(ways, key=best.__getitem__)
        chosen[node] = way
        heavy, length = best[way]
        layer = graph.arch.layers[node]
        best[node] = heavy + weights(layer), length + 1
        places[node] = graph.extent(node)[0]
        # An expanded gate is a gate.
        if places[node] > most and not any(map(enlarges, layer.operations)):
            places[node] = most
    ends = graph.returned & graph.before.keys() or graph.before.keys()
    node = max(ends, key=lambda end: best[end], default=ROOT)
    passed: list[int] = []
    while node != ROOT:
        passed.append(node)
        node = chosen[node]
    return tuple(reversed(passed))


def depth(read: Structure) -> int:
    """Weighted layers on the longest path, which give a ResNet its number.

    Source: He et al. 2015, section 3.3; projections are not counted, nor are gates.
    """
    return sum(weights(read.arch.layers[index]) for index in read.spine)

"""Reading a record's residual structure: stem, stages, blocks, shortcuts, head.

No name is read, and no class but to compare it. What filters each channel with numbers
that nothing learns weighs nothing (`fixed_filters`). Where tensors meet, some only
modulate: a gate, a condition, a kernel, an index. Their edges are side edges
(`side_edges`, `modulations`); all others are the main stream, on which dominators,
weights and the depth are taken. Where nothing else is a block, gates of a difference
that no weights made carry the stream too (`carrying_gates`). Rows that start constant
flow from the first sum on (`constant_streams`). A join is an addition of different live
tensors of one shape, however written (`joins`), as of parts that were put together
(`summed_parts`). Its fork is the latest node on a light operand's chain from which the
other operands descend, else its immediate dominator (`forks`). Between them lies its
region, which need not be closed: what is read elsewhere is a tap, what leads to no
output is no use, what comes from elsewhere is a condition. A branch weighs what the
heaviest of its paths does (`efforts`); the lightest is the shortcut. `sum_kinds` says
what a sum is and why: residual, weightless, parallel, or open, where branches read
different parts or something foreign is added inside. Sums of two streams that exchange
are units all the same (`exchanges`). Of a sum of several states and a branch the newest
state is the fork (`multistep`); what a cell refines step by step is no block (`steps`).
A first state that layers add inside is a condition (`first_states`), and no shortcut
past them where they have none (`injected_layers`).
A sum of linear maps of one tensor is one convolution of several branches, a block only
where nothing else is. One of towers or inputs is a `fusion`.

The outermost residual regions are units (`outer_regions`), but for long skips, as is
one over a lone block whose sisters are units. Units that mix positions and channels in
turn are one block, as attention and MLP, in one call or as modules of their own
(`unit_groups`). Norm and activation that a call has before its first fork belong to its
block, as its `preactivation`. A call of the same class as blocks, or in their place, is
a block without shortcut (`plain_blocks`). Sizes are compared as positions and width,
for which the channels' axis is followed (`channel_axes`): a map, its windows and its
tokens are one stream.

Blocks follow one another in towers, found by the nearest block above each (`towers`);
stages are runs of blocks of one size within a tower, and late strides, pyramids, and
last stages that keep the size (`stage_calls`) have their rules. They have the paper's
names in networks of its shape, and the paths of their modules elsewhere
(`stage_names`). Equal blocks fold (`repeats`), what is unusual is said in words
(`remarks`), and every addition is explained (`join_reasons`). The main path is that of
main sources with the most weights, between the main ones of several inputs and outputs
(`main_ends`), past attention by its values; the shape flow and the depth follow it.
Where no main source has weights, it follows what comes aside, and a remark says so, as
of a depth of 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.structure.blocks import find_blocks
from resviz.readings.structure.exchanges import read_exchanges
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.main_path import find_main_path
from resviz.readings.structure.parts import (
    Block,
    BlockPlace,
    Fold,
    Shortcut,
    Stage,
    Unit,
)
from resviz.readings.structure.regions import find_regions
from resviz.readings.structure.stages import find_stages
from resviz.readings.structure.weights import count_weighted
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.region_branches import JoinRegion
    from resviz.record import Architecture, Layer

__all__ = [
    "Block",
    "BlockPlace",
    "Fold",
    "Shortcut",
    "Stage",
    "Structure",
    "Unit",
    "count_depth",
    "index_block_ends",
    "index_block_layers",
    "read_structure",
]


@dataclass(frozen=True)  # without slots, so that what is read off it can be kept
class Structure:
    """The structure of a network: stem, stages, head and main path.

    Attributes:
        arch: the record it was read off.
        stem: live layers before the first block.
        stages: in order; () if nothing is residual.
        head: live layers after the last block.
        main_path: indices of the layers on the path from input to output with the most
            weights, gates left out.
        regions: every addition of two branches, blocks or not.
        channel_axes: in which axis of each live layer's output the channels lie.
    """

    arch: Architecture
    stem: tuple[Layer, ...]
    stages: tuple[Stage, ...]
    head: tuple[Layer, ...]
    main_path: tuple[int, ...]
    regions: tuple[JoinRegion, ...]
    channel_axes: Mapping[int, int | None]

    @property
    def graph(self) -> Graph:
        """The dataflow that it was read off."""
        return build_graph(self.arch)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of all stages, in execution order."""
        every = (block for stage in self.stages for block in stage.blocks)
        return tuple(sorted(every, key=lambda block: block.end))

    @property
    def head_end(self) -> int:
        """The layer of the head that gives the main output, or else its last."""
        inside = {layer.index for layer in self.head}
        last = self.main_path[-1]
        return last if last in inside else self.head[-1].index

    @property
    def has_towers(self) -> bool:
        """Whether its stages are not all in a row, as those of two encoders."""
        return any(stage.tower for stage in self.stages)

    @property
    def has_paper_names(self) -> bool:
        """Whether its stages are called as in He et al. 2015, "conv2_x" the first."""
        return self.stages[:1] != () and self.stages[0].name == "conv2_x"


@cache_reading
def read_structure(arch: Architecture) -> Structure:
    """Read blocks, shortcuts and stages off a record's dataflow.

    No name is read, and no class but to compare it; module paths only label.
    """
    graph = build_graph(arch)
    regions = read_exchanges(graph, find_regions(graph))
    blocks = find_blocks(graph, regions)
    live_layers = [arch.stored_layers[index] for index in graph.before]
    first = min(
        (i for block in blocks for i in block.layer_indices),
        default=len(arch.stored_layers),
    )
    last = max((block.end for block in blocks), default=len(arch.stored_layers))
    return Structure(
        arch,
        tuple(layer for layer in live_layers if layer.index < first),
        find_stages(graph, blocks),
        tuple(layer for layer in live_layers if layer.index > last),
        find_main_path(graph, regions),
        tuple(regions),
        graph.channel_axes,
    )


@cache_reading
def index_block_ends(arch: Architecture) -> dict[int, BlockPlace]:
    """Return the place of every block of a record by its last layer's number."""
    return {
        block.end: BlockPlace(stage, number, block)
        for stage in read_structure(arch).stages
        for number, block in enumerate(stage.blocks, start=1)
    }


@cache_reading
def index_block_layers(arch: Architecture) -> dict[int, BlockPlace]:
    """Return for every layer in a block, by its number, the place of the block.

    What leads a block and is part of another belongs to the other.
    """
    places = index_block_ends(arch).values()
    leading = {i: place for place in places for i in place.block.preactivation}
    inside = {
        i: place
        for place in places
        for unit in place.block.units
        for i in unit.layer_indices
    }
    return leading | inside


def count_depth(structure: Structure) -> int:
    """Count the weighted layers on the main path, which give a ResNet its number.

    Those side by side in one layer, as attention's query, key and value, or an LSTM's
    for input and state, count once. Source: He et al. 2015, section 3.3; projections
    are not counted, nor are gates.
    """
    layers = structure.graph.layers
    return sum(count_weighted(layers[index]) for index in structure.main_path)

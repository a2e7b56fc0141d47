"""Which boxes a node of the contracted graph is: blocks, layers, or a whole region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod, sqrt
from typing import TYPE_CHECKING

from resviz.figures.drawing.styles import level_tint
from resviz.figures.layer_labels import arrange_output
from resviz.operations.families import POOLS
from resviz.readings.contraction.join_signs import find_sign_of_layer
from resviz.readings.contraction.words import list_layer_names
from resviz.readings.resolution import find_level
from resviz.readings.structure import read_structure
from resviz.record import MODEL_INPUT, Source
from resviz.units import format_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.contraction.drawn import ContractedGraph, DrawnNode
    from resviz.readings.contraction.wiring import Wiring
    from resviz.readings.structure import Block, Shortcut

MOST_BLOCKS, MOST_OPEN_BLOCKS = 8, 3
"""Blocks in a row that are drawn, and of those whose convolutions are boxes; what lies
between the first and the last ones is left out."""

CONCATENATION, MOST_SLICES = "C", 4
"""The sign of a concatenation, and of how many maps its box shows slices."""

SHARED_SIGN = "°"
"""What marks a node that runs with the weights of another."""


@dataclass(frozen=True, slots=True)
class Volume:
    """One box: a map, rows of tokens, or a vector.

    Attributes:
        key: of the node whose box it is.
        sizes: of its map, in order; () for a vector.
        channels: how many it has.
        tint: its colours.
        shortcut: the one that ends on it; None for none.
        span: how many boxes its block has, this one included.
        left_out: how many blocks are left out before it.
        ends_block: whether a block ends with it.
        until: the last layer that belongs to it.
        ends: the layers that it stands for.
        whole: the channels of the box of which it is a slice; 0 for a whole one.
    """

    key: int
    sizes: tuple[int, ...]
    channels: int
    tint: str
    shortcut: Shortcut | None = None
    span: int = 1
    left_out: int = 0
    ends_block: bool = False
    until: int = -1
    ends: frozenset[int] = frozenset()
    whole: int = 0

    @property
    def sides(self) -> tuple[float, float]:
        """Height and width of its map; tokens are as high as a square of so many."""
        if len(self.sizes) == 1:
            return sqrt(self.sizes[0]), 0
        *_, height, width = (1, 1, *self.sizes)
        return height, width

    @property
    def label(self) -> str:
        """Its sizes as the paper writes them, "56×56×256"."""
        return format_sizes((*self.sizes, self.channels))


def list_volumes(
    graph: ContractedGraph, key: int, *, each: bool = False
) -> list[Volume]:
    """List the boxes of a node, in order; none of what only calculates.

    Args:
        graph: the contracted graph.
        key: of one of its nodes.
        each: whether the layers of a block are boxes, instead of the block.
    """
    node = graph.nodes[key]
    if node.role in {"join", "output"} or is_behind_part(graph, key):
        return []
    if node.role == "part":
        volume = measure_volume(graph.wiring, key, find_exit(graph.wiring, node))
        return [replace(volume, tint="stem")]
    if node.role == "block":
        return list_block_volumes(graph, node, each=each)
    ends = [find_exit(graph.wiring, node)]
    if node.role == "run":
        ends = list_named_ends(graph.wiring, node.ends)
    volumes = [measure_volume(graph.wiring, key, end) for end in ends]
    return share_ends(volumes, node.ends)


def is_behind_part(graph: ContractedGraph, key: int) -> bool:
    """Tell whether a node stands for all that is behind a part of a network."""
    return graph.nodes[key].role == "part" and not graph.users[key]


def put_slices_first(
    graph: ContractedGraph, key: int, volumes: list[Volume]
) -> list[Volume]:
    """Put what a node concatenates before its boxes, as slices of one box.

    Only where channels are, and no more maps than can be told apart.
    """
    wiring, own = graph.wiring, graph.nodes[key].ends
    is_join = graph.nodes[key].role == "join"
    joins = (
        end
        for end in sorted(wiring.joins)
        if graph.drawn_for[graph.owners[end]] == key and (is_join or end not in own)
    )
    end = next(joins, None)
    if end is None or find_sign_of_layer(wiring, end) != CONCATENATION:
        return volumes
    sources = [edge.source for edge in wiring.edges_by_reader[end]]
    whole = measure_volume(wiring, key, end)
    slices = [
        replace(
            whole,
            channels=volume.channels,
            whole=whole.channels,
            ends=frozenset(own if is_join else {end}),
        )
        for volume in (measure_volume(wiring, key, source) for source in sources)
        if volume.sizes == whole.sizes
    ]
    is_whole = sum(each.channels for each in slices) == whole.channels
    if not is_whole or not 1 < len(sources) == len(slices) <= MOST_SLICES:
        return volumes
    return [*slices, *volumes]


def list_block_volumes(
    graph: ContractedGraph, node: DrawnNode, *, each: bool
) -> list[Volume]:
    """List the boxes of blocks: of each, or of the first and the last of many."""
    blocks = [
        block
        for block in read_structure(graph.arch).blocks
        if node.ends.issuperset(block.layer_indices)
    ]
    most = MOST_OPEN_BLOCKS if each else MOST_BLOCKS
    left_out = max(len(blocks) - most, 0)
    first = (most + 1) // 2
    shown = [*blocks[:first], *blocks[first + left_out :]]
    volumes: list[Volume] = []
    for number, block in enumerate(shown):
        boxes = open_block(graph.wiring, node.key, block, each=each)
        if left_out and number == first:
            boxes[0] = replace(boxes[0], left_out=left_out)
        volumes += boxes
    volumes = volumes or [
        measure_volume(graph.wiring, node.key, find_exit(graph.wiring, node))
    ]
    hidden = blocks[first : first + left_out]
    undrawn = {end for block in hidden for end in block.layer_indices}
    if each:
        undrawn.update(end for b in shown for end in b.shortcut.layer_indices)
    return share_ends(volumes, node.ends - undrawn)


def share_ends(volumes: list[Volume], ends: Iterable[int]) -> list[Volume]:
    """Give each layer of a node to the first of its boxes that ends behind it."""
    shares: list[set[int]] = [set() for _ in volumes]
    for end in ends if volumes else ():
        behind = [k for k, volume in enumerate(volumes) if end <= volume.until]
        shares[behind[0] if behind else -1].add(end)
    return [
        replace(volume, ends=frozenset(share))
        for volume, share in zip(volumes, shares, strict=True)
    ]


def open_block(wiring: Wiring, key: int, block: Block, *, each: bool) -> list[Volume]:
    """Return a block as one box, or as one for each layer of its main branch."""
    ends = [block.end]
    if each:
        main = {*block.main_indices} - {*block.gate_indices}
        ends = list_named_ends(wiring, main) or ends
    volumes = [measure_volume(wiring, key, end) for end in ends]
    shortcut = block.shortcut if block.joins else None
    volumes[-1] = replace(
        volumes[-1],
        shortcut=shortcut,
        span=len(volumes),
        ends_block=True,
        until=block.end,
    )
    return volumes


def list_named_ends(wiring: Wiring, ends: Iterable[int]) -> list[int]:
    """List the layers that do something to positions or channels, in order."""
    return [end for end in sorted(ends) if list_layer_names(wiring, end)]


def find_exit(wiring: Wiring, node: DrawnNode) -> int:
    """Find the end of a node that others read last; of none, its last."""
    leaving = wiring.list_values_leaving({*node.ends})
    return max((end for end, _ in leaving), default=max(node.ends))


def measure_volume(wiring: Wiring, key: int, end: int) -> Volume:
    """Measure the box of what an input or a layer gives.

    What only pools is grey, as inputs are.
    """
    resolution, _, channels = wiring.measure_end(end)
    source = Source(end) if end >= 0 else Source(MODEL_INPUT, -1 - end)
    sizes = arrange_output(wiring.arch, source)[2:]
    if resolution.positions <= 1:
        sizes = ()
    elif prod(sizes) != resolution.positions:
        sizes = (resolution.positions,)
    pools = any(op.name in POOLS for op in wiring.list_operations(end))
    level = find_level(wiring.arch, resolution.positions)
    tint = "stem" if end < 0 or pools else level_tint(level)
    return Volume(key, sizes, channels, tint, until=end)

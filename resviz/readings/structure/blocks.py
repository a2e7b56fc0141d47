"""Residual blocks: which regions are one, and what belongs to them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS, NORMS, RESHAPES
from resviz.readings.structure.block_types import classify_unit
from resviz.readings.structure.channel_axes import to_channels_first
from resviz.readings.structure.graph import (
    ROOT,
    Graph,
    is_weighted,
    list_live_operations,
)
from resviz.readings.structure.members import LayerSums
from resviz.readings.structure.plain_chains import find_chains
from resviz.readings.structure.plain_siblings import find_sibling_calls
from resviz.readings.structure.preactivation import find_preactivation
from resviz.readings.structure.regions import JoinKind, JoinRegion
from resviz.readings.structure.shortcuts import (
    Shortcut,
    make_missing_shortcut,
    read_shortcut,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure import BlockPlace
    from resviz.readings.structure.channel_axes import MapSize
    from resviz.readings.structure.stages import Stage
    from resviz.record import Architecture, Shape


@dataclass(frozen=True, slots=True, repr=False)
class Unit(LayerSums):
    """One residual unit: a main branch, a shortcut, and their sum.

    Attributes:
        arch: the record it was read off.
        type: "basic", "bottleneck", …; "residual" for any other main branch.
        fork: index of the layer at which its branches part; -1 is the input.
        join: index of the layer that adds them; None without a shortcut.
        end: index of its last layer: the join, or what belongs to it and follows.
        main_indices: numbers of the layers on the main branch, in order.
        shortcut: the other branch.
    """

    arch: Architecture = field(compare=False)
    type: str
    fork: int
    join: int | None
    end: int
    main_indices: tuple[int, ...]
    shortcut: Shortcut

    @property
    def layer_indices(self) -> tuple[int, ...]:
        """Numbers of all its layers, in execution order."""
        tail = {self.end} if self.join is None else {self.join, self.end}
        return tuple(sorted({*self.main_indices, *self.shortcut.layer_indices, *tail}))

    def __repr__(self) -> str:
        return f"<Unit {self.type}: {len(self.layers)} layers, {self.shortcut.kind}>"


@dataclass(frozen=True, slots=True, repr=False)
class Block(LayerSums):
    """One residual block: of one unit, or of several as a transformer's.

    Attributes:
        arch: the record it was read off.
        path: of the deepest module call that holds it; it names, nothing more.
        units: in execution order.
        output_shape: (N, C, H, W).
        output_size: positions and width of its output.
        has_tokens: whether its output is rows of tokens, (N, L, C).
        preactivation: numbers of the norm and activation before its fork, which its
            main branch and its shortcut share; () if they part at its input.
    """

    arch: Architecture = field(compare=False)
    path: str
    units: tuple[Unit, ...]
    output_shape: Shape
    output_size: MapSize
    has_tokens: bool
    preactivation: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The paper's name, "conv2_1"."""
        stage, number = self._place.stage, self._place.number
        return stage.block_name(number)

    @property
    def stage(self) -> Stage:
        """The stage in which it lies."""
        return self._place.stage

    @property
    def _place(self) -> BlockPlace:
        """Its place among the blocks of its record."""
        from resviz.readings.structure import index_block_ends

        return index_block_ends(self.arch)[self.end]

    @property
    def type(self) -> str:
        """The types of its units, as "bottleneck" or "attention + MLP"."""
        return " + ".join(unit.type for unit in self.units)

    @property
    def fork(self) -> int:
        """Index of the layer that it reads from; -1 is the input."""
        return self.units[0].fork

    @property
    def joins(self) -> tuple[int, ...]:
        """Indices of the layers that add."""
        return tuple(unit.join for unit in self.units if unit.join is not None)

    @property
    def end(self) -> int:
        """Index of its last layer: its last join, or what belongs to that."""
        return self.units[-1].end

    @property
    def main_indices(self) -> tuple[int, ...]:
        """Numbers of the layers on its main branches, in order."""
        return tuple(index for unit in self.units for index in unit.main_indices)

    @property
    def shortcut(self) -> Shortcut:
        """The block's shortcut; of several, the first that is not an identity."""
        shortcuts = [unit.shortcut for unit in self.units]
        return next(
            (candidate for candidate in shortcuts if candidate.kind != "identity"),
            shortcuts[0],
        )

    @property
    def layer_indices(self) -> tuple[int, ...]:
        """Numbers of all its layers, in execution order."""
        inside = {index for unit in self.units for index in unit.layer_indices}
        return (*self.preactivation, *sorted(inside))

    def __repr__(self) -> str:
        path = f" at {self.path}" if self.path else ""
        return (
            f"<Block {self.name}{path}: {self.type}, {self.shortcut.kind}, "
            f"gives {self.output_shape}>"
        )


def find_blocks(graph: Graph, found_regions: list[JoinRegion]) -> list[Block]:
    """Find the blocks of a graph, in execution order."""
    residual = [region for region in found_regions if region.kind is JoinKind.RESIDUAL]
    outer_regions = find_outermost_regions(graph, residual)
    found_blocks: list[Block] = []
    owners: list[int] = []
    groups = group_by_call(graph, outer_regions)
    groups_per_call = Counter(owner for owner, _ in groups)
    for owner, members in groups:
        block_regions = (
            [members]
            if are_units_of_one_block(graph, owner, members)
            else [[region] for region in members]
        )
        tail = owner > 0 and groups_per_call[owner] == len(block_regions) == 1
        found_blocks += [
            make_residual_block(graph, owner, part, tail=tail) for part in block_regions
        ]
        owners += [owner] * len(block_regions)
    found_blocks += find_plain_blocks(graph, found_blocks, owners)
    found_blocks.sort(key=lambda block: block.end)
    return [block for block in found_blocks if not is_head(graph, block)]


def group_by_call(
    graph: Graph, outer_regions: list[JoinRegion]
) -> list[tuple[int, list[JoinRegion]]]:
    """Group regions by the call that holds them; split where the flow is broken."""
    groups: list[tuple[int, list[JoinRegion]]] = []
    for region in outer_regions:
        owner = find_owning_call(graph.arch, [*region.nodes, region.end])
        if (
            groups
            and groups[-1][0] == owner
            and is_continuation(graph, groups[-1][1][-1], region)
        ):
            groups[-1][1].append(region)
        else:
            groups.append((owner, [region]))
    return groups


def is_continuation(graph: Graph, before: JoinRegion, region: JoinRegion) -> bool:
    """Whether a region keeps the previous one's size, or reads it without weights."""
    if graph.size_of_node(before.end) == graph.size_of_node(region.end):
        return True
    node = region.fork
    while node > before.end and not any(
        map(is_weighted, list_live_operations(graph.select_layers([node])))
    ):
        node = graph.dominator[node]
    return node == before.end


def find_outermost_regions(
    graph: Graph, residual: list[JoinRegion]
) -> list[JoinRegion]:
    """Find residual regions that lie in no other one, ignoring long skips."""
    outer_regions: list[JoinRegion] = []
    covered: set[int] = set()
    joins = [region.join for region in residual]
    for region in reversed(residual):
        if region.join in covered:
            continue
        nodes = region.nodes
        first = bisect_left(joins, min(nodes))
        within = residual[first : bisect_left(joins, region.join)]
        inner = [candidate for candidate in within if candidate.join in nodes]
        if is_long_skip(graph, region, inner):
            continue
        covered |= nodes
        outer_regions.append(region)
    return outer_regions[::-1]


def is_long_skip(graph: Graph, region: JoinRegion, inner: list[JoinRegion]) -> bool:
    """Whether a region spans whole blocks rather than being one.

    It does when two or more residual regions inside it give its own positions and
    width, or positions that are neither its input's nor its output's.
    """
    input_size, own_size = (
        graph.size_of_node(region.fork),
        graph.size_of_node(region.join),
    )
    inner_sizes = [graph.size_of_node(inner_region.join) for inner_region in inner]
    own_positions = (input_size[0], own_size[0])
    blocks_inside = [
        size for size in inner_sizes if size == own_size or size[0] not in own_positions
    ]
    return len(blocks_inside) >= 2


def are_units_of_one_block(graph: Graph, owner: int, members: list[JoinRegion]) -> bool:
    """Whether regions of one call are units of one block.

    They differ from one another, as attention and MLP; equal ones are blocks that
    one forward runs in a loop.
    """
    kinds = {
        tuple(op.name for op in list_live_operations(graph.select_layers(region.nodes)))
        for region in members
    }
    return owner > 0 and len(kinds) == len(members)


def make_residual_block(
    graph: Graph, owner: int, members: list[JoinRegion], *, tail: bool
) -> Block:
    """Make one block of the residual regions of one call.

    What follows a sum belongs to it: an activation, and where the call holds no other
    block, a `tail` of norms and reshapes too.
    """
    kinds = ACTIVATIONS | (NORMS | RESHAPES if tail else frozenset[str]())
    units = tuple(make_residual_unit(graph, owner, region, kinds) for region in members)
    return make_block(graph, owner, units)


def make_block(graph: Graph, owner: int, units: tuple[Unit, ...]) -> Block:
    """Make a block of some units, named for the call that holds them."""
    end = units[-1].end
    shape = graph.shape_as_read(end)
    path = graph.arch.calls[owner].path
    if not owner:
        path = find_common_path(
            graph, [index for unit in units for index in unit.layer_indices]
        )
    axis, output_size = graph.channel_axes[end], graph.size_of_node(end, shape)
    has_tokens = len(shape) == 3 and axis == 2
    preactivation = (
        () if units[0].join is None else find_preactivation(graph, owner, units[0].fork)
    )
    return Block(
        graph.arch,
        path,
        units,
        to_channels_first(shape, axis),
        output_size,
        has_tokens,
        preactivation,
    )


def find_common_path(graph: Graph, nodes: list[int]) -> str:
    """Find the common prefix of some modules' paths, "layer1.0"."""
    layers = (layer for layer in graph.select_layers(nodes) if layer.module)
    parts = [layer.path.split(".")[:-1] for layer in layers]
    shared = takewhile(
        lambda names_at_level: len(set(names_at_level)) == 1, zip(*parts, strict=False)
    )
    return ".".join(names[0] for names in shared)


def make_residual_unit(
    graph: Graph, owner: int, region: JoinRegion, kinds: frozenset[str]
) -> Unit:
    """Make the unit of a residual region."""
    light, *others = region.branches
    tail = find_tail(graph, region.end, owner, kinds)
    end = tail[-1] if tail else region.end
    main = frozenset[int]().union(*others, region.bypass_nodes[:-1]) - light
    return Unit(
        graph.arch,
        classify_unit(list(graph.select_layers(main))),
        region.fork,
        region.join,
        end,
        tuple(sorted(main | set(tail[:-1]))),
        read_shortcut(graph, region, light),
    )


def find_owning_call(arch: Architecture, nodes: list[int]) -> int:
    """Index of the deepest call that holds all of some layers."""
    first, last = min(nodes), max(nodes)
    call = arch.stored_layers[first].call
    while not arch.calls[call].start <= first <= last < arch.calls[call].stop:
        call = arch.calls[call].parent or 0
    return call


def find_tail(graph: Graph, end: int, owner: int, kinds: frozenset[str]) -> list[int]:
    """Find the layers of some kinds that alone follow a sum, within its call.

    One activation at most; what gives none is passed.
    """
    tail: list[int] = []
    stop = graph.arch.calls[owner].stop
    while True:
        node = tail[-1] if tail else end
        users = graph.after[node]
        if len(users) != 1 or users[0] >= stop or node in graph.returned_nodes:
            return tail
        names = {op.name for op in list_live_operations(graph.select_layers(users))}
        if not names <= kinds or (tail and names & ACTIVATIONS):
            return tail
        tail.append(users[0])


def find_plain_blocks(
    graph: Graph, residual_blocks: list[Block], owners: list[int]
) -> list[Block]:
    """Find blocks without a shortcut, by their calls or else by their operations."""
    taken = [(residual.fork + 1, residual.end + 1) for residual in residual_blocks]
    if any(owners):
        numbers = find_sibling_calls(graph, owners, taken)
        calls = [(number, graph.arch.calls[number]) for number in numbers]
        spans = [(number, range(call.start, call.stop)) for number, call in calls]
    else:
        branches = [block.main_indices for block in residual_blocks]
        spans = [(0, chain) for chain in find_chains(graph, branches, taken)]
    return [make_plain_block(graph, owner, span) for owner, span in spans]


def make_plain_block(graph: Graph, owner: int, span: Sequence[int]) -> Block:
    """Make a block without a shortcut of some layers."""
    nodes = [index for index in span if index in graph.before]
    fork = graph.dominator[nodes[0]]
    unit_kind = classify_unit(list(graph.select_layers(nodes)))
    no_shortcut = make_missing_shortcut(graph, fork, nodes[-1])
    unit = Unit(graph.arch, unit_kind, fork, None, nodes[-1], tuple(nodes), no_shortcut)
    return make_block(graph, owner, (unit,))


def is_head(graph: Graph, candidate: Block) -> bool:
    """Whether a block is part of the head: linear layers on one pooled position."""
    batch = graph.arch.batch
    pooled = graph.size_of_node(candidate.fork)[0] == candidate.output_size[0] == batch
    return pooled and candidate.type == "MLP" and graph.size_of_node(ROOT)[0] > batch

"""Residual blocks: which regions are one, and what belongs to them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from resviz.structure.axes import channels_first
from resviz.structure.chains import chains
from resviz.structure.graph import ROOT, Graph, operations, weighted
from resviz.structure.kernels import unit_type
from resviz.structure.leads import leading
from resviz.structure.regions import Join, Region
from resviz.structure.shortcuts import Shortcut, missing, shortcut
from resviz.structure.siblings import siblings
from resviz.vocabulary import ACTIVATIONS, NORMS, RESHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Architecture, Shape
    from resviz.structure.axes import Extent


@dataclass(frozen=True, slots=True)
class Unit:
    """One residual unit: a main branch, a shortcut, and their sum.

    Attributes:
        type: "basic", "bottleneck", …; "residual" for any other main branch.
        fork: index of the layer at which its branches part; -1 is the input.
        join: index of the layer that adds them; None without a shortcut.
        end: index of its last layer: the join, or what belongs to it and follows.
        main: indices of the layers on the main branch, in order.
        shortcut: the other branch.
    """

    type: str
    fork: int
    join: int | None
    end: int
    main: tuple[int, ...]
    shortcut: Shortcut

    @property
    def layers(self) -> tuple[int, ...]:
        """Indices of all its layers, in execution order."""
        tail = {self.end} if self.join is None else {self.join, self.end}
        return tuple(sorted({*self.main, *self.shortcut.layers, *tail}))


@dataclass(frozen=True, slots=True)
class Block:
    """One residual block: of one unit, or of several as a transformer's.

    Attributes:
        path: of the deepest module call that holds it; it names, nothing more.
        units: in execution order.
        output_shape: (N, C, H, W).
        extent: positions and width of its output.
        tokens: whether its output is rows of tokens, (N, L, C).
        lead: indices of the norm and activation before its fork, which its main
            branch and its shortcut share; () if they part at its input.
    """

    path: str
    units: tuple[Unit, ...]
    output_shape: Shape
    extent: Extent
    tokens: bool
    lead: tuple[int, ...] = ()

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
    def main(self) -> tuple[int, ...]:
        """Indices of the layers on its main branches, in order."""
        return tuple(index for unit in self.units for index in unit.main)

    @property
    def shortcut(self) -> Shortcut:
        """Its shortcut; of several the first that is no identity, if there is one."""
        every = [unit.shortcut for unit in self.units]
        return next((it for it in every if it.kind != "identity"), every[0])

    @property
    def layers(self) -> tuple[int, ...]:
        """Indices of all its layers, in execution order."""
        inside = {index for unit in self.units for index in unit.layers}
        return (*self.lead, *sorted(inside))


def blocks(graph: Graph, found: list[Region]) -> list[Block]:
    """The blocks of a graph, in execution order."""
    residual = [region for region in found if region.kind is Join.RESIDUAL]
    kept = outermost(graph, residual)
    made: list[Block] = []
    owners: list[int] = []
    groups = gathered(graph, kept)
    times = Counter(owner for owner, _ in groups)
    for owner, members in groups:
        parts = [members] if is_one(graph, owner, members) else [[it] for it in members]
        tail = owner > 0 and times[owner] == len(parts) == 1
        made += [residual_block(graph, owner, part, tail=tail) for part in parts]
        owners += [owner] * len(parts)
    made += without_shortcut(graph, made, owners)
    return [one for one in sorted(made, key=lambda it: it.end) if not heads(graph, one)]


def gathered(graph: Graph, kept: list[Region]) -> list[tuple[int, list[Region]]]:
    """Regions by the call that holds them, those apart which do not continue."""
    groups: list[tuple[int, list[Region]]] = []
    for region in kept:
        owner = owning_call(graph.arch, [*region.nodes, region.end])
        if (
            groups
            and groups[-1][0] == owner
            and continues(graph, groups[-1][1][-1], region)
        ):
            groups[-1][1].append(region)
        else:
            groups.append((owner, [region]))
    return groups


def continues(graph: Graph, before: Region, region: Region) -> bool:
    """Whether a region gives what the one before gives, or reads it as it is."""
    if graph.extent(before.end) == graph.extent(region.end):
        return True
    node = region.fork
    while node > before.end and not any(
        map(weighted, operations(graph.layers([node])))
    ):
        node = graph.dominator[node]
    return node == before.end


def outermost(graph: Graph, residual: list[Region]) -> list[Region]:
    """Residual regions that lie in no other, but for those in a long skip."""
    kept: list[Region] = []
    covered: set[int] = set()
    joins = [region.join for region in residual]
    for region in reversed(residual):
        if region.join in covered:
            continue
        nodes = region.nodes
        first = bisect_left(joins, min(nodes))
        within = residual[first : bisect_left(joins, region.join)]
        inner = [it for it in within if it.join in nodes]
        if is_long_skip(graph, region, inner):
            continue
        covered |= nodes
        kept.append(region)
    return kept[::-1]


def is_long_skip(graph: Graph, region: Region, inner: list[Region]) -> bool:
    """Whether a region spans whole blocks rather than being one.

    It does when two or more residual regions inside it give its own positions and
    width, or positions that are neither its input's nor its output's.
    """
    before, after = graph.extent(region.fork), graph.extent(region.join)
    others = (graph.extent(it.join) for it in inner)
    here = (before[0], after[0])
    return sum(it == after or it[0] not in here for it in others) >= 2


def is_one(graph: Graph, owner: int, members: list[Region]) -> bool:
    """Whether regions of one call are units of one block.

    They differ from one another, as attention and MLP; equal ones are blocks that
    one forward runs in a loop.
    """
    kinds = {
        tuple(op.name for op in operations(graph.layers(region.nodes)))
        for region in members
    }
    return owner > 0 and len(kinds) == len(members)


def residual_block(
    graph: Graph, owner: int, members: list[Region], *, tail: bool
) -> Block:
    """The block that some regions of one call are.

    What follows a sum belongs to it: an activation, and where the call holds no other
    block, a `tail` of norms and reshapes too.
    """
    kinds = ACTIVATIONS | (NORMS | RESHAPES if tail else frozenset())
    units = tuple(residual_unit(graph, owner, region, kinds) for region in members)
    return block(graph, owner, units)


def block(graph: Graph, owner: int, units: tuple[Unit, ...]) -> Block:
    """The block of some units, named for the call that holds them."""
    end = units[-1].end
    shape = graph.whole_shape(end)
    path = graph.arch.calls[owner].path
    if not owner:
        path = common_path(graph, [index for unit in units for index in unit.layers])
    axis, extent = graph.axis[end], graph.extent(end, shape)
    tokens = len(shape) == 3 and axis == 2
    lead = () if units[0].join is None else leading(graph, owner, units[0].fork)
    return Block(path, units, channels_first(shape, axis), extent, tokens, lead)


def common_path(graph: Graph, nodes: list[int]) -> str:
    """What the paths of some modules have in common, "layer1.0"."""
    layers = (layer for layer in graph.layers(nodes) if layer.module)
    parts = [layer.path.split(".")[:-1] for layer in layers]
    shared = takewhile(lambda it: len(set(it)) == 1, zip(*parts, strict=False))
    return ".".join(names[0] for names in shared)


def residual_unit(
    graph: Graph, owner: int, region: Region, kinds: frozenset[str]
) -> Unit:
    """The unit that a residual region is."""
    light, *others = region.branches
    tail = following(graph, region.end, owner, kinds)
    end = tail[-1] if tail else region.end
    main = frozenset().union(*others, region.around[:-1]) - light
    return Unit(
        unit_type(list(graph.layers(main))),
        region.fork,
        region.join,
        end,
        tuple(sorted(main | set(tail[:-1]))),
        shortcut(graph, region, light),
    )


def owning_call(arch: Architecture, nodes: list[int]) -> int:
    """Index of the deepest call that holds all of some layers."""
    first, last = min(nodes), max(nodes)
    call = arch.layers[first].call
    while not arch.calls[call].start <= first <= last < arch.calls[call].stop:
        call = arch.calls[call].parent or 0
    return call


def following(graph: Graph, end: int, owner: int, kinds: frozenset[str]) -> list[int]:
    """What alone reads a sum and is of some kinds, inside the same call.

    One activation at most; what gives none is passed.
    """
    tail: list[int] = []
    stop = graph.arch.calls[owner].stop
    while True:
        node = tail[-1] if tail else end
        users = graph.after[node]
        if len(users) != 1 or users[0] >= stop or node in graph.returned:
            return tail
        names = {op.name for op in operations(graph.layers(users))}
        if not names <= kinds or (tail and names & ACTIVATIONS):
            return tail
        tail.append(users[0])


def without_shortcut(graph: Graph, made: list[Block], owners: list[int]) -> list[Block]:
    """Blocks that have no shortcut: by their calls, or by what they do without."""
    taken = [(one.fork + 1, one.end + 1) for one in made]
    if any(owners):
        calls = ((it, graph.arch.calls[it]) for it in siblings(graph, owners, taken))
        spans = [(owner, range(call.start, call.stop)) for owner, call in calls]
    else:
        spans = [(0, it) for it in chains(graph, [it.main for it in made], taken)]
    return [plain_block(graph, owner, span) for owner, span in spans]


def plain_block(graph: Graph, owner: int, span: Sequence[int]) -> Block:
    """The block without a shortcut that some layers are."""
    nodes = [index for index in span if index in graph.before]
    fork = graph.dominator[nodes[0]]
    kind = unit_type(list(graph.layers(nodes)))
    none = missing(graph, fork, nodes[-1])
    unit = Unit(kind, fork, None, nodes[-1], tuple(nodes), none)
    return block(graph, owner, (unit,))


def heads(graph: Graph, one: Block) -> bool:
    """Whether a block is part of the head: linear layers on one pooled position."""
    batch = graph.arch.batch
    pooled = graph.extent(one.fork)[0] == one.extent[0] == batch
    return pooled and one.type == "MLP" and graph.extent(ROOT)[0] > batch

"""Residual blocks: the outermost residual regions, with what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.structure.graph import Graph, operations, weighted
from resviz.structure.regions import Join, Region
from resviz.structure.shortcuts import Shortcut, shortcut
from resviz.vocabulary import ACTIVATIONS, CONVOLUTIONS

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer, Shape

TYPES: dict[tuple[int, ...], str] = {(3, 3): "basic", (1, 3, 1): "bottleneck"}
"""What the kernels on the main branch are called. Source: He et al. 2015, figure 5."""


@dataclass(frozen=True, slots=True)
class Block:
    """One residual block.

    Attributes:
        path: of the deepest module call that holds it; it names, nothing more.
        type: "basic", "bottleneck", or "residual" for any other main branch.
        fork: index of the layer at which its branches part; -1 is the input.
        join: index of the layer that adds them.
        end: index of its last layer: the join, or the activation after it.
        main: indices of the layers on the main branch, in order.
        shortcut: the other branch.
        output_shape: (N, C, H, W).
    """

    path: str
    type: str
    fork: int
    join: int
    end: int
    main: tuple[int, ...]
    shortcut: Shortcut
    output_shape: Shape

    @property
    def layers(self) -> tuple[int, ...]:
        """Indices of all its layers, in execution order."""
        tail = {self.join, self.end}
        return tuple(sorted({*self.main, *self.shortcut.layers, *tail}))


def blocks(graph: Graph, found: list[Region]) -> list[Block]:
    """The blocks of a graph, in execution order."""
    residual = [region for region in found if region.kind is Join.RESIDUAL]
    return [block(graph, region) for region in outermost(graph, residual)]


def outermost(graph: Graph, residual: list[Region]) -> list[Region]:
    """Residual regions that lie in no other, but for those in a long skip."""
    kept: list[Region] = []
    covered: set[int] = set()
    for region in sorted(residual, key=lambda r: -r.join):
        if region.join in covered:
            continue
        nodes = region.nodes
        inner = [r for r in residual if r.join in nodes]
        if is_long_skip(graph, region, inner):
            continue
        covered |= nodes
        kept.append(region)
    return kept[::-1]


def is_long_skip(graph: Graph, region: Region, inner: list[Region]) -> bool:
    """Whether a region spans whole blocks rather than being one.

    It does when two or more residual regions inside it give its own output shape,
    or a resolution that is neither its input's nor its output's.
    """
    before, after = graph.shape(region.fork), graph.shape(region.join)
    others = (graph.shape(r.join) for r in inner)
    spanned = [s for s in others if s == after or s[2:] not in (before[2:], after[2:])]
    return len(spanned) >= 2


def block(graph: Graph, region: Region) -> Block:
    """The block that a residual region is."""
    light, *others = region.branches
    main = frozenset().union(*others) - light
    owner = owning_call(graph.arch, [*region.nodes, region.join])
    end = activation_after(graph, region.join, owner)
    return Block(
        graph.arch.calls[owner].path,
        block_type(list(graph.layers(main))),
        region.fork,
        region.join,
        end,
        tuple(sorted(main)),
        shortcut(graph, region.fork, region.join, light),
        graph.shape(end),
    )


def owning_call(arch: Architecture, nodes: list[int]) -> int:
    """Index of the deepest call that holds all of some layers."""
    first, last = min(nodes), max(nodes)
    call = arch.layers[first].call
    while not arch.calls[call].start <= first <= last < arch.calls[call].stop:
        call = arch.calls[call].parent or 0
    return call


def activation_after(graph: Graph, join: int, owner: int) -> int:
    """The activation that alone reads the sum, inside the same call; or the join."""
    users = graph.after[join]
    if len(users) != 1 or join in graph.returned:
        return join
    layer = graph.arch.layers[users[0]]
    call = graph.arch.calls[owner]
    ops = operations([layer])
    activates = bool(ops) and all(op.name in ACTIVATIONS for op in ops)
    return users[0] if activates and layer.index < call.stop else join


def kernels(layers: list[Layer]) -> tuple[int, ...]:
    """Kernel sizes of the convolutions in some layers; linear layers count as 1."""
    sizes = []
    for op in operations(layers):
        if op.name in CONVOLUTIONS and op.window:
            sizes.append(max(op.window.kernel))
        elif weighted(op):
            sizes.append(1)
    return tuple(sizes)


def block_type(main: list[Layer]) -> str:
    """What the main branch is called, by its kernels over a map.

    A gate inside the branch, as squeeze-and-excitation's, works on one position
    and does not count.
    """
    over_maps = [layer for layer in main if prod(layer.output_shape[2:]) > 1]
    return TYPES.get(kernels(over_maps), TYPES.get(kernels(main), "residual"))

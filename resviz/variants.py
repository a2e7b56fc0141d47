"""The same network with another architecture's choice: what it would cost.

Two choices make published numbers differ for networks of one name, and both can be
worked out from a record: which convolution of a bottleneck strides, and whether basic
blocks project. Sources: He et al. 2015 strides in the first 1×1 and, for 18 and 34
layers, pads with zeros (option A); torchvision strides in the 3×3 and projects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from resviz import costs
from resviz.structure import Block, structure
from resviz.vocabulary import CONVOLUTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Architecture, Operation, Shape


class Choice(NamedTuple):
    """A choice that makes it another network, and who published that one."""

    name: str
    published: str


NARROW = Choice("stride in the first 1×1", "He et al. 2015")
SPATIAL = Choice("stride in the 3×3", "torchvision")
PADDED = Choice("zero-padded shortcuts (option A)", "He et al. 2015")
PROJECTED = Choice("projections (option B)", "torchvision")


@dataclass(frozen=True, slots=True)
class Change:
    """What changes in one block.

    Attributes:
        block: its name in the paper's table, "conv3_1".
        path: of its module.
        layer: name of the layer that costs more or less; "" where it is not there.
        macs: what that costs as the network is.
        instead: what it would cost.
    """

    block: str
    path: str
    layer: str
    macs: int
    instead: int

    @property
    def difference(self) -> int:
        """MACs more than as it is, or less."""
        return self.instead - self.macs


@dataclass(frozen=True, slots=True)
class Variant:
    """Another network of the same name.

    Attributes:
        choice: what makes it another.
        changes: block by block.
    """

    choice: Choice
    changes: tuple[Change, ...]

    @property
    def difference(self) -> int:
        """MACs more than the network as it is, or less."""
        return sum(change.difference for change in self.changes)


def variants(arch: Architecture) -> tuple[Variant, ...]:
    """The other networks of a record's name, where its blocks are of that sort."""
    found: dict[Choice, list[Change]] = defaultdict(list)
    for stage in structure(arch).stages:
        for number, block in enumerate(stage.blocks, start=1):
            name = stage.block_name(number)
            for choice, layer, macs, instead in changed(arch, block):
                change = Change(name, block.path, layer, macs, instead)
                found[choice].append(change)
    return tuple(Variant(choice, tuple(them)) for choice, them in found.items())


Changed = Iterator[tuple[Choice, str, int, int]]
"""A choice, the layer, its MACs as they are, and with that choice."""


def changed(arch: Architecture, block: Block) -> Changed:
    """What each choice would change in a block."""
    if block.type == "bottleneck":
        yield from restrided(arch, block)
    elif block.type == "basic":
        yield from reprojected(arch, block)


def restrided(arch: Architecture, block: Block) -> Changed:
    """A bottleneck with its stride in the other of its first two convolutions.

    The first 1×1 would run on the positions that the 3×3 gives, or on all that come
    in. The 3×3 gives the same positions either way, and costs the same.
    """
    layers = (arch.layers[index] for index in block.main)
    convolved = [
        (layer.name, op, op.window)
        for layer in layers
        for op in layer.operations
        if op.name in CONVOLUTIONS and op.window
    ]
    if len(convolved) < 2:
        return
    (name, first, narrow), (_, second, wide) = convolved[:2]
    if set(narrow.kernel) != {1} or len(set(narrow.stride + wide.stride)) != 2:
        return
    now = costs.RULES["convolution"](first)
    step = max(narrow.stride + wide.stride)
    before, between, after = (
        sizes[2:] for sizes in (first.inputs[0], second.inputs[0], second.outputs[0])
    )
    if (between, after) == (before, stepped(before, step)):
        yield NARROW, name, now, on_positions(first, after)
    elif (between, after) == (stepped(before, step),) * 2:
        yield SPATIAL, name, now, on_positions(first, before)


def stepped(sizes: Sequence[int], step: int) -> Shape:
    """Sizes of what every `step`-th position gives."""
    return tuple(-(-size // step) for size in sizes)


def on_positions(op: Operation, sizes: Shape) -> int:
    """MACs of a convolution if its output had other sizes."""
    return prod(op.outputs[0][:2]) * prod(sizes) * prod(op.inputs[1][1:])


def reprojected(arch: Architecture, block: Block) -> Changed:
    """A basic block with a zero-padded shortcut for its projection, or the reverse."""
    shortcut = block.shortcut
    layers = [arch.layers[index] for index in shortcut.layers]
    if shortcut.kind == "projection":
        macs = costs.total(layers).macs
        name = next((layer.name for layer in layers if costs.macs(layer)), "")
        yield PADDED, name, macs, 0
    elif shortcut.kind == "zero-padded":
        read = prod(shortcut.input_shape[1:2])
        yield PROJECTED, "", 0, read * prod(shortcut.output_shape)

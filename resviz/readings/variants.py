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

from resviz.operations.families import CONVOLUTIONS
from resviz.readings import costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure import Block
    from resviz.record import Architecture, Operation, Shape


class VariantChoice(NamedTuple):
    """A choice that makes it another network, and who published that one."""

    name: str
    published: str


STRIDE_IN_1X1 = VariantChoice("stride in the first 1×1", "He et al. 2015")
STRIDE_IN_3X3 = VariantChoice("stride in the 3×3", "torchvision")
PADDED_SHORTCUTS = VariantChoice("zero-padded shortcuts (option A)", "He et al. 2015")
PROJECTED_SHORTCUTS = VariantChoice("projections (option B)", "torchvision")


@dataclass(frozen=True, slots=True)
class BlockChange:
    """The change of one block's cost under another choice.

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

    choice: VariantChoice
    changes: tuple[BlockChange, ...]

    @property
    def difference(self) -> int:
        """MACs more than the network as it is, or less."""
        return sum(change.difference for change in self.changes)


def find_variants(arch: Architecture) -> tuple[Variant, ...]:
    """Find published variants of a record's network, with other costs."""
    changes: dict[VariantChoice, list[BlockChange]] = defaultdict(list)
    rules = {"bottleneck": move_stride, "basic": swap_projection}
    for block in arch.blocks:
        found_changes = rules[block.type](block) if block.type in rules else ()
        for choice, layer, macs, instead in found_changes:
            change = BlockChange(block.name, block.path, layer, macs, instead)
            changes[choice].append(change)
    return tuple(Variant(choice, tuple(parts)) for choice, parts in changes.items())


FoundChanges = Iterator[tuple[VariantChoice, str, int, int]]
"""A choice, the layer, its MACs as they are, and with that choice."""


def move_stride(block: Block) -> FoundChanges:
    """Move a bottleneck's stride to the other of its first two convolutions.

    The first 1×1 would run on the positions that the 3×3 gives, or on all that come
    in. The 3×3 gives the same positions either way, and costs the same.
    """
    layers = (block.arch.stored_layers[index] for index in block.main_indices)
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
    current_macs = costs.COST_RULES[first.name](first)
    stride = max(narrow.stride + wide.stride)
    before, between, after = (
        sizes[2:] for sizes in (first.inputs[0], second.inputs[0], second.outputs[0])
    )
    if (between, after) == (before, divide_sizes(before, stride)):
        yield STRIDE_IN_1X1, name, current_macs, count_macs_at_size(first, after)
    elif (between, after) == (divide_sizes(before, stride),) * 2:
        yield STRIDE_IN_3X3, name, current_macs, count_macs_at_size(first, before)


def divide_sizes(sizes: Sequence[int], step: int) -> Shape:
    """Divide sizes by a stride, rounding up."""
    return tuple(-(-size // step) for size in sizes)


def count_macs_at_size(op: Operation, sizes: Shape) -> int:
    """Count a convolution's MACs for another output size."""
    macs = costs.COST_RULES[op.name](op)
    return macs // prod(op.outputs[0][2:]) * prod(sizes)


def swap_projection(block: Block) -> FoundChanges:
    """Pad a basic block's shortcut with zeros for its projection, or the reverse."""
    shortcut = block.shortcut
    layers = shortcut.layers
    if shortcut.kind == "projection":
        own = costs.sum_layer_costs(layers)
        if own.leaves_out:
            return  # what it costs as it is is not known
        name = next(
            (layer.name for layer in layers if costs.count_known_macs(layer)), ""
        )
        yield PADDED_SHORTCUTS, name, own.macs, 0
    elif shortcut.kind == "zero-padded":
        input_channels = prod(shortcut.input_shape[1:2])
        yield PROJECTED_SHORTCUTS, "", 0, input_channels * prod(shortcut.output_shape)

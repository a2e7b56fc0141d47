"""A record taken apart: stem, stages of blocks, head, each a row of items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz.readings.compare.items import (
    WEIGHTED_KINDS,
    Item,
    classify_layer,
)
from resviz.readings.compare.shares import (
    CostShare,
    add_shares,
    list_flowing,
    share_of_layers,
)
from resviz.readings.structure import index_block_layers, read_structure
from resviz.readings.structure.gates import is_squeeze_excitation, list_gate_weights
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure import Block
    from resviz.record import Architecture, Layer, Shape

WEIGHING = {"mul", "expand", "view", "alias", "sigmoid", "hardsigmoid"}
"""What a gate does on its way to the map that it weighs."""


@dataclass(eq=False)
class RowOfItems:
    """A row of items: the stem, the head, what stands before a stage, a branch."""

    items: list[Item]

    @cached_property
    def spoken(self) -> list[Item]:
        """Its items without those that are not spoken of."""
        return [item for item in self.items if item.kind != "quiet"]

    @cached_property
    def quiet(self) -> list[Item]:
        """Its items that are not spoken of."""
        return [item for item in self.items if item.kind == "quiet"]

    @cached_property
    def share(self) -> CostShare:
        """What they cost together."""
        return add_shares(item.share for item in self.items)

    @cached_property
    def weighted(self) -> list[Item]:
        """Its items with weights, and attention."""
        return [item for item in self.items if item.kind in WEIGHTED_KINDS]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its weights, pools and gates, with their strides."""
        kinds = {*WEIGHTED_KINDS, "pool", "gate"}
        return tuple(
            item.word + (f"/{item.stride}" if item.stride > 1 else "")
            for item in self.spoken
            if item.kind in kinds
        )


@dataclass(eq=False)
class BlockParts:
    """One block: what runs before its branches, its main branch, its shortcut.

    Attributes:
        block: as the structure has it.
        stage: the stage's name.
        number: in its stage, from 1 on.
        before: what runs right before it and belongs to no block.
        main: its main branch, with sum and all that belongs to it.
        side: its shortcut.
    """

    block: Block
    stage: str
    number: int
    before: RowOfItems
    main: RowOfItems
    side: RowOfItems

    @property
    def name(self) -> str:
        """Its name, "conv2_1", or its path."""
        return self.block.stage.block_name(self.number)

    @property
    def rows(self) -> list[RowOfItems]:
        """All that comes or goes with it."""
        return [self.before, self.main, self.side]

    @cached_property
    def kernels(self) -> tuple[str, ...]:
        """The words of its weights."""
        return tuple(item.word for item in self.main.weighted)

    @cached_property
    def weights_in_words(self) -> str:
        """Its kernels, groups and widths in words."""
        words: list[str] = []
        for item in self.main.weighted:
            groups = item.window.groups if item.window else 1
            is_plain = groups == 1 or "depth" in item.word
            grouping = "" if is_plain else f" in {groups} groups"
            given = "" if item.kind == "attention" else f" to {item.output_width}"
            words.append(f"{item.word}{grouping}{given}")
        return ", ".join(words)

    @cached_property
    def sort(self) -> tuple[str, ...]:
        """What makes it another sort of block: kinds of weights, kernels aside."""
        types = tuple(unit.type for unit in self.block.units)
        kinds = tuple(item.kind for item in self.main.weighted)
        return (*types, *kinds) if "attention" in types else kinds

    @cached_property
    def striding(self) -> list[Item]:
        """The items of its main branch that may stride."""
        return [item for item in self.main.items if item.window]

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """The strides of its kernels and pools; pools at stride 1 left out."""
        return tuple(
            item.stride
            for item in self.striding
            if item.kind == "conv" or item.stride > 1
        )

    @cached_property
    def shrink(self) -> int:
        """By how much it shrinks the map along each axis, by sizes."""
        items = self.striding or self.main.items
        if not items:
            return 1
        before = max((item.input_size for item in self.striding), key=prod, default=())
        before = before or items[0].input_size
        after = items[-1].output_size
        ratio = prod(before) / max(prod(after), 1)
        return max(round(ratio ** (1 / max(len(before) - 1, 1))), 1)

    @property
    def is_led_by_stride(self) -> bool:
        """Whether what runs right before it changes the size of the map."""
        items = self.before.items
        return bool(items) and items[0].input_size != items[-1].output_size

    @cached_property
    def gates(self) -> tuple[str, ...]:
        """The words of its gates."""
        return tuple(item.word for item in self.main.items if item.kind == "gate")

    @cached_property
    def norms_first(self) -> bool:
        """Whether a norm stands before its first weight."""
        kinds = (item.kind for item in self.main.spoken)
        return next((k for k in kinds if k in {"norm", "conv", "linear"}), "") == "norm"

    @cached_property
    def shortcut_words(self) -> str:
        """Its shortcut in words, strides left out."""
        shortcut = self.block.shortcut
        if shortcut.kind == "identity":
            return shortcut.label
        if shortcut.kind != "projection":
            return shortcut.kind
        words = [
            item.word
            for item in self.side.items
            if item.kind in {"conv", "pool", "linear"}
            and not (item.kind == "pool" and item.output_size == item.input_size)
        ]
        return "projection by " + " + ".join(words)

    @cached_property
    def signature(self) -> tuple[object, ...]:
        """What equal blocks have in common."""
        return (
            self.sort, self.kernels, self.shortcut_words, self.strides, self.gates,
            self.norms_first,
        )  # fmt: skip

    @cached_property
    def outer_layers(self) -> frozenset[int]:
        """The layers that give its width: the last weights of its units."""
        heavy = {item.layer.index for item in self.main.weighted}
        return frozenset(
            max((i for i in unit.main_indices if i in heavy), default=-1)
            for unit in self.block.units
        )


class NetworkParts:
    """A record taken apart; every layer is in one part, so that parts add up."""

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.structure = read_structure(arch)
        self.axes = self.structure.channel_axes
        places = [
            (stage.name, number, block)
            for stage in self.structure.stages
            for number, block in enumerate(stage.blocks, start=1)
        ]
        places.sort(key=lambda place: place[2].end)
        self.owners = self.assign_layers([block for _, _, block in places])
        gaps = self.find_gaps(len(places))
        self.blocks = [
            self.take_block(place, k, gaps.get(k, []) if k else [])
            for k, place in enumerate(places)
        ]
        self.stem = self.make_row(gaps.get(0, []) if places else arch.stored_layers)
        self.head = self.make_row(gaps.get(len(places), []) if places else [])
        self.stages = [
            [block for block in self.blocks if block.stage == stage.name]
            for stage in self.structure.stages
        ]
        uncalled = (p.numel for group in arch.uncalled for p in group.parameters)
        self.uncalled = CostShare(sum(uncalled))
        self.total = share_of_layers(arch.stored_layers) + self.uncalled

    def assign_layers(self, blocks: list[Block]) -> dict[int, int]:
        """Return for each layer of a block the number of that block.

        Constants go where they are read.
        """
        arch = self.arch
        numbers = {block.end: k for k, block in enumerate(blocks)}
        owners: dict[int, int] = {
            i: numbers[place.block.end] for i, place in index_block_layers(arch).items()
        }
        for k, block in enumerate(blocks):
            for index in block.layer_indices:
                owners.setdefault(index, k)
        live = self.structure.graph.before
        for layer in reversed(arch.stored_layers):
            if layer.index not in owners:
                continue
            for source in layer.sources:
                if source.layer >= 0 and source.layer not in live:
                    owners.setdefault(source.layer, owners[layer.index])
        return owners

    def find_gaps(self, count: int) -> dict[int, list[Layer]]:
        """Return the layers in no block, by the number of the block that follows."""
        live = self.structure.graph.before
        firsts = [0] * count
        for index in sorted(self.owners, reverse=True):
            if index in live:
                firsts[self.owners[index]] = index
        gaps: dict[int, list[Layer]] = {}
        for layer in self.arch.stored_layers:
            if layer.index not in self.owners:
                later = (k for k, first in enumerate(firsts) if first > layer.index)
                gaps.setdefault(min(later, default=count), []).append(layer)
        return gaps

    def take_block(
        self, place: tuple[str, int, Block], owner: int, gap: list[Layer]
    ) -> BlockParts:
        """Take one block apart."""
        stage, number, block = place
        layers = self.arch.stored_layers
        own = sorted(i for i, k in self.owners.items() if k == owner)
        side = {i for unit in block.units for i in unit.shortcut.layer_indices}
        main = [layers[i] for i in own if i not in side]
        gates = frozenset(block.gate_indices)
        return BlockParts(
            block,
            stage,
            number,
            self.make_row(gap),
            RowOfItems(self.list_main_items(main, gates)),
            self.make_row(layers[i] for i in own if i in side),
        )

    def make_row(self, layers: Iterable[Layer]) -> RowOfItems:
        """Return a row of one item a layer."""
        return RowOfItems([self.make_item(layer) for layer in layers])

    def make_item(self, layer: Layer) -> Item:
        """Return a layer as an item."""
        return Item(*classify_layer(layer), (layer,), self)

    def list_main_items(self, layers: list[Layer], gates: frozenset[int]) -> list[Item]:
        """List the items of a main branch, a gate and its product as one."""
        items: list[Item] = []
        for is_gate, group in groupby(layers, key=lambda layer: layer.index in gates):
            run = list(group)
            if is_gate and list_gate_weights(run):
                inner = self.make_row(run).items
                items.append(Item("gate", name_gate(run), tuple(run), self, inner))
                continue
            for layer in run:
                last = items[-1] if items else None
                names = {op.name for op in list_flowing(layer)}
                if last and last.kind == "gate" and names <= WEIGHING:
                    last.layers += (layer,)
                    last.inner.append(Item("quiet", "", (layer,), self))
                else:
                    items.append(self.make_item(layer))
        return items

    def locate_channels(self, layer: Layer, *, out: bool) -> tuple[Shape, int]:
        """Return what a layer reads or gives, and the axis of its channels."""
        if out:
            shape, axis = layer.output_shape, self.axes.get(layer.index)
        else:
            shape = layer.input_shape
            axis = self.axes.get(layer.sources[0].layer) if layer.sources else None
        if axis is None or axis >= len(shape):
            axis = 2 if len(shape) == 3 else min(1, len(shape) - 1)
        return shape, axis

    def size_of(self, layer: Layer, *, out: bool) -> Shape:
        """Return batch and positions of what a layer reads or gives."""
        shape, axis = self.locate_channels(layer, out=out)
        return tuple(size for k, size in enumerate(shape) if k != axis) or (1,)

    def width_of(self, layer: Layer, *, out: bool) -> int:
        """Return the channels of what a layer reads or gives."""
        shape, axis = self.locate_channels(layer, out=out)
        return shape[axis] if shape else 1


def name_gate(layers: list[Layer]) -> str:
    """Name a gate: "SE gate", "ECA gate", "gate"."""
    weights = list_gate_weights(layers)
    if len(weights) == 1:
        window = weights[0].window
        return "ECA gate" if window and len(window.kernel) == 1 else "gate"
    return "SE gate" if is_squeeze_excitation(layers) else "gate"


@cache_reading
def take_apart(arch: Architecture) -> NetworkParts:
    """Take a record apart."""
    return NetworkParts(arch)

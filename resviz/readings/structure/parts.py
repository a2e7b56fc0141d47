"""The parts of a residual network: stages, blocks, units and their shortcuts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from resviz.readings.costs import CostTotals, sum_layer_costs
from resviz.units import format_plural

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph, MapSize
    from resviz.record import Architecture, Layer, Shape


class PartOfNetwork(Protocol):
    """A stage, a block, a unit or a shortcut: some layers of a record."""

    @property
    def arch(self) -> Architecture:
        """The record it was read off."""
        ...

    @property
    def layer_indices(self) -> tuple[int, ...]:
        """Numbers of its layers, in execution order."""
        ...


class LayerSums:
    """The layers of a part of a network, and their costs at the record's batch."""

    __slots__ = ()

    @property
    def layers(self: PartOfNetwork) -> tuple[Layer, ...]:
        """Its layers, in execution order; () for a plain identity."""
        return tuple(self.arch.layers[index] for index in self.layer_indices)

    @property
    def params(self: PartOfNetwork) -> int:
        """Number of parameters that belong to its layers."""
        return sum_part_costs(self).params

    @property
    def trainable_params(self: PartOfNetwork) -> int | None:
        """Number of those that ask for a gradient; None if the record does not say."""
        own = sum_part_costs(self)
        return own.params - own.frozen_params if self.arch.knows_frozen else None

    @property
    def frozen_params(self: PartOfNetwork) -> int | None:
        """Number of those that ask for no gradient; None likewise."""
        own = sum_part_costs(self)
        return own.frozen_params if self.arch.knows_frozen else None

    @property
    def macs(self: PartOfNetwork) -> int:
        """Multiply-accumulates of its layers, as far as rules know them."""
        return sum_part_costs(self).macs

    @property
    def elements(self: PartOfNetwork) -> int:
        """Elements of element-wise work of its layers, as far as rules know them."""
        return sum_part_costs(self).elements


def sum_part_costs(part: PartOfNetwork) -> CostTotals:
    """Add the costs of the layers of a part."""
    return sum_layer_costs(
        part.arch.stored_layers[index] for index in part.layer_indices
    )


EXCHANGE_NOTE = " (other stream)"
"""What a shortcut's label ends with whose main branch is another stream's."""


@dataclass(frozen=True, slots=True, repr=False)
class Shortcut(LayerSums):
    """The lightest branch of a residual block.

    Attributes:
        arch: the record it was read off.
        kind: one of `SHORTCUT_KINDS`.
        label: what is on it in order, as "2×2 average pool, /2 + 1×1".
        reason: what makes an identity impossible: "resolution", "channels" or
            "both"; "always" where the block projects without need; None for an
            identity.
        input_shape: what it reads, (N, C, H, W).
        output_shape: what the addition wants.
        stride: of its windows and slices together, one number per spatial axis.
        layer_indices: numbers of the layers on it.
    """

    arch: Architecture = field(compare=False)
    kind: str
    label: str
    reason: str | None
    input_shape: Shape
    output_shape: Shape
    stride: Shape
    layer_indices: tuple[int, ...]

    @property
    def is_of_other_stream(self) -> bool:
        """Whether its main branch is another stream's, as in a reversible block."""
        return self.label.endswith(EXCHANGE_NOTE)

    @property
    def block(self) -> Block:
        """The block whose shortcut it is."""
        return next(
            block
            for block in self.arch.blocks
            if any(unit.shortcut is self for unit in block.units)
        )

    def __repr__(self) -> str:
        reason = f", for {self.reason}" if self.reason else ""
        return (
            f"<Shortcut {self.kind}: {self.label}{reason}, "
            f"{self.input_shape} to {self.output_shape}>"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Unit(LayerSums):
    """One residual unit: a main branch, a shortcut, and their sum.

    Attributes:
        arch: the record it was read off.
        type: "basic", "bottleneck", …; for any other main branch "residual", or "plain"
            beside no shortcut.
        fork: index of the layer at which its branches part; -1 is the input. Where two
            streams exchange, that at which its main branch begins.
        join: index of the layer that adds them; None without a shortcut.
        end: index of its last layer: the join, or what belongs to it and follows.
        main_indices: numbers of the layers on the main branch, in order.
        shortcut: the other branch.
        gate_indices: numbers of those on the main branch that only weigh it, as a
            gate's do.
        taps: numbers of its layers that are read outside too, beside its sum.
        layer_indices: numbers of all its layers, in execution order.
    """

    arch: Architecture = field(compare=False)
    type: str
    fork: int
    join: int | None
    end: int
    main_indices: tuple[int, ...]
    shortcut: Shortcut
    gate_indices: tuple[int, ...] = ()
    taps: tuple[int, ...] = ()
    layer_indices: tuple[int, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        nodes = {*self.main_indices, *self.shortcut.layer_indices, self.end}
        if self.join is not None:
            nodes.add(self.join)
        object.__setattr__(self, "layer_indices", tuple(sorted(nodes)))

    @property
    def attends(self) -> bool:
        """Whether its products of what flows are attention's."""
        return "attention" in self.type

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
        conditions: numbers of its call's own layers on what comes from elsewhere, as
            the linear layer on the embedding of a time.
        layer_indices: numbers of all its layers, in execution order.
    """

    arch: Architecture = field(compare=False)
    path: str
    units: tuple[Unit, ...]
    output_shape: Shape
    output_size: MapSize
    has_tokens: bool
    preactivation: tuple[int, ...] = ()
    conditions: tuple[int, ...] = ()
    layer_indices: tuple[int, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        inside = set(self.conditions).union(*(u.layer_indices for u in self.units))
        layer_indices = (*self.preactivation, *sorted(inside))
        object.__setattr__(self, "layer_indices", layer_indices)

    @property
    def name(self) -> str:
        """Its name in its stage: "conv2_1", or its path."""
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
    def channel_axis(self) -> int | None:
        """The axis of `output_shape` in which its channels lie; None if unknown."""
        from resviz.readings.batch_axes import is_lone_sample
        from resviz.readings.structure.graph import build_graph

        is_lone = is_lone_sample(self.arch)
        if is_lone or len(self.output_shape) > 4:  # frames, (N, T, C, H, W)
            return build_graph(self.arch).channel_axes.get(self.end)
        return 2 if self.has_tokens else 1

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
    def gate_indices(self) -> tuple[int, ...]:
        """Numbers of the layers on its main branches that only weigh them."""
        return tuple(index for unit in self.units for index in unit.gate_indices)

    @property
    def taps(self) -> tuple[int, ...]:
        """Numbers of its layers that are read outside too, beside its output."""
        return tuple(index for unit in self.units for index in unit.taps)

    @property
    def attends(self) -> bool:
        """Whether one of its units is attention."""
        return any(unit.attends for unit in self.units)

    @property
    def shortcut(self) -> Shortcut:
        """The block's shortcut; of several, the first that is not an identity."""
        shortcuts = [unit.shortcut for unit in self.units]
        return next(
            (candidate for candidate in shortcuts if candidate.kind != "identity"),
            shortcuts[0],
        )

    def __repr__(self) -> str:
        path = f" at {self.path}" if self.path else ""
        return (
            f"<Block {self.name}{path}: {self.type}, {self.shortcut.kind}, "
            f"gives {self.output_shape}>"
        )


@dataclass(frozen=True, slots=True)
class Fold:
    """Equal blocks in a row: the first of them, its number in the stage, how many."""

    block: Block
    number: int
    count: int


@dataclass(frozen=True, slots=True, repr=False)
class Stage(LayerSums):
    """Blocks in a row with one output resolution and width.

    Attributes:
        arch: the record it was read off.
        name: the paper's, "conv2_x", if the network is shaped as those of He et al.
            2015; else where its modules are, "stages.0", "features.1–3".
        blocks: in order.
        folds: the same, equal ones folded.
        tower: number of the tower that it is of; two encoders are two.
        block_names: of its blocks, "conv2_1", or their paths.
    """

    arch: Architecture = field(compare=False)
    name: str
    blocks: tuple[Block, ...]
    folds: tuple[Fold, ...]
    tower: int = 0
    block_names: tuple[str, ...] = ()

    @property
    def output_shape(self) -> Shape:
        """Shape of what its last block gives."""
        return self.blocks[-1].output_shape

    @property
    def type(self) -> str:
        """The type of its blocks, "plain" ones beside others left out, or "mixed"."""
        types = {block.type for block in self.blocks}
        types = types - {"plain"} or types
        return types.pop() if len(types) == 1 else "mixed"

    @property
    def layer_indices(self) -> tuple[int, ...]:
        """Numbers of all its layers, in execution order."""
        return tuple(
            sorted(index for block in self.blocks for index in block.layer_indices)
        )

    def __repr__(self) -> str:
        blocks = format_plural(len(self.blocks), f"{self.type} block")
        return f"<Stage {self.name}: {blocks}, gives {self.output_shape}>"

    def block_name(self, number: int) -> str:
        """Return the name of block `number`, counted from 1: "conv2_1", or its path."""
        return self.block_names[number - 1]


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Where a block stands: in which stage, and which of its blocks, from 1 on."""

    stage: Stage
    number: int
    block: Block


def list_unit_members(graph: Graph, unit: Unit) -> set[int]:
    """List a unit's layers, sums that are part of its last one included."""
    within = () if unit.join is None else graph.find_nodes_between(unit.fork, unit.join)
    return {*within, *unit.layer_indices}


def list_block_members(graph: Graph, block: Block) -> set[int]:
    """List the layers of a block, with sums in its units and what lies between them."""
    first = min(block.layer_indices)
    between = {unit.fork for unit in block.units if first < unit.fork <= block.end}
    return between.union(
        block.layer_indices, *(list_unit_members(graph, unit) for unit in block.units)
    )

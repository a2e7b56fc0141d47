"""Which residual units are one block: those that mix positions, and channels, in turn.

A transformer's block mixes positions first, by attention or whatever stands for it,
and channels then; a convolutional unit, which does both, is a block of its own. The
units of a block may be written out in one forward, or be modules that their parent
adds: each is read as a block of its own first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import SOFTMAXES
from resviz.readings.structure.channel_axes import mixes_rows
from resviz.readings.structure.unit_types import ATTENTION_TYPES, classify_unit
from resviz.readings.structure.weights import (
    is_depthwise,
    is_recurrent,
    is_spatial,
    is_weighted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.parts import Block, Unit
    from resviz.record import Operation


class UnitKind(NamedTuple):
    """What tells the units of a block apart.

    Attributes:
        role: "attention", "MLP", or "convolution" for all others.
        mixes_channels_alone: whether what it combines with full weights is channels;
            a depthwise convolution between may help.
        sees_positions: whether it mixes positions at all, though it be so.
        is_whole: whether it is a convolutional block: a kernel of it sees positions and
            all channels at once.
    """

    role: str
    mixes_channels_alone: bool
    sees_positions: bool
    is_whole: bool

    @property
    def is_token_mixer(self) -> bool:
        """Whether it stands where attention stands."""
        return not (self.is_whole or self.mixes_channels_alone)


def find_unit_kind(
    graph: Graph, nodes: frozenset[int], gates: frozenset[int]
) -> UnitKind:
    """Find the kind of a unit by its main branch and by what weighs that.

    A softmax combines positions, also where it only weighs. Source: Mehta and Rastegari
    2022, MobileViTv2, whose attention is a gate.
    """
    heavy = [node for node in nodes if node in graph.efforts]
    ops = graph.list_operations(heavy)
    kind = classify_unit(graph, nodes)
    weighted_ops = [op for op in ops if is_weighted(op)]
    widens_first = kind == "inverted bottleneck" and not is_depthwise(weighted_ops[0])
    efforts = [graph.efforts[node] for node in heavy]
    sees_positions = any(effort.spatial or effort.products for effort in efforts)
    mixes_positions = (
        sees_positions
        or any(reads_rows(graph, node) for node in heavy)
        or any(op.name in SOFTMAXES for op in graph.list_operations(nodes | gates))
    )
    has_full_kernel = any(is_spatial(op) and not has_groups(op) for op in ops)
    role = "attention" if kind in ATTENTION_TYPES else "convolution"
    if kind == "MLP" and not any(op.window for op in weighted_ops):
        role = kind
    return UnitKind(
        role=role,
        mixes_channels_alone=not mixes_positions or widens_first,
        sees_positions=mixes_positions,
        is_whole=has_full_kernel and role != "attention",
    )


def find_kind_of_unit(graph: Graph, unit: Unit) -> UnitKind:
    """Find the kind of a unit that is made."""
    gates = frozenset(unit.gate_indices)
    return find_unit_kind(graph, frozenset(unit.main_indices) - gates, gates)


def reads_rows(graph: Graph, node: int) -> bool:
    """Tell whether a node is a linear layer that mixes rows, or is recurrent."""
    axis = graph.channel_axes.get(graph.before[node][0])
    layer = graph.layers[node]
    return is_recurrent(layer) or mixes_rows(layer, graph.operations[node], axis)


def has_groups(op: Operation) -> bool:
    """Tell whether an operation is a convolution of groups of channels."""
    return op.window is not None and op.window.groups > 1


def split_into_blocks(kinds: Sequence[UnitKind]) -> list[int]:
    """Split units of one call into blocks; return how many units each has.

    Equal runs of units are blocks that one forward runs in a loop. Units of one block
    differ, and none but what follows attention is a convolutional block by itself.
    """
    start, stop, period = find_rounds(kinds)
    if stop - start < len(kinds):
        parts = kinds[:start], kinds[start:stop], kinds[stop:]
        return [count for part in parts if part for count in split_into_blocks(part)]
    units = kinds[:period]
    leads = units[0].role == "attention" or not any(kind.is_whole for kind in units)
    if leads and len({*units}) > 1:
        return [period] * (len(kinds) // period)
    return [1] * len(kinds)


def find_rounds(kinds: Sequence[UnitKind]) -> tuple[int, int, int]:
    """Find where units come again and again: start, stop, and how many a round has.

    The loop's first round or its last may have units that no other has, as a position
    encoding. All are one round where nothing comes again.
    """
    count = len(kinds)
    for odd in range(min(MOST_ODD_UNITS, count - 4) + 1):
        for start in range(odd + 1):
            stop = count - odd + start
            period = find_period(kinds[start:stop])
            if 2 * period <= stop - start and (period > 1 or not odd):
                return start, stop, period
    return 0, count, find_period(kinds)


MOST_ODD_UNITS = 4
"""Units before and after a loop's equal rounds, at most."""


def find_period(kinds: Sequence[UnitKind]) -> int:
    """Find after how many units they come again, all of them as often."""
    count = len(kinds)
    return next(
        period
        for period in range(1, count + 1)
        if not count % period and kinds[period:] == kinds[: count - period]
    )


def merge_units_of_parents(graph: Graph, blocks: Sequence[Block]) -> list[Block]:
    """Merge blocks of one unit that are units of a block of their parent's forward.

    Where nothing comes again, what follows attention as an MLP belongs to it.
    """
    merged: list[Block] = []
    for run in split_at_breaks(graph, blocks):
        period = find_period_of_blocks(graph, run) if len(run) > 3 else 1
        if period > 1:
            parts = range(0, len(run), period)
            merged += [merge_blocks(graph, run[k : k + period]) for k in parts]
        else:
            merged += run
    return merge_attention_with_mlp(graph, merged)


def find_period_of_blocks(graph: Graph, run: Sequence[Block]) -> int:
    """Find how many of a run's blocks are one; 1 if each is one by itself.

    They come again and again, and some mix positions, others channels alone.
    """
    if any(block.shortcut.label not in PLAIN_LABELS for block in run):
        return 1
    kinds = [find_kind_of_unit(graph, block.units[0]) for block in run]
    period = find_period(kinds)
    units = kinds[:period]
    mix = any(kind.is_token_mixer for kind in units)
    mix = mix and any(kind.mixes_channels_alone for kind in units)
    is_whole = any(kind.is_whole for kind in units)
    return period if mix and not is_whole and period < len(kinds) else 1


PLAIN_LABELS = {"identity", "scaled identity"}
"""The shortcuts of a transformer's units."""


def split_at_breaks(graph: Graph, blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Split blocks into runs of single units, each of which leads to the next."""
    run: list[Block] = []
    for block in blocks:
        if run and not (
            len(run[-1].units) == len(block.units) == 1
            and leads_straight_to(graph, run[-1], block)
        ):
            yield run
            run = []
        run.append(block)
    if run:
        yield run


def leads_straight_to(graph: Graph, before: Block, block: Block) -> bool:
    """Tell whether a block leads into one of its size, norms at most between."""
    if block.preactivation or block.output_size != before.output_size:
        return False
    if any(unit.join is None for unit in (*before.units, *block.units)):
        return False
    node = block.fork
    while node > before.end and node not in graph.efforts:
        node = graph.dominator[node]
    return node == before.end


def merge_attention_with_mlp(graph: Graph, blocks: Sequence[Block]) -> list[Block]:
    """Merge blocks of attention alone into the block of an MLP alone that follows.

    Two attentions at most, as a decoder's.
    """
    merged: dict[int, Block] = {}
    for block in blocks:
        led = block
        while before := find_leading_attention(graph, merged, led):
            led = merge_blocks(graph, [merged.pop(before.end), led])
        merged[led.end] = led
    return list(merged.values())


def find_leading_attention(
    graph: Graph, blocks_by_end: Mapping[int, Block], block: Block
) -> Block | None:
    """Find the block of attention alone that leads straight into one with an MLP."""
    node = block.fork
    while node not in blocks_by_end and node in graph.dominator:
        node = graph.dominator[node]
    before = blocks_by_end.get(node)
    if before is None or before.type != "attention":
        return None
    is_led = leads_straight_to(graph, before, block) and ends_with_mlp(graph, block)
    return before if is_led else None


def ends_with_mlp(graph: Graph, block: Block) -> bool:
    """Tell whether a block is an MLP, of 1×1 convolutions too, or attention before one.

    Source: Chu et al. 2021, Twins, whose MLPs over maps are convolutions.
    """
    *others, last = block.units
    if len(others) > 1 or any(unit.type != "attention" for unit in others):
        return False
    kind = find_kind_of_unit(graph, last)
    return kind.role == "MLP" or not kind.sees_positions


def merge_blocks(graph: Graph, blocks: Sequence[Block]) -> Block:
    """Merge blocks into one of the units of all."""
    units = tuple(unit for block in blocks for unit in block.units)
    return replace(
        blocks[-1],
        path=graph.find_common_path(i for unit in units for i in unit.layer_indices),
        units=units,
        preactivation=blocks[0].preactivation,
        conditions=tuple(sorted(i for block in blocks for i in block.conditions)),
    )

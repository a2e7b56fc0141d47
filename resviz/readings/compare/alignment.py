"""The cheapest script that turns one row of things into another."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resviz.readings.compare.items import Item
    from resviz.readings.compare.parts import BlockParts

Thing = TypeVar("Thing")

NEVER = 99.0
"""The price of what is never done."""

STAGE_PRICE = 0.8
"""What it costs to add or drop a stage."""

ITEM_PRICES = {
    "conv": 1.0, "linear": 1.0, "attention": 1.0, "gate": 0.9, "pool": 0.6,
    "join": 0.8, "norm": 0.3, "act": 0.3, "other": 0.2,
}  # fmt: skip
"""What it costs to add or drop an item of each kind."""


def align_rows(
    before: Sequence[Thing],
    after: Sequence[Thing],
    price_change: Callable[[Thing, Thing], float],
    price_thing: Callable[[Thing], float],
) -> list[tuple[Thing | None, Thing | None]]:
    """Pair two rows in order, None for what has no partner.

    Of scripts equally cheap, the one is taken that pairs earliest, so that what is
    added stands at the end of a run of equals.
    """
    n, m = len(before), len(after)
    drops, adds = [price_thing(x) for x in before], [price_thing(x) for x in after]
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        best[i][m] = best[i + 1][m] + drops[i]
    for j in range(m - 1, -1, -1):
        best[n][j] = best[n][j + 1] + adds[j]
    prices = [[price_change(x, y) for y in after] for x in before]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best[i][j] = min(
                prices[i][j] + best[i + 1][j + 1],
                drops[i] + best[i + 1][j],
                adds[j] + best[i][j + 1],
            )
    i = j = 0
    pairs: list[tuple[Thing | None, Thing | None]] = []
    while i < n or j < m:
        left = best[i][j] + 1e-9  # of equal sums in another order
        if i < n and j < m and prices[i][j] + best[i + 1][j + 1] <= left:
            pairs.append((before[i], after[j]))
            i, j = i + 1, j + 1
        elif i < n and drops[i] + best[i + 1][j] <= left:
            pairs.append((before[i], None))
            i += 1
        else:
            pairs.append((None, after[j]))
            j += 1
    return pairs


def price_item(item: Item) -> float:
    """Price an item that comes or goes."""
    return ITEM_PRICES.get(item.kind, 0.0)


def price_item_change(one: Item, other: Item) -> float:
    """Price the change of an item into another; only kin turn into each other."""
    if one.kind != other.kind:
        return 0.9 if {one.kind, other.kind} == {"conv", "linear"} else NEVER
    if one.word == other.word:
        windows = one.window, other.window
        return 0.05 if all(windows) and one.stride != other.stride else 0.0
    return NEVER if one.kind == "other" else ITEM_PRICES.get(one.kind, 0.0) * 0.5


def price_block(block: BlockParts) -> float:
    """Price a block that comes or goes."""
    del block
    return 1.0


def price_block_change(one: BlockParts, other: BlockParts) -> float:
    """Price the change of a block into another, by how they are built."""
    if one.signature == other.signature:
        return 0.0
    if one.sort != other.sort:
        return 0.9
    kinds = one.block.shortcut.kind, other.block.shortcut.kind
    return (
        0.4 * (one.kernels != other.kernels)
        + 0.3 * (one.shrink != other.shrink)
        + 0.05 * (one.strides != other.strides)
        + 0.25 * (kinds[0] != kinds[1])
        + 0.05 * (one.shortcut_words != other.shortcut_words)
        + 0.1 * (one.gates != other.gates)
    )


RankedStage = tuple[list["BlockParts"], float]
"""The blocks of a stage, and how often the map was halved since the first stage."""


def rank_stages(stages: Sequence[list[BlockParts]]) -> list[RankedStage]:
    """Return stages with how often the map was halved since the first."""
    if not stages:
        return []
    first = max(stages[0][-1].block.output_size[0], 1)
    sizes = (max(stage[-1].block.output_size[0], 1) for stage in stages)
    return [
        (stage, log2(first / size) / 2)
        for stage, size in zip(stages, sizes, strict=True)
    ]


def price_stage(stage: RankedStage) -> float:
    """Price a stage that comes or goes."""
    del stage
    return STAGE_PRICE


def price_stage_change(one: RankedStage, other: RankedStage) -> float:
    """Price the change of a stage: by the sort of its blocks and by the map's size."""
    (a, halved_a), (b, halved_b) = one, other
    shrink = min(abs(halved_a - halved_b), 1.5)
    return 0.6 * (a[-1].sort != b[-1].sort) + 0.5 * shrink

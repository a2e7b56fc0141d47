"""Blocks of a transformer whose attention and MLP are modules, added in their parent.

Each sum is read as a block of its own first; what follows one another as attention,
perhaps attention to a memory, and MLP is one block of several units.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.parts import Block


def merge_attention_with_mlp(graph: Graph, blocks: Iterable[Block]) -> list[Block]:
    """Merge blocks of attention alone into the block of an MLP alone that follows."""
    merged: list[Block] = []
    for block in blocks:
        led = block
        while merged and is_led_by_attention(graph, merged[-1], led):
            led = merge_blocks(graph, merged.pop(), led)
        merged.append(led)
    return merged


def is_led_by_attention(graph: Graph, before: Block, block: Block) -> bool:
    """Tell whether a block of attention alone leads straight into one with an MLP.

    Two attentions at most, as a decoder's; norms may lie between.
    """
    types = [unit.type for unit in block.units]
    if before.type != "attention" or types not in (["MLP"], ["attention", "MLP"]):
        return False
    if block.preactivation or block.output_size != before.output_size:
        return False
    if any(unit.join is None for unit in (*before.units, *block.units)):
        return False
    node = block.fork
    while node > before.end and node not in graph.efforts:
        node = graph.dominator[node]
    return node == before.end


def merge_blocks(graph: Graph, first: Block, second: Block) -> Block:
    """Merge two blocks into one of the units of both."""
    units = first.units + second.units
    return replace(
        second,
        path=graph.find_common_path(i for unit in units for i in unit.layer_indices),
        units=units,
        preactivation=first.preactivation,
        conditions=tuple(sorted(first.conditions + second.conditions)),
    )

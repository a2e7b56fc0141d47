"""One block in sentences: what runs on it, its shortcuts, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels
from resviz.figures.attention_labels import read_attention_words
from resviz.figures.sentences import (
    add_article,
    describe_shortcut,
    join_with_and,
    spell_attention,
    spell_label,
)
from resviz.readings import costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure import Block
    from resviz.record import Architecture

MAX_LISTED_OF_BRANCH = 12
"""Layers of a block's branch that are listed, so that attention is told whole."""


def describe_block(
    arch: Architecture, name: str, block: Block, equal: Sequence[str]
) -> str:
    """Describe one block: what runs on it, its shortcuts, what it costs."""
    total = costs.sum_layer_costs(block.layers)
    attention = read_attention_words(arch)
    parts = []
    for unit in block.units:
        main = [arch.layers[index] for index in unit.main_indices]
        operations = [
            spell_attention(word)
            for layer in main
            for word in attention.label_fully(
                layer.index,
                [*map(spell_label, layer_labels.label_layer_fully(layer))],
            )
        ]
        parts.append(
            f"Main branch: {join_with_and(operations, most=MAX_LISTED_OF_BRANCH)}; "
            f"shortcut: {describe_shortcut(unit.shortcut)}."
        )
    before, after = (
        units.format_feature_map(
            layer_labels.arrange_axes(arch, shape, block.channel_axis)
        )
        for shape in (block.units[0].shortcut.input_shape, block.output_shape)
    )
    same = f" Equal to it: {join_with_and(list(equal))}." if equal else ""
    bound = "at least " if total.leaves_out else ""
    facts = layer_labels.format_costs(arch, total.params, total.macs, bound=bound)
    return (
        f"{name} of {arch.label}, {add_article(block.type)} block from {before} to "
        f"{after}, {', '.join(facts)}. {' '.join(parts)}{same}"
    )

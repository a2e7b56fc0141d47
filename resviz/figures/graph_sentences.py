"""A contracted graph in sentences: each box with what it reads, and what is inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.graph_notes import declare_boxes
from resviz.readings.structure import read_structure
from resviz.units import format_plural, format_sentence

if TYPE_CHECKING:
    from resviz.readings.contraction.drawn import ContractedGraph, DrawnNode


def describe_graph(graph: ContractedGraph, opening: str) -> str:
    """Say a contracted graph in sentences, its steps behind some opening words."""
    totals = sentences.describe_totals(read_structure(graph.arch))
    names = name_nodes(graph)
    steps = [
        f"{names[key]}, {describe_place(node)}, reads "
        + sentences.join_with_and([names[source] for source in graph.sources[key]])
        for key, node in graph.nodes.items()
        if graph.sources[key]
    ]
    shown = steps[:MAX_STEPS]
    if len(steps) > MAX_STEPS:
        shown.append(f"{len(steps) - MAX_STEPS} more follow")
    frames = [
        f"{len(frame.members)} of these come {frame.label[1:]} times"
        for frame in graph.frames
        if frame.label.startswith("×")
    ]
    told = [*declare_boxes(graph), *frames]
    ending = f" {format_sentence('; '.join(told))}" if told else ""
    return f"{totals} {opening}: {'; '.join(shown)}.{ending}"


MAX_STEPS = 40
"""Boxes that are said one by one."""


def name_nodes(graph: ContractedGraph) -> dict[int, str]:
    """Name every node by its number and its words, as "4 (3×3 ×2)".

    Letters that stand for a name in boxes are that name here, where no legend is.
    """
    meanings = {code: name for name, code in graph.letters.items()}
    names: dict[int, str] = {}
    for number, (key, node) in enumerate(graph.nodes.items(), start=1):
        sign = [sentences.spell_join(node.entrance)] if node.entrance else []
        words = (
            [sentences.spell_join(node.lines[0]), *node.lines[1:]]
            if node.role == "join"
            else node.lines
        )
        spelled = [
            " ".join(meanings.get(word, word) for word in line.split())
            for line in words
        ]
        parts = [part.removesuffix(",") for part in [*sign, *spelled]]
        told = ", ".join(parts).replace(", + ", " + ")  # a line may begin with a sign
        names[key] = f"{number} ({told})"
    return names


def describe_place(node: DrawnNode) -> str:
    """Describe what a node gives: resolution and channels."""
    if node.is_index:
        return node.place if node.resolution.positions > 1 else "an id"
    return (
        f"{node.place}, {format_plural(node.width, 'channel')}"
        if node.resolution.positions > 1
        else format_plural(node.width, "number")
    )

"""The steps of one block: its layers as boxes, norms and activations merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resviz.figures import words
from resviz.structure.graph import Graph, weighted
from resviz.vocabulary import ACTIVATIONS, NORMS

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer, Shape
    from resviz.structure import Block

REASONS = {
    "both": "resolution and channels change",
    "resolution": "resolution changes",
    "channels": "channels change",
    "always": "projects although nothing changes",
}
"""Why a shortcut is no identity, in words."""

CIRCLES = frozenset({"+", "×", "−"})
"""Words that stand in a circle where two branches meet."""


@dataclass(slots=True)
class Step:
    """One box of a block.

    Attributes:
        lines: its text.
        role: how it looks.
        shape: of what it gives.
        sources: the steps that it reads.
        shortcut: whether it lies on the shortcut.
    """

    lines: list[str]
    role: str
    shape: Shape
    sources: list[int] = field(default_factory=list)
    shortcut: bool = False


def steps(arch: Architecture, block: Block) -> list[Step]:
    """The steps of a block; the first is its input, the last its output."""
    graph = Graph(arch)
    entry = Step(["x"], "text", graph.shape(block.fork))
    found = [entry]
    at: dict[int, int] = {}
    tails: dict[int, int] = {}
    skip = add_sign(found, block)
    members = inside(graph, block)
    sums = (members - set(block.layers)) | {block.join}
    for layer in graph.layers(members):
        on_shortcut = layer.index in block.shortcut.layers
        read = [at.get(source, 0) for source in graph.before[layer.index]]
        if on_shortcut or (layer.index in sums and not block.shortcut.layers):
            read = [skip if source == 0 else source for source in read]
        said = words.full(layer)
        number = read[0]
        if said and mergeable(graph, layer, found[number], tails.get(number)):
            found[number].lines[0] += f", {said[0]}"
        elif said:
            number = len(found)
            role = role_of(layer, said, read, projects=on_shortcut)
            found.append(Step([", ".join(said)], role, (), read, on_shortcut))
        at[layer.index], tails[number] = number, layer.index
        if number:
            found[number].shape = layer.output_shape
    last = at[block.end]
    return [*found, Step(["y"], "text", block.output_shape, [last])]


def inside(graph: Graph, block: Block) -> set[int]:
    """Indices of a block's layers, sums that are part of its last one included."""
    return {*graph.between(block.fork, block.join), *block.layers}


def add_sign(found: list[Step], block: Block) -> int:
    """Add the words that stand on the shortcut's wire; gives their number."""
    kind, reason = block.shortcut.kind, block.shortcut.reason
    lines = ["identity", "shortcut"]
    if kind != "identity":
        lines = [f"{kind} shortcut:", REASONS[reason or "always"]]
        if reason is None:
            lines = [f"{kind} shortcut"]
    found.append(Step(lines, "identity", found[0].shape, [0], shortcut=True))
    return 1


def mergeable(graph: Graph, layer: Layer, before: Step, tail: int | None) -> bool:
    """Whether an activation joins the step before it: a norm that it alone reads."""
    if before.role != "plain" or tail is None:
        return False
    names = {op.name for op in words.flowing(layer)}
    alone = graph.before[layer.index] == (tail,) and len(graph.after[tail]) == 1
    norms = {words.NORM_NAMES.get(name, "BN") for name in NORMS}
    activates = names <= ACTIVATIONS and before.lines[0] in norms
    return alone and (activates or before.lines == words.full(layer))


def role_of(layer: Layer, said: list[str], read: list[int], *, projects: bool) -> str:
    """How a layer's step looks."""
    if len(set(read)) > 1 and said[-1] in CIRCLES:
        return "sum"
    if any(weighted(op) for op in words.flowing(layer)):
        return "projected" if projects else "conv"
    return "plain"

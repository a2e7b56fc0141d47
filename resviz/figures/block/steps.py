"""The steps of one block: its layers as boxes, norms and activations merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resviz.figures import words
from resviz.structure.graph import Graph, dataflow, weighted
from resviz.vocabulary import ACTIVATIONS, NORMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Layer, Shape
    from resviz.structure import Block, Unit

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
        shortcut: the kind of the shortcut that it lies on; "" on a main branch.
    """

    lines: list[str]
    role: str
    shape: Shape
    sources: list[int] = field(default_factory=list)
    shortcut: str = ""


def steps(arch: Architecture, block: Block) -> list[Step]:
    """The steps of a block; the first is its input, the last its output."""
    graph = dataflow(arch)
    entry = graph.before[block.lead[0]][0] if block.lead else block.fork
    given = words.laid(graph.shape(entry), graph.axis.get(entry))
    flow = Flow(graph, Step(["x"], "text", given))
    flow.lead(block.lead)
    for unit in block.units:
        flow.add(unit)
    last = flow.at[block.end]
    given = words.laid(block.output_shape, 2 if block.tokens else None)
    return [*flow.found, Step(["y"], "text", given, [last])]


class Flow:
    """The steps of some units, one after the other.

    Attributes:
        graph: the dataflow.
        found: the steps so far; the first is the block's input.
        at: the step of each layer.
    """

    def __init__(self, graph: Graph, entry: Step) -> None:
        self.graph = graph
        self.found = [entry]
        self.at: dict[int, int] = {}
        self.tails: dict[int, int] = {}

    def lead(self, nodes: Iterable[int]) -> None:
        """Add the layers before the branches part, one after the other."""
        for layer in self.graph.layers(nodes):
            before = self.graph.before[layer.index]
            self.step(layer, [self.at.get(source, 0) for source in before], "")

    def add(self, unit: Unit) -> None:
        """Add the steps of one unit."""
        start = self.at.get(unit.fork, 0)
        skip = self.sign(unit, start)
        own = set(unit.shortcut.layers)
        members = inside(self.graph, unit)
        sums = (members - set(unit.layers)) | {unit.join}
        for layer in self.graph.layers(members):
            before = self.graph.before[layer.index]
            read = [self.at.get(source, start) for source in before]
            on_shortcut = layer.index in own
            if on_shortcut or (layer.index in sums and not own):
                read = [skip if source == start else source for source in read]
            self.step(layer, read, unit.shortcut.kind if on_shortcut else "")

    def step(self, layer: Layer, read: list[int], shortcut: str) -> None:
        """Add a layer: to the step that it reads, or as one of its own."""
        said = words.full(layer)
        number = read[0]
        before = self.found[number]
        if said and mergeable(self.graph, layer, before, self.tails.get(number)):
            before.lines[0] += f", {said[0]}"
        elif said:
            number = len(self.found)
            role = role_of(layer, said, read, projects=bool(shortcut))
            self.found.append(Step([", ".join(said)], role, (), read, shortcut))
        self.at[layer.index], self.tails[number] = number, layer.index
        if number:
            axis = self.graph.axis.get(layer.index)
            self.found[number].shape = words.laid(layer.output_shape, axis)

    def sign(self, unit: Unit, start: int) -> int:
        """Add the words that stand on a shortcut's wire; gives their number."""
        kind, reason = unit.shortcut.kind, unit.shortcut.reason
        if kind == "none":
            return start
        lines = ["identity", "shortcut"]
        if kind != "identity":
            lines = [f"{kind} shortcut:", REASONS[reason or "always"]]
            if reason is None:
                lines = [f"{kind} shortcut"]
        shape = self.found[start].shape
        self.found.append(Step(lines, "identity", shape, [start], kind))
        return len(self.found) - 1


def inside(graph: Graph, unit: Unit) -> set[int]:
    """Indices of a unit's layers, sums that are part of its last one included."""
    within = () if unit.join is None else graph.between(unit.fork, unit.join)
    return {*within, *unit.layers}


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

"""The steps of one block: its layers as boxes, norms and activations merged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from resviz import units
from resviz.escape import clean_name
from resviz.figures import layer_labels
from resviz.figures.attention_labels import read_attention_words
from resviz.figures.tints import choose_layers_tint
from resviz.operations.families import ACTIVATIONS
from resviz.readings.contraction import read_wiring
from resviz.readings.structure.graph import Graph, build_graph
from resviz.readings.structure.parts import list_block_members, list_unit_members
from resviz.readings.structure.weights import is_weighted
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure import Block, Unit
    from resviz.record import Architecture, Layer, Shape

REASON_LABELS = {
    "both": "resolution and channels change",
    "resolution": "resolution changes",
    "channels": "channels change",
    "always": "projects although nothing changes",
}
"""Why a shortcut is no identity, in words."""

CIRCLE_SIGNS = frozenset({"+", "×", "−"})
"""Signs that stand in a circle where two branches meet."""


@dataclass(slots=True)
class BlockStep:
    """One box of a block.

    Attributes:
        lines: its text.
        role: how it looks.
        shape: of what it gives.
        sources: the steps that it reads.
        shortcut: the kind of the shortcut that it lies on; "" on a main branch.
        tint: the colours of its resolution.
        ends: the layers that it stands for, and inputs and outputs, by their numbers
            in the `Wiring`; of what leaves the block, what reads it.
    """

    lines: list[str]
    role: str
    shape: Shape
    sources: list[int] = field(default_factory=list)
    shortcut: str = ""
    tint: str = "stem"
    ends: list[int] = field(default_factory=list)

    @property
    def words(self) -> tuple[str, ...]:
        """Its text in full: input and output say their shape."""
        if self.role == "text":
            return (f"{self.lines[0]} {units.format_feature_map(self.shape)}",)
        return tuple(self.lines)


def build_block_steps(arch: Architecture, block: Block) -> list[BlockStep]:
    """Return the steps of a block; the first is its input, the last its output."""
    graph = build_graph(arch)
    entry = (
        graph.before[block.preactivation[0]][0] if block.preactivation else block.fork
    )
    axis = graph.channel_axes.get(entry)
    shape = layer_labels.arrange_axes(
        arch, graph.shape_of_node(entry), axis, Source(entry)
    )
    flow = StepBuilder(graph, entry, shape, block.conditions)
    flow.add_preactivation(block.preactivation)
    for unit in block.units:
        flow.add_unit(unit)
    flow.add_taps(block)
    last = flow.step_of_layer[block.end]
    shape = layer_labels.arrange_axes(arch, block.output_shape, block.channel_axis)
    readers = list_readers_outside(graph, block, block.end)
    for end, number in flow.step_of_layer.items():
        flow.steps[number].ends.append(end)
    return [*flow.steps, BlockStep(["y"], "text", shape, [last], ends=readers)]


def list_readers_outside(graph: Graph, block: Block, node: int) -> list[int]:
    """List the layers and outputs outside of a block that read one of its layers."""
    inside = list_block_members(graph, block)
    edges = read_wiring(graph.arch).edges_by_source.get(node, ())
    return sorted({edge.reader for edge in edges} - inside)


class StepBuilder:
    """The steps of some units, one after the other.

    Attributes:
        graph: the dataflow.
        words: those of attention.
        steps: the steps so far; the first is the block's input.
        step_of_layer: the step of each layer, and of what comes in.
        conditions: the block's layers on what comes in from elsewhere.
    """

    def __init__(
        self, graph: Graph, entry: int, shape: Shape, conditions: Iterable[int]
    ) -> None:
        self.graph = graph
        self.words = read_attention_words(graph.arch)
        self.steps = [BlockStep(["x"], "text", shape)]
        self.step_of_layer: dict[int, int] = {entry: 0}
        self.last_layer_of: dict[int, int] = {}
        self.conditions = frozenset(conditions)

    def add_preactivation(self, nodes: Iterable[int]) -> None:
        """Add the layers before the branches part, one after the other."""
        for layer in self.graph.select_layers(nodes):
            before = self.graph.before[layer.index]
            self.add_layer(
                layer, [self.step_of_layer.get(source, 0) for source in before], ""
            )

    def add_unit(self, unit: Unit) -> None:
        """Add the steps of one unit."""
        start = self.find_fork_step(unit.fork)
        shortcut_layers = set(unit.shortcut.layer_indices)
        members = list_unit_members(self.graph, unit)
        origin = start
        if unit.shortcut.is_of_other_stream:
            readers = shortcut_layers or {unit.join}
            read = [n for k in readers if k is not None for n in self.graph.sources[k]]
            others = [node for node in read if node not in members]
            origin = self.find_source_step(others[0]) if others else start
        skip = self.add_shortcut_label(unit, origin)
        sums = (members - set(unit.layer_indices)) | {unit.join}
        for layer in self.graph.select_layers(members):
            source_steps = [
                start
                if source == unit.fork
                else origin
                if unit.shortcut.is_of_other_stream and source not in members
                else self.find_source_step(source)
                for source in self.graph.sources[layer.index]
            ]
            on_shortcut = layer.index in shortcut_layers
            if on_shortcut or (layer.index in sums and not shortcut_layers):
                source_steps = [
                    skip if source == origin else source for source in source_steps
                ]
            self.add_layer(
                layer, source_steps, unit.shortcut.kind if on_shortcut else ""
            )

    def find_fork_step(self, node: int) -> int:
        """Find the step that a unit begins at, past what lies between two units."""
        while node not in self.step_of_layer:
            before = self.graph.before.get(node, ())
            if len(before) != 1:
                return 0
            node = before[0]
        return self.step_of_layer[node]

    def add_taps(self, block: Block) -> None:
        """Add what leaves a block beside its output: a text below the layer it is of.

        It says what reads it, or that the model returns it.
        """
        inside = list_block_members(self.graph, block)
        layers = self.graph.arch.layers
        ends = {unit.end for unit in block.units if unit.shortcut.is_of_other_stream}
        for node in sorted({*block.taps, *ends} & self.step_of_layer.keys()):
            readers = [user for user in self.graph.after[node] if user not in inside]
            names = [clean_name(layers[user].name) for user in readers[:1]]
            if len(readers) > 1:
                names.append(f"{len(readers) - 1} more")
            names += ["output"] * (node in self.graph.returned_nodes)
            if names and node != block.end:
                number = self.step_of_layer[node]
                axis = self.graph.channel_axes.get(node)
                shape = layer_labels.arrange_axes(
                    self.graph.arch, layers[node].output_shape, axis, Source(node)
                )
                words = [f"tap, to {' and '.join(names)}"]
                step = BlockStep(words, "text", shape, [number])
                step.ends = list_readers_outside(self.graph, block, node)
                self.steps.append(step)

    def find_source_step(self, node: int) -> int:
        """Return the step of a node; of what comes from elsewhere, add it first."""
        if node not in self.step_of_layer and node in self.conditions:
            sources = [*map(self.find_source_step, self.graph.sources[node])]
            self.add_layer(self.graph.arch.layers[node], sources, "")
        elif node not in self.step_of_layer:
            self.step_of_layer[node] = len(self.steps)
            self.steps.append(build_input_step(self.graph, node))
        return self.step_of_layer[node]

    def add_layer(self, layer: Layer, source_steps: list[int], shortcut: str) -> None:
        """Add a layer: to the step that it reads, or as one of its own."""
        own = layer_labels.label_layer_fully(layer)
        own = [] if layer_labels.pads_nothing(layer) else own
        labels = self.words.label_fully(layer.index, own)
        number = source_steps[0]
        before = self.steps[number]
        if labels and can_merge_step(
            self.graph, layer, before, self.last_layer_of.get(number)
        ):
            before.lines[0] += f", {labels[0]}"
        elif labels:
            number = len(self.steps)
            role = choose_role(layer, labels, source_steps, projects=bool(shortcut))
            tint = choose_layers_tint(self.graph.arch, [layer])
            step = BlockStep([", ".join(labels)], role, (), source_steps, shortcut)
            self.steps.append(replace(step, tint=tint))
        self.step_of_layer[layer.index], self.last_layer_of[number] = (
            number,
            layer.index,
        )
        if number:
            axis = self.graph.channel_axes.get(layer.index)
            self.steps[number].shape = layer_labels.arrange_axes(
                self.graph.arch, layer.output_shape, axis, Source(layer.index)
            )

    def add_shortcut_label(self, unit: Unit, start: int) -> int:
        """Add the words that stand on a shortcut's wire; return their number."""
        kind, reason = unit.shortcut.kind, unit.shortcut.reason
        if kind == "none":
            return start
        lines = [f"{kind} shortcut"]
        if kind == "identity":
            is_other = unit.shortcut.is_of_other_stream
            lines = ["identity", "of the other stream" if is_other else "shortcut"]
        elif reason is not None:
            lines = [f"{kind} shortcut:", REASON_LABELS[reason]]
        shape = self.steps[start].shape
        self.steps.append(BlockStep(lines, "identity", shape, [start], kind))
        return len(self.steps) - 1


def build_input_step(graph: Graph, node: int) -> BlockStep:
    """Build the text of what comes into a block beside its input: its name."""
    arch = graph.arch
    if node >= 0:
        axis, source = graph.channel_axes.get(node), Source(node)
        shape = layer_labels.arrange_axes(arch, graph.shape_of_node(node), axis, source)
        return BlockStep([clean_name(arch.layers[node].name)], "text", shape)
    source = Source(MODEL_INPUT, MODEL_INPUT - node)
    name = arch.input_names[source.output] if arch.input_names else "input"
    shape = layer_labels.arrange_output(arch, source)
    return BlockStep([clean_name(name)], "text", shape)


def can_merge_step(
    graph: Graph, layer: Layer, before: BlockStep, tail: int | None
) -> bool:
    """Tell whether an activation joins the step before: a norm that it alone reads."""
    if before.role != "plain" or tail is None:
        return False
    names = {op.name for op in layer_labels.list_flowing_operations(layer)}
    alone = graph.before[layer.index] == (tail,) and len(graph.after[tail]) == 1
    activates = names <= ACTIVATIONS and before.lines[0] in layer_labels.NORM_LABELS
    return alone and (
        activates or before.lines == layer_labels.label_layer_fully(layer)
    )


def choose_role(
    layer: Layer, labels: list[str], source_steps: list[int], *, projects: bool
) -> str:
    """Return how a layer's step looks."""
    if len(set(source_steps)) > 1 and labels[-1] in CIRCLE_SIGNS:
        return "sum"
    if any(is_weighted(op) for op in layer_labels.list_flowing_operations(layer)):
        return "projected" if projects else "conv"
    return "plain"

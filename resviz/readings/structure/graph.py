"""The dataflow graph of a record: live layers, edges, dominators, channel axes.

The channels' axis is followed, so that one stream reads alike in all its forms: so many
positions of such a width.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import takewhile
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import CREATIONS, JOINS, SQUASHING
from resviz.readings.structure.channel_axes import find_input_axis, find_output_axis
from resviz.readings.structure.constant_streams import find_constant_streams
from resviz.readings.structure.efforts import measure_efforts
from resviz.readings.structure.fixed_filters import mark_fixed_filters
from resviz.readings.structure.joins import find_joins
from resviz.readings.structure.main_ends import add_conditions, find_main_ends
from resviz.readings.structure.modulations import mark_modulations
from resviz.readings.structure.side_edges import (
    SPREADING,
    SideEdgeFinder,
    SideEdges,
    SideKind,
    number_source,
)
from resviz.readings.structure.summed_parts import mark_summing_products
from resviz.record import MODEL_INPUT, Architecture, Layer, Operation, Shape, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

ROOT = MODEL_INPUT
"""The node that stands for all inputs of the model, or for the first."""

NOWHERE = -(10**9)
"""Above all inputs: the dominator of what several inputs reach."""

MapSize = tuple[int, int]
"""Positions, those of the whole batch, and width."""


class Graph:
    """Layers as nodes, tensors as edges, in execution order.

    Only what is live is kept: what descends from the model's input. A parameter,
    a constant and what is computed from them alone are no nodes. Where inputs are told
    apart, the first is node -1, the second -2; where constant streams start follow.

    Attributes:
        arch: the record.
        layers: its layers, those of constant streams flowing, fixed filters by name.
        constant_nodes: the nodes that descend from constant streams alone.
        operations: the operations of each node that something flows through.
        before: live sources of each node, each once, in operand order; every input of
            the model is `ROOT`.
        after: live users of each node. What leads to no output is no user of a node
            that does.
        sources: as `before`, the inputs of the model told apart.
        side_edges: of each node that has any, the sources that only modulate.
        main_sources: the other sources of each node; of one whose sources all come
            aside, all.
        nodes_with_side_edges: in order.
        dominator: immediate dominator of each node on main sources, the last one that
            every path from the input to the node passes; `NOWHERE` if several inputs
            reach it.
        dominator_depth: of each node, how many dominators it has, `NOWHERE` with them.
        ranks: of each node, the number of the input that it descends from, the main one
            being 0; {} if there is one alone.
        joins: the additions, by node.
        dead_joins: those that lead to no output.
        carried_scores: operands with scores of an earlier attention, by their sum.
        routed_products: operands that a router of experts gives, by their product.
        returned_nodes: what gives an output of the model.
        efforts: of the nodes that have any, what they weigh.
        input_axes: in which axis of each input of the model its channels lie.
        main_output: the node that gives the main output; `ROOT` if nothing is live.
        channel_axes: in which axis of each node's output its channels lie; None if
            unknown.
        unit_types: of main branches that were classified, by their nodes; "" if none
            fits.
    """

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        layers = mark_fixed_filters(arch, mark_summing_products(arch.stored_layers))
        self.layers, starts = find_constant_streams(layers)
        self.constant_nodes: set[int] = set()
        self.operations: dict[int, list[Operation]] = {}
        self.before: dict[int, tuple[int, ...]] = {}
        self.after: dict[int, list[int]] = {ROOT: []}
        self.sources: dict[int, tuple[int, ...]] = {}
        self.side_edges: SideEdges = {}
        self.main_sources: dict[int, tuple[int, ...]] = {}
        self.ranks: dict[int, int] = {}
        self.unit_types: dict[frozenset[int], str] = {}
        self.dominator: dict[int, int] = {}
        self.dominator_depth: dict[int, int] = {NOWHERE: 0}
        self.input_axes = [find_input_axis(arch, k) for k in range(len(arch.inputs))]
        self.channel_axes: dict[int, int | None] = {
            ROOT: next(iter(self.input_axes), None)
        }
        finder = SideEdgeFinder()
        input_count = len(arch.inputs) or 1
        for layer in self.layers:
            if layer.index in starts:
                self.start_stream(layer, ROOT - input_count - starts.index(layer.index))
                continue
            ops = [op for op in layer.operations if True in op.flowing]
            if ops and (ops[0].name not in CREATIONS or not makes_tensor(ops)):
                self.add_layer(layer, ops, finder)
        if starts:
            self.constant_nodes |= self.find_constant_nodes()
        self.efforts = measure_efforts(self.layers, self.operations)
        self.returned_nodes = {source.layer for source in arch.outputs}
        useful = self.remove_dead_uses()
        self.joins = find_joins(self)
        mark_modulations(self)
        self.dead_joins = {node for node in self.joins if node not in useful}
        main_input, self.main_output = find_main_ends(self)
        if len(arch.inputs) > 1:
            add_conditions(self, main_input)
        self.carried_scores: dict[int, tuple[int, ...]] = {}
        self.routed_products: dict[int, int] = {}
        if finder.has_products:
            from resviz.readings.structure.experts import find_routed_products
            from resviz.readings.structure.scores import find_carried_scores

            self.carried_scores = find_carried_scores(self)
            self.routed_products = find_routed_products(self)
            carried = self.carried_scores.items()
            kernels = {self.joins[node].reader: earlier for node, earlier in carried}
            kernels |= {k: (n,) for k, n in self.routed_products.items()}
            for node, sources in kernels.items():
                side = dict.fromkeys(sources, SideKind.KERNEL)
                self.side_edges[node] = self.side_edges.get(node, {}) | side
        self.nodes_with_side_edges = sorted(self.side_edges)
        self.find_dominators()

    def start_stream(self, layer: Layer, origin: int) -> None:
        """Add the layer at which a constant stream starts, below a node for that."""
        node = layer.index
        self.operations[node] = [*layer.operations]
        self.before[node] = self.sources[node] = (origin,)
        self.after[origin], self.after[node] = [node], []
        rank = len(layer.output_shape)
        self.channel_axes[origin] = self.channel_axes[node] = (
            1 if rank > 3 else rank - 1
        )
        self.constant_nodes |= {origin, node}

    def add_layer(
        self, layer: Layer, ops: list[Operation], finder: SideEdgeFinder
    ) -> None:
        """Add a live layer whose sources are there, with its side edges."""
        after = self.after
        live = [source for source in layer.sources if source.layer in after]
        if not live:
            return
        node = layer.index
        first = live[0].layer
        before = (first,)
        if len(live) > 1:
            before = tuple(dict.fromkeys([source.layer for source in live]))
            if len(before) > 1 and not JOINS.isdisjoint([op.name for op in ops]):
                known = (n for n in before if self.channel_axes[n] is not None)
                first = min(known, default=first)  # in a sum the shortcut knows best
        sources, axis = before, self.channel_axes[first]
        if ROOT in before:
            sources = tuple(dict.fromkeys(map(number_source, live)))
            if live[0].layer == ROOT:
                axis = self.input_axes[live[0].output]
        self.operations[node] = ops
        self.before[node] = before
        self.sources[node] = sources
        after[node] = []
        for source in before:
            after[source].append(node)
        self.channel_axes[node] = find_output_axis(layer, ops, axis)
        if len(sources) > 1:
            side = finder.find_side_edges(layer, ops, sources)
            if side:
                self.side_edges[node] = side
        first_input, *other_inputs = layer.inputs
        spreads = ops[0].name in SPREADING and (
            other_inputs
            or finder.value_counts
            or first_input.shape != layer.outputs[0].shape
        )
        if spreads or ops[-1].name in SQUASHING or finder.squashed.issuperset(sources):
            finder.follow_values(layer, ops, sources)

    def find_constant_nodes(self) -> set[int]:
        """Find the nodes that descend from constant streams alone."""
        constant = set(self.constant_nodes)
        for node, sources in self.sources.items():
            if constant.issuperset(sources):
                constant.add(node)
        return constant

    def remove_dead_uses(self) -> Container[int]:
        """Remove from the users of what leads to an output those that lead to none.

        What leads to none keeps its users, for all of a model's outputs may be lost.

        Returns:
            The nodes that lead to an output.
        """
        returned = self.returned_nodes
        if all(users or node in returned for node, users in self.after.items()):
            return self.before
        useful = set(returned)
        for node in reversed(self.before):
            if node in useful:
                useful.update(self.before[node])
        for node in self.before.keys() - useful:
            for source in useful.intersection(self.before[node]):
                self.after[source].remove(node)
        return useful

    def list_main_sources(self, node: int) -> tuple[int, ...]:
        """List the sources of a node that do not come aside; all, if every one does."""
        sources, side = self.sources[node], self.side_edges.get(node)
        if not side:
            return sources
        return tuple(source for source in sources if source not in side) or sources

    def count_joins_above(self, end: int) -> int:
        """Count the additions that lead to a node."""
        return len(self.joins.keys() & self.find_nodes_between(NOWHERE, end))

    def find_dominators(self) -> None:
        """Find the main sources and the immediate dominator of every node."""
        inputs = range(ROOT, ROOT - (len(self.arch.inputs) or 1), -1)
        for node in (*inputs, *(node for node in self.constant_nodes if node < 0)):
            self.dominator[node] = NOWHERE
            self.dominator_depth[node] = 1
        depths = self.dominator_depth
        for node, sources in self.sources.items():
            main = self.list_main_sources(node) if node in self.side_edges else sources
            self.main_sources[node] = main
            nearest = main[0]
            if len(main) > 1:
                for source in main[1:]:
                    nearest = self.find_common_dominator(nearest, source)
            self.dominator[node] = nearest
            depths[node] = depths[nearest] + 1

    def find_common_dominator(self, a: int, b: int) -> int:
        """Find the last node that dominates, or is, both `a` and `b`."""
        while a != b:
            if self.dominator_depth[a] >= self.dominator_depth[b]:
                a = self.dominator[a]
            else:
                b = self.dominator[b]
        return a

    def dominates(self, node: int, later: int) -> bool:
        """Tell whether every path of main sources to a later node passes `node`."""
        while self.dominator_depth[later] > self.dominator_depth[node]:
            later = self.dominator[later]
        return later == node

    def find_nodes_between(
        self,
        fork: int,
        end: int,
        *,
        main_only: bool = False,
        past: frozenset[int] = frozenset(),
    ) -> frozenset[int]:
        """Find the nodes on paths from a fork to an end, without the fork.

        Args:
            fork: where the paths start; `NOWHERE` for all inputs of the model.
            end: where they end.
            main_only: whether paths of side edges are left out.
            past: nodes through which no path leads.
        """
        edges = self.main_sources if main_only else self.sources
        nodes: set[int] = set()
        pending = [end]
        is_bypassed = False  # whether something else than the fork leads to the end
        while pending:
            node = pending.pop()
            if node > fork and node >= 0 and node not in past:
                if node not in nodes:
                    nodes.add(node)
                    pending.extend(edges[node])
            elif node != fork:
                is_bypassed = fork != NOWHERE
        if not is_bypassed:
            return frozenset(nodes)
        descending = {fork}
        for node in sorted(nodes):
            if not descending.isdisjoint(edges[node]):
                descending.add(node)
        return frozenset(descending - {fork})

    def has_side_edges(self, fork: int, end: int) -> bool:
        """Tell whether a node after the fork, up to the end, has side edges."""
        nodes = self.nodes_with_side_edges
        k = bisect_right(nodes, fork)
        return k < len(nodes) and nodes[k] <= end

    def select_layers(self, nodes: Iterable[int]) -> Iterator[Layer]:
        """Select the layers that some nodes stand for, in execution order."""
        return (self.layers[node] for node in sorted(nodes))

    def list_operations(self, nodes: Iterable[int]) -> list[Operation]:
        """List the live operations of some nodes, in execution order."""
        return [op for node in sorted(nodes) for op in self.operations.get(node, ())]

    def is_single_operation(self, node: int, names: Container[str]) -> bool:
        """Tell whether a node is a single operation with one of some names."""
        if node < 0:
            return False
        ops = self.layers[node].operations
        return len(ops) == 1 and ops[0].name in names

    def find_common_path(self, nodes: Iterable[int]) -> str:
        """Find the common prefix of some modules' paths, "layer1.0"."""
        layers = (layer for layer in self.select_layers(nodes) if layer.module)
        levels = zip(*(layer.path.split(".")[:-1] for layer in layers), strict=False)
        shared = takewhile(lambda names: len(set(names)) == 1, levels)
        return ".".join(names[0] for names in shared)

    def shape_of_node(self, node: int) -> Shape:
        """Return the shape of a node's first output."""
        if node < 0:
            own = self.arch.inputs[ROOT - node :][:1]  # of no constant stream
            return own[0].shape if own else ()
        return self.layers[node].output_shape

    def shape_as_read(self, node: int) -> Shape:
        """Return the shape that is read from a node: all of what it wrote a part of."""
        for user in self.after[node][-1:]:
            layer = self.layers[user]
            for source, tensor in zip(layer.sources, layer.inputs, strict=True):
                if source.layer == node:
                    return tensor.shape
        return self.shape_of_node(node)

    def size_of_node(self, node: int, shape: Shape | None = None) -> MapSize:
        """Return positions and width of a node's first output, or of one of `shape`.

        Where the axis is not known, tokens (N, L, C) end with it, and others begin.
        """
        axis = self.channel_axes.get(node)
        if ROOT - len(self.input_axes) < node < ROOT:
            axis = self.input_axes[ROOT - node]
        elif node == ROOT and shape is not None:
            shapes = [tensor.shape for tensor in self.arch.inputs]
            axis = self.input_axes[shapes.index(shape)] if shape in shapes else axis
        shape = shape or self.shape_of_node(node)
        if not shape:
            return 1, 1
        if axis is None or axis >= len(shape):
            axis = 2 if len(shape) == 3 else min(1, len(shape) - 1)
        width = shape[axis]
        return prod(shape) // max(width, 1), width

    def find_channel_axis(self, source: Source) -> int | None:
        """Find in which axis of a source's tensor its channels lie, if it is known."""
        if source.layer == MODEL_INPUT:
            return self.input_axes[source.output] if self.input_axes else None
        return self.channel_axes.get(source.layer)

    def count_positions(self, node: int) -> int:
        """Return the positions of one sample in a node's first output."""
        return self.size_of_node(node)[0] // max(self.arch.batch, 1)


def makes_tensor(ops: Sequence[Operation]) -> bool:
    """Tell whether operations make a tensor anew."""
    return CREATIONS.issuperset([op.name for op in ops])


@cache_reading
def build_graph(arch: Architecture) -> Graph:
    """Build the graph of a record; it is shared and must not be changed."""
    graph = Graph(arch)
    if graph.side_edges:
        from resviz.readings.structure.carrying_gates import free_carrying_gates

        free_carrying_gates(graph)
    return graph

"""The wiring of a record: every edge between its inputs, live layers and outputs.

They are all numbered as one row: the inputs from -1 downwards, layers as in the record,
and outputs behind the last layer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import EMBEDDINGS, POOLS, RESHAPES, SELECTIONS
from resviz.readings.batch_axes import put_batch_first
from resviz.readings.structure.graph import ROOT, build_graph
from resviz.readings.structure.weights import count_weighted, is_upsampling
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading
from resviz.units import format_sizes, group_digits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure.graph import Graph
    from resviz.record import Architecture, Operation


class WiringEdge(NamedTuple):
    """A value that one end reads of another, once however often it is read."""

    source: int
    output: int
    reader: int


class Resolution(NamedTuple):
    """The kind of a value, and how many positions it has.

    `kind` is 0 for a map, 1 for a row of tokens or steps, 2 for a vector.
    """

    kind: int
    positions: int


VECTOR = Resolution(2, 1)


@dataclass(frozen=True)  # without slots, so that what is read off it can be kept
class Wiring:
    """Every edge of a record.

    Attributes:
        arch: the record.
        graph: its dataflow graph.
        live: the layers that descend from an input, in order.
        edges: between inputs, live layers and outputs.
        constants: how many reads there are of what depends on no input.
        weighted: how many weighted operations follow one another in each layer.
    """

    arch: Architecture
    graph: Graph
    live: tuple[int, ...]
    edges: tuple[WiringEdge, ...]
    constants: int
    weighted: dict[int, int]

    @cached_property
    def total_weighted(self) -> int:
        """How many weighted operations there are; 1 if there is none."""
        return sum(self.weighted.values()) or 1

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Every input that is read, every live layer and every output, in order."""
        return tuple(sorted({*self.live, *self.edges_by_source, *self.edges_by_reader}))

    @cached_property
    def edges_by_source(self) -> dict[int, list[WiringEdge]]:
        """The edges that leave each end."""
        groups: dict[int, list[WiringEdge]] = defaultdict(list)
        for edge in self.edges:
            groups[edge.source].append(edge)
        return dict(groups)

    @cached_property
    def edges_by_reader(self) -> dict[int, list[WiringEdge]]:
        """The edges that enter each end."""
        groups: dict[int, list[WiringEdge]] = defaultdict(list)
        for edge in self.edges:
            groups[edge.reader].append(edge)
        return dict(groups)

    @cached_property
    def joins(self) -> frozenset[int]:
        """The layers that read several ends."""
        return frozenset(
            end
            for end, edges in self.edges_by_reader.items()
            if self.is_layer(end) and len({edge.source for edge in edges}) > 1
        )

    def is_layer(self, end: int) -> bool:
        """Tell whether an end is a layer."""
        return 0 <= end < len(self.arch.stored_layers)

    def list_operations(self, end: int) -> list[Operation]:
        """List the operations of an end that something flows through."""
        return self.graph.operations.get(end, [])

    def count_weights(self, ends: Iterable[int]) -> int:
        """Count the weighted operations of some ends."""
        return sum(self.weighted.get(end, 0) for end in ends)

    def list_values_leaving(self, ends: set[int]) -> set[tuple[int, int]]:
        """List the values of some ends that others read, as (end, output)."""
        return {
            (edge.source, edge.output)
            for end in ends
            for edge in self.edges_by_source.get(end, ())
            if edge.reader not in ends
        }

    @cached_property
    def _signatures(self) -> dict[int, int]:
        """What each layer runs, as a number, as far as it was wanted."""
        return {}

    def sign_operations(self, end: int) -> int:
        """Return a number that is the same for layers that run the same."""
        if end not in self._signatures:
            described = tuple(
                (op.name, op.inputs, op.outputs, op.flowing, repr(op.window))
                for op in self.list_operations(end)
            )
            self._signatures[end] = hash(described)
        return self._signatures[end]

    def is_pool(self, end: int) -> bool:
        """Tell whether a layer without weights changes the resolution."""
        ops = self.list_operations(end)
        return any(op.name in POOLS or is_upsampling(op) for op in ops)

    def is_upsampling(self, ends: Iterable[int]) -> bool:
        """Tell whether one of some ends makes more positions out of fewer."""
        return any(
            is_upsampling(op) for end in ends for op in self.list_operations(end)
        )

    @cached_property
    def _sizes(self) -> dict[int, tuple[Resolution, str, int]]:
        """Resolution, its label and width of each end, as far as it was wanted."""
        return {}

    def measure_end(self, end: int) -> tuple[Resolution, str, int]:
        """Return the resolution of what an end gives, its label, and its channels.

        An output gives what it returns.
        """
        while end >= len(self.arch.stored_layers):
            end = self.edges_by_reader[end][0].source
        if end not in self._sizes:
            self._sizes[end] = measure_value(self, end)
        return self._sizes[end]

    def is_looked_up(self, end: int) -> bool:
        """Tell whether an input holds whole numbers by which weights are looked up."""
        if "int" not in self.arch.inputs[ROOT - end].dtype:
            return False
        pending, seen = [end], {end}
        while pending:
            for edge in self.edges_by_source.get(pending.pop(), ()):
                names = {op.name for op in self.list_operations(edge.reader)}
                if names & EMBEDDINGS:
                    return True
                if names <= RESHAPES | SELECTIONS and edge.reader not in seen:
                    seen.add(edge.reader)
                    pending.append(edge.reader)
        return False


def measure_value(wiring: Wiring, end: int) -> tuple[Resolution, str, int]:
    """Measure what an input or a layer gives: resolution, its label, channels."""
    arch, graph = wiring.arch, wiring.graph
    if end < 0:
        source = Source(MODEL_INPUT, ROOT - end)
        tensor, axis = arch.inputs[ROOT - end], graph.input_axes[ROOT - end]
        shape = tensor.shape
        if "int" in tensor.dtype and len(shape) == 2:  # numbers of tokens
            return Resolution(1, shape[1]), f"{shape[1]} tokens", 1
    else:
        source = Source(end)
        shape, axis = graph.shape_as_read(end), graph.channel_axes.get(end)
    positions, width = graph.size_of_node(end, shape)
    positions //= max(arch.batch, 1)
    if positions <= 1:
        return VECTOR, "vectors", width
    shape, axis = put_batch_first(arch, shape, axis, source)
    if len(shape) < 4:
        noun = "positions" if axis == 1 else "tokens"
        return Resolution(1, positions), f"{positions} {noun}", width
    sides = shape[2:] if axis is None else (*shape[1:axis], *shape[axis + 1 :])
    is_known = prod(sides) == positions
    label = format_sizes(sides) if is_known else f"{group_digits(positions)} positions"
    return Resolution(0, positions), label, width


def find_live_layers(graph: Graph) -> dict[int, None]:
    """Find the layers that descend from an input of the model, in order.

    Streams that start at constants alone are none until they meet an input.
    """
    live: dict[int, None] = {}
    for i in graph.before:
        sources = [source.layer for source in graph.arch.stored_layers[i].sources]
        if any(source == MODEL_INPUT or source in live for source in sources):
            live[i] = None
    return live


@cache_reading
def read_wiring(arch: Architecture) -> Wiring:
    """Read every edge of a record; what depends on no input is counted as constant."""
    graph = build_graph(arch)
    live = find_live_layers(graph)
    behind = len(arch.stored_layers)
    edges: dict[WiringEdge, None] = {}
    constants = 0
    reads = [(source, i) for i in live for source in arch.stored_layers[i].sources]
    reads += [(source, behind + k) for k, source in enumerate(arch.outputs)]
    for source, reader in reads:
        if source.layer == MODEL_INPUT:
            edges[WiringEdge(ROOT - source.output, 0, reader)] = None
        elif source.layer in live:
            edges[WiringEdge(source.layer, source.output, reader)] = None
        else:
            constants += 1
    weighted = {i: count_weighted(arch.stored_layers[i]) for i in live}
    return Wiring(arch, graph, tuple(live), tuple(edges), constants, weighted)

"""Side edges: where tensors meet, which of them modulate and do not carry the stream.

A gate, a condition, a kernel or an index comes aside. Such an edge counts neither for
dominance, nor for what a branch weighs, nor for the depth. All other edges are the
main stream.
"""

from __future__ import annotations

from enum import StrEnum
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import (
    ACTIVATIONS,
    CONVOLUTIONS,
    ELEMENTWISE,
    FACTORS,
    LOOKUPS,
    NORMS,
    PRODUCTS,
    RESHAPES,
    SQUASHING,
    WRITES,
)
from resviz.readings.structure.weights import is_live_product, is_upsampling
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.record import Layer, Operation, Source


class SideKind(StrEnum):
    """What a side edge brings."""

    GATE = "gate"
    CONDITION = "condition"
    KERNEL = "kernel"
    INDEX = "index"


SideEdges = dict[int, dict[int, SideKind]]
"""For each node with side edges, the sources that they come from, and what they are."""


def number_source(source: Source) -> int:
    """Return the node that a tensor comes from; each input of the model has its own.

    The first input is -1, the second -2.
    """
    return source.layer - source.output if source.layer == MODEL_INPUT else source.layer


class SideEdgeFinder:
    """Finds gates, kernels and indices node by node, in execution order.

    Attributes:
        value_counts: how many different values a node gives, where that is fewer than
            its elements; an expanded gate stays small.
        squashed: nodes whose values lie between 0 and 1.
        has_products: whether matrices that flow are multiplied.
    """

    def __init__(self) -> None:
        self.value_counts: dict[int, int] = {}
        self.squashed: set[int] = set()
        self.has_products = False

    def find_side_edges(
        self, layer: Layer, ops: Sequence[Operation], sources: Sequence[int]
    ) -> dict[int, SideKind]:
        """Find the side edges of a layer by what it does with what it reads."""
        op = ops[0]
        if len(ops) > 1:
            op = max(ops, key=lambda op: sum(op.flowing))  # in which its sources meet
        if op.name in CONVOLUTIONS or op.name in NORMS:
            return mark_all_but_first(layer, sources, SideKind.KERNEL)
        if op.name in WRITES:
            return mark_places(layer, sources)
        if op.name in LOOKUPS:
            return mark_all_but_first(layer, sources, SideKind.INDEX)
        if op.name == "cat":
            return self.find_numbers(layer, sources)
        if op.name not in ELEMENTWISE:
            self.has_products |= op.name in PRODUCTS
            return {}
        side: list[int] = []
        full = sources
        if not self.is_full(layer, sources):
            counts = self.count_values(layer, sources)
            most = max(counts.values())
            side = [node for node in sources if counts[node] < most]
            full = [node for node in sources if counts[node] == most]
        if op.name in FACTORS:
            weighing = [node for node in full if node in self.squashed]
            if len(weighing) < len(full):
                side += weighing
        return dict.fromkeys(side, SideKind.GATE)

    def find_numbers(self, layer: Layer, sources: Sequence[int]) -> dict[int, SideKind]:
        """Find what is but a number a sample, spread over a map beside full ones.

        As a time. Source: Chen et al. 2018, neural ODEs, whose layers read one.
        """
        if self.value_counts.keys().isdisjoint(sources):
            return {}
        counts = self.count_values(layer, sources)
        samples = layer.output_shape[0]
        numbers = [
            node
            for node in sources
            if node in self.value_counts and counts[node] in {1, samples}
        ]
        if len(numbers) == len(sources):
            return {}
        return dict.fromkeys(numbers, SideKind.CONDITION)

    def is_full(self, layer: Layer, sources: Sequence[int]) -> bool:
        """Tell whether all that a layer reads has its output's shape, none spread.

        That is how most layers are, and what is quick to see.
        """
        shape = layer.output_shape
        for tensor in layer.inputs:
            if tensor.shape != shape:
                return False
        return not self.value_counts or self.value_counts.keys().isdisjoint(sources)

    def count_values(self, layer: Layer, sources: Sequence[int]) -> dict[int, int]:
        """Count the different values of what a layer reads from each of its sources."""
        counts = dict.fromkeys(sources, 0)
        for source, tensor in zip(layer.sources, layer.inputs, strict=True):
            node = number_source(source)
            if node in counts:
                count = prod(tensor.shape)
                count = min(count, self.value_counts.get(node, count))
                counts[node] = max(count, counts[node])
        return counts

    def follow_values(
        self, layer: Layer, ops: Sequence[Operation], sources: Sequence[int]
    ) -> None:
        """Follow whether a layer spreads few values, and whether they are squashed."""
        squashed = self.squashed
        if ops[-1].name in SQUASHING or (
            squashed
            and squashed.issuperset(sources)
            and all(map(keeps_range if len(sources) < 2 else multiplies, ops))
        ):
            squashed.add(layer.index)
        if ops[0].name not in SPREADING or self.is_full(layer, sources):
            return
        if SPREADING.issuperset([op.name for op in ops]) and not makes_pairs(layer):
            most = max(self.count_values(layer, sources).values())
            if most < prod(layer.output_shape):
                self.value_counts[layer.index] = most


def makes_pairs(layer: Layer) -> bool:
    """Tell whether a layer spreads what it reads over different axes, as x_i - x_j.

    They must share another than the samples', as what pairs rows does; a gate over
    channels and one over positions share none. Source: Park et al. 2018, BAM.
    """
    if len(layer.inputs) < 2:
        return False
    shape = layer.output_shape
    axes: list[set[int]] = []
    for tensor in layer.inputs:
        missing = len(shape) - len(tensor.shape)
        sizes = enumerate((1,) * missing + tensor.shape)
        axes.append({axis for axis, size in sizes if size > 1 and axis})
    largest = max(axes, key=len)
    return any(largest & other and not other <= largest for other in axes)


SPREADING = (RESHAPES | ACTIVATIONS | ELEMENTWISE | NORMS) - WRITES
"""Operations that give no more different values than they read."""


def keeps_range(op: Operation) -> bool:
    """Tell whether a weight between 0 and 1 stays one, as in 1 - g or g + 1."""
    return op.name in RANGE_KEEPERS or is_upsampling(op)


def multiplies(op: Operation) -> bool:
    """Tell whether weights between 0 and 1 stay some, one times the other."""
    return op.name in FACTORS - {"div"}


RANGE_KEEPERS = RESHAPES | {"rsub", "neg", "add", "sub", "mul", "div"}
"""Operations on a weight alone, after which it still is one."""


def mark_all_but_first(
    layer: Layer, sources: Sequence[int], kind: SideKind
) -> dict[int, SideKind]:
    """Mark all sources of a layer but its first live one."""
    live = (number_source(source) for source in layer.sources)
    first = next(node for node in live if node in sources)
    return {node: kind for node in sources if node != first}


def mark_places(layer: Layer, sources: Sequence[int]) -> dict[int, SideKind]:
    """Mark the sources of a layer that say where to write, and are no values."""
    values = {
        number_source(source)
        for source, tensor in zip(layer.sources, layer.inputs, strict=True)
        if not tensor.dtype.startswith(("int", "bool"))
    }
    places = [node for node in sources if node not in values]
    return dict.fromkeys(places, SideKind.INDEX) if len(places) < len(sources) else {}


def find_conditions(
    ops: Sequence[Operation], sources: Sequence[int], ranks: Mapping[int, int]
) -> dict[int, SideKind]:
    """Find the sources that descend from a lesser input than another source does.

    Of two live matrices only the second is one, as keys and values are; the first is
    the query, also where it comes from the lesser input, as in a decoder.

    Args:
        ops: of the layer that reads the sources.
        sources: nodes.
        ranks: of nodes, 0 for what descends from the main input.
    """
    best = min(ranks[node] for node in sources)
    if any(map(is_live_product, ops)) and ranks[sources[0]] > best:
        return {}
    lesser = (node for node in sources if ranks[node] > best)
    return dict.fromkeys(lesser, SideKind.CONDITION)

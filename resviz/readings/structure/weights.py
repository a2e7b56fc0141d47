"""What an operation weighs: whether it has weights, sees positions, or attends."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import (
    ATTENTIONS,
    CONVOLUTIONS,
    JOINS,
    PRODUCTS,
    RECURRENCES,
    WEIGHT_COUNTS,
)
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure.graph import Graph
    from resviz.record import Layer, Operation


def is_weighted(op: Operation) -> bool:
    """Tell whether an operation combines what flows with a weight: conv or linear."""
    if op.name in CONVOLUTIONS or op.name in WEIGHT_COUNTS:
        return True
    return op.name in PRODUCTS and sum(op.flowing[-2:]) == 1


def count_weighted(layer: Layer) -> int:
    """Count the weighted operations of a layer that follow one another.

    Weights that act side by side count once, as those of query, key and value; so does
    one that acts many times, as in an LSTM, whose every step takes it up.
    """
    weighted_count = sum([is_live_weighted(op) for op in layer.operations])
    if not weighted_count:
        return 0
    packed_count = max(WEIGHT_COUNTS.get(op.name, 1) for op in layer.operations)
    if max(weighted_count, packed_count) < 2:
        return 1
    shortest, longest = measure_weighted_ways(layer)
    matrix_count = count_matrices(layer)
    if weighted_count > matrix_count:  # none has a module called a second time
        return max(min(matrix_count or shortest, shortest), 1)
    return longest


def is_recurrent(layer: Layer) -> bool:
    """Tell whether a layer takes its weights up again at every step, as an LSTM.

    So does a cell, which is called at every step with its state.
    """
    ops = layer.operations
    if len(ops) < 2:
        return any(op.name in RECURRENCES for op in ops)
    weighted_ops = [op for op in ops if is_live_weighted(op)]
    if weighted_ops and weighted_ops[0].name in RECURRENCES:
        return True
    weighted_count = len(weighted_ops)
    if weighted_count < 2:
        return False
    if weighted_count <= count_matrices(layer):
        return is_cell(layer)
    shortest, longest = measure_weighted_ways(layer)
    return shortest < longest or is_cell(layer)


def is_cell(layer: Layer) -> bool:
    """Tell whether a layer weighs two of its inputs and adds them, as an LSTM's cell.

    Source: Hochreiter and Schmidhuber 1997, whose gates see input and state.
    """
    if len(layer.operations) < 3 or len({src.layer for src in layer.sources}) < 2:
        return False  # two weights and the sum of what they give, at least
    nothing = frozenset[int]()
    as_given: dict[int, frozenset[int]] = {}  # which inputs each operation is made of
    weighed: dict[int, frozenset[int]] = {}
    for number, op in enumerate(layer.operations):
        sources = [source for source in op.sources if source]
        given = nothing.union(
            *(
                as_given.get(source.layer, {source.output})
                for source in sources
                if source.layer == MODEL_INPUT or source.layer in as_given
            )
        )
        operands = {weighed.get(source.layer, nothing) for source in sources} - {
            nothing
        }
        if op.name in JOINS and len(operands) > 1:
            return True
        both = nothing.union(*operands)
        as_given[number] = nothing if is_weighted(op) else given
        weighed[number] = both | given if is_weighted(op) else both
    return False


def is_live_weighted(op: Operation) -> bool:
    """Tell whether an operation combines with a weight what depends on the input."""
    return True in op.flowing and is_weighted(op)


def count_matrices(layer: Layer) -> int:
    """Count the parameters of a layer that are no vectors."""
    return sum(len(parameter.shape) > 1 for parameter in layer.parameters)


def measure_weighted_ways(layer: Layer) -> tuple[int, int]:
    """Count the weighted operations on the ways through a layer to its first output.

    Operations of records that do not say what they read follow one another. What a
    router gives is on no way; of tokens and their router that has more weights.

    Returns:
        On the way with the fewest, and on that with the most.
    """
    live_ops = [op for op in layer.operations if True in op.flowing]
    if not all(op.sources for op in live_ops):
        count = sum(WEIGHT_COUNTS.get(op.name, 1) for op in live_ops if is_weighted(op))
        return count, count
    ways: dict[int, tuple[int, int]] = {MODEL_INPUT: (0, 0)}
    has_router, made = runs_experts(layer), set[int]()  # of a product
    for number, op in enumerate(layer.operations):
        read = [src.layer for src in op.sources if src and src.layer in ways]
        before = [ways[source] for source in read]
        is_made = not made.isdisjoint(read)
        if has_router and is_live_product(op):
            before = [ways[n] for n in read if n in made] if is_made else [min(before)]
            is_made = True
        if is_made:
            made.add(number)
        if before:
            own = WEIGHT_COUNTS.get(op.name, 1) if is_weighted(op) else 0
            fewest, most = zip(*before, strict=True)
            ways[number] = min(fewest) + own, max(most) + own
    last = max(ways)
    first_end = layer.ends[0] if layer.ends else None
    return ways.get(first_end.layer if first_end else last, ways[last])


def runs_experts(layer: Layer) -> bool:
    """Tell whether a layer by itself dispatches tokens to experts, and combines these.

    One of its products reads another by way of weights, and none reads one without, as
    attention does.
    """
    if len(layer.operations) < 3:
        return False
    made, unweighted = set[int](), set[int]()  # of a product; with no weight since
    is_linked = False
    for number, op in enumerate(layer.operations):
        read = {source.layer for source in op.sources if source}
        if is_live_product(op):
            if not unweighted.isdisjoint(read):
                return False
            is_linked |= not made.isdisjoint(read)
            made.add(number)
            unweighted.add(number)
        elif not made.isdisjoint(read):
            made.add(number)
            if not (unweighted.isdisjoint(read) or is_weighted(op)):
                unweighted.add(number)
    return is_linked


def is_live_product(op: Operation) -> bool:
    """Tell whether an operation multiplies two matrices that flow, as attention's."""
    if op.name in ATTENTIONS:
        return sum(op.flowing) > 1
    return op.name in PRODUCTS and all(op.flowing[-2:])


def is_spatial(op: Operation) -> bool:
    """Tell whether an operation is a convolution that sees more than one position."""
    window = op.window
    return op.name in CONVOLUTIONS and window is not None and prod(window.kernel) > 1


def is_depthwise(op: Operation) -> bool:
    """Tell whether an operation is a convolution of each channel by itself."""
    window = op.window
    if window is None or window.groups == 1:
        return False
    return window.groups == op.inputs[0][1]


def list_live_operations(layers: Iterable[Layer]) -> list[Operation]:
    """List the operations of some layers that something flows through, in order."""
    return [op for layer in layers for op in layer.operations if True in op.flowing]


def is_upsampling(op: Operation) -> bool:
    """Tell whether an operation makes more positions out of fewer."""
    is_transposed = op.window is not None and op.window.transposed
    return is_transposed or op.name.startswith(
        ("upsample", "_upsample", "pixel_shuffle")
    )


def have_weights(graph: Graph, nodes: Iterable[int]) -> bool:
    """Tell whether any of some nodes has weights.

    A product of two that flow has none, as that of messages with a one-hot matrix,
    which says where they go.
    """
    return any(graph.efforts[n].weighted for n in graph.efforts.keys() & nodes)

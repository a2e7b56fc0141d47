"""Efforts: how heavy the branches of a sum are, along their heaviest paths."""

from __future__ import annotations

from operator import add
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import (
    ATTENTIONS,
    CONVOLUTIONS,
    PRODUCTS,
    WEIGHT_COUNTS,
)
from resviz.readings.structure.weights import (
    count_weighted,
    is_depthwise,
    is_live_product,
    is_spatial,
    is_weighted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resviz.readings.structure.forks import Addition
    from resviz.readings.structure.graph import Graph
    from resviz.record import Layer, Operation

    MainOperandFinder = Callable[[int], int | None]
    """Finds what stands for a convolution of several branches that ends at a node."""


class Effort(NamedTuple):
    """Heavy operations of each kind, of one node or most on a path."""

    weighted: int = 0
    spatial: int = 0
    products: int = 0
    depthwise: int = 0


NO_EFFORT = Effort()
"""That of an identity."""

HEAVY_OPERATIONS = CONVOLUTIONS | PRODUCTS | ATTENTIONS | {*WEIGHT_COUNTS}
"""Operations that make an effort; no others do."""


def measure_efforts(
    layers: Sequence[Layer], operations: Mapping[int, list[Operation]]
) -> dict[int, Effort]:
    """Measure the nodes that make an effort; of weights those in a row count."""
    efforts: dict[int, Effort] = {}
    for node, ops in operations.items():
        for op in ops:
            if op.name in HEAVY_OPERATIONS:
                effort = Effort(
                    WEIGHT_COUNTS.get(op.name, 1) if is_weighted(op) else 0,
                    is_spatial(op),
                    is_live_product(op),
                    is_depthwise(op),
                )
                if node in efforts:
                    effort = add_efforts(efforts[node], effort)
                efforts[node] = effort
        if node in efforts and efforts[node].weighted > 1:
            in_a_row = count_weighted(layers[node])
            efforts[node] = efforts[node]._replace(weighted=in_a_row)
    return efforts


def add_efforts(a: Effort, b: Effort) -> Effort:
    """Add the efforts of two parts of a path."""
    return Effort(*map(add, a, b))


class EffortMeter:
    """Measures the branches of a graph, each node once a fork.

    A gate, a condition and what is beside the heaviest path weigh nothing. A
    convolution of several branches weighs what its main operand does.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.path_efforts: dict[int, dict[int, Effort]] = {}
        self.measured_to: dict[int, int] = {}

    def measure_branch(
        self, operand: int, addition: Addition, find_main_operand: MainOperandFinder
    ) -> Effort:
        """Measure the heaviest path to an operand of a sum, from the sum's fork.

        A weight of the sum itself, as in `addmm`, is on the branch that it multiplies.
        """
        effort = self.measure_path(addition.fork, operand, find_main_operand)
        if addition.addend in {None, operand}:
            return effort
        return add_efforts(effort, self.graph.efforts[addition.join])

    def measure_path(
        self, fork: int, end: int, find_main_operand: MainOperandFinder
    ) -> Effort:
        """Measure the heaviest path from a fork to an end, which descends from it.

        One path need not hold the most of every kind.
        """
        most = self.path_efforts.setdefault(fork, {fork: NO_EFFORT})
        main_sources, efforts = self.graph.main_sources, self.graph.efforts
        first = max(self.measured_to.get(fork, fork), -1) + 1
        for node in range(first, end + 1):
            sources = main_sources.get(node, ())
            if len(sources) == 1:
                path = most.get(sources[0])
            else:
                operand = find_main_operand(node)
                # The main operand of parallel branches may not come from the fork.
                ways = (operand,) if operand in most else sources
                known = [most[source] for source in ways if source in most]
                path = Effort(*map(max, zip(*known, strict=True))) if known else None
            if path is None:
                continue
            if own := efforts.get(node):
                path = add_efforts(path, own)
            most[node] = path
        self.measured_to[fork] = max(first - 1, end)
        return most[end]

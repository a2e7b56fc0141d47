"""MLPs beside attention: units that add what both make of one tensor at once.

Source: Wang and Komatsuzaki 2021, GPT-J; Dehghani et al. 2023, ViT-22B, where one layer
gives what both read, and one reads what both give.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import (
    ACTIVATIONS,
    ATTENTIONS,
    FACTORS,
    JOINS,
    SOFTMAXES,
)
from resviz.readings.structure.forks import AncestorSearch
from resviz.readings.structure.weights import (
    is_depthwise,
    is_live_product,
    is_spatial,
    is_weighted,
)
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.readings.structure.graph import Graph
    from resviz.record import Operation


class MlpProgress(IntEnum):
    """How much of an MLP lies on a way; `NEVER` where that attends or sees further."""

    NEVER = -1
    NOTHING = 0
    FIRST_WEIGHT = 1
    ACTIVATION = 2
    WHOLE = 3


class Way(NamedTuple):
    """The most of an MLP that leads to a node.

    Attributes:
        progress: how much of it.
        is_beside: whether it has met attention that is not made of it.
        activation: the node of its activation; `MODEL_INPUT` before that.
    """

    progress: MlpProgress = MlpProgress.NOTHING
    is_beside: bool = False
    activation: int = MODEL_INPUT


NO_MLP = Way(MlpProgress.NEVER)
"""The way of what attends."""


def has_mlp_beside(graph: Graph, nodes: frozenset[int]) -> bool:
    """Tell whether an MLP lies beside the attention of a main branch."""
    if not any(map(may_act, graph.list_operations(nodes))):
        return False
    ways: dict[int, Way] = {}
    for node in sorted(nodes):
        sources = graph.main_sources[node]
        names = {op.name for op in graph.operations[node]}
        way = meet_ways(
            graph,
            {source: ways.get(source, Way()) for source in sources},
            adds=bool(names & SUMS),
        )
        for op in graph.operations[node]:
            way = follow_operation(op, way, node)
        ways[node] = way
    ends = {node: ways[node] for node in nodes if nodes.isdisjoint(graph.after[node])}
    way = meet_ways(graph, ends, adds=True)
    return way.progress is MlpProgress.WHOLE and way.is_beside


SUMS = JOINS | {"cat"}
"""Operations at which branches meet as equals."""


def meet_ways(graph: Graph, ways: Mapping[int, Way], *, adds: bool) -> Way:
    """Return the way behind a node at which some meet.

    Attention ends an MLP that it is made of, as around an inner residual, and one that
    it is multiplied with, as by a gate.
    """
    lead = max(ways.values())
    attending = [node for node, way in ways.items() if way.progress < 0]
    if not attending or lead.progress < 0:
        return lead
    if not adds or lead.progress < MlpProgress.ACTIVATION:
        return NO_MLP
    above = (AncestorSearch(graph.main_sources, node) for node in attending)
    is_made_of = any(search.reaches(lead.activation) for search in above)
    return NO_MLP if is_made_of else lead._replace(is_beside=True)


def follow_operation(op: Operation, way: Way, node: int) -> Way:
    """Follow one operation of a node on a way."""
    if way.progress < 0 or is_live_product(op) or op.name in ATTENTIONS:
        return NO_MLP
    if is_weighted(op):
        if is_spatial(op) or is_depthwise(op):
            return NO_MLP
        late = way.progress >= MlpProgress.ACTIVATION
        return way._replace(
            progress=MlpProgress.WHOLE if late else MlpProgress.FIRST_WEIGHT
        )
    if way.progress is MlpProgress.FIRST_WEIGHT and may_act(op):
        return way._replace(progress=MlpProgress.ACTIVATION, activation=node)
    return way


def may_act(op: Operation) -> bool:
    """Tell whether an operation may be an MLP's activation, which may be a gate.

    A softmax is none: it weighs what attends.
    """
    if op.name in FACTORS:
        return sum(op.flowing) > 1
    return op.name in ACTIVATIONS and op.name not in SOFTMAXES

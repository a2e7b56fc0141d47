"""What a sum of branches is: residual, parallel, weightless, open; and why, in words.

The rules read shapes and edges alone; neither a name nor a class is looked at.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from resviz.operations.families import (
    FACTORS,
    LINEAR,
    PRODUCTS,
)
from resviz.readings.structure.first_states import adds_first_state
from resviz.readings.structure.fork_parts import reads_one_tensor
from resviz.readings.structure.forks import (
    ON_SHORTCUT,
    AncestorSearch,
    make_addition,
    walk_light_chain,
    walk_trunk,
    walk_unweighted_chain,
)
from resviz.readings.structure.graph import ROOT
from resviz.readings.structure.lookalikes import gathers_neighbours
from resviz.readings.structure.main_ends import is_given_by_weights, walk_unweighted
from resviz.readings.structure.modulations import walk_chain
from resviz.readings.structure.steps import list_calls_of_module
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure.efforts import Effort
    from resviz.readings.structure.forks import Addition
    from resviz.readings.structure.graph import Graph


class JoinKind(StrEnum):
    """The kinds of an addition of two branches."""

    RESIDUAL = "residual"
    PARALLEL = "parallel sum"
    WEIGHTLESS = "weightless sum"
    OPEN = "open join"


def classify_sum(efforts: list[Effort]) -> tuple[JoinKind, str]:
    """Classify a sum by its branches' efforts, lightest first, and say why.

    A shortcut has at most one weighted operation, or a depthwise convolution and a
    1×1, as GhostNet's.
    """
    light, heavy = efforts[0], efforts[-1]
    if not heavy.weighted:
        return JoinKind.WEIGHTLESS, "no branch has weights"
    if light.products:
        return JoinKind.PARALLEL, "every branch attends"
    if light.weighted > 1 and (light.weighted, light.depthwise) != (2, 1):
        reason = f"every branch has {light.weighted} weighted layers in series or more"
        return JoinKind.PARALLEL, reason
    against_wider = light.weighted == 1 and light.spatial < heavy.spatial
    if light.weighted == heavy.weighted and not against_wider:
        return JoinKind.PARALLEL, "its branches have equally many weighted layers"
    if light.spatial > heavy.spatial and not heavy.products:
        return JoinKind.PARALLEL, "its lightest branch sees further than the others"
    weights = format_plural(light.weighted, "weighted layer")
    reason = f"a branch of {weights} in series beside one of {heavy.weighted}"
    return JoinKind.RESIDUAL, reason


def find_obstacle(
    graph: Graph, branches: Sequence[frozenset[int]], addition: Addition
) -> str:
    """Find what keeps a sum from being a block's, in words; "" if nothing does.

    Args:
        graph: the dataflow.
        branches: their nodes, the shortcut's first.
        addition: the sum.
    """
    nodes = frozenset[int]().union(*branches)
    if not reads_one_tensor(graph, branches, addition):
        return "its branches read different parts of what they fork from"
    for node in graph.joins.keys() & (nodes - addition.nodes):
        foreign = [
            source
            for source in graph.main_sources[node]
            if source not in nodes and source != addition.fork
        ]
        if foreign and not (
            adds_position(graph, node, foreign, addition)
            or adds_neighbours(graph, foreign)
            or is_term_of_another_stream(graph, node, foreign, addition)
            or is_layer_of_two_streams(graph, node, foreign, addition)
            or is_momentum(graph, node, foreign, addition)
            or adds_first_state(graph, node, foreign, addition)
        ):
            name = graph.layers[node].name
            return f"{name} adds what comes from elsewhere"
    return ""


def adds_position(
    graph: Graph, node: int, foreign: list[int], addition: Addition
) -> bool:
    """Tell whether a sum adds to an identity's fork what is added again and again.

    As in x + f(x + p), of what is above the fork. Source: Carion et al. 2020, DETR,
    figure 10; Kirillov et al. 2023, SAM, where p are the prompts' embeddings.
    """
    fork = addition.fork
    if len(foreign) != 1 or fork not in addition.operands or node in addition.operands:
        return False
    return (
        graph.joins[node].addend is None  # else it adds to what it multiplies
        and is_added_often(graph, foreign[0])
        and any(
            fork in walk_unweighted_chain(graph, source)
            for source in graph.main_sources[node]
        )
        and AncestorSearch(graph.sources, fork).reaches(foreign[0])
    )


def adds_neighbours(graph: Graph, foreign: list[int]) -> bool:
    """Tell whether what a sum adds is one layer of gathered neighbours elsewhere."""
    return len(foreign) == 1 and gathers_neighbours(
        graph, walk_light_chain(graph, foreign[0])
    )


def is_added_often(graph: Graph, node: int) -> bool:
    """Tell whether several sums read a node, as they do position embeddings."""
    users = graph.joins.keys() & {*graph.after[max(node, ROOT)]}
    return (
        sum(
            node in graph.sources[user] and graph.joins[user].addend in {None, node}
            for user in users
        )
        > 1
    )


def is_term_of_another_stream(
    graph: Graph, node: int, foreign: list[int], addition: Addition
) -> bool:
    """Tell whether a sum is added itself, of what the fork does not descend from.

    As in x + (f(x) + g(y)). Source: Targ et al. 2016, ResNet in ResNet.
    """
    if node not in addition.operands or len(graph.after[node]) != 1:
        return False
    return not descends_from_any(graph, addition.fork, foreign)


def is_layer_of_two_streams(
    graph: Graph, node: int, foreign: list[int], addition: Addition
) -> bool:
    """Tell whether a sum is one layer of two streams, each of which has its weights.

    As in x + f(a(x) + b(y)), where the fork does not descend from y. Source: Bresson
    and Laurent 2017, gated graph networks, whose edges read their ends so.
    """
    if not all(
        is_given_by_weights(graph, source) for source in graph.main_sources[node]
    ):
        return False
    ends = (walk_unweighted(graph, source) for source in foreign)
    if any(
        end in graph.efforts and len(list_calls_of_module(graph, end)) > 1
        for end in ends
    ):
        return False  # a cell's state
    return not descends_from_any(graph, addition.fork, foreign)


def descends_from_any(graph: Graph, node: int, others: list[int]) -> bool:
    """Tell whether a node descends from another, or from what that is a layer of."""
    above = AncestorSearch(graph.main_sources, node)
    chains = (node for other in others for node in walk_light_chain(graph, other))
    return any(above.reaches(node) for node in sorted(chains, reverse=True))


def is_momentum(
    graph: Graph, node: int, foreign: list[int], addition: Addition
) -> bool:
    """Tell whether a sum adds what the sum at its fork added before, with a weight.

    As in x + v, where v = f(x) + g·v. What a sum multiplies itself, as `addmm`, it has
    not added. Source: Sander et al. 2021, momentum ResNets.
    """
    if node not in addition.operands or len(foreign) != 1:
        return False
    sums = graph.joins.keys() & walk_unweighted_chain(graph, addition.fork)
    joins = [graph.joins[above] for above in sums]
    added = {n for join in joins if join.addend is None for n in join.operands}
    chain = walk_unweighted_chain(graph, foreign[0])
    return not added.isdisjoint(chain)


def find_sums_beside(
    graph: Graph, nodes: frozenset[int], addition: Addition
) -> frozenset[int]:
    """Find the sums inside of a region that update a stream beside it."""
    sums: set[int] = set()
    for node in graph.joins.keys() & (nodes - addition.nodes):
        if node in graph.carried_scores:
            continue
        foreign = [n for n in graph.joins[node].operands if n not in nodes]
        foreign = [n for n in foreign if n != addition.fork]
        if foreign and is_sum_of_stream_beside(graph, node, foreign, addition):
            sums.add(node)
    return frozenset(sums)


def is_sum_of_stream_beside(
    graph: Graph, node: int, foreign: list[int], addition: Addition
) -> bool:
    """Tell whether a sum updates a stream of its own, which a branch reads beside.

    Its shortcut goes past the fork, and another stream's it is where that does not lie
    on the fork's own trunk. Source: Kirillov et al. 2023, SAM, whose tokens and image
    read each other; Pfaff et al. 2021, MeshGraphNets, its nodes and edges.
    """
    fork = addition.fork
    if len(foreign) != 1 or fork not in addition.operands:
        return False
    inner = make_addition(graph, graph.joins[node])
    if inner.fork_rule is not ON_SHORTCUT or inner.fork not in walk_unweighted_chain(
        graph, foreign[0]
    ):
        return False
    own = set(graph.joins[node].operands) - {*foreign}
    if any(fork in walk_unweighted_chain(graph, source) for source in own):
        return False  # it adds to this stream, as a position
    for operand in addition.operands:
        if node in walk_unweighted_chain(graph, operand):
            return False
        search = AncestorSearch(graph.sources, operand)
        search.visited.add(node)  # not by way of that sum alone
        if not search.reaches(fork):
            return False
    return inner.fork not in walk_trunk(graph, fork, inner.fork)


def leads_aside(graph: Graph, addition: Addition) -> bool:
    """Tell whether what comes aside to a sum is what its other operand descends from.

    As edges that a graph layer reads and updates. Source: Pfaff et al. 2021,
    MeshGraphNets, equation 3.
    """
    return any(
        AncestorSearch(graph.sources, operand).reaches(source)
        for operand in addition.operands
        for source in graph.sources[addition.join]
        if source not in addition.operands and not is_added_often(graph, source)
        if not any(
            source in walk_chain(graph, scale)
            for scale in graph.side_edges.get(operand, ())
        )
    )


def is_linear(graph: Graph, node: int) -> bool:
    """Tell whether a node is linear in what flows, and multiplies no two such."""
    return all(
        op.name in LINEAR and (sum(op.flowing) < 2 or op.name not in MULTIPLICATIONS)
        for op in graph.operations[node]
    )


MULTIPLICATIONS = PRODUCTS | FACTORS
"""Operations that are linear in one operand alone."""

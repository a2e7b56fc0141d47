"""Streams that exchange: two sums in turn, each of which adds what the other gives.

A reversible pair is such: a = a + f(b), b = b + g(a). Neither branch comes from where
its shortcut does, so that no two branches part anywhere. Source: Gomez et al. 2017,
RevNet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from resviz.readings.structure.efforts import EffortMeter
from resviz.readings.structure.forks import (
    SPLIT_OPERATIONS,
    AncestorSearch,
    walk_unweighted_chain,
)
from resviz.readings.structure.graph import ROOT
from resviz.readings.structure.region_branches import (
    find_outside_sources,
    find_outside_uses,
)
from resviz.readings.structure.sum_kinds import JoinKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.region_branches import JoinRegion


class Exchange(NamedTuple):
    """A sum of one stream with what another gives.

    Attributes:
        join: the sum.
        shortcut: the operand of its own stream.
        origin: the node of its own stream from which that comes.
        branch: the operand that the other stream gives.
        start: the node of the other stream from which that comes.
        own_stream: whether the two streams are two for sure, and no tensor twice.
    """

    join: int
    shortcut: int
    origin: int
    branch: int
    start: int
    own_stream: bool = True


def read_exchanges(graph: Graph, regions: Sequence[JoinRegion]) -> list[JoinRegion]:
    """Read open sums that are exchanges as residual ones; leave all other sums.

    A sum that begins one, and reads the same tensor twice, is found by the next.
    """
    if not any(region.kind is JoinKind.OPEN for region in regions):
        return [*regions]
    by_join = {
        region.join: region
        for region in regions
        if len(region.addition.operands) == 2
        and region.kind in {JoinKind.OPEN, JoinKind.RESIDUAL}
    }
    exchanges: dict[int, Exchange] = {}
    first_sums: dict[int, Exchange] = {}
    for join in reversed(by_join):
        is_open = by_join[join].kind is JoinKind.OPEN
        if not (is_open or join in first_sums):
            continue
        pair = find_exchange(graph, by_join, join)
        if pair and (pair[0].own_stream or join in first_sums):
            exchanges[join] = pair[0]
            first_sums[pair[0].start] = pair[1]
        elif join in first_sums:
            exchanges[join] = first_sums[join]
    return [
        make_exchange_region(graph, region, exchanges[region.join])
        if region.join in exchanges
        else region
        for region in regions
    ]


def find_exchange(
    graph: Graph, by_join: Mapping[int, JoinRegion], join: int
) -> tuple[Exchange, Exchange] | None:
    """Find how a sum takes turns with the one before it in the other stream.

    Returns:
        Its own exchange, and that of the sum before; None if there is none.
    """
    for shortcut, branch in iter_ways(by_join[join]):
        start = branch
        if start not in graph.joins:
            start = find_sum_above(graph, branch)
        if start not in by_join or not has_weights(graph, start, branch, by_join[join]):
            continue
        for origin in walk_unweighted_chain(graph, shortcut):
            for other_shortcut, other_branch in iter_ways(by_join[start]):
                if not (
                    graph.dominates(origin, other_branch)
                    and has_weights(graph, origin, other_branch, by_join[start])
                ):
                    continue
                before = Exchange(
                    start, other_shortcut, other_shortcut, other_branch, origin
                )
                own = Exchange(join, shortcut, origin, branch, start)
                if are_two_streams(graph, own, before):
                    return own, before
                if origin == other_shortcut:
                    return own._replace(own_stream=False), before
    return None


def are_two_streams(graph: Graph, exchange: Exchange, before: Exchange) -> bool:
    """Tell whether two sums in turn add to different streams for sure.

    The shortcut of one is what the branch of the other reads, and that one's shortcut
    does not come from there, if not as another part of a split.
    """
    origin = exchange.origin
    above = AncestorSearch(graph.main_sources, before.shortcut)
    if not above.reaches(origin):
        return True
    if not graph.is_single_operation(origin, SPLIT_OPERATIONS):
        return False
    own, read, other = (
        list_parts(graph, origin, end, join)
        for end, join in (
            (exchange.shortcut, exchange.join),
            (before.branch, before.join),
            (before.shortcut, before.join),
        )
    )
    return own == read != other


def list_parts(graph: Graph, split: int, end: int, join: int) -> set[int]:
    """List the outputs of a split that a way to an operand of a sum reads."""
    nodes = {join} if end == split else graph.find_nodes_between(split, end)
    return {
        source.output
        for layer in graph.select_layers(nodes)
        for source in layer.sources
        if source.layer == split
    }


def iter_ways(region: JoinRegion) -> Iterator[tuple[int, int]]:
    """Yield the operands of a sum of two in both orders.

    Of a sum that multiplies by itself, as `addmm`, only what it adds is no branch.
    """
    first, second = region.addition.operands
    if region.addition.addend != second:
        yield first, second
    if region.addition.addend != first:
        yield second, first


def find_sum_above(graph: Graph, node: int) -> int:
    """Find the nearest sum that every path to a node passes; below 0 if none does."""
    node = graph.dominator[node]
    while node > ROOT and node not in graph.joins:
        node = graph.dominator[node]
    return node


def has_weights(graph: Graph, start: int, end: int, region: JoinRegion) -> bool:
    """Tell whether a branch of a sum has weights, of the sum itself or on its way.

    The way leads from a node that dominates its end, or is it.
    """
    if region.addition.addend is not None:
        return True
    nodes = graph.find_nodes_between(start, end, main_only=True)
    return start != end and any(node in graph.efforts for node in nodes)


def make_exchange_region(
    graph: Graph, region: JoinRegion, exchange: Exchange
) -> JoinRegion:
    """Make the region of a sum that adds to its own stream what another gives."""
    ways = (
        (exchange.origin, exchange.shortcut),
        (exchange.start, exchange.branch),
    )
    light, heavy = (
        frozenset[int]()
        if start == end
        else graph.find_nodes_between(start, end, main_only=True)
        for start, end in ways
    )
    whole = (
        graph.find_nodes_between(*ways[1])
        if exchange.start != exchange.branch
        else heavy
    )
    branches = (light, whole)
    nodes = branches[0] | branches[1]
    addition = region.addition._replace(fork=exchange.origin, fork_rule="")
    effort = EffortMeter(graph).measure_path(*ways[1], lambda _: None)
    own = graph.efforts[region.join].weighted if addition.addend is not None else 0
    return replace(
        region,
        fork=exchange.origin,
        addition=addition,
        kind=JoinKind.RESIDUAL,
        reason="it adds to one stream what another gives, in turn",
        branches=branches,
        main_branches=(light, heavy),
        weight=effort.weighted + own,
        bypass_nodes=(),
        taps=find_outside_uses(graph, nodes, addition)[1],
        conditions=find_outside_sources(graph, nodes, exchange.origin),
        other_stream=exchange.start,
    )

"""Rows: a contracted graph as one row of nodes, and what leads past parts of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.contraction import read_contraction
from resviz.readings.contraction.ladder import Budget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.contraction.drawn import ContractedGraph, DrawnFrame
    from resviz.readings.contraction.parts import GraphPart
    from resviz.record import Architecture

ROW = Budget(26, 60)
"""What a row of boxes has room for: they are narrower than those of a graph."""

MAX_WAYS, MAX_WAYS_OF_NODE, MAX_WAY_NODES = 16, 3, 2
"""How many ways may lead past the row, how many of them leave one node, and how many
nodes there may be on one of them."""

PATH_WEIGHTS = {"block": 3, "region": 3, "run": 3}
"""What a node weighs on the longest path, if not 1."""


@dataclass(frozen=True, slots=True)
class BypassWay:
    """A way past a part of the row: from a node of it to a later one, or to an output.

    `nodes` are those on it, in order, an output of the network as the last.
    """

    start: int
    stop: int | None
    nodes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A contracted graph as a row.

    Attributes:
        graph: the contracted graph.
        path: its nodes on the longest path, in order.
        ways: all others, and every line that is no step of the row.
        frames: of motifs that repeat; each holds nodes that follow one another.
    """

    graph: ContractedGraph
    path: tuple[int, ...]
    ways: tuple[BypassWay, ...]
    frames: tuple[DrawnFrame, ...]


def iter_rows(arch: Architecture, part: GraphPart | None = None) -> Iterator[VolumeRow]:
    """Yield the row of nodes of a network or a part, the smallest pieces first.

    It is none where more lies beside it than past it.
    """
    for budget in (ROW, None):
        row = build_row(read_contraction(arch, budget, part))
        if row is not None:
            yield row


def build_row(graph: ContractedGraph) -> VolumeRow | None:
    """Build the row of a contracted graph; None where it is none."""
    path = find_longest_path(graph)
    places = {key: place for place, key in enumerate(path)}
    ways = [
        way
        for key in path
        for user in graph.users[key]
        if (way := follow_way(graph, places, key, user)) is not None
    ]
    beside = {key for way in ways for key in way.nodes}
    starts = [way.start for way in ways]
    is_row = (
        {*path} | beside == {*graph.nodes}
        and len(ways) <= MAX_WAYS
        and all(starts.count(start) <= MAX_WAYS_OF_NODE for start in starts)
        and all(follow_one_another(frame, places) for frame in graph.frames)
    )
    return VolumeRow(graph, path, tuple(ways), graph.frames) if is_row else None


def find_longest_path(graph: ContractedGraph) -> tuple[int, ...]:
    """Find the path on which the most boxes are."""
    lengths: dict[int, float] = {}
    for key, sources in graph.sources.items():
        before = max((lengths[source] for source in sources), default=0)
        lengths[key] = before + PATH_WEIGHTS.get(graph.nodes[key].role, 1)
    path = [max(lengths, key=lengths.__getitem__)] if lengths else []
    while path and graph.sources[path[-1]]:
        path.append(max(graph.sources[path[-1]], key=lengths.__getitem__))
    return tuple(reversed(path))


def follow_way(
    graph: ContractedGraph, places: dict[int, int], start: int, user: int
) -> BypassWay | None:
    """Follow what leaves a node of the row; None for a step of it, or a long way."""
    nodes: list[int] = []
    while user not in places:
        nodes.append(user)
        is_long = len(nodes) > MAX_WAY_NODES + (graph.nodes[user].role == "output")
        if is_long or len(graph.sources[user]) > 1 or len(graph.users[user]) > 1:
            return None
        if not graph.users[user]:
            return BypassWay(start, None, tuple(nodes))
        (user,) = graph.users[user]
    if not nodes and places[user] == places[start] + 1:
        return None
    return BypassWay(start, user, tuple(nodes))


def follow_one_another(frame: DrawnFrame, places: dict[int, int]) -> bool:
    """Tell whether the nodes of a frame follow one another in the row."""
    found = sorted(places.get(member, -1) for member in frame.members)
    return found[0] >= 0 and found[-1] - found[0] == len(found) - 1

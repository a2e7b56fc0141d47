"""Columns: how far to the right each node stands, by the longest path to it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.readings.contraction.drawn import ContractedGraph

MAX_ROUNDS = 20
"""How often the columns are found anew, since frames push others aside."""


def assign_columns(
    graph: ContractedGraph, pushed: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Assign a column to each node, from 0 on, none empty.

    What leads into a frame stands left of it, what it leads to right of it. What reads
    nothing stands right before its first reader.

    Args:
        graph: the contracted graph.
        pushed: least columns of nodes that something else asks for.
    """
    columns: dict[int, int] = {}
    least: dict[int, int] = defaultdict(int, pushed or {})
    for _ in range(MAX_ROUNDS):
        before = dict(least)
        for key, sources in graph.sources.items():
            behind = 1 + max((columns[source] for source in sources), default=-1)
            columns[key] = max(least[key], behind)
        for frame in graph.frames:
            push_around(graph, {*frame.members}, columns, least)
        if least == before:
            break
    for key in reversed(graph.nodes):
        users = graph.users[key]
        if users and not graph.sources[key]:
            columns[key] = max(columns[key], min(columns[user] for user in users) - 1)
    used = {column: place for place, column in enumerate(sorted({*columns.values()}))}
    return {key: used[column] for key, column in columns.items()}


def push_around(
    graph: ContractedGraph,
    members: set[int],
    columns: dict[int, int],
    least: dict[int, int],
) -> None:
    """Push a frame behind what leads into it, and what it leads to behind it."""
    entering = [
        columns[source]
        for member in members
        for source in graph.sources[member]
        if source not in members
    ]
    start = 1 + max(entering, default=-1)
    stop = 1 + max(columns[member] for member in members)
    for member in members:
        least[member] = max(least[member], start)
        for user in graph.users[member]:
            if user not in members:
                least[user] = max(least[user], stop)

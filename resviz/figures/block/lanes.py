"""Lanes: which column and level each step of a small dataflow graph takes.

A step goes one level below its lowest source. Steps that follow one another make a
chain; each chain, and each wire that belongs to none, has a column of its own over
the levels that it spans, so no wire crosses a box on its way down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

StepEdge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LaneLayout:
    """Where steps and wires go.

    Attributes:
        level: of each step, from the top.
        column: of each step; the first step's chain has column 0.
        edge_columns: the column in which each edge between two chains runs down.
    """

    level: tuple[int, ...]
    column: tuple[int, ...]
    edge_columns: dict[StepEdge, int]


def assign_lanes(sources: Sequence[Sequence[int]], outer: frozenset[int]) -> LaneLayout:
    """Lay out steps that are given in execution order.

    Args:
        sources: the steps that each step reads; () for the first, and for what else
            comes in.
        outer: steps whose chain goes to the last column, as a shortcut's.
    """
    users: list[list[int]] = [[] for _ in sources]
    for step, read_steps in enumerate(sources):
        for source in dict.fromkeys(read_steps):
            users[source].append(step)
    level = assign_levels(sources)
    follower = choose_followers(sources, users, outer)
    chain = number_chains(sources, follower)
    centre_side_chains(chain, sources, users, level)
    spans, along = span_lanes(sources, chain, follower, level)
    columns = assign_columns(spans, {chain[step] for step in outer})
    return LaneLayout(
        tuple(level),
        tuple(columns[number] for number in chain),
        {edge: columns[number] for edge, number in along.items()},
    )


def assign_levels(sources: Sequence[Sequence[int]]) -> list[int]:
    """Return the level of each step, one below its lowest source."""
    level: list[int] = []
    for read_steps in sources:
        level.append(max((level[source] for source in read_steps), default=-1) + 1)
    return level


def choose_followers(
    sources: Sequence[Sequence[int]], users: list[list[int]], outer: frozenset[int]
) -> dict[int, int]:
    """Return the step that continues each step's chain: where most is still to come.

    What comes from the first step goes before what comes in aside.
    """
    ahead = [0] * len(sources)
    for step in reversed(range(len(sources))):
        ahead[step] = 1 + max((ahead[user] for user in users[step]), default=0)
    behind = assign_levels(sources)
    aside: set[int] = set()
    for step in range(1, len(sources)):
        if aside.issuperset(sources[step]):
            aside.add(step)
    follower: dict[int, int] = {}
    taken: dict[int, int] = {}
    for step in range(len(sources)):
        for user in sorted(users[step], key=lambda u: (u in outer, -ahead[u])):
            rival = taken.get(user)
            if rival is None or (rival in outer, rival in aside, -behind[rival]) > (
                step in outer,
                step in aside,
                -behind[step],
            ):
                if rival is not None:
                    del follower[rival]
                follower[step], taken[user] = user, step
                break
    return follower


def number_chains(
    sources: Sequence[Sequence[int]], follower: dict[int, int]
) -> list[int]:
    """Return the chain of each step, by number; the first step's is 0."""
    before = {user: step for step, user in follower.items()}
    chain: list[int] = []
    count = 0
    for step in range(len(sources)):
        if step in before:
            chain.append(chain[before[step]])
        else:
            chain.append(count)
            count += 1
    return chain


def centre_side_chains(
    chain: list[int],
    sources: Sequence[Sequence[int]],
    users: list[list[int]],
    level: list[int],
) -> None:
    """Move plain side chains to the middle of the levels that they span."""
    for number in range(1, max(chain) + 1):
        members = [step for step, mine in enumerate(chain) if mine == number]
        if not all(len(sources[m]) == len(users[m]) == 1 for m in members):
            continue
        room = level[users[members[-1]][0]] - level[members[-1]] - 1
        for member in members:
            level[member] += room // 2


def span_lanes(
    sources: Sequence[Sequence[int]],
    chain: list[int],
    follower: dict[int, int],
    level: list[int],
) -> tuple[list[tuple[int, int]], dict[StepEdge, int]]:
    """Return the levels that each lane spans, and the lane of each edge between chains.

    Lanes are the chains, by number, and after them the wires that need their own.
    """
    spans: list[tuple[int, int]] = []
    for number in range(max(chain) + 1):
        own = [level[step] for step, mine in enumerate(chain) if mine == number]
        spans.append((min(own), max(own)))
    along: dict[StepEdge, int] = {}
    entered, left = {0}, {chain[0]}
    for step, read_steps in enumerate(sources):
        for source in dict.fromkeys(read_steps):
            if follower.get(source) == step:
                continue
            mine, theirs = chain[step], chain[source]
            first = chain.index(mine) == step and mine not in entered
            last = source not in follower and theirs not in left
            lane = mine if first else theirs if last else len(spans)
            (entered if first else left).add(mine if first else theirs)
            if lane == len(spans):
                spans.append((level[source], level[step]))
            low, high = spans[lane]
            spans[lane] = (min(low, level[source]), max(high, level[step]))
            along[source, step] = lane
    return spans, along


def assign_columns(spans: list[tuple[int, int]], outer: set[int]) -> list[int]:
    """Return a column for each lane, so that no two in one column overlap.

    Short lanes come first and so nearest to the main one; outer ones come last.
    """
    order = sorted(
        range(1, len(spans)), key=lambda k: (k in outer, spans[k][1] - spans[k][0], k)
    )
    columns = [0] * len(spans)
    used: list[list[tuple[int, int]]] = [[spans[0]]]
    for lane in order:
        low, high = spans[lane]
        column = len(used) if lane in outer else 1
        while column < len(used) and any(
            low <= top and bottom <= high for bottom, top in used[column]
        ):
            column += 1
        if column == len(used):
            used.append([])
        used[column].append((low, high))
        columns[lane] = column
    return columns

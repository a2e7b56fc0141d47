"""The form of a part of a network: what follows what, and what stands side by side."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from resviz.readings.contraction.wiring import Wiring

MAX_FORM_ENDS = 80
"""Layers of a part whose form is looked for."""

IDENTITY_WORD = "skip"
"""A branch on which nothing is that has a name."""

Branch = tuple[str, ...]
"""Names in series; one of them may hold branches in parallel, written out."""


def describe_form(
    wiring: Wiring,
    ends: Iterable[int],
    list_names: Callable[[int], list[str]],
    room: int,
    *,
    units: Iterable[tuple[Collection[int], str]] = (),
) -> list[str]:
    """Describe a part in lines of about `room` characters: "1×1 ‖ 3×3 d12 ‖ 3×3 d24".

    Branches in parallel stand between "‖". [] for what is not made of parts in series
    and in parallel. Of `units`, layers with one name, what lies inside is not told.
    """
    inside = sorted(ends)
    owners = {end: end for end in inside}
    names: dict[int, list[str]] = {}
    for layers, name in units:
        if layers and owners.keys() >= {*layers}:
            first = min(layers)
            owners |= dict.fromkeys(layers, first)
            names[first] = [name]
    if len({*owners.values()}) > MAX_FORM_ENDS:
        return []
    branch = reduce_series_parallel(
        wiring,
        inside,
        lambda end: names[end] if end in names else list_names(end),
        owners=owners,
    )
    return [] if branch is None else break_branch(branch, room)


def reduce_series_parallel(
    wiring: Wiring,
    ends: list[int],
    list_names: Callable[[int], list[str]],
    *,
    link: str = ", ",
    owners: Mapping[int, int] | None = None,
) -> Branch | None:
    """Reduce layers to names in series; None where they are no such graph.

    Every layer is an arc from its entrance to its exit; arcs in series and in parallel
    are joined until one is left. `link` stands between names of a branch in parallel,
    and `owners` are, by layer, the first of those that are one thing. It is the form
    from the first value that comes in to the last that leaves: a condition on the way
    and what is read besides are no branches. Where several end in outputs of the
    network, it ends in all of them.
    """
    owners = owners or {end: end for end in ends}
    places: dict[tuple[object, object], None] = {}
    entrance = last = None
    returned: list[int] = []
    for end in ends:
        for edge in wiring.edges_by_reader.get(end, ()):
            source = owners.get(edge.source)
            if source is None:
                entrance = edge.source if entrance is None else entrance
                if edge.source == entrance:
                    places["start", ("in", owners[end])] = None
            elif source != owners[end]:
                places[("out", source), ("in", owners[end])] = None
        users = {edge.reader for edge in wiring.edges_by_source.get(end, ())}
        last = owners[end] if users - owners.keys() else last
        if users and not any(map(wiring.is_layer, users)):
            returned.append(owners[end])
    if last is not None:
        exits = returned if last in returned else [last]
        places |= {(("out", each), "stop"): None for each in exits}
    arcs: list[tuple[object, object, Branch]] = [
        (("in", owner), ("out", owner), tuple(list_names(owner)))
        for owner in dict.fromkeys(owners.values())
    ]
    arcs += [(tail, head, ()) for tail, head in places]
    while len(arcs) > 1:
        shorter = join_series(join_parallel(arcs, link))
        if len(shorter) == len(arcs):
            return None
        arcs = shorter
    return arcs[0][2] if arcs and arcs[0][:2] == ("start", "stop") else None


def join_parallel(
    arcs: list[tuple[object, object, Branch]], link: str
) -> list[tuple[object, object, Branch]]:
    """Join the arcs that have both ends in common."""
    groups: dict[tuple[object, object], list[Branch]] = {}
    for tail, head, branch in arcs:
        groups.setdefault((tail, head), []).append(branch)
    return [
        (*both, write_parallel(branches, link)) for both, branches in groups.items()
    ]


def write_parallel(branches: list[Branch], link: str = ", ") -> Branch:
    """Write branches side by side; several without a name are one."""
    different = [branch for branch in branches if branch]
    if len(different) < len(branches):
        different.append((IDENTITY_WORD,))
    if len(different) == 1:
        return () if different == [(IDENTITY_WORD,)] else different[0]
    runs = [(branch, len([*run])) for branch, run in groupby(different)]
    words = [
        link.join(count_names(branch)) + (f" ×{count}" if count > 1 else "")
        for branch, count in runs
    ]
    return (f"({' ‖ '.join(words)})",)


def join_series(
    arcs: list[tuple[object, object, Branch]],
) -> list[tuple[object, object, Branch]]:
    """Join the arcs that meet where nothing else does."""
    entering: dict[object, list[int]] = {}
    leaving: dict[object, list[int]] = {}
    for number, (tail, head, _) in enumerate(arcs):
        leaving.setdefault(tail, []).append(number)
        entering.setdefault(head, []).append(number)
    joined = dict(enumerate(arcs))
    at = list(range(len(arcs)))  # where each arc is now
    for place, before in entering.items():
        after = leaving.get(place, [])
        if len(before) != 1 or len(after) != 1 or place in {"start", "stop"}:
            continue
        first, second = at[before[0]], at[after[0]]
        tail, _, names = joined.pop(first)
        _, head, more = joined.pop(second)
        joined[second] = (tail, head, names + more)
        for number, now in enumerate(at):
            if now == first:
                at[number] = second
    return list(joined.values())


def count_names(branch: Iterable[str]) -> list[str]:
    """Write equal names in a row once: ["3×3", "3×3"] as ["3×3 ×2"]."""
    runs = [(name, len([*run])) for name, run in groupby(branch)]
    return [name if count == 1 else f"{name} ×{count}" for name, count in runs]


def break_branch(branch: Branch, room: int) -> list[str]:
    """Break names in series into lines, also between branches in parallel."""
    names = count_names(branch)
    if len(names) == 1 and names[0].startswith("(") and names[0].endswith(")"):
        names[0] = names[0][1:-1]
    lines: list[str] = []
    for name in names:
        for number, word in enumerate(name.split(" ‖ ")):
            sign = " ‖ " if number else ", "
            if lines and len(lines[-1] + sign + word) <= room:
                lines[-1] += sign + word
            else:
                lines.append(f"‖ {word}" if number else word)
    return lines

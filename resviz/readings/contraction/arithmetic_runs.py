"""Long runs of arithmetic: before the first weights, behind the last, and between.

A detector scales and pads its images, sorts boxes, and pastes a mask for each thing it
finds, in thousands of layers that its papers draw as one box, or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from resviz.readings.contraction.quotient import Quotient

MIN_ARITHMETIC = 40
"""Nodes of a run that is one node, at least."""

BEFORE, BEHIND, BETWEEN = "pre-processing", "post-processing", "arithmetic"
"""What runs are called."""

ARITHMETIC_ROLES = {"light", "join", "pool"}


def merge_arithmetic_runs(quotient: Quotient) -> None:
    """Merge each long run of nodes without weights into one.

    Those between weights are runs if as many weighted layers lie before each at most:
    a path that leaves such a run comes behind others, and never back.
    """
    order = quotient.sort_nodes()
    plain = {
        key
        for key in order
        if quotient.nodes[key].role in ARITHMETIC_ROLES
        and not quotient.count_weights([key])
    }
    if len(plain) < MIN_ARITHMETIC:
        return
    depths: dict[int, int] = {}
    for key in order:
        sources = quotient.sources[key]
        depths[key] = max((depths[s] + (s not in plain) for s in sources), default=0)
    before = find_outer_nodes(quotient, plain, order, quotient.sources)
    behind = find_outer_nodes(quotient, plain, order[::-1], quotient.users) - before
    for keys, name in ((before, BEFORE), (behind, BEHIND)):
        merge_long_runs(quotient, keys, dict.fromkeys(keys, 0), name)
    kept = {key for key in plain & {*quotient.nodes} if not quotient.nodes[key].type}
    merge_long_runs(quotient, kept, depths, BETWEEN)


def merge_long_runs(
    quotient: Quotient, keys: set[int], depths: Mapping[int, int], name: str
) -> None:
    """Merge each set of nodes of one depth that hang together, if it is large."""
    for run in iter_connected(quotient, keys, depths):
        if len(run) >= MIN_ARITHMETIC:
            quotient.merge(run, "region", into=min(run)).type = name


def find_outer_nodes(
    quotient: Quotient,
    plain: set[int],
    ordered: Iterable[int],
    nearer: Mapping[int, set[int]],
) -> set[int]:
    """Find nodes without weights between which and an end of the network are none.

    Args:
        quotient: with the nodes.
        plain: those without weights.
        ordered: all, each behind those nearer to that end.
        nearer: of each node, those next to it on that side.
    """
    outer, ends = set[int](), {"input", "output"}
    for key in ordered:
        if key in plain and all(
            each in outer or quotient.nodes[each].role in ends for each in nearer[key]
        ):
            outer.add(key)
    return outer


def iter_connected(
    quotient: Quotient, keys: set[int], depths: Mapping[int, int]
) -> Iterator[set[int]]:
    """Yield some nodes in sets of one depth between which no edge leads."""
    left = set(keys)
    while left:
        pending = [left.pop()]
        found = {*pending}
        while pending:
            key = pending.pop()
            around = (quotient.sources[key] | quotient.users[key]) & left
            beside = {each for each in around if depths[each] == depths[key]}
            left -= beside
            found |= beside
            pending += beside
        yield found

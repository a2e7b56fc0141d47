"""Blocks without a shortcut: module calls that stand where residual blocks stand.

MobileNet's and RegNetZ's first blocks of a stage are such: nothing is added, so the
dataflow alone does not show them. Classes are compared, their names never read.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

from resviz.structure.graph import Graph, operations, spatial, weighted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.record import Architecture

Place = tuple[int, tuple[str, ...]]
"""A call around some blocks, and the classes of the calls between it and them."""


def siblings(
    graph: Graph, owners: Sequence[int], taken: Iterable[tuple[int, int]]
) -> list[int]:
    """Calls that are blocks without a shortcut.

    They have weights, hold no residual block and lie in none, and are of the class of
    calls that hold one block each, or stand beside such calls.

    Args:
        graph: the dataflow.
        owners: the call that holds each residual block.
        taken: first and last layer of each, the last not included.
    """
    calls = graph.arch.calls
    types = block_types(graph.arch, owners)
    peers = places(graph.arch, owners)
    busy, heavy, wide = counts(graph, taken)
    found: list[int] = []
    until = 0
    for number, call in enumerate(calls):
        weights = heavy[call.stop] - heavy[call.start]
        free = call.start >= until and busy[call.stop] == busy[call.start]
        if not free or not weights:
            continue
        alike = weights > 1 and wide[call.stop] > wide[call.start]
        if call.type in types or (alike and stands_beside(graph.arch, number, peers)):
            found.append(number)
            until = call.stop
    return found


def block_types(arch: Architecture, owners: Sequence[int]) -> set[str]:
    """Classes of calls that hold one block each, and of none that holds several."""
    held = Counter(owners)
    own = {arch.calls[owner].type for owner, count in held.items() if count == 1}
    several = {arch.calls[owner].type for owner, count in held.items() if count > 1}
    above = {outer for owner in held for outer in ancestors(arch, owner)}
    return own - several - {arch.calls[outer].type for outer in above}


def places(arch: Architecture, owners: Sequence[int]) -> Counter[Place]:
    """Where blocks stand, and how many at each place."""
    return Counter(place for owner in set(owners) for place in around(arch, owner))


def stands_beside(arch: Architecture, number: int, peers: Counter[Place]) -> bool:
    """Whether a call stands where at least two blocks stand."""
    return any(peers[place] > 1 for place in around(arch, number))


def around(arch: Architecture, number: int) -> Iterator[Place]:
    """The places of a call: in its parent, and in the parent of that.

    The model's own call is none, in which anything may stand beside blocks.
    """
    between: tuple[str, ...] = ()
    for outer, _ in zip(ancestors(arch, number), range(2), strict=False):
        if outer:
            yield outer, between
        between = (*between, arch.calls[outer].type)


def ancestors(arch: Architecture, number: int) -> Iterator[int]:
    """The calls around a call, the model's own last."""
    outer = arch.calls[number].parent
    while outer is not None:
        yield outer
        outer = arch.calls[outer].parent


def counts(
    graph: Graph, taken: Iterable[tuple[int, int]]
) -> tuple[list[int], list[int], list[int]]:
    """Before each layer: layers in blocks, layers with weights, with wide kernels."""
    size = len(graph.arch.layers) + 1
    busy, heavy, wide = [0] * size, [0] * size, [0] * size
    for start, stop in taken:
        busy[start + 1 : stop + 1] = [1] * (stop - start)
    for index in graph.before:
        ops = operations([graph.arch.layers[index]])
        heavy[index + 1] = any(map(weighted, ops))
        wide[index + 1] = any(map(spatial, ops))
    return list(accumulate(busy)), list(accumulate(heavy)), list(accumulate(wide))

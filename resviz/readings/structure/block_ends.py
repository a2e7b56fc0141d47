"""What belongs to a block beside its branches: what leads it, ends it, or comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS, NORMS, RESHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.parts import Unit


def find_preactivation(graph: Graph, owner: int, unit: Unit) -> tuple[int, ...]:
    """Find the norm and activation that a block applies before its branches part.

    Source: He et al. 2016, whose pre-activation comes before the fork where a block
    projects, and after it where it does not.
    """
    if not owner or unit.join is None:
        return ()
    nodes: list[int] = []
    node = unit.fork
    while node >= graph.arch.calls[owner].start:
        nodes.append(node)
        node = graph.before[node][0]
    names = {op.name for op in graph.list_operations(nodes)}
    is_preactivation = names <= TAIL_OPERATIONS and not names <= RESHAPES
    return tuple(reversed(nodes)) if is_preactivation else ()


TAIL_OPERATIONS = NORMS | ACTIVATIONS | RESHAPES
"""Operations that may lead a block or follow its sum."""


def find_tail(graph: Graph, end: int, owner: int, kinds: frozenset[str]) -> list[int]:
    """Find the layers of some kinds that alone follow a sum, within its call.

    One activation at most; what gives none is passed.
    """
    tail: list[int] = []
    stop = graph.arch.calls[owner].stop
    while True:
        node = tail[-1] if tail else end
        users = graph.after[node]
        if len(users) != 1 or users[0] >= stop or node in graph.returned_nodes:
            return tail
        names = {op.name for op in graph.list_operations(users)}
        if not names or not names <= kinds or (tail and names & ACTIVATIONS):
            return tail
        tail.append(users[0])


def find_own_conditions(
    graph: Graph, owner: int, inside: set[int], outside: Iterable[int]
) -> tuple[int, ...]:
    """Find the layers of a block's call that only it reads and that come aside."""
    if not owner:
        return ()
    call = graph.arch.calls[owner]
    own: set[int] = set()
    pending = [*outside]
    while pending:
        node = pending.pop()
        is_known = node in own or node in inside
        is_free = call.start <= node < call.stop and not is_known
        if is_free and inside.issuperset(set(graph.after[node]) - own):
            own.add(node)
            pending.extend(graph.before[node])
    return tuple(sorted(own))


def find_block_end(graph: Graph, nodes: list[int]) -> int:
    """Find which of a call's nodes gives its block's output: others are taps.

    It is that with the most positions which is read outside; of such, that read first.
    """
    inside = set(nodes)
    first_use = {
        node: next((user for user in graph.after[node] if user not in inside), None)
        for node in nodes
    }
    ends = [node for node in nodes if first_use[node] or node in graph.returned_nodes]
    return max(
        ends or nodes[-1:],
        key=lambda node: (
            graph.size_of_node(node)[0],
            -(first_use[node] or len(graph.layers)),
            node,
        ),
    )

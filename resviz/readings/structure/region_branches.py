"""The branches of an addition: what lies between it and its fork, and what reads it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from resviz.readings.structure.graph import NOWHERE, ROOT, Graph
from resviz.readings.structure.lookalikes import (
    LEVELS_REASON,
    adds_levels,
    find_lookalike,
    gathers_neighbours,
)
from resviz.readings.structure.steps import keeps_state
from resviz.readings.structure.sum_kinds import (
    JoinKind,
    classify_sum,
    find_obstacle,
    find_sums_beside,
    is_linear,
    leads_aside,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resviz.readings.structure.efforts import Effort
    from resviz.readings.structure.forks import Addition


@dataclass(frozen=True)  # without slots, so that its nodes can be kept
class JoinRegion:
    """The nodes on paths from a fork to a join.

    Attributes:
        fork: the node at which the branches part; inputs of the model are `ROOT`.
        join: the node that adds.
        addition: the whole sum.
        kind: what the addition is.
        reason: why it is of its kind, in words.
        branches: nodes of each branch, the lightest first; () is an identity. Only of
            residual regions.
        main_branches: of these, the nodes on main sources: no gate is among them.
        weight: how many weights its heaviest branch has in a row.
        bypass_nodes: where only some of the channels are added to, the nodes that carry
            the others past it and, last, the one that puts them together.
        taps: nodes inside that are read outside too.
        conditions: nodes outside that the inside reads.
        is_multi_branch: whether it is one convolution written as the sum of several.
        main_operand: the end of its branch that stands for the others where it is one
            convolution: the lightest with weights, of such the widest kernel.
        other_stream: where it exchanges with another stream, the node of that from
            which its branch comes; None for all others.
    """

    fork: int
    join: int
    addition: Addition
    kind: JoinKind
    reason: str
    branches: tuple[frozenset[int], ...] = ()
    main_branches: tuple[frozenset[int], ...] = ()
    weight: int = 0
    bypass_nodes: tuple[int, ...] = ()
    taps: tuple[int, ...] = ()
    conditions: tuple[int, ...] = ()
    is_multi_branch: bool = False
    main_operand: int = ROOT
    other_stream: int | None = None

    @property
    def end(self) -> int:
        """The node that gives the sum, with the channels that went past it."""
        return self.bypass_nodes[-1] if self.bypass_nodes else self.join

    @cached_property
    def nodes(self) -> frozenset[int]:
        """Every node of every branch, and those that carry channels past the sum."""
        return frozenset[int]().union(*self.branches, self.bypass_nodes[:-1])

    @cached_property
    def main_nodes(self) -> frozenset[int]:
        """The nodes of its branches on main sources."""
        return frozenset[int]().union(*self.main_branches)

    @property
    def parallel_nodes(self) -> frozenset[int]:
        """The nodes beside the branch that stands for the others."""
        return self.nodes.difference(
            *(branch for branch in self.branches if self.main_operand in branch)
        )

    @property
    def is_exchange(self) -> bool:
        """Whether its branches come from two streams, which exchange."""
        return self.other_stream is not None

    @property
    def is_whole_block(self) -> bool:
        """Whether it is residual, and no convolution of several branches."""
        return self.kind is JoinKind.RESIDUAL and not self.is_multi_branch


MOST_BRANCHES = 6
"""Branches of a block, at most; a longer sum is merged without a look at it, so that a
net that adds all to all is read in less than quadratic time."""


def read_region(
    graph: Graph, addition: Addition, measure_branch: Callable[[int, Addition], Effort]
) -> JoinRegion:
    """Read the region of a sum: its kind and why; of a residual one, its branches."""
    fork, join = max(addition.fork, ROOT), addition.join
    if addition.fork == NOWHERE:
        reason = "its operands come from different inputs"
        return JoinRegion(fork, join, addition, JoinKind.OPEN, reason)
    if len(addition.operands) < 2 and addition.addend is None:
        reason = "what is added comes aside, as a condition"
        if leads_aside(graph, addition):
            reason = "it updates a stream of a lesser input, which comes aside"
        return JoinRegion(fork, join, addition, JoinKind.OPEN, reason)
    efforts = sorted(
        (measure_branch(operand, addition), operand) for operand in addition.operands
    )
    if len(efforts) < 2:  # of `addmm(x, x, w)`, whose product is the other branch
        efforts += [(graph.efforts[join], operand) for operand in addition.operands]
    kind, reason = classify_sum([effort for effort, _ in efforts])
    if kind is JoinKind.RESIDUAL:
        return read_branches(graph, addition, efforts, reason)
    if kind is JoinKind.PARALLEL and adds_levels(graph, join, addition.operands):
        reason = LEVELS_REASON
    return JoinRegion(fork, join, addition, kind, reason)


def read_branches(
    graph: Graph, addition: Addition, efforts: list[tuple[Effort, int]], reason: str
) -> JoinRegion:
    """Read the branches of a sum that is residual if only efforts are looked at.

    Args:
        graph: the dataflow.
        addition: the sum.
        efforts: of its operands, with these, the lightest first.
        reason: why it is residual then.
    """
    fork, join = max(addition.fork, ROOT), addition.join
    operands = [operand for _, operand in efforts]
    find = partial(graph.find_nodes_between, addition.fork)
    branches = tuple(map(find, operands))
    beside = find_sums_beside(graph, frozenset[int]().union(*branches), addition)
    if beside:
        find = partial(find, past=beside)
        branches = tuple(map(find, operands))
    main_branches = branches
    if graph.has_side_edges(addition.fork, join):
        main_branches = tuple(find(end, main_only=True) for end in operands)
    nodes = frozenset[int]().union(*branches)
    projects = efforts[0][0].weighted > 0
    if projects and gathers_neighbours(graph, branches[0]):
        reason = "it adds what is made of gathered neighbours, as their positions"
        return JoinRegion(fork, join, addition, JoinKind.PARALLEL, reason)
    obstacle = find_obstacle(graph, branches, addition)
    if obstacle:
        return JoinRegion(fork, join, addition, JoinKind.OPEN, obstacle)
    lookalike = find_lookalike(
        graph, addition, main_branches[0], main_branches[-1], projects=projects
    )
    if lookalike:
        return JoinRegion(fork, join, addition, JoinKind.PARALLEL, lookalike)
    weighted = [pair for pair in efforts if pair[0].weighted]
    is_multi_branch = len(weighted) > 1 and all(
        is_linear(graph, node) for node in nodes | addition.nodes
    )
    bypass_nodes, taps = find_outside_uses(graph, nodes, addition)
    conditions = find_outside_sources(graph, nodes, addition.fork)
    conditions = tuple(sorted({*conditions, *addition.earlier}))
    if keeps_state(graph, nodes, addition, taps, conditions):
        reason = "it adds one step of a sequence, whose state the next step reads"
        return JoinRegion(fork, join, addition, JoinKind.OPEN, reason)
    return JoinRegion(
        fork,
        join,
        addition,
        JoinKind.RESIDUAL,
        "a sum of linear maps of one tensor" if is_multi_branch else reason,
        branches=branches,
        main_branches=main_branches,
        weight=efforts[-1][0].weighted,
        bypass_nodes=bypass_nodes,
        taps=taps,
        conditions=conditions,
        is_multi_branch=is_multi_branch,
        main_operand=min(
            (effort.weighted, -effort.spatial, operand) for effort, operand in weighted
        )[-1],
    )


def find_outside_sources(
    graph: Graph, nodes: Iterable[int], fork: int
) -> tuple[int, ...]:
    """Find the nodes outside of a region that its inside reads."""
    sources = {source for node in nodes for source in graph.sources[node]}
    return tuple(sorted(sources.difference(nodes) - {fork}))


SLICE_OPERATIONS = {"slice", "split", "split_with_sizes", "narrow", "chunk"}
"""Operations that take some of the channels."""


def find_outside_uses(
    graph: Graph, nodes: frozenset[int], addition: Addition
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Find the nodes that carry channels past a sum, and those that are tapped.

    Where only some of the channels are added to, all uses outside carry the others.
    """
    inside = nodes | addition.nodes
    taps: list[int] = []
    bypassing: set[int] = set()
    for node in nodes:
        outside = set(graph.after[node]) - inside
        if outside or node in graph.returned_nodes:
            taps.append(node)
            bypassing.update(outside)
    join = addition.join
    users = graph.after[join]
    end = max(users, default=join)
    if len(users) == 1 and graph.is_single_operation(end, {"cat"}):
        bypassing.update(
            node
            for node in graph.before[end]
            if graph.before.get(node) == (addition.fork,)
        )
    rewritten = len(users) > 1 and graph.is_single_operation(end, {"copy"})
    if not (bypassing or rewritten):
        return (), tuple(sorted(taps))
    carriers = (bypassing | set(users)) - {end}
    is_partial = (
        not graph.returned_nodes & {join, *taps}
        and graph.is_single_operation(end, {"cat", "copy"})
        and all(
            graph.is_single_operation(node, SLICE_OPERATIONS)
            for node in (*carriers, *graph.before[end])
            if node != join
        )
        and all(graph.after[node] == [end] for node in carriers)
    )
    if is_partial:
        return (*sorted(carriers), end), ()
    return (), tuple(sorted(taps))

"""Regions: what lies between a fork of the dataflow and the addition that ends it.

The rules read shapes and edges alone; neither a name nor a class is looked at. A region
need not be closed: its fork and its inside may be read anywhere (taps), and its inside
may read what comes from elsewhere (conditions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.efforts import EffortMeter
from resviz.readings.structure.forks import (
    Addition,
    AncestorSearch,
    make_addition,
    walk_unweighted_chain,
)
from resviz.readings.structure.graph import ROOT, Graph
from resviz.readings.structure.lookalikes import (
    is_sum_of_cell,
    is_term_of_levels,
)
from resviz.readings.structure.multistep import make_multistep_addition
from resviz.readings.structure.region_branches import (
    MOST_BRANCHES,
    JoinRegion,
    read_region,
)
from resviz.readings.structure.steps import reads_cell, updates_cell
from resviz.readings.structure.sum_kinds import (
    JoinKind,
    is_linear,
)

if TYPE_CHECKING:
    from resviz.readings.structure.efforts import Effort


def find_regions(graph: Graph) -> list[JoinRegion]:
    """Find the region of every sum, in execution order; merged sums once."""
    reader = RegionReader(graph)
    return [reader.read(node) for node in reader.additions]


def find_multi_branch_convolutions(graph: Graph) -> list[JoinRegion]:
    """Find the sums that are one convolution, and read only those that may be.

    Two of its operands at least are linear, as no activation and no input is.
    """
    reader = RegionReader(graph)
    candidates = [
        node
        for node, addition in reader.additions.items()
        if sum(
            operand > ROOT and is_linear(graph, operand)
            for operand in addition.operands
        )
        > 1
    ]
    return [region for region in map(reader.read, candidates) if region.is_multi_branch]


class RegionReader:
    """Merges the additions of a graph into sums, and reads the region of each once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.additions: dict[int, Addition] = {}
        self.meter = EffortMeter(graph)
        self.regions: dict[int, JoinRegion] = {}
        for join in graph.joins.values():
            addition = make_addition(graph, join)
            multistep = make_multistep_addition(graph, addition)
            if multistep is None:
                self.add_sum(addition)
                continue
            for node in multistep.nodes:
                self.additions.pop(node, None)
            self.additions[join.node] = multistep

    def read(self, node: int) -> JoinRegion:
        """Return the region of the sum that ends at a node."""
        if node not in self.regions:
            addition = self.additions[node]
            region = read_region(self.graph, addition, self.measure_branch)
            kind, reason = self.overrule_kind(region)
            if kind is not region.kind or reason != region.reason:
                region = JoinRegion(region.fork, node, addition, kind, reason)
            self.regions[node] = region
        return self.regions[node]

    def overrule_kind(self, region: JoinRegion) -> tuple[JoinKind, str]:
        """Overrule the kind and reason of a sum by what stands around it."""
        graph, join = self.graph, region.join
        if join in graph.carried_scores:
            reason = "it adds scores of attention to those of an earlier one"
            return JoinKind.PARALLEL, reason
        if is_sum_of_cell(graph, join) and not region.is_multi_branch:
            return JoinKind.PARALLEL, "it is one of the sums that a cell concatenates"
        if region.is_whole_block and is_term_of_levels(graph, join):
            return (
                JoinKind.PARALLEL,
                "it is one term of a sum of maps of several levels",
            )
        if self.adds_fork_again(region):
            reason = "it adds the fork of a sum again, whose stream goes on without"
            return JoinKind.WEIGHTLESS, reason
        may_refine = region.kind in {JoinKind.RESIDUAL, JoinKind.OPEN}
        if (graph.side_edges and may_refine) and (
            updates_cell(graph, join)
            or reads_cell(graph, (*region.taps, *region.conditions))
        ):
            reason = "it refines what the step before gave, by a cell with a state"
            return JoinKind.OPEN, reason
        return region.kind, region.reason

    def adds_fork_again(self, region: JoinRegion) -> bool:
        """Tell whether a sum adds to another one what that has added already.

        As tokens and their first embeddings, for another stream to read. Source:
        Kirillov et al. 2023, SAM.
        """
        fork, graph = region.fork, self.graph
        if region.kind is not JoinKind.RESIDUAL or fork not in region.addition.operands:
            return False
        if region.addition.addend is not None:
            return False  # it adds what it multiplies, and no sum as it is
        for operand in region.addition.operands:
            chain = [*walk_unweighted_chain(graph, operand)]
            end = chain[-1]
            if end in self.additions and self.additions[end].fork == fork:
                users = {user for node in chain for user in graph.after[node]}
                goes_on = not users <= region.nodes | region.addition.nodes
                return goes_on and self.read(end).is_whole_block
        return False

    def measure_branch(self, operand: int, addition: Addition) -> Effort:
        """Measure the heaviest path to an operand of a sum, from the sum's fork."""
        return self.meter.measure_branch(operand, addition, self.find_main_operand)

    def find_main_operand(self, node: int) -> int | None:
        """Find what stands for a convolution of several branches that ends so."""
        if node not in self.additions:
            return None
        region = self.read(node)
        return region.main_operand if region.is_multi_branch else None

    def add_sum(self, addition: Addition) -> None:
        """Add a sum, merged with those that nothing else reads and that share a fork.

        Three branches or more are one sum, as in RepVGG.
        """
        operands: list[int] = []
        nodes, merged = addition.nodes, addition
        for operand in addition.operands:
            if operand in self.additions and self.is_part_of(operand, addition):
                inner = self.additions.pop(operand)
                operands += inner.operands
                nodes |= inner.nodes
                if inner.fork != addition.fork:
                    merged = merged._replace(fork=inner.fork, fork_rule=inner.fork_rule)
            else:
                operands.append(operand)
        if nodes is not addition.nodes:
            distinct = tuple(dict.fromkeys(operands))
            merged = merged._replace(operands=distinct, nodes=nodes)
        self.additions[addition.join] = merged

    def is_part_of(self, node: int, addition: Addition) -> bool:
        """Tell whether a sum is part of the one that reads it.

        It is not where it is a block of a few branches and another branch holds blocks
        too. Source: Newell et al. 2016, whose hourglass adds a block to a chain.
        """
        graph, fork = self.graph, addition.fork
        users = graph.after[node]
        is_read_once = len(users) == 1 and users[0] in addition.nodes
        if not is_read_once or node in graph.returned_nodes:
            return False
        if self.additions[node].fork != fork and not self.parts_inside(node, addition):
            return False
        if len(self.additions[node].operands) > MOST_BRANCHES:
            return True
        sums_beside = [
            inner
            for operand in addition.operands
            if operand != node
            for inner in graph.find_nodes_between(fork, operand, main_only=True)
            if inner in self.additions
        ]
        return not (
            any(self.read(inner).is_whole_block for inner in sums_beside)
            and self.read(node).is_whole_block
        )

    def parts_inside(self, node: int, addition: Addition) -> bool:
        """Tell whether what is added to a residual sum parts inside of that.

        As in (x + f(h)) + g(h), where h is made of x. Source: Chowdhery et al. 2022,
        PaLM, whose attention and MLP may share a layer.
        """
        fork = self.additions[node].fork
        if not ROOT <= fork < addition.fork < node:
            return False
        if not (
            self.read(node).is_whole_block
            and all(
                AncestorSearch(self.graph.main_sources, operand).reaches(fork)
                for operand in (addition.fork, *addition.operands)
            )
        ):
            return False
        region = read_region(self.graph, addition, self.measure_branch)
        return region.kind is JoinKind.PARALLEL

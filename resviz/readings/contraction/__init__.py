"""The contracted graph of a record: a few nodes that hold all its layers.

It stands on the record's wiring, every edge between inputs, live layers and outputs
(`wiring`). Sets of layers are merged into nodes, each time only if no path leaves the
set and comes back, so that there is never a cycle (`quotient`). No name is read; calls
of modules are spans of layers, whose classes are compared and printed.

Some things are always one: a block, plain layers in a row, sums of sums
(`always_rules`), and long runs without weights (`arithmetic_runs`). Equal nodes that
only follow one another are one with a count (`equal_runs`), and a motif of several
nodes that repeats at once is drawn once, in a frame (`folds`). Where that is still too
much for a budget, whole classes are closed, the cheapest first (`ladder`,
`candidates`); as a last resort whole levels, what follows one another at one
resolution, whose skips are then one line. Of a part of a network what is before it is
one node, and what is behind (`parts`).

By the law every edge of the record lies inside a node, is one of those that a line
stands for, or leads from a turn of a frame to a later one; each line stands for one at
least; and turns are equal edge by edge. `EdgeCoverage` counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.contraction.wiring import Wiring, WiringEdge, read_wiring
from resviz.readings.structure import read_structure
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.readings.contraction.drawn import ContractedGraph
    from resviz.readings.contraction.ladder import Budget
    from resviz.readings.contraction.module_names import Naming
    from resviz.readings.contraction.parts import GraphPart
    from resviz.record import Architecture

__all__ = ["Wiring", "WiringEdge", "is_chain", "read_contraction", "read_wiring"]


@cache_reading
def is_chain(arch: Architecture) -> bool:
    """Tell whether the parts of a record follow one another, each read by one alone.

    What is a chain before it is fitted to a screen is one behind that, and so is what
    is a chain before more than its blocks are merged.
    """
    if are_blocks_in_chain(arch):
        return True
    from resviz.readings.contraction.merged import read_merged_quotient

    return read_merged_quotient(arch).is_chain or read_contraction(arch).is_chain


def are_blocks_in_chain(arch: Architecture) -> bool:
    """Tell whether blocks, and layers beside them, follow one another."""
    wiring = read_wiring(arch)
    owners = {end: end for end in wiring.ends}
    for block in read_structure(arch).blocks:
        own = [index for index in block.layer_indices if index in owners]
        if any(owners[index] != index for index in own):  # of another block too
            return False
        owners.update(dict.fromkeys(own, own[0] if own else 0))
    read_by = {
        (owners[edge.source], owners[edge.reader])
        for edge in wiring.edges
        if owners[edge.source] != owners[edge.reader]
    }
    following = dict(read_by)
    starts = {*owners.values()} - {*following.values()}
    if len(following) < len(read_by) or len(starts) != 1:
        return False
    (node,), length = starts, 1
    while node in following:
        node, length = following[node], length + 1
    return length == len({*owners.values()})


MAX_KEPT = 8
"""Contracted graphs that a record keeps, the newest of them."""


def read_contraction(
    arch: Architecture,
    budget: Budget | None = None,
    part: GraphPart | None = None,
    *,
    depth: int | None = None,
    naming: Naming = "paper",
) -> ContractedGraph:
    """Read the contracted graph of a record, or of a part of it, once.

    It fits one screen if no other budget is given; all else is as of `contract`.
    """
    kept = keep_contractions(arch)
    wanted = (budget, part, depth, naming)
    graph = kept.get(wanted)
    if graph is None:
        from resviz.readings.contraction.drawn import contract
        from resviz.readings.contraction.ladder import SCREEN

        graph = contract(arch, budget or SCREEN, part, depth=depth, naming=naming)
        for oldest in [*kept][: len(kept) - MAX_KEPT + 1]:
            kept.pop(oldest, None)
        kept[wanted] = graph
    return graph


@cache_reading
def keep_contractions(arch: Architecture) -> dict[object, ContractedGraph]:
    """Return where a record keeps its contracted graphs, by what was asked for."""
    del arch
    return {}

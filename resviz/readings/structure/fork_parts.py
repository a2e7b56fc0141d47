"""Parts of a fork: whether all branches of a sum read the same tensor of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.forks import SPLIT_OPERATIONS
from resviz.readings.structure.graph import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure.forks import Addition
    from resviz.readings.structure.graph import Graph


def reads_one_tensor(
    graph: Graph, branches: Sequence[frozenset[int]], addition: Addition
) -> bool:
    """Tell whether all branches read the same tensor of their fork.

    Parts of a split are no two ways of one, nor are slices of different channels, nor
    the steps of a sequence; but what concatenates the shortcut's part with others reads
    both. Source: Chen et al. 2017, DPN, which adds to a part and appends to another.
    """
    fork = addition.fork
    shortcut, *others = (
        list_parts_read(graph, branch or addition.nodes, fork) for branch in branches
    )
    is_whole = None in shortcut.union(*others)
    return is_whole or all(
        (shortcut == parts and len(parts) < 2)
        or (shortcut < parts and concatenates_parts(graph, branch, fork))
        for parts, branch in zip(others, branches[1:], strict=True)
    )


def concatenates_parts(graph: Graph, branch: frozenset[int], fork: int) -> bool:
    """Tell whether a branch reads parts of a fork only to concatenate them."""
    readers = branch.intersection(graph.after[max(fork, ROOT)])
    if not graph.is_single_operation(fork, SPLIT_OPERATIONS):
        users = {user for node in readers for user in graph.after[node]}
        readers = branch.intersection(users)
    return all(graph.is_single_operation(node, {"cat"}) for node in readers)


def list_parts_read(
    graph: Graph, nodes: frozenset[int], fork: int
) -> set[int] | set[tuple[int, int] | None]:
    """List the parts of a fork that some nodes read; None is no part."""
    if graph.is_single_operation(fork, SPLIT_OPERATIONS):
        return {
            source.output
            for layer in graph.select_layers(nodes)
            for source in layer.sources
            if source.layer == fork
        }
    return {
        find_part(graph, node)
        for node in nodes.intersection(graph.after[max(fork, ROOT)])
    }


def find_part(graph: Graph, node: int) -> tuple[int, int] | None:
    """Find which channels or which step a node takes; None if more is done, or less."""
    if graph.is_single_operation(node, {"select"}):
        arguments = graph.operations[node][0].arguments
        return arguments.get("dim", 0), arguments.get("index", 0)
    if not graph.is_single_operation(node, {"slice"}):
        return None
    (op,) = graph.operations[node]
    axis = graph.channel_axes[node]
    before, after, place = op.inputs[0], op.outputs[0], op.arguments.get("dim", 0)
    if axis is None or place != axis or before == after:
        return None
    return op.arguments.get("start") or 0, after[axis]

"""Stages of one size, told apart by the calls that run them.

Where neither resolution nor width changes, only the model's own modules tell where a
stage ends, as dilation leaves both. Calls are compared, their names never read.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from resviz.readings.structure.plain_blocks import walk_ancestors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.parts import Block

CallPart = tuple[int, "list[Block]"]
"""A call, and the blocks in a row that it runs."""


def split_last_run(graph: Graph, runs: list[list[Block]]) -> list[list[Block]]:
    """Split a tower's last run of one size where several calls run a stage of it each.

    They stand beside those that run the other stages, one each, and are no wrappers of
    one block. In an earlier run two widths may be one by rounding. Source: Yu et al.
    2017, dilated residual networks, whose last levels have one size; Tatsunami and Taki
    2022, Sequencer, whose last three stages have.

    Args:
        graph: the dataflow.
        runs: of the tower, by size.
    """
    last = runs[-1]
    parents = {block.path.rpartition(".")[0] for block in last}
    if len(parents) < 2 or not parents.isdisjoint([block.path for block in last]):
        return runs  # of one module, or a block in another one's
    *before, parts = split_by_call(graph, runs)
    calls = [number for run in (*before, parts) for number, _ in run]
    is_one_each = all(len(run) == 1 for run in before)
    if len(parts) < 2 or not is_one_each or comes_again(graph, calls):
        return runs
    counts = [len(part) for run in (*before, parts) for _, part in run]
    if max(counts) < 2 or not are_stages(graph, parts):
        return runs
    return [*runs[:-1], *(part for _, part in parts)]


def split_by_call(graph: Graph, runs: list[list[Block]]) -> list[list[CallPart]]:
    """Split runs at each change of the call that runs their blocks.

    That is the outermost which does not run all of them. It may be a block by itself.
    """
    ways: dict[int, list[int]] = {}
    for block in (block for run in runs for block in run):
        own = find_block_call(graph, block)
        ways[block.end] = [own, *walk_ancestors(graph.arch, own)][::-1]
    depth, shortest = 0, min(map(len, ways.values())) - 1
    while depth < shortest and len({way[depth] for way in ways.values()}) == 1:
        depth += 1
    return [
        [
            (number, [*part])
            for number, part in groupby(run, lambda block: ways[block.end][depth])
        ]
        for run in runs
    ]


def find_block_call(graph: Graph, block: Block) -> int:
    """Find the deepest call that holds a whole block."""
    calls, first = graph.arch.calls, block.layer_indices[0]
    number = graph.layers[block.end].call
    while calls[number].start > first:
        number = calls[number].parent or 0
    return number


def comes_again(graph: Graph, numbers: Sequence[int]) -> bool:
    """Tell whether some calls are of one module, as where its weights are tied."""
    paths = {graph.arch.calls[number].path for number in numbers}
    return len(paths) < len(numbers)


def are_stages(graph: Graph, parts: Sequence[CallPart]) -> bool:
    """Tell whether each of some calls runs a stage, and none is part of a block.

    Its blocks are of one type, and it adds nothing around them. Many equal ones are
    what a network repeats. Source: Zhang et al. 2018, RCAN, whose groups add.
    """
    contents = {tuple((b.type, b.shortcut.label) for b in part) for _, part in parts}
    if len(contents) == 1 and len(parts) > MOST_EQUAL_STAGES:
        return False
    adding = {graph.layers[node].call for node in graph.joins}
    return not any(
        number in adding or len({block.type for block in part} - {"plain"}) > 1
        for number, part in parts
    )


MOST_EQUAL_STAGES = 4
"""Stages of one size and content, at most."""

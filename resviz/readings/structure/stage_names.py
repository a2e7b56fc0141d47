"""What stages and blocks are called: by the paper's names, or by their modules' paths.

A network shaped as He et al.'s has conv2_x and conv2_1; nobody calls a transformer's or
a MobileNet's stages so, which are known by where they stand in the code.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import CONVOLUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.parts import Block, Fold


class StageNames(NamedTuple):
    """The names of a stage and of its blocks, in order."""

    stage: str
    blocks: tuple[str, ...]


def name_stages(
    graph: Graph,
    runs: Sequence[Sequence[Block]],
    folds: Sequence[Sequence[Fold]],
    tower_count: int,
) -> list[StageNames]:
    """Name stages, whose blocks are given, also folded, and these blocks.

    Source: He et al. 2015, table 1, whose conv1 is the stem and whose first stage
    is conv2_x.
    """
    if tower_count == 1 and is_shaped_as_resnet(graph, runs, folds):
        return [
            StageNames(
                f"conv{number}_x",
                tuple(f"conv{number}_{k}" for k in range(1, len(run) + 1)),
            )
            for number, run in enumerate(runs, start=2)
        ]
    return name_by_path(runs)


def is_shaped_as_resnet(
    graph: Graph, runs: Sequence[Sequence[Block]], folds: Sequence[Sequence[Fold]]
) -> bool:
    """Tell whether stages follow one another as in He et al. 2015, table 1.

    They are two to four, for a network may be cut short. The first block of each but
    the first changes the size by itself, to a map that is no larger and no narrower.
    Every block adds one branch to its shortcut; most branches are convolutions of all
    channels, as a basic block's and a bottleneck's are, of which attention may have
    replaced some.
    """
    if not FEWEST_STAGES <= len(runs) <= MOST_STAGES:
        return False
    for before, after in pairwise(runs):
        (positions, width), (later, later_width) = (
            run[-1].output_size for run in (before, after)
        )
        shrinks = later <= positions and later_width >= width
        if not shrinks or after[0].shortcut.reason in {None, "always"}:
            return False
    different = [fold for stage_folds in folds for fold in stage_folds]
    if any(fold.block.shortcut.kind == "none" for fold in different):
        return False
    convolutional = sum(
        fold.count for fold in different if is_convolutional(graph, fold.block)
    )
    return 2 * convolutional > sum(map(len, runs))


FEWEST_STAGES, MOST_STAGES = 2, 4
"""Stages of a network that has the paper's names."""


def is_convolutional(graph: Graph, block: Block) -> bool:
    """Tell whether a block has one branch, of convolutions of all channels."""
    if len(block.units) != 1:
        return False
    (unit,) = block.units
    has_kernel = False
    for node in unit.main_indices:
        effort = graph.efforts.get(node)
        if effort is None or not effort.weighted or node in unit.gate_indices:
            continue
        is_linear = CONVOLUTIONS.isdisjoint([op.name for op in graph.operations[node]])
        if is_linear or (effort.spatial and effort.depthwise):
            return False
        has_kernel = has_kernel or effort.spatial > 0
    return has_kernel


def name_by_path(runs: Sequence[Sequence[Block]]) -> list[StageNames]:
    """Name stages and blocks by the paths of their modules.

    What comes again is counted, as a second tower of the same modules.
    """
    counts: Counter[str] = Counter()
    block_counts: Counter[str] = Counter()
    names: list[StageNames] = []
    paths_per_run = [[block.path for block in run] for run in runs]
    for number, paths in enumerate(paths_per_run, start=1):
        others = {path for run in paths_per_run if run != paths for path in run}
        stage, blocks = f"stage{number}", paths
        if all(paths):
            stage = find_stage_path(paths, others)
        else:
            blocks = [f"{stage}_{k}" for k in range(1, len(paths) + 1)]
        numbered = tuple([count_name(block, block_counts) for block in blocks])
        names.append(StageNames(count_name(stage, counts), numbered))
    return names


def count_name(name: str, counts: Counter[str]) -> str:
    """Return a name, with its number if it came before."""
    counts[name] += 1
    return name if counts[name] == 1 else f"{name}#{counts[name]}"


def find_stage_path(paths: Sequence[str], others: set[str]) -> str:
    """Find the path that a stage's blocks share and no other's do, or their range.

    A list below a numbered module is named for that: `stages.0`, not `stages.0.blocks`.
    """
    levels = [path.split(".") for path in paths]
    parents = [level[:-1] for level in levels]
    shared = find_shared_start(parents)
    if is_apart(shared, others):
        while (
            len(shared) > 1 and shared[-2].isdigit() and is_apart(shared[:-1], others)
        ):
            shared = shared[:-1]
        return ".".join(shared)
    apart = all(is_apart(parent, others) for parent in parents)
    ends = parents if apart else levels
    return write_range(ends[0], ends[-1])


def find_shared_start(paths: Iterable[Sequence[str]]) -> list[str]:
    """Find the modules with which all of some paths begin."""
    levels = zip(*paths, strict=False)
    same = takewhile(lambda names: len(set(names)) == 1, levels)
    return [names[0] for names in same]


def is_apart(path: Sequence[str], others: set[str]) -> bool:
    """Tell whether no other stage's block is, or lies in, the module of a path."""
    prefix = ".".join(path)
    return bool(path) and not any(
        other == prefix or other.startswith(f"{prefix}.") for other in others
    )


def write_range(first: Sequence[str], last: Sequence[str]) -> str:
    """Write a range of paths: "features.1–3", "stage2–4.0.branches.1"."""
    if first == last:
        return ".".join(first)
    head = find_shared_start([first, last])
    first, last = first[len(head) :], last[len(head) :]
    tail = find_shared_start([first[::-1], last[::-1]])[::-1]
    first, last = (part[: len(part) - len(tail)] for part in (first, last))
    begin, end = ".".join(first), ".".join(last)
    stem = begin.rstrip("0123456789")
    if stem and stem == end.rstrip("0123456789"):
        end = end.removeprefix(stem)
    return ".".join([*head, f"{begin}–{end}", *tail])

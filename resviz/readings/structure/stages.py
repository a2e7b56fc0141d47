"""Stages: runs of blocks with one output size."""

from __future__ import annotations

from itertools import groupby, pairwise
from math import prod
from typing import TYPE_CHECKING

from resviz.readings.structure.parts import Stage
from resviz.readings.structure.repeats import fold_blocks
from resviz.readings.structure.shortcut_labels import CUTS, UNLABELLED_OPERATIONS
from resviz.readings.structure.stage_calls import split_last_run
from resviz.readings.structure.stage_names import name_stages
from resviz.readings.structure.towers import group_by_tower
from resviz.readings.structure.weights import is_depthwise, is_weighted

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.parts import Block, Shortcut


def find_stages(graph: Graph, blocks: list[Block]) -> tuple[Stage, ...]:
    """Group blocks in execution order into stages."""
    towers = group_by_tower(graph, blocks)
    runs = [
        (tower, run)
        for tower, members in enumerate(towers)
        for run in split_last_run(graph, group_tower(members))
    ]
    runs.sort(key=lambda run: run[1][0].end)
    folds = [fold_blocks(run) for _, run in runs]
    names = name_stages(graph, [run for _, run in runs], folds, len(towers))
    return tuple(
        Stage(graph.arch, name, tuple(run), run_folds, tower, block_names)
        for (tower, run), run_folds, (name, block_names) in zip(
            runs, folds, names, strict=True
        )
    )


def group_tower(tower: list[Block]) -> list[list[Block]]:
    """Group the blocks of one tower into the runs that are its stages."""
    runs = group_by_size(tower)
    runs = [part for run in runs for part in split_at_projections(run, tower)]
    return regroup_by_resolution(tower, merge_early_changes(runs))


def group_by_size(blocks: list[Block]) -> list[list[Block]]:
    """Group consecutive blocks whose outputs have the same positions and width.

    A class token more or less makes no difference.
    """
    runs: list[list[Block]] = []
    for block in blocks:
        if runs and is_same_size(runs[-1][-1], block):
            runs[-1].append(block)
        else:
            runs.append([block])
    return runs


def is_same_size(block: Block, other: Block) -> bool:
    """Tell whether two blocks give outputs of one size.

    A few class tokens make no difference, nor does a map that is cut.
    """
    if block.output_size == other.output_size:
        return True
    (positions, width), (others, other_width) = block.output_size, other.output_size
    if width != other_width:
        return False
    if not (block.has_tokens or other.has_tokens):
        return is_cropped(block, other)
    batch = block.arch.batch
    few = abs(positions - others) <= CLASS_TOKENS * batch
    return few and min(positions, others) >= FEWEST_TOKENS * batch


def is_cropped(before: Block, block: Block) -> bool:
    """Tell whether a block cuts the map before it, as unpadded convolutions do.

    Its shortcut tells: it cuts as much, and neither strides nor resizes. Source: van
    den Oord et al. 2016, WaveNet, of which no step is a stage.
    """
    if before.output_shape[0] != block.output_shape[0]:  # groups are no samples
        return False
    shortcuts = [unit.shortcut for unit in block.units]
    sizes, cut_sizes = shortcuts[0].input_shape[2:], block.output_shape[2:]
    return (
        sizes == before.output_shape[2:]
        and all(cut <= size for cut, size in zip(cut_sizes, sizes, strict=True))
        and all(map(keeps_scale, shortcuts))
    )


def keeps_scale(shortcut: Shortcut) -> bool:
    """Tell whether a shortcut leaves the distances between positions as they are."""
    if shortcut.kind == "none" or prod(shortcut.stride) > 1:
        return False
    layers = [shortcut.arch.layers[index] for index in shortcut.layer_indices]
    return all(
        op.window is not None or op.name in UNLABELLED_OPERATIONS | CUTS
        for layer in layers
        for op in layer.operations
    )


CLASS_TOKENS, FEWEST_TOKENS = 4, 17
"""Tokens for each sample that are no positions of the map, at most, and how many there
must be beside them: those of a map of 4×4."""


def is_own_list(run: list[Block], tower: list[Block]) -> bool:
    """Tell whether one list of modules holds the blocks of a run, and no others.

    A list of all blocks, or the network itself, tells nothing.
    """
    lists = {block.path.rpartition(".")[0] for block in run}
    if len(lists) > 1 or lists == {""} or len(run) == len(tower):
        return False
    held = [block for block in tower if block.path.startswith(f"{min(lists)}.")]
    return len(held) == len(run)


def split_at_projections(run: list[Block], tower: list[Block]) -> list[list[Block]]:
    """Split a run of blocks of one size where a block projects nevertheless.

    Only where that is rare: at most half as many blocks project as do not. One that
    reads more channels than the block before gives is no start, as a U-Net's decoder,
    nor is one whose list of modules the whole run is, as torchvision's `layer1`.
    """
    projects = [
        block.shortcut.kind == "projection" and block.shortcut.reason != "channels"
        for block in run
    ]
    if 2 * sum(projects) > len(run) - sum(projects):
        return [run]
    starts = [k for k, is_projection in enumerate(projects) if is_projection and k]
    if starts and is_own_list(run, tower):
        return [run]
    return [run[a:b] for a, b in pairwise([0, *starts, len(run)])]


def merge_early_changes(runs: list[list[Block]]) -> list[list[Block]]:
    """Merge runs whose last block already changes the size for the next stage.

    A run of one block that differs from the run before in resolution alone, and from
    the run after in width alone, belongs to the one before, of the same type; so does
    the reverse, where there is nothing of the first kind. It must happen twice at
    least. Source: the
    ResNets of TF-slim and of Keras "v2" stride so; Li et al. 2021, MViTv2, widens so.
    One of depthwise convolutions alone belongs to the run after, which widens what it
    strides: Vasu et al. 2022, MobileOne.
    """
    runs = merge_depthwise_starts(runs)
    early_runs = find_stage_ends(runs, STRIDE_CHANGE)
    early_runs = early_runs or find_stage_ends(runs, WIDENING_CHANGE)
    if len(early_runs) < 2:
        return runs
    merged_runs: list[list[Block]] = []
    for k, run in enumerate(runs):
        if k in early_runs:
            merged_runs[-1] = merged_runs[-1] + run
        else:
            merged_runs.append(run)
    return merged_runs


STRIDE_CHANGE, WIDENING_CHANGE = (True, False, False, True), (False, True, True, False)
"""Whether positions and width differ from those before, and from those after."""


def find_stage_ends(runs: list[list[Block]], change: tuple[bool, ...]) -> set[int]:
    """Find the numbers of the one-block runs with this change of size."""
    ends: set[int] = set()
    triples = zip(runs, runs[1:], runs[2:], strict=False)
    for k, (before, run, after) in enumerate(triples, start=1):
        changes = compare_sizes(before[-1], run[0]) + compare_sizes(run[0], after[0])
        is_alike = run[0].type == before[-1].type
        if len(run) == 1 and changes == change and is_alike:
            ends.add(k)
    return ends


def merge_depthwise_starts(runs: list[list[Block]]) -> list[list[Block]]:
    """Merge runs of one block that strides by depthwise convolutions with the next."""
    starts = {
        k for k in find_stage_ends(runs, STRIDE_CHANGE) if is_all_depthwise(runs[k][0])
    }
    merged: list[list[Block]] = []
    for k, run in enumerate(runs):
        if k - 1 in starts:
            merged[-1] = merged[-1] + run
        else:
            merged.append(run)
    return merged


def is_all_depthwise(block: Block) -> bool:
    """Tell whether all that a block weighs are depthwise convolutions."""
    weighted = [
        op
        for index in block.layer_indices
        for op in block.arch.stored_layers[index].operations
        if is_weighted(op)
    ]
    return bool(weighted) and all(map(is_depthwise, weighted))


def compare_sizes(block: Block, other: Block) -> tuple[bool, bool]:
    """Tell whether positions differ, and whether widths do."""
    (positions, width), (others, other_width) = block.output_size, other.output_size
    return positions != others, width != other_width


def regroup_by_resolution(
    blocks: list[Block], runs: list[list[Block]]
) -> list[list[Block]]:
    """Regroup by resolution alone if the width grows in nearly every block.

    Source: Han et al. 2017, PyramidNet; their stages are those of one map size.
    """
    if len(blocks) < 6 or 2 * len(runs) <= len(blocks):
        return runs
    groups = groupby(blocks, key=lambda block: block.output_size[0])
    return [list(run) for _, run in groups]

"""Stages: runs of blocks with one output size, under the paper's names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Shape
    from resviz.structure.axes import Extent
    from resviz.structure.blocks import Block
    from resviz.structure.graph import Graph


@dataclass(frozen=True, slots=True)
class Fold:
    """Equal blocks in a row: the first of them, its number in the stage, how many."""

    block: Block
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks in a row with one output resolution and width.

    Attributes:
        name: the paper's, "conv2_x".
        blocks: in order.
        folds: the same, equal ones folded.
    """

    name: str
    blocks: tuple[Block, ...]
    folds: tuple[Fold, ...]

    @property
    def output_shape(self) -> Shape:
        """Shape of what its last block gives."""
        return self.blocks[-1].output_shape

    @property
    def type(self) -> str:
        """The type of its blocks, or "mixed"."""
        types = {block.type for block in self.blocks}
        return types.pop() if len(types) == 1 else "mixed"

    @property
    def layers(self) -> tuple[int, ...]:
        """Indices of all its layers, in execution order."""
        return tuple(sorted(index for block in self.blocks for index in block.layers))

    def block_name(self, number: int) -> str:
        """The paper's name of block `number`, counted from 1: "conv2_1"."""
        return f"{self.name.removesuffix('_x')}_{number}"


def stages(graph: Graph, found: list[Block]) -> tuple[Stage, ...]:
    """The stages that some blocks in execution order make up.

    Source: He et al. 2015, table 1, whose conv1 is the stem and whose first stage
    is conv2_x.
    """
    runs = runs_of_one_size(found, graph.arch.batch)
    parted = [part for run in runs for part in parted_by_projection(run)]
    merged = by_resolution(found, with_early_changes(towers(graph, parted)))
    return tuple(
        Stage(f"conv{number}_x", tuple(run), folded(graph.arch, run))
        for number, run in enumerate(merged, start=2)
    )


def runs_of_one_size(found: list[Block], batch: int) -> list[list[Block]]:
    """Blocks in a row that give as many positions of one width.

    A class token more or less makes no difference.
    """
    runs: list[list[Block]] = []
    for block in found:
        if runs and alike(runs[-1][-1], block, batch):
            runs[-1].append(block)
        else:
            runs.append([block])
    return runs


def alike(one: Block, other: Block, batch: int) -> bool:
    """Whether two blocks give outputs of one size, but for a few class tokens."""
    if one.extent == other.extent:
        return True
    (positions, width), (others, other_width) = one.extent, other.extent
    few = abs(positions - others) <= CLASS_TOKENS * batch
    return (one.tokens or other.tokens) and few and width == other_width


CLASS_TOKENS = 4
"""Tokens for each sample that are no positions of the map, at most."""


def parted_by_projection(run: list[Block]) -> list[list[Block]]:
    """A run of blocks of one size, parted where a block projects all the same.

    Only where that is rare: at most half as many blocks project as do not.
    """
    projects = [bool(block.shortcut.kind == "projection") for block in run]
    if 2 * sum(projects) > len(run) - sum(projects):
        return [run]
    starts = [0, *(k for k, it in enumerate(projects) if it and k), len(run)]
    return [run[a:b] for a, b in pairwise(starts)]


def towers(graph: Graph, runs: list[list[Block]]) -> list[list[Block]]:
    """Runs, those of one size that run in turns with others beside them as one.

    Source: Sun et al. 2019, HRNet, whose branches of four resolutions take turns.
    """
    found: list[list[Block]] = []
    last: dict[Extent, tuple[int, int]] = {}
    for number, run in enumerate(runs):
        tower, before = last.get(run[0].extent, (len(found), number))
        between = runs[before + 1 : number]
        if between and all(beside(graph, runs[before], other) for other in between):
            found[tower] = found[tower] + run
        else:
            tower = len(found)
            found.append(run)
        last[run[0].extent] = tower, number
    return found


def beside(graph: Graph, run: list[Block], other: list[Block]) -> bool:
    """Whether what a run gives need not pass into another run, which is later."""
    return not graph.dominates(run[-1].end, other[0].fork)


def with_early_changes(runs: list[list[Block]]) -> list[list[Block]]:
    """Runs, where the last block of a stage changes for the next one's sake.

    A run of one block that differs from the run before in resolution alone, and from
    the run after in width alone, belongs to the one before; so does the reverse, where
    there is nothing of the first kind. It must happen twice at least. Source: the
    ResNets of TF-slim and of Keras "v2" stride so; Li et al. 2021, MViTv2, widens so.
    """
    strides, widenings = ends_of_stages(runs, STRIDE), ends_of_stages(runs, WIDENING)
    early = strides or widenings
    if len(early) < 2:
        return runs
    joined: list[list[Block]] = []
    for k, run in enumerate(runs):
        if k in early:
            joined[-1] = joined[-1] + run
        else:
            joined.append(run)
    return joined


STRIDE, WIDENING = (True, False, False, True), (False, True, True, False)
"""Whether positions and width differ from those before, and from those after."""


def ends_of_stages(runs: list[list[Block]], change: tuple[bool, ...]) -> set[int]:
    """Numbers of the runs of one block that change so."""
    return {
        k
        for k, (before, (one, *more), after) in enumerate(triples(runs), start=1)
        if not more
        and (*differences(before[-1], one), *differences(one, after[0])) == change
    }


def differences(one: Block, other: Block) -> tuple[bool, bool]:
    """Whether positions differ, and whether widths do."""
    (positions, width), (others, other_width) = one.extent, other.extent
    return positions != others, width != other_width


def triples(runs: list[list[Block]]) -> Iterator[tuple[list[Block], ...]]:
    """Every run with those before and after it."""
    return zip(runs, runs[1:], runs[2:], strict=False)


def by_resolution(found: list[Block], runs: list[list[Block]]) -> list[list[Block]]:
    """Runs of one resolution, where the width grows in nearly every block.

    Source: Han et al. 2017, PyramidNet; their stages are those of one map size.
    """
    if len(found) < 6 or 2 * len(runs) <= len(found):
        return runs
    groups = groupby(found, key=lambda block: block.extent[0])
    return [list(run) for _, run in groups]


def folded(arch: Architecture, run: list[Block]) -> tuple[Fold, ...]:
    """Equal blocks in a row as one."""
    folds = []
    number = 1
    for _, equal in groupby(run, key=lambda block: signature(arch, block)):
        members = list(equal)
        folds.append(Fold(members[0], number, len(members)))
        number += len(members)
    return tuple(folds)


def signature(arch: Architecture, block: Block) -> Any:
    """What two blocks have in common when they are drawn as one."""
    layers = (arch.layers[index] for index in block.layers)
    ops = [
        (op.name, op.inputs, op.outputs, op.window)
        for layer in layers
        for op in layer.operations
    ]
    kinds = [unit.shortcut.kind for unit in block.units]
    return block.type, kinds, ops

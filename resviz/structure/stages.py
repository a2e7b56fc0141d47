"""Stages: runs of blocks with one output size, under the paper's names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.record import Architecture, Shape
    from resviz.structure.blocks import Block


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


def stages(arch: Architecture, found: list[Block]) -> tuple[Stage, ...]:
    """The stages that some blocks in execution order make up.

    Source: He et al. 2015, table 1, whose conv1 is the stem and whose first stage
    is conv2_x.
    """
    runs = [list(run) for _, run in groupby(found, key=stage_key)]
    parted = [part for run in runs for part in parted_by_projection(run)]
    return tuple(
        Stage(f"conv{number}_x", tuple(run), folded(arch, run))
        for number, run in enumerate(parted, start=2)
    )


def stage_key(block: Block) -> tuple[int, int]:
    """Positions and width of a block's output."""
    shape = block.output_shape
    width = shape[1] if len(shape) > 1 else prod(shape)
    return prod(shape) // max(width, 1), width


def parted_by_projection(run: list[Block]) -> list[list[Block]]:
    """A run of blocks of one size, parted where a block projects all the same.

    Only where that is rare: at most half as many blocks project as do not.
    """
    projects = [bool(block.shortcut.kind == "projection") for block in run]
    if 2 * sum(projects) > len(run) - sum(projects):
        return [run]
    starts = [0, *(k for k, it in enumerate(projects) if it and k), len(run)]
    return [run[a:b] for a, b in pairwise(starts)]


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
    return block.type, block.shortcut.kind, ops

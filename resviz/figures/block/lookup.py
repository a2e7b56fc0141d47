"""Where blocks stand in their network, and finding one by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import RenderError

if TYPE_CHECKING:
    from resviz.readings.structure import Block, Structure


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Where a block stands in its network.

    Attributes:
        block: the block.
        name: the paper's, "conv3_1".
        stage: number of its stage, counted from 0.
        equal: names of the blocks that are drawn alike.
    """

    block: Block
    name: str
    stage: int
    equal: tuple[str, ...]


def find_block(read: Structure, at: str | None) -> BlockPlace:
    """The block called `at`; by default the first that projects, else the first.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    candidates = list_block_places(read)
    if not candidates:
        raise RenderError(f"{read.arch.label}: there are no residual blocks to draw")
    if at is None:
        projecting = (
            candidate
            for candidate in candidates
            if candidate.block.shortcut.kind == "projection"
        )
        return next(projecting, candidates[0])
    for place in candidates:
        if at in {place.name, place.block.path}:
            return place
    legal = ", ".join(
        f"{stage.block_name(1)} to {stage.block_name(len(stage.blocks))}"
        for stage in read.stages
    )
    raise RenderError(f"unknown block {at!r}: want {legal}, or the path of its module")


def list_block_places(read: Structure) -> list[BlockPlace]:
    """Every block of a network with its name."""
    result = []
    for number, stage in enumerate(read.stages):
        for fold in stage.folds:
            names = tuple(stage.block_name(fold.number + k) for k in range(fold.count))
            members = stage.blocks[fold.number - 1 : fold.number - 1 + fold.count]
            for name, block in zip(names, members, strict=True):
                equal = tuple(other for other in names if other != name)
                result.append(BlockPlace(block, name, number, equal))
    return result

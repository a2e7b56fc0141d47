"""Which blocks are drawn: one, or several that stand side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures.block.steps import build_block_steps
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.part_names import name_block
from resviz.figures.stage_parts import find_part
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure import Block, Structure
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class DrawnBlock:
    """Where a block stands in its network.

    Attributes:
        block: the block.
        name: the paper's, "conv3_1".
        stage: number of its stage, counted from 0.
        equal: names of the blocks that are drawn alike.
        before: how many of them come before it.
    """

    block: Block
    name: str
    stage: int
    equal: tuple[str, ...]
    before: int = 0

    @property
    def title(self) -> str:
        """Its name and its type, "conv3_1, bottleneck"; a class may be both."""
        kind = self.block.type
        return self.name if self.name.casefold() == kind else f"{self.name}, {kind}"


def read_places(
    archs: Sequence[Architecture],
    at: str | Sequence[str] | None,
    stages: str | None,
) -> list[list[DrawnBlock]]:
    """Return the blocks that are drawn of each network, called as the sheet says.

    Raises:
        RenderError: as `choose_blocks`.
    """
    chosen = choose_blocks(archs, at, stages)
    return [[*map(rename_place, places)] for places in chosen]


def rename_place(place: DrawnBlock) -> DrawnBlock:
    """Call a block as the sheet says; those like it by paths, if it has its class."""
    stage = read_structure(place.block.arch).stages[place.stage]
    numbers = {name: k for k, name in enumerate(stage.block_names, 1)}
    equal = place.equal
    if find_sheet().names != "class":
        equal = tuple(name_block(stage, numbers[name]) for name in equal)
    name = name_block(stage, numbers[place.name])
    return replace(place, name=name, equal=equal)


def choose_blocks(
    archs: Sequence[Architecture],
    at: str | Sequence[str] | None,
    stages: str | None = None,
) -> list[list[DrawnBlock]]:
    """Return the blocks that are drawn of each network, those called `at`.

    Of `stages` all that differ. If nothing is named, it is one a network: of one
    network the first that projects, of several one that all have, see
    `choose_shared_name`.

    Raises:
        RenderError: if there is none, one stands there twice, or blocks are named by
            both; lists those there are.
    """
    structures = [*map(read_structure, archs)]
    if stages is not None:
        if at is not None:
            raise RenderError(
                f"at and stages: got {at!r} and {stages!r}, want one of them"
            )
        parts = [find_part(structure, stages) for structure in structures]
        return [
            [
                place
                for place in list_block_places(structure)
                if place.stage in part and not place.before
            ]
            for structure, part in zip(structures, parts, strict=True)
        ]
    if at is None:
        name = choose_shared_name(structures) if len(archs) > 1 else None
        return [[find_block(structure, name)] for structure in structures]
    names = list_block_names(at)
    chosen = [[find_block(each, name) for name in names] for each in structures]
    for structure, places in zip(structures, chosen, strict=True):
        found: dict[str, str] = {}
        for name, place in zip(names, places, strict=True):
            if place.name in found:
                raise RenderError(
                    f"at: {found[place.name]!r} and {name!r} are one block of "
                    f"{structure.arch.label}: want each once"
                )
            found[place.name] = name
    return chosen


def list_block_names(at: str | Sequence[str]) -> list[str]:
    """List the names of blocks that were asked for.

    Raises:
        RenderError: if there is none.
    """
    names = [at] if isinstance(at, str) else [*at]
    if not names:
        raise RenderError(
            f"at: got {at!r}, want the name of a block, 'conv3_1', or a list of "
            "names; or leave it out"
        )
    return names


def find_block(structure: Structure, at: str | None) -> DrawnBlock:
    """Return the block called `at`; by default the first that projects.

    Else the first that has a shortcut, else the first.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    label = structure.arch.label
    candidates = list_block_places(structure)
    if not candidates:
        raise RenderError(
            f"{label}: there are no residual blocks to draw, see figure lanes"
        )
    if at is None:
        for place in candidates:
            if place.block.shortcut.kind == "projection":
                return place
        return max(candidates, key=lambda place: place.block.shortcut.kind != "none")
    for place in candidates:
        if at in {place.name, place.block.path}:
            return place
    legal = ", ".join(
        f"{stage.block_name(1)} to {stage.block_name(len(stage.blocks))}"
        for stage in structure.stages
    )
    raise RenderError(
        f"{label}: unknown block {at!r}: want {legal}, or the path of its module"
    )


def list_block_places(structure: Structure) -> list[DrawnBlock]:
    """Return every block of a network with its name."""
    result = []
    for number, stage in enumerate(structure.stages):
        for fold in stage.folds:
            names = tuple(stage.block_name(fold.number + k) for k in range(fold.count))
            members = stage.blocks[fold.number - 1 : fold.number - 1 + fold.count]
            for k, (name, block) in enumerate(zip(names, members, strict=True)):
                equal = (*names[:k], *names[k + 1 :])
                result.append(DrawnBlock(block, name, number, equal, k))
    return result


def choose_shared_name(structures: Sequence[Structure]) -> str | None:
    """Choose the name of a block that several networks have; None if there is none.

    It is the one at which most of them differ, the first of those at which no shortcut
    is an identity, if there are any.
    """
    blocks = [
        {place.name: place.block for place in list_block_places(structure)}
        for structure in structures
    ]
    shared = [name for name in blocks[0] if all(name in each for each in blocks)]

    def rank_name(name: str) -> tuple[bool, int]:
        own = [each[name] for each in blocks]
        kinds = {block.shortcut.kind for block in own}
        return kinds.isdisjoint({"identity", "none"}), len({*map(list_words, own)})

    return max(shared, key=rank_name, default=None)


def list_words(block: Block) -> tuple[tuple[str, ...], ...]:
    """List what a block's boxes say, and where each reads from: what tells it apart."""
    steps = build_block_steps(block.arch, block)
    return tuple((*step.words, *map(str, step.sources)) for step in steps)


def name_equal_blocks(place: DrawnBlock) -> str:
    """Name the blocks that are drawn alike, of many in a row the first and the last.

    Example:
        >>> names = ("conv4_2", "conv4_4", "conv4_5", "conv4_6")
        >>> name_equal_blocks(DrawnBlock(None, "conv4_3", 2, names, 1))
        'conv4_2, conv4_4 to conv4_6'
    """
    runs = place.equal[: place.before], place.equal[place.before :]
    return ", ".join(
        f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run)
        for run in runs
        if run
    )

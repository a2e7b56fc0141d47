"""What is unusual about a network's structure, in words."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.structure.graph import operations
from resviz.structure.regions import Join
from resviz.units import per_axis, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resviz.record import Operation
    from resviz.structure import Structure
    from resviz.structure.blocks import Block
    from resviz.structure.stages import Stage


def remarks(read: Structure) -> tuple[str, ...]:
    """One line for each thing that a reader of He et al. 2015 would not expect."""
    return tuple(line for rule in RULES for line in rule(read))


def needless_projections(read: Structure) -> Iterator[str]:
    """Projections where an identity would fit; under option C every block has one."""
    names = [
        name
        for name, block in named(read)
        if any(unit.shortcut.reason == "always" for unit in block.units)
    ]
    if names:
        yield f"projects although an identity would fit: {listed(names)}"


def moved_outside(read: Structure) -> Iterator[str]:
    """Stages whose map shrinks before their first block, as ConvNeXt's."""
    names = []
    for before, stage in follow(read):
        first = stage.blocks[0]
        shrinks = before.blocks[-1].extent[0] > first.extent[0]
        keeps = first.units[0].shortcut.reason not in {"resolution", "both"}
        if shrinks and keeps:
            names.append(stage.name)
    if names:
        yield f"the map shrinks before the first block, in no shortcut: {listed(names)}"


def without_projection(read: Structure) -> Iterator[str]:
    """Blocks that change resolution or width on a shortcut without weights."""
    for kind, said in WEIGHTLESS.items():
        names = [
            name
            for name, block in named(read)
            if any(unit.shortcut.kind == kind for unit in block.units)
        ]
        if names:
            yield f"{said}: {listed(names)}"


WEIGHTLESS = {
    "zero-padded": "option A, zero channels and no projection",
    "subsampled": "the shortcut drops positions, no projection",
    "none": "no shortcut",
}
"""What is said of shortcuts without weights; adding one is a row."""


def early_strides(read: Structure) -> Iterator[str]:
    """Bottlenecks that stride in the first 1×1, as the paper's own do."""
    names = [name for name, block in named(read) if strides_in_1x1(read, block)]
    if names:
        where = "the stride is in the first 1×1 (v1), not in the 3×3 (v1.5)"
        yield f"{where}: {listed(names)}"


def strides_in_1x1(read: Structure, block: Block) -> bool:
    """Whether a bottleneck's first convolution is a 1×1 with a stride."""
    windows = [op.window for op in main(read, block) if op.name == "convolution"]
    first = windows[0] if len(windows) > 1 else None
    return first is not None and prod(first.kernel) == 1 and prod(first.stride) > 1


def dilated_stages(read: Structure) -> Iterator[str]:
    """Stages that widen the kernels' reach where others would shrink the map."""
    for before, stage in follow(read):
        rates = {
            op.window.dilation
            for block in stage.blocks
            for op in main(read, block)
            if op.name == "convolution" and op.window and prod(op.window.dilation) > 1
        }
        if rates and before.blocks[-1].extent[0] == stage.blocks[-1].extent[0]:
            sizes = " and ".join(per_axis(rate) for rate in sorted(rates))
            yield f"{stage.name} keeps its resolution, its kernels dilated by {sizes}"


def other_sums(read: Structure) -> Iterator[str]:
    """Additions that are no block, by what they are."""
    inside = {join for block in read.blocks for join in block.joins}
    within = {index for block in read.blocks for index in block.layers}
    rest = [r for r in read.regions if r.join not in inside | within]
    for kind, said in SUMS.items():
        names = [read.arch.layers[r.join].name for r in rest if r.kind is kind]
        if names:
            yield f"{plural(len(names), said)}: {listed(names)}"


SUMS = {
    Join.RESIDUAL: "long skip",
    Join.PARALLEL: "parallel sum",
    Join.WEIGHTLESS: "weightless sum",
    Join.OPEN: "open join",
}
"""What additions outside of blocks are called."""

RULES: tuple[Callable[[Structure], Iterable[str]], ...] = (
    needless_projections,
    moved_outside,
    without_projection,
    early_strides,
    dilated_stages,
    other_sums,
)
"""Everything that is looked for; adding a remark is a row."""


def named(read: Structure) -> Iterator[tuple[str, Block]]:
    """Every block with the paper's name of it."""
    for stage in read.stages:
        for number, block in enumerate(stage.blocks, start=1):
            yield stage.block_name(number), block


def follow(read: Structure) -> Iterator[tuple[Stage, Stage]]:
    """Every stage but the first, after the one before it."""
    return zip(read.stages, read.stages[1:], strict=False)


def main(read: Structure, block: Block) -> list[Operation]:
    """The operations on a block's main branches."""
    return operations(read.arch.layers[index] for index in block.main)


MOST = 4
"""Names that are listed."""


def listed(names: list[str]) -> str:
    """Names in a row, of many the first."""
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{', '.join(names[:MOST])}{more}"

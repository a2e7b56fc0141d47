"""Repeats: equal blocks in a row, and patterns: A B A B A B is (A B) three times."""

from __future__ import annotations

from itertools import groupby, islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from resviz.readings.structure.parts import Fold

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from resviz.readings.structure import Structure
    from resviz.readings.structure.parts import Block

T = TypeVar("T")

LONGEST_PATTERN = 6
"""Things in a repeated pattern, at most."""


class Repeat(NamedTuple):
    """Consecutive repeats: `times` × `length` layers from `start` on.

    `blocks` of them are one turn.
    """

    start: int
    length: int
    times: int
    blocks: int


def find_repeated_blocks(structure: Structure) -> Iterator[Repeat]:
    """Find consecutive equal blocks of a network, alone or alternating.

    What runs between two of them belongs to the first.
    """
    for stage in structure.stages:
        blocks = iter(stage.blocks)
        for folds, pattern_count in group_alternating_folds(stage.folds):
            count = pattern_count if pattern_count > 1 else folds[0].count
            block_count = sum(fold.count for fold in folds) * pattern_count
            first_layers = [min(b.layer_indices) for b in islice(blocks, block_count)]
            turn = block_count // count
            starts = first_layers[::turn]
            lengths = {after - before for before, after in pairwise(starts)}
            if len(lengths) == 1:
                yield Repeat(starts[0], lengths.pop(), count, turn)


def find_repeats(things: Sequence[T]) -> Iterator[tuple[Sequence[T], int]]:
    """Yield things in order as patterns, each with its number of repeats."""
    position = 0
    while position < len(things):
        length, count = find_repeat_at(things, position)
        yield things[position : position + length], count
        position += length * count


def find_repeat_at(things: Sequence[T], position: int) -> tuple[int, int]:
    """Find length and count of the repeat that covers most things from `position`."""
    best = (1, 1)
    for length in range(1, LONGEST_PATTERN + 1):
        pattern = things[position : position + length]
        count = 1
        while pattern == things[position + count * length :][:length] and pattern:
            count += 1
        if count > 1 and length * count > best[0] * best[1]:
            best = (length, count)
    return best


def group_alternating_folds(
    folds: Sequence[Fold], led: Container[int] = ()
) -> Iterator[tuple[Sequence[Fold], int]]:
    """Group the folds of a stage that alternate, with their number of repeats.

    Args:
        folds: of one stage, in order.
        led: first layers of blocks before which something else runs, so that they
            cannot be a pattern's second; the stage's own first block may.
    """
    numbers: dict[str, int] = {}
    keys: list[int] = []
    for number, fold in enumerate(folds):
        free = number == 0 or min(fold.block.layer_indices) not in led
        alone = fold.count == 1 and free
        key = repr(block_signature(fold.block)) if alone else f"fold {number}"
        keys.append(numbers.setdefault(key, len(numbers)))
    done = 0
    for pattern, count in find_repeats(keys):
        yield folds[done : done + len(pattern)], count
        done += len(pattern) * count


def fold_blocks(run: list[Block]) -> tuple[Fold, ...]:
    """Fold consecutive equal blocks into one."""
    folds: list[Fold] = []
    number = 1
    for _, equal in groupby(run, key=block_signature):
        members = list(equal)
        folds.append(Fold(members[0], number, len(members)))
        number += len(members)
    return tuple(folds)


def block_signature(block: Block) -> Any:
    """Return what two blocks must share to be drawn as one."""
    layers = (block.arch.stored_layers[index] for index in block.layer_indices)
    ops = [
        (op.name, op.inputs, op.outputs, op.window)
        for layer in layers
        for op in layer.operations
    ]
    kinds = [unit.shortcut.kind for unit in block.units]
    return block.type, kinds, ops

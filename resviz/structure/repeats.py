"""Patterns that repeat at once in a row of things: A B A B A B is (A B) three times."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from resviz.structure.stages import signature

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from resviz.record import Architecture
    from resviz.structure import Fold, Structure

T = TypeVar("T")

LONGEST = 6
"""Things in a repeated pattern, at most."""


class Repeat(NamedTuple):
    """Blocks that come again at once: `times` times `length` layers from `start` on."""

    start: int
    length: int
    times: int


def repeated(read: Structure) -> Iterator[Repeat]:
    """The blocks of a network that come again at once, alone or in turns.

    What runs between two of them belongs to the first.
    """
    for stage in read.stages:
        blocks = iter(stage.blocks)
        for folds, turned in turns(read.arch, stage.folds):
            count = turned if turned > 1 else folds[0].count
            some = islice(blocks, sum(fold.count for fold in folds) * turned)
            starts = [min(block.layers) for block in some]
            starts = starts[:: len(starts) // count]
            lengths = {after - before for before, after in pairwise(starts)}
            if len(lengths) == 1:
                yield Repeat(starts[0], lengths.pop(), count)


def repeats(things: Sequence[T]) -> Iterator[tuple[Sequence[T], int]]:
    """The things in order as patterns, each with how often it comes in a row."""
    position = 0
    while position < len(things):
        length, count = repeat_at(things, position)
        yield things[position : position + length], count
        position += length * count


def repeat_at(things: Sequence[T], position: int) -> tuple[int, int]:
    """The length and count of the repeat that covers most things from `position`."""
    best = (1, 1)
    for length in range(1, LONGEST + 1):
        pattern = things[position : position + length]
        count = 1
        while pattern == things[position + count * length :][:length] and pattern:
            count += 1
        if count > 1 and length * count > best[0] * best[1]:
            best = (length, count)
    return best


def turns(
    arch: Architecture, folds: Sequence[Fold], led: Container[int] = ()
) -> Iterator[tuple[Sequence[Fold], int]]:
    """The folds of a stage, those that take turns together, with how often they do.

    Args:
        arch: the record.
        folds: of one stage, in order.
        led: first layers of blocks before which something else runs, so that they
            cannot be a pattern's second; the stage's own first block may.
    """
    numbers: dict[str, int] = {}
    keys = []
    for number, fold in enumerate(folds):
        free = number == 0 or min(fold.block.layers) not in led
        alone = fold.count == 1 and free
        key = repr(signature(arch, fold.block)) if alone else f"fold {number}"
        keys.append(numbers.setdefault(key, len(numbers)))
    done = 0
    for pattern, count in repeats(keys):
        yield folds[done : done + len(pattern)], count
        done += len(pattern) * count

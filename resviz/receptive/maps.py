"""What one tensor sees of the input, and on which of its axes the positions lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Final, Literal

from resviz.receptive.axis import STILL, Axis, covers, through

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.receptive.axis import Taps
    from resviz.record import Shape

WHOLE: Final = "whole"
"""What is seen by what was gathered from all positions, as by a global pool."""

Seen = Axis | Literal["whole"] | None
"""What is seen along one axis of the input; None if no rule tells."""

PLAIN = -1
"""In place of an input axis: batch, channels, all that are no positions."""

Run = tuple[tuple[int, int], ...]
"""What one axis of a tensor runs over, slowest first: how many, of which input axis.

The 196 tokens of a 14×14 map are ((14, 0), (14, 1)).
"""


@dataclass(frozen=True)
class Map:
    """What one tensor sees.

    Attributes:
        layout: what each of its axes runs over.
        seen: what is seen along each axis of the input.
        pixels: sizes of the input, without batch and channels.
    """

    layout: tuple[Run, ...]
    seen: tuple[Seen, ...]
    pixels: Shape

    @cached_property
    def carried(self) -> frozenset[int]:
        """Input axes whose positions are told apart in this tensor."""
        return frozenset([k for run in self.layout for k in axes(run)])

    @cached_property
    def distinct(self) -> bool:
        """Whether no input axis lies on two of its axes, and what it sees is known.

        Such a map comes out of what works position by position as it went in.
        """
        places = [k for run in self.layout for _, k in run if k != PLAIN]
        alone = len(places) == len(set(places))
        return alone and all(isinstance(self.seen[k], Axis) for k in places)

    @cached_property
    def shape(self) -> Shape:
        """Shape of the tensor."""
        return tuple([
            run[0][0] if len(run) == 1 else prod(size for size, _ in run)
            for run in self.layout
        ])  # fmt: skip

    def know(self, k: int, seen: Seen) -> Map:
        """The same, but for what is seen along input axis `k`."""
        known = (*self.seen[:k], seen, *self.seen[k + 1 :])
        return Map(self.layout, known, self.pixels)

    def lay(self, layout: Iterable[Run]) -> Map:
        """The same under another layout."""
        return Map(tuple(layout), self.seen, self.pixels)

    def put(self, place: int, run: Run) -> Map:
        """The same with another run on one axis; () for an axis that is dropped."""
        return self.lay((*self.layout[:place], run, *self.layout[place + 1 :]))

    def drop(self, place: int) -> Map:
        """The same without one axis."""
        return self.lay((*self.layout[:place], *self.layout[place + 1 :]))

    def lose(self, ks: Iterable[int]) -> Map:
        """The same where the positions along some input axes are mixed up."""
        lost = set(ks)
        known: tuple[Seen, ...] = tuple(
            None if k in lost else it for k, it in enumerate(self.seen)
        )
        layout = tuple(cleared(run, lost) for run in self.layout)
        return Map(layout, known, self.pixels)

    def lost(self, shape: Shape) -> Map:
        """As a tensor of a given shape, after what no rule describes."""
        return self.lose(self.carried).lay(plain(shape))

    def gather(self, ks: Iterable[int]) -> Map:
        """As each position sees once all along some input axes came together.

        That is the whole input, unless the map was cut to a part of it before.
        """
        result, ks = self, sorted(ks)
        if not ks:
            return self
        for k in ks:
            size, seen = self.size(k), self.seen[k]
            if isinstance(seen, Axis) and covers(seen, size, self.pixels[k]):
                result = result.know(k, WHOLE)
            elif size > 1:
                result = result.know(k, None)
        return result.lay(cleared(run, set(ks)) for run in result.layout)

    def size(self, k: int) -> int:
        """Positions along input axis `k`; 1 if they are told apart no more."""
        return prod(size for run in self.layout for size, axis in run if axis == k)

    def slide(self, first: int, taps: Iterable[Taps | None], shape: Shape) -> Map:
        """As seen by what reads `taps` along the axes from `first` on, one each.

        What is seen there is lost where no rule tells; `shape` is that of the result.
        """
        layout, lost = [*self.layout], set()
        seen: list[Seen] = [*self.seen]
        for place, own in enumerate(taps, first):
            run, size = layout[place], shape[place]
            on = axes(run)
            if on and own == STILL and size == prod(n for n, _ in run):
                continue
            before = seen[on[0]] if on and len(run) == 1 else None
            after = through(before, own) if isinstance(before, Axis) and own else None
            if after:
                seen[on[0]] = after
            else:
                lost.update(on)
            layout[place] = ((size, on[0] if after else PLAIN),)
        slid = Map(tuple(layout), tuple(seen), self.pixels)
        return slid.lose(lost) if lost else slid


def axes(run: Run) -> tuple[int, ...]:
    """The input axes whose positions a run goes over."""
    if len(run) == 1:  # as nearly everywhere
        k = run[0][1]
        return () if k == PLAIN else (k,)
    return tuple(k for _, k in run if k != PLAIN)


def cleared(run: Run, lost: set[int]) -> Run:
    """A run in which some input axes are no positions any more."""
    if not lost or lost.isdisjoint(axes(run)):
        return run
    return tuple((size, PLAIN if k in lost else k) for size, k in run)


def plain(shape: Shape) -> tuple[Run, ...]:
    """The layout of a tensor without positions."""
    return tuple(((size, PLAIN),) for size in shape)

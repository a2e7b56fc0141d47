"""Streams: what flows in both networks, and which changes made it what it is.

A width or a map's size carries its history: A's value, then each change with the value
that it leads to, to B's. Who reads a stream charges its changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Generic, TypeVar

from resviz.operations.windows import compute_sizes_by_window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.compare.items import Item
    from resviz.record import Architecture, Shape

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Cause:
    """A change at one place; equal ones are one sentence later.

    Attributes:
        what: its kind, as "width".
        detail: what changes, as words before and after.
        place: ("conv2_x", 1), ("stem",), ("before", "conv3_x", 1), ….
    """

    what: str
    detail: tuple[object, ...] = ()
    place: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class History(Generic[Value]):
    """A value of A, and the changes that make it B's, in turn."""

    first: Value
    steps: tuple[tuple[Cause, Value], ...] = ()

    @property
    def last(self) -> Value:
        """B's value."""
        return self.steps[-1][1] if self.steps else self.first

    @property
    def both_ends(self) -> tuple[Value, Value]:
        """A's value, and B's."""
        return self.first, self.last

    @property
    def causes(self) -> list[Cause]:
        """The changes, in turn."""
        return [cause for cause, _ in self.steps]

    def last_cause(self, otherwise: Cause) -> Cause:
        """Return the last change, another where there is none."""
        return self.steps[-1][0] if self.steps else otherwise

    def append(self, cause: Cause, value: Value) -> History[Value]:
        """Return it with one step more, if that changes something."""
        if value == self.last:
            return self
        return History(self.first, (*self.steps, (cause, value)))

    def meet(self, before: Value, after: Value, otherwise: Cause) -> History[Value]:
        """Return it as it begins and ends as told; its last cause takes the rest."""
        if self.both_ends == (before, after):
            return self
        return make_history(self.last_cause(otherwise), before, after)


def make_history(cause: Cause, before: Value, after: Value) -> History[Value]:
    """Return a history of one step, or of none."""
    return History(before).append(cause, after)


def drop_idle_steps(history: History[Shape]) -> History[Shape]:
    """Drop steps that change nothing."""
    kept = History(history.first)
    for cause, value in history.steps:
        kept = kept.append(cause, value)
    return kept


@dataclass(slots=True)
class Stream:
    """What flows, in A and in B: its width and its size, (N, H, W)."""

    width: History[int]
    size: History[Shape]

    def copy(self) -> Stream:
        """Return another that goes its own way."""
        return Stream(self.width, self.size)


def has_same_positions(one: Shape | None, other: Shape) -> bool:
    """Tell whether two sizes are of as many positions."""
    return one is not None and prod(one) == prod(other)


def pass_item(item: Item, size: Shape | None) -> Shape | None:
    """Return what an item makes of a map of another size; None if that is unknown."""
    if size is None:
        return None
    window = item.window
    if window and not window.transposed and len(window.kernel) == len(size) - 1:
        sizes = compute_sizes_by_window(size[1:], window)
        return None if sizes is None else (size[0], *sizes)
    if item.kind == "gate" or item.input_size == item.output_size:
        return size
    if prod(item.output_size) == item.network.arch.batch:
        return (size[0], *item.output_size[1:])
    return None


def pass_row(items: Iterable[Item], size: Shape | None) -> Shape | None:
    """Return what the windows of a row make of a map's size."""
    for item in items:
        if item.kind in {"conv", "pool"}:
            size = pass_item(item, size)
    return size


def input_channels(arch: Architecture) -> int:
    """Return the channels of the first input."""
    return arch.input_shape[1] if len(arch.input_shape) > 1 else 1


def input_sizes(arch: Architecture) -> Shape:
    """Return batch and positions of the first input."""
    shape = arch.input_shape
    return (shape[0], *shape[2:]) if shape else (1,)

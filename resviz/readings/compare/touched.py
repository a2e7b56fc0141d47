"""Which layers each change touches, and which layer of one network is which of another.

A walk says what it looks at; what it charges meanwhile touches the layers of that.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from resviz.readings.compare.items import WEIGHTED_KINDS

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Iterable

    from resviz.readings.compare.items import Item
    from resviz.readings.compare.streams import Cause

LayerPair = tuple[frozenset[int], frozenset[int]]
"""Indices of layers of A, and of B."""

NO_LAYERS: LayerPair = (frozenset(), frozenset())


class TouchedLayers:
    """The layers that the changes of a walk touch, by their causes.

    Attributes:
        counterparts: for layers of B, by index, the layer of A that each was; what came
            and what went is missing.
    """

    def __init__(self) -> None:
        self.counterparts: dict[int, int] = {}
        self._now = NO_LAYERS
        self._before: defaultdict[Cause, set[int]] = defaultdict(set)
        self._after: defaultdict[Cause, set[int]] = defaultdict(set)

    @contextmanager
    def look_at(self, ours: Iterable[Item], theirs: Iterable[Item]) -> Generator[None]:
        """Let what is charged meanwhile touch some items of A and of B."""
        outer, self._now = self._now, (list_indices(ours), list_indices(theirs))
        try:
            yield
        finally:
            self._now = outer

    def touch(self, cause: Cause) -> None:
        """Let a cause touch what is looked at."""
        before, after = self._now
        self._before[cause] |= before
        self._after[cause] |= after

    def pair_items(self, one: Item, other: Item) -> None:
        """Make the layers of two items counterparts, where they are as many."""
        if len(one.layers) == len(other.layers):
            for a, b in zip(one.layers, other.layers, strict=True):
                self.counterparts[b.index] = a.index

    def pair_rest(self, ours: Iterable[Item], theirs: Iterable[Item]) -> None:
        """Pair items without weights that stand elsewhere, or are not spoken of."""
        paired = {*self.counterparts.values()}
        rest = (
            group_light_items(ours, paired),
            group_light_items(theirs, self.counterparts),
        )
        for sort, items in rest[0].items():
            others = rest[1].get(sort, [])
            if len(items) == len(others):
                for one, other in zip(items, others, strict=True):
                    self.pair_items(one, other)

    def find_layers(self, causes: Iterable[Cause]) -> LayerPair:
        """Find the layers of A and of B that some causes touch."""
        before, after = set[int](), set[int]()
        for cause in causes:
            before |= self._before.get(cause, set())
            after |= self._after.get(cause, set())
        return frozenset(before), frozenset(after)


def list_indices(items: Iterable[Item]) -> frozenset[int]:
    """Return the indices of the layers of some items."""
    return frozenset(layer.index for item in items for layer in item.layers)


def group_light_items(
    items: Iterable[Item], paired: Container[int]
) -> dict[tuple[str, str], list[Item]]:
    """Group the items without weights that have no counterpart, by kind and word."""
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        is_heavy = item.kind in WEIGHTED_KINDS or item.kind == "gate"
        if not is_heavy and item.layer.index not in paired:
            groups[item.kind, item.word].append(item)
    return groups

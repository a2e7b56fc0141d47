"""Changes: one sentence each, and the part of the difference that it owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.compare.places import Places
from resviz.readings.compare.shares import CostShare, add_shares
from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.readings.compare.streams import Cause
    from resviz.readings.compare.walk import Walk

KINDS = (
    "input", "in channels", "family", "stem", "stage", "depth", "block", "kernel",
    "width", "groups", "resolution", "stride", "shortcut", "gate", "order", "norm",
    "standardised", "activation", "pool", "bias", "removed", "added", "head",
    "never called", "sharing", "other", "rest",
)  # fmt: skip
"""Kinds of changes, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change in one sentence.

    Attributes:
        where: in words, "the first block of conv3_x".
        what: one of `KINDS`.
        sentence: in full.
        share: parameters, MACs and activations, B minus A.
        marks: names of B's blocks and stages, "stem" and "head" where it is seen.
        causes: what the walk found, all of which are said here.
    """

    where: str
    what: str
    sentence: str
    share: CostShare
    marks: tuple[str, ...] = ()
    causes: frozenset[Cause] = frozenset()

    def list_fields(self) -> dict[str, str | int]:
        """Return where and what it is, and its share, as JSON has them."""
        return {
            "where": self.where,
            "what": self.what,
            "sentence": self.sentence,
            "params": self.share.params,
            "macs": self.share.macs,
            "activations": self.share.activations,
            "memory": self.share.memory,
        }


class Draft:
    """The changes of a walk while they are put into words, each cause once."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.places = Places(walk)
        self.left = dict.fromkeys(walk.owned)
        self.changes: list[Change] = []

    def take(self, *whats: str) -> list[Cause]:
        """Take the causes of some kinds that nothing has said yet."""
        taken = [cause for cause in self.left if cause.what in whats]
        self.drop(taken)
        return taken

    def drop(self, causes: Iterable[Cause]) -> None:
        """Mark some causes as told, so that none is told twice."""
        for cause in causes:
            self.left.pop(cause, None)

    def tell(
        self,
        what: str,
        sentence: str,
        causes: Sequence[Cause],
        *,
        where: str | None = None,
        marks: Iterable[str] | None = None,
    ) -> None:
        """Write a change down."""
        if where is None:
            where = self.places.describe_places(causes)
        if marks is None:
            marks = (self.places.mark_cause(cause) for cause in causes)
        self.changes.append(
            Change(
                where,
                what,
                sentence,
                add_shares(self.walk.owned[cause] for cause in causes),
                tuple(dict.fromkeys(filter(None, marks))),
                frozenset(causes),
            )
        )

    def join_undone(self) -> None:
        """Join changes of which one undoes what the other does to the map."""
        for causes in self.walk.joined:
            parts = [change for change in self.changes if change.causes & causes]
            if len(parts) < 2:
                continue
            parts.sort(key=rank_change)
            joined = Change(
                join_words(dict.fromkeys(part.where for part in parts)),
                parts[0].what,
                "; ".join(part.sentence for part in parts),
                add_shares(part.share for part in parts),
                tuple(dict.fromkeys(mark for part in parts for mark in part.marks)),
                frozenset(cause for part in parts for cause in part.causes),
            )
            self.changes = [change for change in self.changes if change not in parts]
            self.changes.append(joined)


def rank_change(change: Change) -> int:
    """Return the place of a change in a list."""
    return KINDS.index(change.what)

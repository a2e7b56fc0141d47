"""Seats: where ends of a record stand in a figure, and which wires join them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


Link = tuple[str, str]
"""Two nodes that a wire leads from and to, by their keys."""


class Seat(NamedTuple):
    """Where a layer is in a picture.

    Attributes:
        node: key of the node that holds it.
        fold: which of the things with a count it is in; "" for none.
        turn: in which turn of that, from 0 on.
        is_last: whether that is the last turn.
    """

    node: str
    fold: str = ""
    turn: int = 0
    is_last: bool = True


ORDER = "order"
"""The role of wires that connect nothing and show the order alone."""


class Wire(Protocol):
    """What leads from one node to another, maybe with layers written on it."""

    @property
    def role(self) -> str:
        """How it looks."""
        ...

    @property
    def tail(self) -> str:
        """Key of the node that it leaves."""
        ...

    @property
    def head(self) -> str:
        """Key of the node that it enters."""
        ...

    @property
    def via(self) -> str:
        """Key under which what is written on it is seated; "" for nothing."""
        ...


def list_links(wire: Wire) -> list[Link]:
    """List the links of a wire: two where layers are written on it, or none."""
    if wire.role == ORDER:
        return []
    stops = [wire.tail, *filter(None, [wire.via]), wire.head]
    return [*pairwise(stops)]


def pair_nodes(tails: Iterable[Seat], heads: Iterable[Seat]) -> set[Link]:
    """Pair the nodes of some seats with those of others."""
    return {(tail.node, head.node) for tail in tails for head in heads}


def compare_seats(tail: Seat, head: Seat) -> tuple[object, ...]:
    """Return all that `_Connections.classify_seats` asks of two seats."""
    if not tail.fold and not head.fold:
        return tail.node, head.node
    later = head.turn - tail.turn
    turns = later if tail.fold == head.fold and 0 <= later <= 1 else -1
    return (*tail[:2], tail.is_last, *head[:2], head.turn > 0, turns)

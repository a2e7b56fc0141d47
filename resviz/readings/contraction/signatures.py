"""Signatures: what is the same for parts of a network that do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from resviz.readings.contraction.wiring import Wiring


def sign_node(wiring: Wiring, ends: Collection[int], role: str, times: int) -> int:
    """Return a number that is the same for nodes that do the same.

    All outputs are alike, and all inputs, whatever their size.
    """
    if role in {"input", "output"}:
        return hash(role)
    return hash((role, times, describe_ends(wiring, ends)))


def describe_ends(
    wiring: Wiring, ends: Collection[int]
) -> tuple[tuple[object, ...], ...]:
    """Describe layers by what they run, on which sizes, and how they are wired."""
    places = {end: place for place, end in enumerate(sorted(ends))}
    return tuple(
        (
            tuple(
                (places.get(edge.source, -1), edge.output)
                for edge in wiring.edges_by_reader.get(end, ())
            ),
            wiring.sign_operations(end),
        )
        for end in places
    )

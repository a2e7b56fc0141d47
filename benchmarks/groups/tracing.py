"""A trace to a complete record, beside each peer, on the same model already built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.duel import duel
from benchmarks.peers import PEERS
from benchmarks.rows import Row, absent, compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.groups import Asked

PLACE = 1

NETWORKS = ("resnet18", "resnet50", "resnet152")


def rows(asked: Asked) -> Iterator[Row]:
    """A row a network and peer; each peer has a process of its own."""
    networks = NETWORKS[:1] if asked.quick else NETWORKS
    side = 64 if asked.quick else 224
    for peer, entry in PEERS.items():
        keys = {spec: f"trace/{spec}/{peer.replace(' ', '-')}" for spec in networks}
        wanted = [spec for spec, key in keys.items() if asked.wants(key)]
        if not wanted or (entry.package and not asked.peers):
            continue
        rounds = asked.rounds(3 if entry.slow else 15)
        found = duel(peer, wanted, rounds, side)
        for spec in wanted:
            facts: dict[str, Any] = {"key": keys[spec], "work": f"trace {spec}"}
            facts |= {"against": peer, "limit": entry.limit, "aim": entry.aim}
            yield compared(**found[spec], **facts) if found else absent(**facts)

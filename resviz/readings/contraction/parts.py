"""A part of a contracted graph: what lies before it, and what behind, as one node each.

Layers run before the first of the part are read by nothing that ran earlier, and what
runs behind its last is read by nothing of it: no path leaves either and comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.contraction.quotient import Quotient
    from resviz.readings.contraction.wiring import Wiring


@dataclass(frozen=True, slots=True)
class GraphPart:
    """A part of a network, as the layers around it.

    Attributes:
        before: the first layers of the record, which run before the part.
        after: the last ones.
        source: what the node of those before is called, "from conv2_x".
        target: what that of those behind is called, "to conv5_x".
    """

    before: frozenset[int]
    after: frozenset[int]
    source: str
    target: str

    def iter_sides(self, wiring: Wiring) -> Iterator[tuple[str, set[int]]]:
        """Yield the name and the ends of what is before, and of what is behind.

        With the layers before go the inputs that they read and the outputs that they
        give alone; with those behind, the inputs that nothing else reads.
        """
        live = {*wiring.live}
        before, after = live & self.before, live & self.after
        for end in wiring.ends:
            if wiring.is_layer(end):
                continue
            readers = {edge.reader for edge in wiring.edges_by_source.get(end, ())}
            read = {edge.source for edge in wiring.edges_by_reader.get(end, ())}
            if readers & self.before or (read and read <= self.before):
                before.add(end)
            elif read & self.after or (readers and readers <= self.after):
                after.add(end)
        yield self.source, before
        yield self.target, after


def merge_sides(quotient: Quotient, part: GraphPart) -> None:
    """Merge what is before a part, and what behind, before anything else is merged."""
    for name, ends in part.iter_sides(quotient.wiring):
        keys = {quotient.owners[end] for end in ends}
        if keys:
            node = quotient.merge(keys, "part", into=min(keys))
            node.type = name

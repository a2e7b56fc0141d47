"""A quotient of a record's wiring: sets of its ends as nodes, which can be merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Literal

from resviz.readings.contraction.signatures import sign_node

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resviz.readings.contraction.wiring import Resolution, Wiring

NodeRole = Literal[
    "input", "output", "part", "block", "run", "pool", "join", "region", "light"
]
"""What a node is: plain layers at one resolution are a run, and what is closed a
region; what is light, a norm or an activation, stands for itself only for a while, and
a part for all that is before what is drawn, or behind it."""


@dataclass(slots=True)
class ContractedNode:
    """A set of a record's ends that is drawn as one thing.

    Attributes:
        key: its number.
        ends: inputs, layers and outputs, by their number in the `Wiring`.
        role: what it is.
        times: how many equal ones follow one another in it.
        parts: what it was merged of, as (label, how many in a row).
        type: class of the module call that it is; "" if it is none.
        model: the ends of what it is equal to and only refers to.
        signature: of what it does, once that was wanted.
    """

    key: int
    ends: set[int]
    role: NodeRole
    times: int = 1
    parts: tuple[tuple[str, int], ...] = ()
    type: str = ""
    model: frozenset[int] = frozenset()
    signature: int | None = None


class Quotient:
    """Nodes and the edges between them; there is no cycle.

    Attributes:
        wiring: of the record.
        nodes: by key.
        owners: the key of each end's node.
        sources: of each node, the nodes that it reads.
        users: of each node, those that read it.
        scattered: nodes between whose ends, in the order of the record, others lie.
    """

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.nodes: dict[int, ContractedNode] = {}
        self.owners: dict[int, int] = {}
        for key, end in enumerate(wiring.ends):
            self.nodes[key] = ContractedNode(key, {end}, self.choose_role(end))
            self.owners[end] = key
        self.sources: dict[int, set[int]] = {key: set() for key in self.nodes}
        self.users: dict[int, set[int]] = {key: set() for key in self.nodes}
        for edge in wiring.edges:
            source, reader = self.owners[edge.source], self.owners[edge.reader]
            self.sources[reader].add(source)
            self.users[source].add(reader)
        self.scattered: set[int] = set()

    def choose_role(self, end: int) -> NodeRole:
        """Choose the role of a single end."""
        if not self.wiring.is_layer(end):
            return "input" if end < 0 else "output"
        if end in self.wiring.joins:
            return "join"
        if self.wiring.weighted[end]:
            return "run"
        return "pool" if self.wiring.is_pool(end) else "light"

    @property
    def is_chain(self) -> bool:
        """Whether the nodes follow one another, each with one source and one user."""
        return is_chain_of(self.sources.values(), self.users.values())

    def copy(self) -> Quotient:
        """Return a copy that may be merged further."""
        other = object.__new__(Quotient)
        other.wiring = self.wiring
        other.nodes = {
            key: replace(node, ends=set(node.ends)) for key, node in self.nodes.items()
        }
        other.owners = dict(self.owners)
        other.sources = {key: set(nodes) for key, nodes in self.sources.items()}
        other.users = {key: set(nodes) for key, nodes in self.users.items()}
        other.scattered = set(self.scattered)
        return other

    def merge(
        self, keys: Iterable[int], role: NodeRole, *, into: int
    ) -> ContractedNode:
        """Merge a convex set of nodes into one of them."""
        merged = {*keys, into}
        head = self.nodes[into]
        for key in merged - {into}:
            node = self.nodes.pop(key)
            head.ends |= node.ends
            for end in node.ends:
                self.owners[end] = into
            for source in self.sources.pop(key):
                self.users[source].discard(key)
                self.users[source].add(into)
                self.sources[into].add(source)
            for user in self.users.pop(key):
                self.sources[user].discard(key)
                self.sources[user].add(into)
                self.users[into].add(user)
        self.sources[into] -= merged
        self.users[into] -= merged
        self.scattered -= merged
        if max(head.ends) - min(head.ends) >= len(head.ends):
            self.scattered.add(into)
        head.role, head.times, head.signature = role, 1, None
        return head

    def sort_nodes(self, *, outputs_last: bool = False) -> list[int]:
        """Sort the nodes so that each stands behind its sources, the earliest first.

        An output comes right behind its source, or last, as all inputs come first.

        Raises:
            RuntimeError: if there is a cycle.
        """
        ranks = {
            key: self.rank_node(key, outputs_last=outputs_last) for key in self.nodes
        }
        waiting = {key: len(sources) for key, sources in self.sources.items()}
        ready = [(ranks[key], key) for key, count in waiting.items() if not count]
        heapify(ready)
        order: list[int] = []
        while ready:
            _, key = heappop(ready)
            order.append(key)
            for user in self.users[key]:
                waiting[user] -= 1
                if not waiting[user]:
                    heappush(ready, (ranks[user], user))
        if len(order) != len(self.nodes):
            raise RuntimeError("the contracted graph has a cycle")
        return order

    def rank_node(self, key: int, *, outputs_last: bool) -> float:
        """Rank a node by its first end; inputs come first, in their order."""
        first, role = min(self.nodes[key].ends), self.nodes[key].role
        if role == "input":
            return -len(self.nodes) - first
        if role != "output" or outputs_last:
            return first
        edges = self.wiring.edges_by_reader[first]
        return max(edge.source for edge in edges) + 0.5

    def is_convex(self, keys: Collection[int]) -> bool:
        """Tell whether no path leaves a set of nodes and comes back.

        A path goes from earlier ends to later ones. What is behind the last of the set
        leads back only by a node whose ends lie before it and behind it.
        """
        inside = set(keys)
        last = max(max(self.nodes[key].ends) for key in inside)
        around = (self.nodes[key].ends for key in self.scattered - inside)
        leads_back = any(min(ends) < last < max(ends) for ends in around)
        pending = [u for key in inside for u in self.users[key] if u not in inside]
        reached = set(pending)
        while pending:
            for user in self.users[pending.pop()]:
                if user in inside:
                    return False
                if user in reached:
                    continue
                reached.add(user)
                if leads_back or min(self.nodes[user].ends) < last:
                    pending.append(user)
        return True

    def find_dominators(self) -> dict[int, int | None]:
        """Find the immediate dominator of each node; None where several inputs meet."""
        dominators: dict[int, int | None] = {}
        depths: dict[int | None, int] = {None: -1}
        for key in self.sort_nodes():
            nearest, *others = self.sources[key] or [None]
            for other in others:
                nearest = meet_dominators(nearest, other, dominators, depths)
            dominators[key] = nearest
            depths[key] = depths[nearest] + 1
        return dominators

    def find_region(self, join: int, fork: int | None, most: int) -> set[int] | None:
        """Find the nodes between a fork and a join, the join included.

        None where they are more than `most`, or where something else reads one.
        """
        region, pending = {join}, [*self.sources[join]]
        while pending:
            key = pending.pop()
            if key != fork and key not in region:
                region.add(key)
                pending.extend(self.sources[key])
                if len(region) > most:
                    return None
        inner = region - {join}
        is_closed = all(self.users[key] <= region for key in inner)
        return region if is_closed else None

    def list_ends(self, keys: Iterable[int]) -> set[int]:
        """List the ends of some nodes."""
        return set[int]().union(*(self.nodes[key].ends for key in keys))

    def list_sources_outside(self, keys: Collection[int]) -> set[int]:
        """List the nodes that a set of nodes reads and does not hold."""
        return set[int]().union(*(self.sources[key] for key in keys)) - set(keys)

    def count_values_leaving(self, keys: Iterable[int]) -> int:
        """Count the values of some nodes that others read."""
        return len(self.wiring.list_values_leaving(self.list_ends(keys)))

    def count_weights(self, keys: Iterable[int]) -> int:
        """Count the weighted operations of some nodes."""
        return sum(self.wiring.count_weights(self.nodes[key].ends) for key in keys)

    def find_exit(self, key: int) -> int:
        """Find the end of a node that others read last; of none, its last."""
        ends = self.nodes[key].ends
        leaving = self.wiring.list_values_leaving(ends)
        return max((end for end, _ in leaving), default=max(ends))

    def resolution_of(self, key: int) -> Resolution:
        """Return the resolution of what a node gives."""
        return self.wiring.measure_end(self.find_exit(key))[0]

    def sign(self, key: int) -> int:
        """Return a number that is the same for nodes that do the same."""
        node = self.nodes[key]
        if node.signature is None:
            node.signature = sign_node(self.wiring, node.ends, node.role, node.times)
        return node.signature


def is_chain_of(
    sources: Collection[Collection[int]], users: Collection[Collection[int]]
) -> bool:
    """Tell whether nodes are a chain, by the nodes that each reads, and its users."""
    counts = [*map(len, sources)]
    is_branched = max((*counts, *map(len, users)), default=0) > 1
    return not is_branched and sum(counts) == max(len(counts) - 1, 0)


def meet_dominators(
    a: int | None,
    b: int | None,
    dominators: dict[int, int | None],
    depths: dict[int | None, int],
) -> int | None:
    """Find the last node that dominates, or is, both `a` and `b`."""
    while a != b:
        if a is None or b is None:
            return None
        if depths[a] >= depths[b]:
            a = dominators[a]
        else:
            b = dominators[b]
    return a

"""Ledgers: which edges of a record the wires of a picture stand for.

A figure seats layers in its nodes; what an edge of the record is in the picture then
follows from the wires that are drawn, and from nothing else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import TYPE_CHECKING, Protocol, TypeVar

from resviz.figures.drawing.seats import (
    Link,
    Seat,
    Wire,
    compare_seats,
    list_links,
    pair_nodes,
)
from resviz.readings.contraction import read_wiring
from resviz.readings.contraction.coverage import EdgeCoverage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from resviz.readings.contraction import Wiring, WiringEdge
    from resviz.record import Architecture, Layer


class Ledger(Protocol):
    """What knows where the edges of one record are in a picture with some wires."""

    def count_edges(self, wires: Iterable[Wire]) -> EdgeCoverage:
        """Count the edges that the wires stand for, and where the others are."""
        ...

    @property
    def ledger_arch(self) -> Architecture:
        """The record."""
        ...

    def find_holders(self) -> Mapping[int, tuple[str, ...]]:
        """Find the keys under which each layer that is in the picture is."""
        ...


def add_coverages(
    ledgers: Sequence[Ledger], wires: Sequence[Wire]
) -> EdgeCoverage | None:
    """Add up where the edges of all records of a picture are; None without records."""
    if not ledgers:
        return None
    return reduce(add, (ledger.count_edges(wires) for ledger in ledgers))


class SeatBook:
    """Collects where the layers of one record are while a picture is made.

    Ends are numbered as in the record's `Wiring`: inputs below 0, then layers, then
    outputs.

    Attributes:
        wiring: of the record.
        seats: of each end, maybe several.
        scope: the ends that the figure is about; None for all.
    """

    def __init__(
        self, arch: Architecture, scope: Collection[int] | None = None
    ) -> None:
        self.wiring = read_wiring(arch)
        self.seats: dict[int, list[Seat]] = {}
        self.scope = None if scope is None else frozenset(scope)

    def seat(self, node: str, ends: Iterable[int]) -> None:
        """Seat ends in a node."""
        for end in ends:
            self.seats.setdefault(end, []).append(Seat(node))

    def seat_turns(self, node: str, fold: str, turns: Sequence[Iterable[int]]) -> None:
        """Seat the ends of every turn of what is drawn once; of one turn alone, none.

        Nodes of one fold say the same `fold`.
        """
        last = len(turns) - 1
        for turn, ends in enumerate(turns):
            place = Seat(node, fold, turn, turn == last) if last else Seat(node)
            for end in ends:
                self.seats.setdefault(end, []).append(place)

    def seat_inputs(self, node: str) -> None:
        """Seat every input in a node."""
        self.seat(node, (end for end in self.wiring.ends if end < 0))

    def seat_outputs(self, node: str) -> None:
        """Seat every output in a node."""
        layers = len(self.wiring.arch.stored_layers)
        self.seat(node, (end for end in self.wiring.ends if end >= layers))

    def seat_outputs_with_sources(self) -> None:
        """Seat every output in the node of what it reads, past what has no seat."""
        wiring = self.wiring
        layers = len(wiring.arch.stored_layers)
        for output in (end for end in wiring.ends if end >= layers):
            (end,) = {edge.source for edge in wiring.edges_by_reader[output]}
            while end not in self.seats and end in wiring.edges_by_reader:
                end = wiring.edges_by_reader[end][0].source
            places = [place for place in self.seats.get(end, ()) if place.is_last]
            self.seats.setdefault(output, []).extend(places)

    def close(self) -> EdgeLedger:
        """Return the ledger; norms, activations and reshapes sit with what they read.

        Only where the figure has not seated them itself.
        """
        wiring = self.wiring
        for end in wiring.live:
            is_shown = self.scope is None or end in self.scope
            if end in self.seats or wiring.weighted[end] or not is_shown:
                continue
            sources = {edge.source for edge in wiring.edges_by_reader.get(end, ())}
            if len(sources) == 1:
                before = self.seats.get(sources.pop())
                if before:
                    self.seats[end] = before
        seats = {end: tuple(places) for end, places in self.seats.items()}
        return EdgeLedger(wiring, seats, self.scope)


@dataclass(frozen=True)  # without slots, so that what is read off it can be kept
class EdgeLedger:
    """Where the edges of one record are, by the seats of its layers.

    Attributes:
        wiring: of the record.
        seats: of each end that is in the picture.
        scope: the ends that the figure is about; None for all.
    """

    wiring: Wiring
    seats: dict[int, tuple[Seat, ...]]
    scope: frozenset[int] | None = None

    @property
    def ledger_arch(self) -> Architecture:
        """The record."""
        return self.wiring.arch

    @cached_property
    def alike_edges(self) -> list[tuple[WiringEdge, int]]:
        """One edge of those between seats alike, and how many they are."""
        found: dict[tuple[bool, tuple[object, ...]], list[WiringEdge]] = {}
        for edge in self.wiring.edges:
            source, reader = edge.source, edge.reader
            shown = self.scope is None or source in self.scope or reader in self.scope
            heads = self.seats.get(reader, ())
            pairs = [
                compare_seats(tail, head)
                for tail in self.seats.get(source, ())
                for head in heads
            ]
            found.setdefault((shown, tuple(pairs)), []).append(edge)
        return [(edges[0], len(edges)) for edges in found.values()]

    @cached_property
    def nodes_by_fold(self) -> dict[str, set[str]]:
        """The nodes with layers in each fold; those in none under ""."""
        nodes: dict[str, set[str]] = defaultdict(set)
        for place in {place for places in self.distinct_places for place in places}:
            nodes[place.fold].add(place.node)
        return nodes

    @cached_property
    def distinct_places(self) -> set[tuple[Seat, ...]]:
        """The seats that an end has, each combination once."""
        return {*self.seats.values()}

    @cached_property
    def own_pairs(self) -> set[Link]:
        """Pairs of nodes that hold the same layer."""
        places = self.distinct_places
        return set[Link]().union(*(pair_nodes(each, each) for each in places))

    def find_holders(self) -> dict[int, tuple[str, ...]]:
        """Find the keys under which each layer that is in the picture is."""
        return {
            end: tuple(place.node for place in places)
            for end, places in self.seats.items()
        }

    def count_edges(self, wires: Iterable[Wire]) -> EdgeCoverage:
        """Count the edges that the wires stand for, and where the others are."""
        connected = _Connections(self, wires)
        counts = Counter[str]()
        for edge, edges in self.alike_edges:
            counts[connected.classify_edge(edge)] += edges
        undrawn = self.undrawn_layers
        return EdgeCoverage(
            len(self.wiring.edges),
            counts["drawn"],
            counts["inside"],
            counts["turns"],
            self.wiring.constants,
            left_out=counts["left_out"],
            elsewhere=counts["elsewhere"],
            undrawn_layers=len(undrawn),
            undrawn_params=sum(layer.params for layer in undrawn),
            undrawn_modules=self.undrawn_modules,
        )

    @cached_property
    def undrawn_layers(self) -> list[Layer]:
        """The layers with parameters that the figure is about and does not draw."""
        layers = self.wiring.arch.stored_layers
        return [
            layers[end]
            for end in self.wiring.live
            if end not in self.seats
            and layers[end].parameters
            and layers[end].params
            and (self.scope is None or end in self.scope)
        ]

    @cached_property
    def undrawn_modules(self) -> tuple[str, ...]:
        """The largest modules of which no layer with parameters is drawn."""
        undrawn = self.undrawn_layers
        if not undrawn:
            return ()
        outside = {layer.index for layer in undrawn}
        drawn = {
            module
            for layer in self.wiring.arch.stored_layers
            if layer.params and layer.index not in outside
            for module in list_modules_around(layer)
        }
        found = (
            next(
                (each for each in list_modules_around(layer) if each not in drawn),
                layer.name,
            )
            for layer in undrawn
        )
        return (*dict.fromkeys(found),)

    def find_idle_links(self, wires: Iterable[Wire]) -> set[Link]:
        """Find the links between this record's layers that stand for no edge."""
        connected = _Connections(self, wires)
        for edge, _ in self.alike_edges:
            connected.classify_edge(edge)
        used = connected.used | self.own_pairs
        busy: set[Link] = set()
        idle: set[Link] = set()
        for pair, links in connected.paths.items():
            (busy if pair in used else idle).update(links)
        return idle - busy


def list_modules_around(layer: Layer) -> Iterator[str]:
    """Yield the paths of the modules around a layer, the outmost first, and its own."""
    steps = layer.path.split(".") if layer.path else []
    return (".".join(steps[:end]) for end in range(1, len(steps) + 1))


AnyWire = TypeVar("AnyWire", bound=Wire)


def find_idle_wires(
    ledgers: Iterable[EdgeLedger], wires: Sequence[AnyWire]
) -> list[AnyWire]:
    """Find the wires between layers that stand for no edge of the records.

    So does one that leads to the layers written on it from what they do not read.
    """
    idle = set[Link]().union(*(ledger.find_idle_links(wires) for ledger in ledgers))
    return [wire for wire in wires if not idle.isdisjoint(list_links(wire))]


SEEN_KINDS = "drawn", "turns", "inside"
"""What an edge is in a picture that has it, first the one that is told of several."""


class _Connections:
    """Which nodes with layers the wires connect, past nodes that hold none.

    Attributes:
        ledger: the ledger.
        paths: by pairs of connected nodes, the links between them.
        used: the pairs that an edge was found for.
    """

    def __init__(self, ledger: EdgeLedger, wires: Iterable[Wire]) -> None:
        self.ledger = ledger
        self.folds = ledger.nodes_by_fold
        self.holders = set[str]().union(*self.folds.values())
        self.heads: dict[str, list[str]] = defaultdict(list)
        for wire in wires:
            for tail, head in list_links(wire):
                self.heads[tail].append(head)
        self.paths: dict[Link, set[Link]] = defaultdict(set)
        self.used: set[Link] = set()
        for holder in self.holders:
            self.follow_links(holder)
        self.ways_in: dict[str, set[str]] = defaultdict(set)
        self.ways_out: dict[str, set[str]] = defaultdict(set)
        for tail, head in self.paths:
            self.ways_in[head].add(tail)
            self.ways_out[tail].add(head)

    def follow_links(self, holder: str) -> None:
        """Follow the links from a node on, to the next nodes that hold layers."""
        pending: list[tuple[str, tuple[Link, ...]]] = [(holder, ())]
        while pending:
            node, way = pending.pop()
            for head in self.heads.get(node, ()):
                link = (node, head)
                if head in self.holders:
                    self.paths[holder, head].update((*way, link))
                elif link not in way:
                    pending.append((head, (*way, link)))

    def classify_edge(self, edge: WiringEdge) -> str:
        """Return which count of the coverage an edge belongs to."""
        ledger = self.ledger
        scope = ledger.scope
        if scope is not None and edge.source not in scope and edge.reader not in scope:
            return "elsewhere"
        kinds: set[str] = set()
        for tail in ledger.seats.get(edge.source, ()):
            for head in ledger.seats.get(edge.reader, ()):
                kind = self.classify_seats(tail, head)
                kinds.add(kind)
                if kind == "drawn":
                    self.used.add((tail.node, head.node))
        return next((kind for kind in SEEN_KINDS if kind in kinds), "left_out")

    def classify_seats(self, tail: Seat, head: Seat) -> str:
        """Tell where an edge between two seats is."""
        if tail.fold and tail.fold == head.fold and tail.turn != head.turn:
            inner = self.folds[tail.fold]
            is_next = head.turn == tail.turn + 1
            leads_out = self.ways_out[tail.node] - inner
            is_entered = self.ways_in[head.node] - inner
            if not (is_next and leads_out and is_entered):
                return "left_out"
            self.used.update((before, head.node) for before in is_entered)
            return "turns"
        if tail.fold != head.fold and (
            (head.fold and head.turn) or (tail.fold and not tail.is_last)
        ):
            return "left_out"
        if tail.node == head.node:
            return "inside"
        return "drawn" if (tail.node, head.node) in self.paths else "left_out"

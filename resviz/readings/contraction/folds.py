"""Folding: a motif of several nodes that repeats at once is drawn once, in a frame.

The turns of a motif are equal edge by edge: each reads inside itself, in the turn
before or in that before it, or outside; what the first turns would read of turns that
are not there comes from outside. What lies behind reads the last turn alone, or that
before it too, or all of them alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.contraction.quotient import Quotient

MAX_MOTIF = 40
"""Nodes of a motif at most, unless a figure has more."""

MAX_LAG = 2
"""How many turns back a turn may read."""


class Frame(NamedTuple):
    """Nodes that are drawn once for several turns.

    Attributes:
        members: keys of the nodes of the first turn, in order.
        times: how many turns there are.
    """

    members: tuple[int, ...]
    times: int


class MotifWindow(NamedTuple):
    """Turns of one motif in an order of nodes: where they start, how long, how many."""

    start: int
    length: int
    times: int

    @property
    def stop(self) -> int:
        """The place behind the last turn."""
        return self.start + self.length * self.times


class SourcePlace(NamedTuple):
    """Where a turn reads: how many turns back, in which node, which of its values.

    What lies outside has lag -1, and its end in place of the rest.
    """

    lag: int
    place: int
    member: int
    rank: int
    output: int


@dataclass
class FoldedQuotient:
    """A quotient, equal motifs drawn once.

    Attributes:
        quotient: all nodes.
        order: of the drawn nodes, sources first.
        sources: of each drawn node, the drawn nodes that it reads, or its other turns
            do from outside.
        users: the same the other way round.
        representatives: of each node, the one drawn for it.
        members: of each drawn node, those that it is drawn for, by turn.
        turns: of each node, in which turn of which folds it runs.
        frames: the motifs.
    """

    quotient: Quotient
    order: list[int]
    sources: dict[int, set[int]]
    users: dict[int, set[int]]
    representatives: dict[int, int]
    members: dict[int, list[int]]
    turns: dict[int, tuple[tuple[int, int], ...]]
    frames: list[Frame] = field(default_factory=list[Frame])


def fold_motifs(quotient: Quotient, *, most: int = MAX_MOTIF) -> FoldedQuotient:
    """Fold the motifs of a quotient, that first which leaves out the most nodes.

    A turn may give an output of its own, or the last turn alone gives one: what leaves
    out more nodes is right. A motif has so many nodes at most.
    """
    folded = fold_motifs_in_order(quotient, quotient.sort_nodes(), most)
    outputs = sum(node.role == "output" for node in quotient.nodes.values())
    if outputs < 2:
        return folded
    order = quotient.sort_nodes(outputs_last=True)
    other = fold_motifs_in_order(quotient, order, most)
    return min(folded, other, key=lambda each: len(each.order))


def fold_motifs_in_order(
    quotient: Quotient, keys: list[int], most: int = MAX_MOTIF
) -> FoldedQuotient:
    """Fold the motifs of a quotient whose nodes stand in some order."""
    folded = FoldedQuotient(
        quotient,
        keys,
        {key: set(quotient.sources[key]) for key in keys},
        {key: set(quotient.users[key]) for key in keys},
        {key: key for key in keys},
        {key: [key] for key in keys},
        dict.fromkeys(keys, ()),
    )
    finder = MotifFinder(folded, most)
    number = 0
    while window := finder.find_longest():
        fold_window(folded, window, number)
        finder.sign_again(window)
        number += 1
    return folded


def fold_window(folded: FoldedQuotient, window: MotifWindow, number: int) -> None:
    """Draw the turns of a window once."""
    start, length, times = window
    first = folded.order[start : start + length]
    first_of: dict[int, int] = {}
    for turn in range(times):
        for place, key in enumerate(first):
            other = folded.order[start + turn * length + place]
            for member in folded.members[other]:
                folded.turns[member] += ((number, turn),)
                folded.representatives[member] = key
            if turn:
                first_of[other] = key
                folded.members[key] += folded.members.pop(other)
    inside = {*first, *first_of}
    for other, key in first_of.items():
        move_edges(folded, other, key, inside)
    frames = (
        Frame(
            tuple(dict.fromkeys(first_of.get(k, k) for k in frame.members)), frame.times
        )
        for frame in folded.frames
    )
    folded.frames = [*dict.fromkeys(frames), Frame(tuple(first), times)]
    folded.order = [key for key in folded.order if key not in first_of]


def move_edges(folded: FoldedQuotient, old: int, new: int, inside: set[int]) -> None:
    """Give a node's edges to another; those to the nodes of its turns are left out."""
    for source in folded.sources.pop(old):
        folded.users.get(source, set()).discard(old)
        if source not in inside:
            folded.sources[new].add(source)
            folded.users[source].add(new)
    for user in folded.users.pop(old):
        folded.sources.get(user, set()).discard(old)
        if user not in inside:
            folded.users[new].add(user)
            folded.sources[user].add(new)


class MotifFinder:
    """Finds motifs in the order of a folded quotient."""

    def __init__(self, folded: FoldedQuotient, most: int) -> None:
        self.folded, self.most = folded, most
        quotient = folded.quotient
        self.signatures = {key: quotient.sign(key) for key in folded.order}
        self.ranks = {
            end: rank
            for node in quotient.nodes.values()
            for rank, end in enumerate(sorted(node.ends))
        }

    def sign_again(self, window: MotifWindow) -> None:
        """Tell the nodes of a motif that was folded from those that were not."""
        for key in self.folded.order[window.start : window.start + window.length]:
            self.signatures[key] = hash((self.signatures[key], window.times))

    def find_longest(self) -> MotifWindow | None:
        """Find the turns that leave out the most nodes; None if nothing repeats."""
        order = self.folded.order
        self.places = {key: place for place, key in enumerate(order)}
        self.member_numbers = {
            member: number
            for key in order
            for number, member in enumerate(self.folded.members[key])
        }
        roles = self.folded.quotient.nodes
        marks = [
            key if roles[key].role == "input" else self.signatures[key] for key in order
        ]
        best, most_left_out = None, 0
        for length in range(1, min(self.most, len(order) // 2) + 1):
            for start, count in find_repeats_of_length(marks, length):
                if (count - 1) * length <= most_left_out:
                    continue
                window = self.shorten(MotifWindow(start, length, count))
                if window and (window.times - 1) * length > most_left_out:
                    best, most_left_out = window, (window.times - 1) * length
        return best

    def shorten(self, window: MotifWindow) -> MotifWindow | None:
        """Return the longest part of a window whose turns are equal."""
        window = window._replace(times=self.count_like_turns(window))
        while window.times > 1:
            if self.has_equal_turns(window):
                return window
            window = window._replace(times=window.times - 1)
        return None

    def count_like_turns(self, window: MotifWindow) -> int:
        """Count the first turns of which each is like that before it, edge by edge.

        No more can be equal; most windows end at their second turn.
        """
        for turn in range(1, window.times):
            for place in range(window.length):
                before = self.iter_reads(window, turn - 1, place)
                now = self.iter_reads(window, turn, place)
                if not all(
                    a == b or (a is not None and a.lag < 0 and b and turn <= b.lag)
                    for a, b in zip_longest(before, now)
                ):
                    return turn
        return window.times

    def has_equal_turns(self, window: MotifWindow) -> bool:
        """Tell whether the turns of a window are equal edge by edge, and linked."""
        lags: dict[int, int] = {}  # by how much each node is read later, at most
        for place in range(window.length):
            reads = [
                [*self.iter_reads(window, turn, place)] for turn in range(window.times)
            ]
            if len({*map(len, reads)}) > 1:
                return False
            for slot in zip(*reads, strict=True):
                steady = slot[-1]
                lags[steady.place] = max(lags.get(steady.place, 0), steady.lag)
                if steady.lag > MAX_LAG or not is_steady(slot):
                    return False
        if max(lags.values(), default=0) < 1:  # nothing leads from one turn to the next
            return False
        return all(
            self.is_left_alike(window, place, lags.get(place, 0))
            for place in range(window.length)
        )

    def iter_reads(
        self, window: MotifWindow, turn: int, place: int
    ) -> Iterator[SourcePlace]:
        """Yield where the node of a turn reads, edge by edge."""
        quotient = self.folded.quotient
        key = self.folded.order[window.start + turn * window.length + place]
        for member in self.folded.members[key]:
            for end in sorted(quotient.nodes[member].ends):
                for edge in quotient.wiring.edges_by_reader.get(end, ()):
                    owner = quotient.owners[edge.source]
                    at = self.places[self.folded.representatives[owner]] - window.start
                    if at < 0:
                        yield SourcePlace(-1, edge.source, 0, 0, edge.output)
                        continue
                    source_turn, source_place = divmod(at, window.length)
                    yield SourcePlace(
                        turn - source_turn,
                        source_place,
                        self.member_numbers[owner],
                        self.ranks[edge.source],
                        edge.output,
                    )

    def is_left_alike(self, window: MotifWindow, place: int, lag: int) -> bool:
        """Tell whether the last turns are read outside, or every turn alike.

        As many are last as the node is read later by its own turns, one at least.
        """
        readers = [
            self.list_readers_outside(window, turn, place)
            for turn in range(window.times)
        ]
        if not any(readers[: -max(lag, 1)]):
            return True
        return all(each == readers[-1] for each in readers)

    def list_readers_outside(
        self, window: MotifWindow, turn: int, place: int
    ) -> set[tuple[int, int, int, int]]:
        """List what reads a turn's node outside of the window, and which value.

        Most of it lies behind; the next turn of a fold around it is drawn before, too.
        """
        quotient = self.folded.quotient
        key = self.folded.order[window.start + turn * window.length + place]
        return {
            (number, self.ranks[end], edge.output, edge.reader)
            for number, member in enumerate(self.folded.members[key])
            for end in quotient.nodes[member].ends
            for edge in quotient.wiring.edges_by_source.get(end, ())
            if not window.start
            <= self.places[self.folded.representatives[quotient.owners[edge.reader]]]
            < window.stop
        }


def find_repeats_of_length(marks: list[int], length: int) -> Iterator[tuple[int, int]]:
    """Yield where so many marks repeat at once, and how often."""
    equal = 0  # how many marks up to here equal those one length before
    starts: dict[int, int] = {}
    for place in range(length, len(marks)):
        equal = equal + 1 if marks[place] == marks[place - length] else 0
        if equal >= length:
            starts[place - equal - length + 1] = equal
    for start, run in starts.items():
        for shift in range(run - length + 1):
            yield start + shift, (run - shift) // length + 1


def is_steady(slot: tuple[SourcePlace, ...]) -> bool:
    """Tell whether one operand comes from the same place in every turn.

    What the first turns would read of turns that are not there comes from outside.
    """
    steady = slot[-1]
    return all(
        read == steady or (read.lag < 0 and turn < steady.lag)
        for turn, read in enumerate(slot)
    )

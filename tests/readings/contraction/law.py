"""The law of contracted graphs, worked out from a record's JSON alone.

Every edge lies in a node, is one that a line stands for, or leads from a turn of a
frame to a later one. Each line stands for an edge at least. There is no cycle. The
turns of a frame are equal edge by edge, within and from one to the next.
"""

import json
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter


def read_edges(record):
    """The live layers of a record's JSON, and the edges among them and its ends."""
    raw = json.loads(record)
    live = find_live(raw["layers"])
    reads = [(k, raw["layers"][k].get("sources", [])) for k in sorted(live)]
    reads += [(len(raw["layers"]) + k, [s]) for k, s in enumerate(raw["outputs"])]
    edges = set()
    for reader, sources in reads:
        for layer, *output in sources:
            number = output[0] if output else 0
            if layer < 0:
                edges.add((-1 - number, 0, reader))
            elif layer in live:
                edges.add((layer, number, reader))
    return live, edges


def find_live(layers):
    """The layers that descend from an input, by operands that flow."""
    live = set()
    for k, layer in enumerate(layers):
        is_flowing = any(any(op["flowing"]) for op in layer.get("operations", []))
        sources = [source[0] for source in layer.get("sources", [])]
        if is_flowing and any(source < 0 or source in live for source in sources):
            live.add(k)
    return live


def find_breaches(edges, owners, drawn_for, lines, turns):
    """What breaks the law, in words; [] where it holds.

    Args:
        edges: of the record, as (source, output, reader).
        owners: the node of each of their ends.
        drawn_for: the node that is drawn for each node.
        lines: the pairs of nodes that are drawn.
        turns: in which turn of which folds each node runs.
    """
    tally = EdgeTally(owners, drawn_for, {*lines}, turns)
    for edge in edges:
        tally.add_edge(*edge)
    breaches = [
        *tally.breaches,
        *(f"{line}: stands for no edge" for line in tally.lines - tally.used),
        *find_unequal_turns(tally.within, tally.between),
        *find_unequal_ends(turns, tally.entering, tally.leaving, tally.between),
    ]
    try:
        tuple(TopologicalSorter(group_by_reader(lines)).static_order())
    except CycleError as error:
        breaches.append(f"a cycle: {error.args[1]}")
    return breaches


class EdgeTally:
    """Where the edges of a record are, one by one."""

    def __init__(self, owners, drawn_for, lines, turns):
        self.owners, self.drawn_for, self.turns = owners, drawn_for, turns
        self.lines, self.used, self.breaches = lines, set(), []
        members = defaultdict(list)
        for end, node in sorted(owners.items()):
            members[node].append(end)
        self.ranks = {
            end: rank for ends in members.values() for rank, end in enumerate(ends)
        }
        self.within, self.between = defaultdict(set), defaultdict(set)
        self.entering, self.leaving = defaultdict(set), defaultdict(set)

    def add_edge(self, source, output, reader):
        """Note where an edge is."""
        if source not in self.owners or reader not in self.owners:
            self.breaches.append(f"{source} to {reader}: an end is in no node")
            return
        a, b = self.owners[source], self.owners[reader]
        line = self.drawn_for[a], self.drawn_for[b]
        self.add_ends(a, b, source, output, reader)
        slot = (line, self.ranks[source], output, self.ranks[reader])
        if self.turns[a] == self.turns[b] != ():
            self.within[self.turns[a]].add(slot)
        earlier = dict(self.turns[a])
        steps = [
            (fold, turn - earlier[fold], turn)
            for fold, turn in self.turns[b]
            if earlier.get(fold, turn) != turn
        ]
        if a != b and steps:
            self.between[steps[0]].add(slot)
            if steps[0][1] < 0:
                self.breaches.append(f"{source} to {reader}: to an earlier turn")
        elif line[0] != line[1]:
            self.used.add(line)
            if line not in self.lines:
                self.breaches.append(f"{source} to {reader}: no line {line}")

    def add_ends(self, a, b, source, output, reader):
        """Note an edge that enters or leaves a fold."""
        folds = dict(self.turns[a]).keys() & dict(self.turns[b]).keys()
        for fold, turn in self.turns[b]:
            if fold not in folds:
                inner = self.drawn_for[b], leave_out(self.turns[b], fold)
                slot = (source, output, self.ranks[reader], *inner)
                self.entering[fold, turn].add(slot)
        for fold, turn in self.turns[a]:
            if fold not in folds:
                inner = leave_out(self.turns[a], fold)
                slot = (self.drawn_for[a], self.ranks[source], output, reader, inner)
                self.leaving[fold, turn].add(slot)


def find_unequal_turns(within, between):
    """The frames of which two turns are not equal."""
    inner, steps = defaultdict(dict), defaultdict(dict)
    for turn, slots in within.items():
        *outer, (fold, number) = turn[::-1]  # the innermost fold comes first
        inner[tuple(outer), fold][number] = slots
    for (fold, step, turn), slots in between.items():
        steps[fold, step][turn] = slots
    unequal = [
        f"{fold}: turns differ" for fold, each in inner.items() if differ(each.values())
    ]
    return unequal + [
        f"{fold}: steps differ" for fold, each in steps.items() if differ(each.values())
    ]


def leave_out(turns, fold):
    """The turns of a node in all folds but one."""
    return tuple(turn for turn in turns if turn[0] != fold)


def find_unequal_ends(turns, entering, leaving, between):
    """The frames of which one turn alone is read, or reads elsewhere.

    The first two turns may read outside what later ones read of turns before them. The
    last turn may be read, and that before it where two turns later one reads it too.
    """
    counts = defaultdict(int)
    for node_turns in turns.values():
        for fold, turn in node_turns:
            counts[fold] = max(counts[fold], turn + 1)
    breaches = []
    for fold, count in counts.items():
        reads = [entering[fold, turn] for turn in range(count)]
        if differ(reads[2:] or [set()]) or not all(reads[-1] <= each for each in reads):
            breaches.append(f"{fold}: turns read different values outside")
        read_late = {
            slot[0][0]
            for (other, step, _), slots in between.items()
            for slot in slots
            if (other, step) == (fold, 2)
        }
        for node in {user[0] for turn in range(count) for user in leaving[fold, turn]}:
            users = [
                {user for user in leaving[fold, turn] if user[0] == node}
                for turn in range(count)
            ]
            if any(users[: -2 if node in read_late else -1]) and differ(users):
                breaches.append(f"{fold}: one turn alone is read at {node}")
    return breaches


def differ(sets):
    """Whether some sets are not all equal."""
    first, *others = sets
    return any(each != first for each in others)


def group_by_reader(lines):
    """The sources of each node that reads."""
    graph = defaultdict(set)
    for source, reader in lines:
        graph[reader].add(source)
    return graph

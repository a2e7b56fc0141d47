"""The law of figures, worked out from a record's JSON and the wires of a picture.

Each edge of the record is drawn, lies in a box, leads from one repeat to the next of
what has a count, or is declared in words. What seats say is taken from the picture; all
else is counted anew.
"""

import re
from collections import Counter, defaultdict
from itertools import pairwise

from tests.readings.contraction.law import read_edges

NUMBER = r"([\d,]+)"

DECLARED = {
    "edges": rf"[Oo]f {NUMBER} connections",
    "drawn": rf"{NUMBER} (?:is|are) drawn",
    "inside": rf"{NUMBER} (?:lies inside a box|lie inside boxes)",
    "turns": rf"{NUMBER} leads? from one repeat to the next",
    "elsewhere": rf"{NUMBER} (?:is|are) elsewhere in the network",
    "left_out": rf"{NUMBER} connections?(?: and [^·]{{,60}}?)? (?:is|are) not drawn",
}


def read_declared(words):
    """The numbers that a picture's words tell."""
    found = {kind: re.search(pattern, words) for kind, pattern in DECLARED.items()}
    return Counter(
        {kind: int(match[1].replace(",", "")) for kind, match in found.items() if match}
    )


def count_edges(archs, ledgers, wires):
    """Where the edges of some records are in a picture, by kind."""
    counts = Counter()
    for arch, ledger in zip(archs, ledgers, strict=True):
        edges = list_edges(arch)
        counts["edges"] += len(edges)
        counts.update(classify_edges(edges, ledger, wires))
    return counts


def list_edges(arch, known={}):  # noqa: B006 - what was read once
    """The edges of a record."""
    if id(arch) not in known:
        known[id(arch)] = arch, read_edges(arch.to_json())[1]
    return known[id(arch)][1]


def classify_edges(edges, ledger, wires):
    """Yield the kind of each edge of one record."""
    connected = connect_holders(ledger, wires)
    for source, _, reader in edges:
        scope = ledger.scope
        if scope is not None and source not in scope and reader not in scope:
            yield "elsewhere"
            continue
        kinds = {
            classify(tail, head, connected, ledger)
            for tail in ledger.seats.get(source, ())
            for head in ledger.seats.get(reader, ())
        }
        # Of a layer that stands in two boxes an edge may be both drawn and inside.
        yield next(kind for kind in KINDS if kind in {*kinds, "left_out"})


KINDS = "drawn", "turns", "inside", "left_out"
"""Where an edge may be, the first that holds."""


def classify(tail, head, connected, ledger):
    """Where an edge between two seats is."""
    if tail.fold and tail.fold == head.fold and tail.turn != head.turn:
        seats = [seat for many in ledger.seats.values() for seat in many]
        inner = {seat.node for seat in seats if seat.fold == tail.fold}
        leads = {b for a, b in connected if a == tail.node} - inner
        entered = {a for a, b in connected if b == head.node} - inner
        is_turn = head.turn - tail.turn == 1 and leads and entered
        return "turns" if is_turn else "left_out"
    if head.fold != tail.fold:
        if head.fold and head.turn > 0:
            return "left_out"
        if tail.fold and not tail.is_last:
            return "left_out"
    if tail.node == head.node:
        return "inside"
    return "drawn" if (tail.node, head.node) in connected else "left_out"


def connect_holders(ledger, wires):
    """The pairs of nodes with layers between which wires lead, past bare nodes."""
    holders = {seat.node for many in ledger.seats.values() for seat in many}
    heads = defaultdict(set)
    for wire in (wire for wire in wires if wire.role != "order"):
        stops = [wire.tail, wire.via, wire.head] if wire.via else [wire.tail, wire.head]
        for tail, head in pairwise(stops):
            heads[tail].add(head)
    connected = set()
    for holder in holders:
        seen, pending = set(), [holder]
        while pending:
            for head in heads[pending.pop()] - seen:
                seen.add(head)
                if head in holders:
                    connected.add((holder, head))
                else:
                    pending.append(head)
    return connected


def find_breaches(archs, ledgers, wires, words):
    """The numbers that a picture tells, and those that are true, where they differ."""
    true, told = count_edges(archs, ledgers, wires), read_declared(words)
    return {
        kind: (told[kind], true[kind]) for kind in DECLARED if told[kind] != true[kind]
    }

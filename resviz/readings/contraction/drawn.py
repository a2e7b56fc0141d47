"""The contracted graph as it is drawn: nodes with their words, lines, frames."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from string import ascii_uppercase
from typing import TYPE_CHECKING

from resviz.readings.contraction.coverage import EdgeCoverage, count_coverage
from resviz.readings.contraction.folds import FoldedQuotient, fold_motifs
from resviz.readings.contraction.join_signs import (
    find_join_sign_of_node,
    list_join_signs,
)
from resviz.readings.contraction.ladder import Budget, climb_ladder
from resviz.readings.contraction.merged import merge_by_rules, read_merged_quotient
from resviz.readings.contraction.quotient import NodeRole, Quotient, is_chain_of
from resviz.readings.contraction.words import (
    MAX_CHARACTERS,
    MODEL_MARK,
    Letters,
    break_line,
    label_node,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from resviz.readings.contraction.module_names import Naming
    from resviz.readings.contraction.parts import GraphPart
    from resviz.readings.contraction.wiring import Resolution, Wiring
    from resviz.record import Architecture

JOIN_ROLES = {"join", "input", "output", "part"}
"""What no sign stands before."""


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """One thing that is drawn.

    Attributes:
        key: its number.
        role: what it is: input, output, block, run, pool, join or region, or a part
            of the network before or behind what is drawn.
        lines: its words; of a join the sign, and how often it comes if several times.
        entrance: the sign of the join that it alone reads and that is drawn on it;
            "" for none.
        resolution: of what it gives, and `place` that in words, "56×56".
        width: channels of what it gives.
        is_index: whether it gives numbers that are looked up, as of tokens.
        ends: inputs, layers and outputs that it holds, by their number in the wiring.
        count: how many like it it stands for, 1 or more.
        is_shared: whether another node has its weights.
    """

    key: int
    role: NodeRole
    lines: tuple[str, ...]
    entrance: str
    resolution: Resolution
    place: str
    width: int
    is_index: bool
    ends: frozenset[int]
    count: int
    is_shared: bool

    @property
    def gives(self) -> str:
        """What it gives at a position: how many channels, "id" of what is looked up."""
        return "id" if self.is_index else str(self.width)


@dataclass(frozen=True, slots=True)
class DrawnFrame:
    """A dashed frame around nodes: "×4", or the letter by which others refer to it."""

    label: str
    members: tuple[int, ...]


@dataclass(frozen=True)  # without slots, so that what is read off it can be kept
class ContractedGraph:
    """The contracted graph of a record.

    Attributes:
        arch: the record, and `wiring` its edges.
        nodes: by key, each behind its sources.
        lines: from node to node, each once.
        frames: of motifs that repeat, and of what others refer to.
        letters: what the letters stand for, by the word.
        hidden_joins: how many joins lie inside boxes, by sign, in all turns.
        weights_at_joins: weighted layers on lines into signs, in all turns.
        owners: of each end, the number of its own node, drawn or not.
        drawn_for: of each of those, the key of the node that is drawn for it.
        turns: of each of those, in which turn of which folds it runs.
        naming: what its nodes are called by.
    """

    arch: Architecture = field(repr=False)
    wiring: Wiring = field(repr=False)
    nodes: dict[int, DrawnNode]
    lines: tuple[tuple[int, int], ...]
    frames: tuple[DrawnFrame, ...]
    letters: dict[str, str]
    hidden_joins: Counter[str]
    weights_at_joins: int
    owners: dict[int, int] = field(repr=False)
    drawn_for: dict[int, int] = field(repr=False)
    turns: dict[int, tuple[tuple[int, int], ...]] = field(repr=False)
    naming: Naming = "paper"

    @cached_property
    def coverage(self) -> EdgeCoverage:
        """Where the record's edges are if every line is drawn."""
        return self.cover_lines({*self.lines})

    def cover_lines(self, lines: Collection[tuple[int, int]]) -> EdgeCoverage:
        """Count where the record's edges are if some of the lines are drawn."""
        coverage = count_coverage(
            self.wiring, self.owners, self.drawn_for, self.turns, lines
        )
        parts = {key for key, node in self.nodes.items() if node.role == "part"}
        return coverage.set_apart(self.wiring, self.owners, parts)

    def gives_several_sizes(self, node: DrawnNode) -> bool:
        """Tell whether others read values of several resolutions of a box."""
        if node.role == "part":
            return False
        leaving = self.wiring.list_values_leaving({*node.ends})
        return len({self.wiring.measure_end(end)[0] for end, _ in leaving}) > 1

    @cached_property
    def sources(self) -> dict[int, list[int]]:
        """The nodes that each node reads, in order."""
        found: dict[int, list[int]] = {key: [] for key in self.nodes}
        for source, key in self.lines:
            found[key].append(source)
        return found

    @cached_property
    def users(self) -> dict[int, list[int]]:
        """The nodes that read each node, in order."""
        found: dict[int, list[int]] = {key: [] for key in self.nodes}
        for source, key in self.lines:
            found[source].append(key)
        return found

    @property
    def is_chain(self) -> bool:
        """Whether the nodes follow one another, each with one source and one user."""
        return is_chain_of(self.sources.values(), self.users.values())


def contract(
    arch: Architecture,
    budget: Budget,
    part: GraphPart | None = None,
    *,
    depth: int | None = None,
    naming: Naming = "paper",
) -> ContractedGraph:
    """Contract a record, or a part of it, until it fits a budget.

    With a `depth` boxes are the modules there instead, however many these are. By a
    `naming` of modules boxes are called as the code does; which they are is the same.
    """
    if part or depth is not None:
        quotient = merge_by_rules(arch, part, depth)
    else:
        quotient = read_merged_quotient(arch).copy()
    wiring = quotient.wiring
    letters: Letters | None = None
    if depth is None:
        quotient, letters = climb_ladder(quotient, budget)
    folded = fold_motifs(quotient)
    models = place_models(folded, letters)
    frames = [(f"×{frame.times}", frame.members) for frame in folded.frames]
    frames += [(letter, members) for letter, members in models.values()]
    entrances = attach_joins(folded, frames)
    kept = {key: place for place, key in enumerate(folded.order)}
    single = {members[0]: label for label, members in frames if len(members) == 1}
    framed = (
        (label, tuple(member for member in members if member in kept))
        for label, members in frames
        if len(members) > 1
    )
    lines = tuple(
        (source, key)
        for key in folded.order
        for source in sorted(folded.sources[key], key=kept.__getitem__)
    )
    joins = [node for node in quotient.nodes.values() if node.role == "join"]
    boxes = [
        node for node in quotient.nodes.values() if node.role not in {"join", "part"}
    ]
    letter_codes = letters or Letters()
    nodes = {
        key: draw_node(folded, key, letters, models, entrances.get(key, ""), single)
        for key in folded.order
    }
    if naming != "paper":
        letter_codes = Letters()
        nodes = {
            key: rename_node(node, wiring, naming, single.get(key, ""))
            for key, node in nodes.items()
        }
    return ContractedGraph(
        arch,
        wiring,
        nodes,
        lines,
        tuple(DrawnFrame(label, members) for label, members in framed if members),
        letter_codes.codes,
        Counter(sign for node in boxes for sign in list_join_signs(wiring, node.ends)),
        sum(wiring.count_weights(node.ends) for node in joins),
        dict(quotient.owners),
        folded.representatives,
        folded.turns,
        naming,
    )


MODEL_NAME = "the frame"
"""What a model is called when there are no more letters."""

Models = dict[frozenset[int], tuple[str, tuple[int, ...]]]
"""What others refer to: its letter and its drawn nodes, by its ends."""


def place_models(folded: FoldedQuotient, letters: Letters | None) -> Models:
    """Find what others refer to among what is drawn, and give it letters of its own.

    What refers to a region that was closed itself is a plain region again.
    """
    quotient = folded.quotient
    models: Models = {}
    taken = {*letters.codes.values(), *Letters.TAKEN} if letters else Letters.TAKEN
    free = (letter for letter in ascii_uppercase if letter not in taken)
    for key in folded.order:
        node = quotient.nodes[key]
        if not node.model or node.model in models:
            continue
        members = tuple(
            dict.fromkeys(
                folded.representatives[quotient.owners[end]]
                for end in sorted(node.model)
            )
        )
        is_open = len(members) > 1 and all(
            quotient.nodes[member].ends <= node.model for member in members
        )
        if is_open:
            models[node.model] = (next(free, MODEL_NAME), members)
    for node in quotient.nodes.values():
        if node.model not in models:
            node.model = frozenset()
    return models


def attach_joins(
    folded: FoldedQuotient, frames: list[tuple[str, tuple[int, ...]]]
) -> dict[int, str]:
    """Put each join that one box of its own resolution alone reads on its entrance.

    Returns:
        The signs, by the key of the box.
    """
    quotient = folded.quotient
    entrances: dict[int, str] = {}
    for key in list(folded.order):
        if quotient.nodes[key].role != "join" or len(folded.users[key]) != 1:
            continue
        (user,) = folded.users[key]
        if (
            folded.sources[user] != {key}
            or quotient.nodes[user].role in JOIN_ROLES
            or quotient.resolution_of(user) != quotient.resolution_of(key)
            or any((key in members) != (user in members) for _, members in frames)
        ):
            continue
        entrances[user] = find_join_sign_of_node(quotient, key)
        for member, drawn in folded.representatives.items():
            if drawn == key:
                folded.representatives[member] = user
        folded.sources[user] = folded.sources.pop(key)
        del folded.users[key]
        for source in folded.sources[user]:
            folded.users[source].discard(key)
            folded.users[source].add(user)
        folded.order.remove(key)
    return entrances


def join_lines(lines: list[str], count: str) -> list[str]:
    """Join lines and a count, in the last line or in the last part of it."""
    last = break_line(f"{lines[-1]} {count}")
    has_room = all(len(line) <= MAX_CHARACTERS for line in last)
    return [*lines[:-1], *last] if has_room else [*lines, count]


def draw_node(
    folded: FoldedQuotient,
    key: int,
    letters: Letters | None,
    models: Models,
    entrance: str,
    single: dict[int, str],
) -> DrawnNode:
    """Return a node with its words."""
    quotient = folded.quotient
    node, wiring = quotient.nodes[key], quotient.wiring
    measured = quotient.find_exit(key)
    if node.role == "part" and not quotient.users[key]:  # only what it reads is shown
        measured = find_last_read(quotient, key)
    resolution, place, width = wiring.measure_end(measured)
    lines = label_node(quotient, key, letters)
    if node.model:
        lines[0] = lines[0].replace(MODEL_MARK, models[node.model][0])
    if key in single and node.role == "join":
        lines.append(single[key])
    elif key in single:
        lines = join_lines(lines, single[key])
    layers = [
        wiring.arch.stored_layers[end] for end in node.ends if wiring.weighted.get(end)
    ]
    count = node.times
    if node.role == "block" and node.parts:
        count = sum(times for name, times in node.parts if not name.endswith("pool"))
    return DrawnNode(
        key,
        node.role,
        tuple(lines),
        entrance,
        resolution,
        place,
        width,
        node.role == "input" and wiring.is_looked_up(measured),
        frozenset(node.ends),
        max(count, 2 if node.role == "region" or key in single else 1),
        bool(layers) and not any(layer.params for layer in layers),
    )


def rename_node(
    node: DrawnNode, wiring: Wiring, naming: Naming, count: str
) -> DrawnNode:
    """Return a node by the names of its modules; its `count` stays, and its model."""
    from resviz.readings.contraction.module_names import name_modules

    names = name_modules(wiring, node.ends, naming)
    if node.role in JOIN_ROLES or not names:
        return node
    model = [line for line in node.lines[:1] if line.startswith("as ")]
    lines = join_lines(names, count) if count else names
    return replace(node, lines=(*model, *lines))


def find_last_read(quotient: Quotient, key: int) -> int:
    """Find the last end outside a node that it reads; its own last where it is none."""
    ends = quotient.nodes[key].ends
    read = {
        edge.source
        for end in ends
        for edge in quotient.wiring.edges_by_reader.get(end, ())
    }
    return max(read - ends, default=max(ends))

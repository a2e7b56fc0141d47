"""What may be closed where a contracted graph is too large, in classes.

A class is closed as a whole, so that equal things look alike.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple

from resviz.readings.contraction.always_rules import find_call_nodes
from resviz.readings.contraction.join_signs import find_join_sign_of_node
from resviz.readings.contraction.signatures import describe_ends
from resviz.readings.structure.weights import is_weighted

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from resviz.readings.contraction.quotient import Quotient

MAX_REGION = 60
"""Nodes between a fork and a join that may be closed, at most."""

MAX_PATH_WEIGHTS = 3
"""Weighted layers on a private path into a join that may be closed, at most."""

GENERIC_CLASSES = {"Sequential", "ModuleList", "ModuleDict"}
"""Classes that say nothing of what they hold."""

ClosingRule = Literal[
    "call", "region", "paths", "again", "stage", "row", "pooled", "level"
]
"""What is closed: module calls, regions from fork to join, the private paths into a
join, all but the first of equal regions, blocks in a row, regions in a row, a pool and
the block behind it, and what runs at one resolution, read from within or not."""


class ClosingClass(NamedTuple):
    """What is closed together: by which rule, and what its members have in common.

    `model` are the ends of the first of equal regions, to which the others refer.
    """

    rule: ClosingRule
    trait: Hashable = None
    model: frozenset[int] = frozenset()


NodeSets = dict[frozenset[int], None]
"""Sets of nodes, each once, in the order in which they were found."""


def find_candidates(quotient: Quotient) -> dict[ClosingClass, list[frozenset[int]]]:
    """Find the sets of nodes that may be closed, by class."""
    found: dict[ClosingClass, NodeSets] = defaultdict(dict)
    finders = (
        iter_calls, iter_regions, iter_paths, iter_rows, iter_pooled_blocks, iter_levels
    )  # fmt: skip
    for finder in finders:
        for closing, keys in finder(quotient):
            if len(keys) > 1:
                found[closing][frozenset(keys)] = None
    for closing, keys in iter_equal_regions(quotient, dict(found)):
        found[closing][keys] = None
    return {closing: list(sets) for closing, sets in found.items()}


def iter_calls(quotient: Quotient) -> Iterator[tuple[ClosingClass, set[int]]]:
    """Yield module calls by class; those of a generic one by what is weighted in it."""
    wiring = quotient.wiring
    for number, call in enumerate(wiring.arch.calls):
        keys = find_call_nodes(quotient, number) if number else set[int]()
        if not keys:
            continue
        trait: Hashable = call.type
        if call.type in GENERIC_CLASSES:
            trait = frozenset(
                (
                    op.name,
                    op.window and op.window.kernel,
                    op.window and op.window.groups > 1,
                )
                for end in quotient.list_ends(keys)
                for op in wiring.list_operations(end)
                if is_weighted(op)
            )
        yield ClosingClass("call", trait), keys


def iter_regions(quotient: Quotient) -> Iterator[tuple[ClosingClass, set[int]]]:
    """Yield closed regions from fork to join, by which operations they hold."""
    dominators = quotient.find_dominators()
    for join in quotient.nodes:
        if len(quotient.sources[join]) < 2:
            continue
        region = quotient.find_region(join, dominators[join], MAX_REGION)
        if not region:
            continue
        roles = {quotient.nodes[key].role for key in region}
        if roles & {"input", "output", "part"}:
            continue
        operations = Counter(
            op.name
            for end in quotient.list_ends(region)
            for op in quotient.wiring.list_operations(end)
        )
        yield ClosingClass("region", tuple(sorted(operations.items()))), region


def iter_paths(quotient: Quotient) -> Iterator[tuple[ClosingClass, set[int]]]:
    """Yield joins with their private paths, by sign.

    A path is light, has its own source among those of the join, and stays between the
    resolutions of its ends.
    """
    for join, node in quotient.nodes.items():
        if node.role != "join":
            continue
        paths = [
            find_private_path(quotient, source, join)
            for source in quotient.sources[join]
        ]
        starts = Counter(start for start, _ in paths)
        inner = [path for start, path in paths if starts[start] < 2]
        sign = find_join_sign_of_node(quotient, join)
        yield ClosingClass("paths", sign), {join}.union(*inner)


def find_private_path(
    quotient: Quotient, source: int, join: int
) -> tuple[int, list[int]]:
    """Find where a private path into a join starts, and the nodes on it."""
    path: list[int] = []
    key, user, weights = source, join, 0
    while quotient.users[key] == {user} and len(quotient.sources[key]) == 1:
        weights += quotient.count_weights([key])
        if (
            quotient.nodes[key].role not in {"run", "pool"}
            or weights > MAX_PATH_WEIGHTS
        ):
            break
        path.append(key)
        user = key
        (key,) = quotient.sources[key]
    places = [quotient.resolution_of(k) for k in path]
    ends = sorted((quotient.resolution_of(key), quotient.resolution_of(join)))
    stays = all(
        ends[0].positions <= place.positions <= ends[1].positions
        or ends[1].positions <= place.positions <= ends[0].positions
        for place in places
    )
    if len(quotient.users[key]) < 2 or not stays:  # only what is at the join's own
        own = quotient.resolution_of(join)
        kept = next((k for k, place in enumerate(places) if place != own), len(path))
        path = path[:kept]
        key = next(iter(quotient.sources[path[-1]])) if path else source
    return key, path


def iter_rows(quotient: Quotient) -> Iterator[tuple[ClosingClass, set[int]]]:
    """Yield chains of blocks, and of equal regions, at one resolution."""

    def is_block(key: int) -> bool:
        return quotient.nodes[key].role == "block"

    def is_shown(key: int) -> bool:
        node = quotient.nodes[key]
        return node.role in {"block", "region"} and not node.model

    for chain in iter_chains(quotient, is_block):
        yield ClosingClass("stage"), chain
    for chain in iter_chains(quotient, is_shown, same_type=True):
        if not all(map(is_block, chain)):
            yield ClosingClass("row"), chain


def iter_chains(
    quotient: Quotient, is_member: Callable[[int], bool], *, same_type: bool = False
) -> Iterator[set[int]]:
    """Yield chains of nodes at one resolution that nothing else reads."""
    seen: set[int] = set()
    for key in quotient.sort_nodes():
        if key in seen or not is_member(key):
            continue
        chain, place = [key], quotient.resolution_of(key)
        while len(quotient.users[chain[-1]]) == 1:
            (user,) = quotient.users[chain[-1]]
            if (
                len(quotient.sources[user]) != 1
                or not is_member(user)
                or (same_type and quotient.nodes[user].type != quotient.nodes[key].type)
                or quotient.resolution_of(user) != place
            ):
                break
            chain.append(user)
        seen.update(chain)
        yield set(chain)


def iter_pooled_blocks(quotient: Quotient) -> Iterator[tuple[ClosingClass, set[int]]]:
    """Yield pools with the block behind them."""
    for key, node in quotient.nodes.items():
        if node.role != "pool" or len(quotient.users[key]) != 1:
            continue
        (user,) = quotient.users[key]
        if (
            quotient.sources[user] == {key}
            and quotient.nodes[user].role == "block"
            and quotient.resolution_of(user) == quotient.resolution_of(key)
        ):
            yield ClosingClass("pooled"), {key, user}


def iter_levels(quotient: Quotient) -> Iterator[tuple[ClosingClass, set[int]]]:
    """Yield what follows one another at one resolution on the longest path.

    Others may read each of its nodes, as the skips of a U-Net do.
    """
    depths: dict[int, int] = {}
    chains: dict[int, list[int]] = {}
    for key in quotient.sort_nodes():
        before = max(quotient.sources[key], key=depths.__getitem__, default=None)
        depths[key] = 1 + (-1 if before is None else depths[before])
        node, place = quotient.nodes[key], quotient.resolution_of(key)
        if node.role in {"input", "output", "part"} or place.kind != 0:
            continue
        chain = [] if before is None else chains.get(before, [])
        is_next = chain[-1:] == [before] and quotient.resolution_of(chain[-1]) == place
        chains[key] = chain = chain if is_next else []
        chain.append(key)
    for chain in {id(chain): chain for chain in chains.values()}.values():
        if any(quotient.nodes[key].role != "join" for key in chain):
            yield ClosingClass("level"), set(chain)


MIN_EQUAL_REGION = 4
"""Nodes of a region that another refers to, at least."""


def iter_equal_regions(
    quotient: Quotient, found: dict[ClosingClass, NodeSets]
) -> Iterator[tuple[ClosingClass, frozenset[int]]]:
    """Yield all but the first of exactly equal calls or regions."""
    equal: dict[tuple[str, int], NodeSets] = defaultdict(dict)
    for closing, sets in found.items():
        for keys in sets if closing.rule in {"call", "region"} else ():
            if len(keys) >= MIN_EQUAL_REGION:
                described = describe_ends(quotient.wiring, quotient.list_ends(keys))
                equal[closing.rule, hash(described)][keys] = None
    for (_, signature), sets in equal.items():
        first, *others = sorted(sets, key=lambda keys: min(quotient.list_ends(keys)))
        model = frozenset(quotient.list_ends(first))
        for keys in others:
            yield ClosingClass("again", signature, model), keys

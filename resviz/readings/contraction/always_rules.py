"""What is always one thing in a contracted graph: nothing is hidden that one looks for.

A block; what has no weights and one source, as x / |x|; a call that joins branches and
comes again and again; a norm, an activation or a reshape beside what it follows; plain
layers in a row at one resolution; what only changes the resolution before a join, for
its line tells that; sums of sums, and concatenations of concatenations.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from resviz.readings.contraction.arithmetic_runs import merge_arithmetic_runs
from resviz.readings.contraction.join_signs import find_join_sign_of_node
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from resviz.readings.contraction.quotient import NodeRole, Quotient
    from resviz.readings.contraction.wiring import Wiring

MOST_WEIGHTLESS = 12
"""Nodes of a region without weights that is one thing, at most."""

MAX_UNIT_SHARE = 0.15
"""The share of all weighted layers that a unit may hold."""

MIN_UNIT_CALLS = 3
"""How often a class is called whose calls are units."""

LAYER_ROLES = {"run", "pool", "light"}
PLAIN_ROLES = {"run", "pool"}
MERGED_SIGNS = {"+", "C"}
"""Joins of which several in a row are one."""


def apply_always_rules(quotient: Quotient) -> None:
    """Merge what is always one thing."""
    merge_arithmetic_runs(quotient)
    merge_blocks(quotient)
    merge_weightless_regions(quotient)
    merge_units(quotient)
    merge_light_layers(quotient)
    merge_runs(quotient)
    merge_resizing(quotient)
    merge_sums(quotient)


def merge_blocks(quotient: Quotient) -> None:
    """Merge the layers of each block that the structure knows."""
    for block in read_structure(quotient.wiring.arch).blocks:
        owners = quotient.owners
        keys = {owners[i] for i in block.layer_indices if i in owners}
        is_elsewhere = any(quotient.nodes[key].role == "part" for key in keys)
        if not keys or is_elsewhere or not quotient.is_convex(keys):
            continue
        node = quotient.merge(keys, "block", into=min(keys))
        node.type = block.type


def merge_weightless_regions(quotient: Quotient) -> None:
    """Merge closed regions in which nothing has weights and that read one value."""
    before = 0
    while len(quotient.nodes) != before:
        before = len(quotient.nodes)
        dominators = quotient.find_dominators()
        for key in list(quotient.nodes):
            if key not in quotient.nodes or len(quotient.sources[key]) < 2:
                continue
            fork = dominators.get(key)
            if fork not in quotient.nodes or fork == key:
                continue
            region = quotient.find_region(key, fork, MOST_WEIGHTLESS)
            if region and is_weightless(quotient, region, fork):
                quotient.merge(region, "light", into=key)


def is_weightless(quotient: Quotient, region: set[int], fork: int) -> bool:
    """Tell whether a region is light: no weights, pools or blocks, one value read."""
    nodes = [quotient.nodes[key] for key in region]
    if any(node.role not in {"light", "join"} for node in nodes):
        return False
    if quotient.list_sources_outside(region) - {fork} or quotient.count_weights(region):
        return False
    if len({quotient.resolution_of(key) for key in region}) > 2:
        return False
    values = {
        (edge.source, edge.output)
        for end in quotient.list_ends(region)
        for edge in quotient.wiring.edges_by_reader.get(end, ())
        if quotient.owners[edge.source] == fork
    }
    return len(values) == 1


def merge_units(quotient: Quotient) -> None:
    """Merge the calls that join branches and whose class is called again and again.

    Of calls in calls the innermost are taken, and of a class all or none: those that
    own a join, give one value, read two nodes at most, hide no resolution, and have no
    large share of the weights.
    """
    wiring = quotient.wiring
    calls = wiring.arch.calls
    frequency = Counter(call.type for call in calls)
    owning = {wiring.arch.stored_layers[join].call for join in wiring.joins}
    numbers = sorted(
        (k for k in owning if k and frequency[calls[k].type] >= MIN_UNIT_CALLS),
        key=lambda k: (calls[k].stop - calls[k].start, k),
    )
    too_large = {
        calls[k].type
        for k in numbers
        if wiring.count_weights(range(calls[k].start, calls[k].stop))
        > MAX_UNIT_SHARE * wiring.total_weighted
    }
    for k in numbers:
        keys = find_call_nodes(quotient, k)
        if keys and calls[k].type not in too_large and is_unit(quotient, keys):
            node = quotient.merge(keys, "block", into=min(keys))
            node.type = calls[k].type.strip("_")


def find_call_nodes(quotient: Quotient, number: int) -> set[int]:
    """Find the nodes of a module call; none if one reaches beyond it."""
    call = quotient.wiring.arch.calls[number]
    owners = quotient.owners
    keys = {owners[i] for i in range(call.start, call.stop) if i in owners}
    for key in keys:
        ends = quotient.nodes[key].ends
        if min(ends) < call.start or max(ends) >= call.stop:
            return set()
    return keys if len(keys) > 1 else set()


def is_unit(quotient: Quotient, keys: set[int]) -> bool:
    """Tell whether the nodes of a call are one unit."""
    if not any(quotient.nodes[key].role == "join" for key in keys):
        return False
    if sum(quotient.nodes[key].role == "block" for key in keys) > 1:
        return False
    if quotient.count_values_leaving(keys) != 1:
        return False
    return len(
        quotient.list_sources_outside(keys)
    ) <= 2 and not count_hidden_resolutions(quotient, keys)


def count_hidden_resolutions(quotient: Quotient, keys: set[int]) -> int:
    """Count the resolutions with weights that would be seen no more."""
    wiring = quotient.wiring
    weighted = [key for key in keys if quotient.count_weights([key])]
    inside = {quotient.resolution_of(key) for key in weighted}
    outside = quotient.list_sources_outside(keys)
    shown = {quotient.resolution_of(key) for key in outside}
    leaving = wiring.list_values_leaving(quotient.list_ends(keys))
    shown |= {wiring.measure_end(end)[0] for end, _ in leaving}
    return len({place for place in inside - shown if place.positions > 1})


def merge_light_layers(quotient: Quotient) -> None:
    """Merge what is light with the layer before it, else with the one behind.

    The first layer of a call that may be closed goes with what is behind.
    """
    nodes, sources, users = quotient.nodes, quotient.sources, quotient.users
    calls = find_joining_calls(quotient.wiring)
    for key in quotient.sort_nodes():
        if nodes[key].role != "light" or len(sources[key]) != 1:
            continue
        (source,) = sources[key]
        role: NodeRole = nodes[source].role
        if not users[key] and role in LAYER_ROLES | {"region"}:  # it leads nowhere
            quotient.merge([source, key], role, into=source)
            continue
        own = calls[min(nodes[key].ends)]
        behind = min(nodes[min(users[key])].ends) if len(users[key]) == 1 else -1
        begins = calls.get(max(nodes[source].ends)) != own == calls.get(behind)
        if (
            not begins
            and role in LAYER_ROLES | {"join"}
            and users[source] == {key}
            and quotient.count_values_leaving([source]) == 1
        ):
            quotient.merge([source, key], role, into=source)
        elif len(users[key]) == 1:
            (user,) = users[key]
            if nodes[user].role in LAYER_ROLES and sources[user] == {key}:
                quotient.merge([user, key], nodes[user].role, into=user)
    for node in nodes.values():
        if node.role == "light":
            node.role = "run"


def find_joining_calls(wiring: Wiring) -> dict[int, int | None]:
    """Find for each layer the innermost call around it that is one of several.

    A call of a class that runs again and joins branches, so that a figure may close
    all of that class; layers on both sides of its border are no run.
    """
    calls = wiring.arch.calls
    frequency = Counter(call.type for call in calls)
    joins = sorted(wiring.joins)
    joining: dict[int, bool] = {
        k: frequency[call.type] > 1
        and bisect_left(joins, call.start) < bisect_left(joins, call.stop)
        for k, call in enumerate(calls)
    }
    found: dict[int, int | None] = {}
    for end in wiring.live:
        call = wiring.arch.stored_layers[end].call
        while call is not None and not joining.get(call):
            call = calls[call].parent
        found[end] = call
    return found


def merge_runs(quotient: Quotient) -> None:
    """Merge plain layers that follow one another at one resolution."""
    nodes, calls = quotient.nodes, find_joining_calls(quotient.wiring)
    for key in quotient.sort_nodes():
        while nodes[key].role in PLAIN_ROLES and len(quotient.sources[key]) == 1:
            (source,) = quotient.sources[key]
            if (
                quotient.users[source] != {key}
                or nodes[source].role not in PLAIN_ROLES
                or quotient.count_values_leaving([source]) != 1
                or quotient.resolution_of(source) != quotient.resolution_of(key)
                or calls[max(nodes[source].ends)] != calls[min(nodes[key].ends)]
            ):
                break
            roles = {nodes[source].role, nodes[key].role}
            quotient.merge([source, key], "run" if "run" in roles else "pool", into=key)


def merge_resizing(quotient: Quotient) -> None:
    """Merge an upsampling with the join behind it: the line says that it rises."""
    for key, node in list(quotient.nodes.items()):
        if node.role != "pool" or not quotient.wiring.is_upsampling(node.ends):
            continue
        if len(quotient.sources[key]) != 1 or len(quotient.users[key]) != 1:
            continue
        (source,), (user,) = quotient.sources[key], quotient.users[key]
        if quotient.nodes[user].role == "join" and user not in quotient.users[source]:
            quotient.merge([user, key], "join", into=user)


def merge_sums(quotient: Quotient) -> None:
    """Merge a sum that only a sum reads with that; a concatenation likewise."""
    for key in quotient.sort_nodes():
        if quotient.nodes[key].role != "join" or len(quotient.users[key]) != 1:
            continue
        (user,) = quotient.users[key]
        if quotient.nodes[user].role != "join":
            continue
        sign = find_join_sign_of_node(quotient, key)
        if sign not in MERGED_SIGNS or sign != find_join_sign_of_node(quotient, user):
            continue
        same_place = quotient.resolution_of(key) == quotient.resolution_of(user)
        if same_place and quotient.is_convex({key, user}):
            quotient.merge([user, key], "join", into=user)

"""A contracted graph by the module tree: a box is a module's call at one depth.

A call is a span of the record's layers, and every edge leads forward in the record: no
path leaves a span and comes back, so calls can be merged whatever they are. What runs
less deep stays by itself, but for norms and activations, which go with what they follow
as in every contracted graph. Where a box is a block of the structure, it is called so.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from resviz.readings.contraction.always_rules import (
    merge_light_layers,
    merge_resizing,
    merge_sums,
)
from resviz.readings.contraction.arithmetic_runs import merge_arithmetic_runs
from resviz.readings.contraction.equal_runs import merge_equal_runs
from resviz.readings.contraction.ladder import find_call_type
from resviz.readings.contraction.words import name_light_layers
from resviz.readings.part_tree import list_call_numbers
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from resviz.readings.contraction.quotient import Quotient
    from resviz.record import Architecture

BOX_ROLES = {"block", "region"}
IDLE_WORDS = {"reshape", "activation"}
"""What has no box of its own behind one."""


def find_calls_at_depth(arch: Architecture, depth: int) -> dict[int, int]:
    """Find for each layer the call around it that is so deep; none for shallower ones.

    At depth 1 are the children of the network; a layer is as deep as its call and one.
    """
    found: dict[int, int] = {}
    for index in range(len(arch.stored_layers)):
        chain = list_call_numbers(arch, index)
        if len(chain) >= depth:
            found[index] = chain[depth - 1]
    return found


def merge_to_depth(quotient: Quotient, depth: int) -> None:
    """Merge the calls at a depth, each into one node, and what is light around them."""
    members: dict[int, set[int]] = defaultdict(set)
    for end, number in find_calls_at_depth(quotient.wiring.arch, depth).items():
        key = quotient.owners.get(end)
        if key is not None and quotient.nodes[key].role != "part":
            members[number].add(key)
    for keys in members.values():
        node = quotient.merge(keys, "region", into=min(keys))
        node.type = find_call_type(quotient, node)
    merge_arithmetic_runs(quotient)
    name_blocks(quotient)
    merge_idle_layers(quotient)
    merge_light_layers(quotient)
    merge_resizing(quotient)
    merge_sums(quotient)
    merge_equal_runs(quotient)


def merge_idle_layers(quotient: Quotient) -> None:
    """Merge reshapes and activations that alone read a box with that box."""
    for key in quotient.sort_nodes():
        node, sources = quotient.nodes[key], quotient.sources[key]
        if node.role != "light" or len(sources) != 1:
            continue
        (source,) = sources
        box = quotient.nodes[source]
        is_idle = name_light_layers(quotient.wiring, node.ends) in IDLE_WORDS
        if box.role in BOX_ROLES and quotient.users[source] == {key} and is_idle:
            kind = box.type
            quotient.merge([source, key], box.role, into=source).type = kind


def name_blocks(quotient: Quotient) -> None:
    """Call each node a block that holds the layers of one, and nothing else."""
    for block in read_structure(quotient.wiring.arch).blocks:
        ends = {i for i in block.layer_indices if i in quotient.owners}
        keys = {quotient.owners[end] for end in ends}
        if len(keys) == 1 and quotient.nodes[min(keys)].ends == ends:
            node = quotient.nodes[min(keys)]
            node.role, node.type, node.signature = "block", block.type, None

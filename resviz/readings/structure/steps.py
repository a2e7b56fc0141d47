"""Steps: weights that act again on what they gave, as a recurrent net's written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.forks import (
    ON_SHORTCUT,
    AncestorSearch,
    make_addition,
    walk_light_chain,
)
from resviz.readings.structure.side_edges import SideKind
from resviz.readings.structure.weights import count_matrices
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from resviz.readings.structure.forks import Addition
    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.joins import Join


def takes_up_again(graph: Graph, nodes: Iterable[int]) -> bool:
    """Tell whether weights of some nodes act on what they have made there before.

    Source: Elman 1990, whose state is made of the last one by the same weights.
    """
    first_calls: dict[tuple[str, ...], int] = {}
    for node in sorted(nodes):
        layer = graph.layers[node]
        key = (layer.path,)
        if not layer.module:
            names = [op.name for op in graph.operations[node]]
            key = (layer.path, *names, *map(str, graph.operations[node][-1].inputs[-1]))
            if owns_matrix(graph, node):
                first_calls[key] = node
                continue
        first = first_calls.get(key)
        if first is None:
            if layer.module:
                first_calls[key] = node
        elif AncestorSearch(graph.sources, node).reaches(first):
            return True
    return False


def owns_matrix(graph: Graph, node: int) -> bool:
    """Tell whether a node is the first to read a matrix, if only through constants."""
    layer = graph.layers[node]
    return count_matrices(layer) > 0 or any(
        owns_matrix(graph, source.layer)
        for source in layer.sources
        if source.layer >= 0 and source.layer not in graph.before
    )


def keeps_state(
    graph: Graph,
    nodes: frozenset[int],
    addition: Addition,
    taps: Collection[int],
    conditions: Iterable[int],
) -> bool:
    """Tell whether a sum adds one step of a sequence, whose state the next one reads.

    The sum is none of the state, which is tapped: a cell's output beside its input.
    What the last step reads was made by its own weights before. What is added to
    another stream too is no state, as the messages of a graph net whose layers are
    one. Source: Pfaff et al. 2021, MeshGraphNets.

    Args:
        graph: the dataflow.
        nodes: of all branches.
        addition: the sum.
        taps: nodes inside that are read outside.
        conditions: nodes outside that are read inside.
    """
    fork, join = addition.fork, addition.join
    if not (taps or conditions):
        return False
    paths = {layer.path for layer in graph.select_layers(nodes) if layer.module}
    states = (n for node in conditions for n in walk_light_chain(graph, node))
    if any(n in graph.efforts and graph.layers[n].path in paths for n in states):
        return True
    if not taps:
        return False
    readers = [fork, *(node for node in nodes if fork in graph.sources[node])]
    if any(is_step(graph, node) for node in readers):
        return True
    again = next(
        (
            node
            for node in graph.efforts
            if node > join and graph.layers[node].path in paths
        ),
        None,
    )
    if again is None:
        return False
    streams = {
        node
        for node, other in graph.joins.items()
        if fork < node < again and node not in nodes and adds_to_stream(graph, other)
    }
    edges = {n: above for n, above in graph.sources.items() if n not in streams}
    edges.pop(join, None)
    search = AncestorSearch(edges, again)
    return any(search.reaches(tap) for tap in sorted(taps, reverse=True))


def adds_to_stream(graph: Graph, join: Join) -> bool:
    """Tell whether a sum adds to a tensor what is made of that and others."""
    addition = make_addition(graph, join)
    return addition.fork_rule is ON_SHORTCUT and addition.fork in addition.operands


def is_step(graph: Graph, node: int) -> bool:
    """Tell whether a node takes one of several steps, or parts them all."""
    if graph.is_single_operation(node, {"unbind"}):
        return len(graph.after[node]) > 1
    if not graph.is_single_operation(node, {"select"}):
        return False
    (source,) = graph.sources[node]
    place = graph.operations[node][0].arguments.get("dim", 0)
    return any(
        user != node
        and graph.is_single_operation(user, {"select"})
        and graph.operations[user][0].arguments.get("dim", 0) == place
        for user in graph.after[max(source, -1)]
    )


def updates_cell(graph: Graph, node: int) -> bool:
    """Tell whether a sum updates the state of a cell at one of several steps.

    It weighs by one gate, and by what is left of it; what gives the gate reads the
    state and an input of the step, and acts again on what the sum gives, or has acted
    before. Source: Teed and Deng 2020, RAFT, equations 3 to 6.
    """
    gate = find_gate_of_update(graph, node)
    if gate < 0 and graph.is_single_operation(node, {"sub"}):
        users = (user for product in graph.after[node] for user in graph.after[product])
        sums = (user for user in users if user in graph.joins)
        return any(updates_cell(graph, user) for user in sums)  # weighs the difference
    while gate >= 0 and gate not in graph.efforts:
        (gate, *_) = graph.main_sources[gate]
    if gate < 0:
        return False
    calls = list_calls_of_module(graph, gate)
    read = graph.main_sources[gate]
    while len(read) == 1 and read[0] >= 0 and read[0] not in graph.joins:
        read = graph.main_sources[read[0]]
    return len(read) > 1 and any(
        AncestorSearch(graph.sources, later).reaches(earlier)
        for earlier, later in ((node, calls[-1]), (calls[0], min(read)))
        if earlier < later
    )


def find_gate_of_update(graph: Graph, node: int) -> int:
    """Find the gate g of a sum (1 - g) x + g y, or x + g (y - x); below 0 if none."""
    operands = graph.joins[node].operands if node in graph.joins else ()
    gates = {operand: find_gate(graph, operand) for operand in operands}
    found = {gate for gate in gates.values() if gate >= 0}
    if len(operands) != 2 or len(found) != 1:
        return MODEL_INPUT
    for operand, gate in gates.items():
        if gate < 0:
            product = sum(operands) - operand
            (difference, *_) = graph.main_sources[product]
            if difference < 0 or operand not in graph.main_sources[difference]:
                return MODEL_INPUT
    return found.pop()


def find_gate(graph: Graph, node: int) -> int:
    """Find what weighs a product, before it is taken from one; below 0 if none."""
    gates = [n for n, k in graph.side_edges.get(node, {}).items() if k is SideKind.GATE]
    if len(gates) != 1:
        return MODEL_INPUT
    (gate,) = gates
    while graph.is_single_operation(gate, {"rsub", "neg", "add"}):
        (gate, *_) = graph.sources[gate]
    return gate


def list_calls_of_module(graph: Graph, node: int) -> list[int]:
    """List the nodes with weights at which the module of a node ran, in order."""
    path = graph.layers[node].path
    return [other for other in graph.efforts if graph.layers[other].path == path]


def reads_cell(graph: Graph, nodes: Iterable[int]) -> bool:
    """Tell whether one of some nodes is the state of a cell at a step."""
    chains = (walk_light_chain(graph, node) for node in nodes)
    return any(updates_cell(graph, node) for chain in chains for node in chain)

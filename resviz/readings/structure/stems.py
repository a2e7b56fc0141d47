"""Stems: what leads from the model's inputs to the first block of each tower."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.readings.structure.fusions import follow_streams
from resviz.readings.structure.towers import find_entry
from resviz.record import MODEL_INPUT
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.readings.structure import Block, Structure
    from resviz.readings.structure.graph import Graph
    from resviz.record import Layer, Shape


class Stem(NamedTuple):
    """The layers before the first block of a tower, or of several.

    Attributes:
        name: "stem"; of one tower beside others, by its first stage, "stem of text".
        stage: number of the first stage to which it leads.
        layers: in execution order.
        end: the layer that gives its output, what the first block reads; -1 for the
            input. What makes a condition, as a time's embedding, may come after that.
        output_shape: as it is read.
    """

    name: str
    stage: int
    layers: tuple[Layer, ...]
    end: int
    output_shape: Shape


@cache_reading
def find_stems(structure: Structure) -> tuple[Stem, ...]:
    """Find the stems of a network, in the order of the stages to which they lead.

    A tower that follows no other has its own. What leads to several is shared, and so
    is what else runs before all blocks; where one alone has a stem, or without weights,
    that is of the first's.
    """
    if not structure.stages:
        return ()
    graph = structure.graph
    owners = find_owners(structure, graph) if structure.has_towers else {}
    first, *others = sorted(set[int]().union(*owners.values())) or [0]
    for layer in structure.stem:
        owners.setdefault(layer.index, set())
    shared = {node for node, stages in owners.items() if len(stages) != 1}
    if not others or graph.efforts.keys().isdisjoint(shared):
        owners |= {node: {first} for node in shared}
        shared.clear()
    parts: dict[tuple[int, bool], list[int]] = {}
    for node in sorted(owners):
        key = (0, False) if node in shared else (min(owners[node]), True)
        parts.setdefault(key, []).append(node)
    stems: list[Stem] = []
    for stage, is_own in sorted(parts):
        is_alone = len(parts) == 1
        name = "stem"
        if is_own and not (is_alone and stage == 0):
            name = f"stem of {structure.stages[stage].name}"
        layers = tuple(structure.arch.stored_layers[n] for n in parts[stage, is_own])
        block = min(
            structure.stages[stage].blocks, key=lambda block: min(block.layer_indices)
        )
        end = find_entry(graph, block)
        shape = graph.shape_as_read(end)
        if not (is_own or is_alone or end in parts[stage, is_own]):
            end, shape = layers[-1].index, layers[-1].output_shape
        stems.append(Stem(name, stage, layers, max(end, MODEL_INPUT), shape))
    return tuple(stems)


def list_stems_before(structure: Structure, number: int) -> list[Stem]:
    """List the stems that stand before a stage, which is counted from 0."""
    return [stem for stem in find_stems(structure) if stem.stage == number]


def find_owners(structure: Structure, graph: Graph) -> dict[int, set[int]]:
    """Find to which towers the nodes lead that are below no block.

    Only those that follow no other tower count. Of several, a node is of one alone that
    comes of the same inputs of the model as it does: what is added to the other is its.

    Returns:
        The numbers of the towers' first stages, by node.
    """
    streams = follow_streams(structure, graph)
    below = {node for node, origins in streams.items() if max(origins) >= 0}
    inputs: dict[int, frozenset[int]] = {}
    for node, sources in graph.sources.items():
        if node not in below:
            inputs[node] = frozenset().union(*(inputs.get(n, {n}) for n in sources))
    owners: dict[int, set[int]] = {}
    towers: set[int] = set()
    entries: dict[int, int] = {}
    for number, stage in enumerate(structure.stages):
        entry = find_entry(graph, stage.blocks[0])
        if stage.tower not in towers and entry not in below:
            entries[number] = entry
            for node in find_layers_before(graph, stage.blocks[0], below):
                owners.setdefault(node, set()).add(number)
        towers.add(stage.tower)
    for node, stages in owners.items():
        equal = {n for n in stages if inputs.get(entries[n]) == inputs[node]}
        owners[node] = equal if len(equal) == 1 else stages
    return owners


def find_layers_before(graph: Graph, block: Block, below: set[int]) -> set[int]:
    """Find the nodes that lead to a block without passing what lies below others."""
    inside = graph.find_nodes_between(block.fork, block.end).union(block.layer_indices)
    pending = [source for node in inside for source in graph.sources[node]]
    found: set[int] = set()
    while pending:
        node = pending.pop()
        if node >= 0 and node not in found and node not in below | inside:
            found.add(node)
            pending += graph.sources[node]
    return found

"""A fingerprint of a forward: what is computed and of what, names left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.structure.graph import build_graph
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.record import Architecture, Source


@cache_reading
def make_fingerprint(arch: Architecture) -> int:
    """Make a number of operations, shapes, windows and edges; equal ones are alike.

    Names, classes, numbers without a shape and the order of independent layers leave
    it as it is. A layer that does nothing, as an identity, is passed over.
    """
    live = build_graph(arch).before
    made: dict[int, int] = {}
    passed_on: dict[int, int] = {}

    def hash_source(source: Source) -> int:
        if source.layer in passed_on:
            return passed_on[source.layer]
        # What is not live, as a constant, is known by what reads it.
        producer = made.get(source.layer, min(source.layer, 0))
        return hash((producer, source.output))

    for layer in arch.stored_layers:
        if layer.index not in live:
            continue
        sources = tuple(map(hash_source, layer.sources))
        if len(sources) == 1 and all(op.name == "alias" for op in layer.operations):
            passed_on[layer.index] = sources[0]
            continue
        ops = tuple(
            (op.name, op.inputs, op.flowing, op.outputs, op.window, str(op.arguments))
            for op in layer.operations
        )
        parameters = tuple(parameter.shape for parameter in layer.parameters)
        made[layer.index] = hash((sources, ops, parameters))
    shapes = tuple((tensor.shape, tensor.dtype) for tensor in arch.inputs)
    idle = tuple(p.shape for group in arch.uncalled for p in group.parameters)
    ends = tuple(map(hash_source, arch.outputs))
    return hash((shapes, ends, frozenset(made.values()), idle))

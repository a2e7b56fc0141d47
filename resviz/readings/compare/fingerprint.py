"""A fingerprint of a forward: what is computed and of what, names left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.compare.weight_work import list_weight_work
from resviz.readings.structure.graph import build_graph
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.record import Architecture, Operation, Shape, Source


@cache_reading
def make_fingerprint(arch: Architecture) -> int:
    """Make a number of operations, shapes, windows and edges; equal ones are alike.

    Names, classes, numbers without a shape and the order of independent layers leave
    it as it is. A layer that does nothing, as an identity, is passed over. What is done
    to weights alone belongs to the layer that reads them, whether a module does it or
    a function beside it; to look at them as another shape is nothing.
    """
    live, work = build_graph(arch).before, list_weight_work(arch)
    made: dict[int, int] = {}
    passed_on: dict[int, int] = {}

    def hash_source(source: Source) -> int:
        if source.layer in passed_on:
            return passed_on[source.layer]
        return hash((made.get(source.layer, min(source.layer, 0)), source.output))

    for layer in arch.stored_layers:
        if layer.index not in live:
            continue
        sources = tuple(
            hash_source(source)
            for source in layer.sources
            if source.layer < 0 or source.layer in live
        )
        if len(sources) == 1 and all(op.name == "alias" for op in layer.operations):
            passed_on[layer.index] = sources[0]
            continue
        ops = tuple(hash_operation(op) for op in layer.operations if any(op.flowing))
        before = frozenset(map(hash_operation, work[layer.index]))
        made[layer.index] = hash((sources, ops, before))
    shapes = tuple((tensor.shape, tensor.dtype) for tensor in arch.inputs)
    ends = tuple(map(hash_source, arch.outputs))
    return hash((shapes, ends, frozenset(made.values()), list_unread_shapes(arch)))


def list_unread_shapes(arch: Architecture) -> tuple[Shape, ...]:
    """List the shapes of parameters that no layer reads, in an order of their own."""
    parameters = (p for group in arch.uncalled for p in group.parameters)
    return tuple(sorted(parameter.shape for parameter in parameters))


def hash_operation(op: Operation) -> int:
    """Hash what an operation does, of which shapes.

    Not which axes of one position come or go, which older records do not say.
    """
    arguments = "" if op.name in {"squeeze", "unsqueeze"} else str(op.arguments)
    return hash((op.name, op.inputs, op.flowing, op.outputs, op.window, arguments))

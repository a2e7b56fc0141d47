"""Which call holds some layers, and what their paths share; both name, nothing more."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.readings.structure.graph import Graph
    from resviz.record import Architecture


def find_owning_call(arch: Architecture, nodes: list[int]) -> int:
    """Find the deepest call that holds all of some layers."""
    first, last = min(nodes), max(nodes)
    call = arch.stored_layers[first].call
    while not arch.calls[call].start <= first <= last < arch.calls[call].stop:
        call = arch.calls[call].parent or 0
    return call


def find_common_path(graph: Graph, nodes: list[int]) -> str:
    """Find the common prefix of some modules' paths, "layer1.0"."""
    layers = (layer for layer in graph.select_layers(nodes) if layer.module)
    levels = zip(*(layer.path.split(".")[:-1] for layer in layers), strict=False)
    shared = takewhile(lambda names: len(set(names)) == 1, levels)
    return ".".join(names[0] for names in shared)

"""What is done to weights before they are used, in a layer or by functions beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import NORMS, RESHAPES
from resviz.readings.structure.graph import build_graph
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.record import Architecture, Operation

VIEWS = RESHAPES | {"alias", "detach"}
"""Operations on a weight that leave it what it is."""

SPREADS = NORMS | {"std", "std_mean", "var", "var_mean"}
"""Operations by which weights are standardised."""


@cache_reading
def list_weight_work(arch: Architecture) -> tuple[tuple[Operation, ...], ...]:
    """List for each layer the operations on which no input of the network bears.

    Its own, and those of layers that work for it and are not live themselves; looking
    at a weight as another shape is left out.
    """
    live = build_graph(arch).before
    work: list[tuple[Operation, ...]] = []
    for layer in arch.stored_layers:
        found = {
            id(op): op
            for source in layer.sources
            if source.layer >= 0 and source.layer not in live
            for op in work[source.layer]
        }
        found |= {
            id(op): op
            for op in layer.operations
            if not any(op.flowing) and op.name not in VIEWS
        }
        work.append(tuple(found.values()))
    return tuple(work)

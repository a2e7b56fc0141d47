"""How the operations of one layer feed each other, where that has to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from resviz.tracing.events import Step


def wiring(steps: list[Step], inputs: list[Source]) -> list[tuple[Source | None, ...]]:
    """Where operands come from within a layer; () where that goes without saying."""
    if not steps:
        return []
    *others, last = steps
    pairs = zip(last.origins, last.operation.flowing, strict=True)
    known = [origin for origin, flows in pairs if flows]
    if known == inputs and not any(any(step.operation.flowing) for step in others):
        return [()] * len(steps)
    inner = {step.number: place for place, step in enumerate(steps)}
    outer = {source: place for place, source in enumerate(inputs)}

    def placed(origin: Source | None) -> Source | None:
        if origin is None:
            return None
        if origin.layer in inner:
            return Source(inner[origin.layer], origin.output)
        return Source(MODEL_INPUT, outer[origin]) if origin in outer else None

    return [tuple(map(placed, step.origins)) for step in steps]


def ends(steps: list[Step], outputs: tuple[Source, ...]) -> tuple[Source | None, ...]:
    """Which operation of a layer gives each of its outputs; None for a constant."""
    inner = {step.number: place for place, step in enumerate(steps)}
    return tuple(
        Source(inner[o.layer], o.output) if o.layer in inner else None for o in outputs
    )

"""How the operations of one layer feed each other, where that has to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from resviz.tracing.events import TraceStep


def wire_operations(
    steps: list[TraceStep], inputs: list[Source]
) -> list[tuple[Source | None, ...]]:
    """Return where operands come from in a layer; () where it is obvious."""
    if not steps:
        return []
    *others, last = steps
    pairs = zip(last.origins, last.operation.flowing, strict=True)
    last_origins = [origin for origin, flows in pairs if flows]
    if last_origins == inputs and not any(
        any(step.operation.flowing) for step in others
    ):
        return [()] * len(steps)
    inner = {step.number: place for place, step in enumerate(steps)}
    outer = {source: place for place, source in enumerate(inputs)}

    def place_origin(origin: Source | None) -> Source | None:
        if origin is None:
            return None
        if origin.layer in inner:
            return Source(inner[origin.layer], origin.output)
        return Source(MODEL_INPUT, outer[origin]) if origin in outer else None

    return [tuple(map(place_origin, step.origins)) for step in steps]


def find_output_operations(
    steps: list[TraceStep], outputs: tuple[Source, ...]
) -> tuple[Source | None, ...]:
    """Return which operation of a layer makes each of its outputs."""
    inner = {step.number: place for place, step in enumerate(steps)}
    return tuple(
        Source(inner[o.layer], o.output) if o.layer in inner else None for o in outputs
    )

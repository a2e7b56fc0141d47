"""Which calls become one layer, and how the operations of one layer feed each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import CONVOLUTIONS, JOINS, PRODUCTS
from resviz.record import MODEL_INPUT, Source
from resviz.tracing.events import CallEnd, CallStart, TraceStep

if TYPE_CHECKING:
    from resviz.tracing.events import TraceEvent

WEIGHTED_OPERATIONS = CONVOLUTIONS | PRODUCTS
"""Operations that multiply what flows with weights, or with what flows."""


def is_leaf_call(events: list[TraceEvent]) -> bool:
    """Return whether a call without inner calls becomes one layer.

    Its operations stay apart where they hold structure of their own: a join beside a
    weighted operation, or the forward of a whole model that is written with functions.
    A recurrent module of torch's is one layer, though it adds products step by step.
    """
    start, *steps, end = events
    finished = isinstance(end, CallEnd) and end.returned is not None
    if not finished or not isinstance(start, CallStart):
        return False
    if len(steps) < 2:
        return True
    operation_steps = [step for step in steps if isinstance(step, TraceStep)]
    recurrent = find_defining_module(start).startswith("torch.nn.modules.rnn")
    return recurrent or not (
        has_weighted_join(operation_steps) or is_whole_model(start, operation_steps)
    )


def has_weighted_join(steps: list[TraceStep]) -> bool:
    """Return whether a join meets a weighted operation, as in `x + F.conv2d(x, w)`."""
    operations = [step.operation for step in steps]
    weighted = any(operation.name in WEIGHTED_OPERATIONS for operation in operations)
    return weighted and any(o.name in JOINS and sum(o.flowing) > 1 for o in operations)


def is_whole_model(start: CallStart, steps: list[TraceStep]) -> bool:
    """Return whether a call is that of a whole model written with functions."""
    foreign = not find_defining_module(start).startswith("torch.nn")
    return not start.path and foreign and len(steps) > 1


def find_defining_module(start: CallStart) -> str:
    """Return the name of the Python module that defines a module's class."""
    return str(getattr(type(start.module), "__module__", ""))


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
    inner = {step.number: position for position, step in enumerate(steps)}
    outer = {source: position for position, source in enumerate(inputs)}

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
    inner = {step.number: position for position, step in enumerate(steps)}
    return tuple(
        Source(inner[o.layer], o.output) if o.layer in inner else None for o in outputs
    )

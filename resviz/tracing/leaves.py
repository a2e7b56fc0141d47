"""Which module calls become one layer, and which keep their operations apart."""

from __future__ import annotations

from resviz.operations.families import CONVOLUTIONS, JOINS, PRODUCTS
from resviz.tracing.events import (
    BypassedStep,
    CallEnd,
    CallStart,
    TraceEvent,
    TraceStep,
)


def find_leaf_calls(events: list[TraceEvent]) -> dict[int, int]:
    """Return first and last event position of each call that is one layer.

    That is a finished call in which no other module is called. Its operations stay
    apart where they hold structure of their own: a join beside a weighted
    operation, or the forward of a whole model that is written with functions.
    """
    leaves: dict[int, int] = {}
    start: int | None = None
    for position, event in enumerate(events):
        kind = type(event)
        if kind is CallStart:
            start = position
        elif kind is CallEnd:
            if start is not None and is_leaf_call(events[start : position + 1]):
                leaves[start] = position
            start = None
        elif kind is BypassedStep:  # it is a layer; the call around it holds one
            start = None
    return leaves


def is_leaf_call(events: list[TraceEvent]) -> bool:
    """Return whether a call without inner calls becomes one layer.

    A recurrent module of torch's is one, though it adds products step by step.
    """
    enter, *steps, leave = events
    finished = isinstance(leave, CallEnd) and leave.returned is not None
    if not finished or not isinstance(enter, CallStart):
        return False
    if len(steps) < 2:
        return True
    operation_steps = [step for step in steps if isinstance(step, TraceStep)]
    recurrent = find_defining_module(enter).startswith("torch.nn.modules.rnn")
    return recurrent or not (
        has_weighted_join(operation_steps) or is_whole_model(enter, operation_steps)
    )


WEIGHTED_OPERATIONS = CONVOLUTIONS | PRODUCTS


def has_weighted_join(steps: list[TraceStep]) -> bool:
    """Whether a join meets a weighted operation, as in `x + F.conv2d(x, w)`."""
    operations = [step.operation for step in steps]
    weighted = any(operation.name in WEIGHTED_OPERATIONS for operation in operations)
    return weighted and any(o.name in JOINS and sum(o.flowing) > 1 for o in operations)


def is_whole_model(enter: CallStart, steps: list[TraceStep]) -> bool:
    """Whether a call is that of a model written with functions, not one layer."""
    foreign = not find_defining_module(enter).startswith("torch.nn")
    return not enter.path and foreign and len(steps) > 1


def find_defining_module(enter: CallStart) -> str:
    """Return the name of the Python module that defines a module's class."""
    return str(getattr(type(enter.module), "__module__", ""))

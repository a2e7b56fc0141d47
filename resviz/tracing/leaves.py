"""Which module calls become one layer, and which keep their operations apart."""

from __future__ import annotations

from resviz.tracing.events import Bypassed, Enter, Event, Leave, Step
from resviz.vocabulary import CONVOLUTIONS, JOINS, PRODUCTS


def leaf_calls(events: list[Event]) -> dict[int, int]:
    """Positions of the first and last event of each call that was run as a layer.

    That is a finished call in which no other module is called. Its operations stay
    apart where they hold structure of their own: a join beside a weighted
    operation, or the forward of a whole model that is written with functions.
    """
    leaves: dict[int, int] = {}
    start: int | None = None
    for position, event in enumerate(events):
        kind = type(event)
        if kind is Enter:
            start = position
        elif kind is Leave:
            if start is not None and is_leaf(events[start : position + 1]):
                leaves[start] = position
            start = None
        elif kind is Bypassed:  # it is a layer; the call around it holds one
            start = None
    return leaves


def is_leaf(events: list[Event]) -> bool:
    """Whether the events of a call without inner calls become one layer.

    A recurrent module of torch's is one, though it adds products step by step.
    """
    enter, *steps, leave = events
    finished = isinstance(leave, Leave) and leave.returned is not None
    if not finished or not isinstance(enter, Enter):
        return False
    if len(steps) < 2:
        return True
    inner = [step for step in steps if isinstance(step, Step)]
    recurrent = home(enter).startswith("torch.nn.modules.rnn")
    return recurrent or not (joins_weights(inner) or is_whole_model(enter, inner))


WEIGHTED = CONVOLUTIONS | PRODUCTS


def joins_weights(steps: list[Step]) -> bool:
    """Whether a join meets a weighted operation, as in `x + F.conv2d(x, w)`."""
    ran = [step.operation for step in steps]
    weighted = any(one.name in WEIGHTED for one in ran)
    return weighted and any(o.name in JOINS and sum(o.flowing) > 1 for o in ran)


def is_whole_model(enter: Enter, steps: list[Step]) -> bool:
    """Whether a call is that of a model written with functions, not one layer."""
    foreign = not home(enter).startswith("torch.nn")
    return not enter.path and foreign and len(steps) > 1


def home(enter: Enter) -> str:
    """Where the class of a called module was defined; "" where it does not say."""
    return str(getattr(type(enter.module), "__module__", ""))

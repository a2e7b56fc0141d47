"""Searching for inputs that a forward takes, from those that it refused.

Each failure proposes other inputs (`input_proposals`); what they are is tried, and what
they fail at proposes others. Nothing is named that was not seen to work.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from resviz.inputs import ForwardArguments, InputSpec, arrange_arguments
from resviz.tracing.explain.input_proposals import propose_inputs
from resviz.tracing.explain.lacking_inputs import (
    list_forward_defaults,
    list_keys_taken,
    takes_names_alone,
)
from resviz.tracing.modules import list_forward_parameters
from resviz.tracing.recorder import FailedForward

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.tracing.recorder import Recorder

    Attempt = Callable[[ForwardArguments], FailedForward | None]

MAX_ATTEMPTS = 40
"""Inputs that are tried; most that can be found are among the first ten."""

MAX_REAL_ATTEMPTS = 8
"""Those of a forward that is run for real, which takes longer."""

MAX_STEPS = 5000
"""Operations that are followed in all attempts, which take some two seconds."""


def find_working_inputs(
    error: Exception, recorder: Recorder, given: ForwardArguments, attempt: Attempt
) -> tuple[InputSpec, ...]:
    """Find inputs near the given ones that a forward takes; none if it finds none.

    Args:
        error: what the forward raised.
        recorder: what was seen up to there.
        given: arguments that it was given; only those said in sizes can be others.
        attempt: runs the forward on others, and returns how that failed.
    """
    specs = name_inputs(given, recorder)
    failure = FailedForward(error, recorder)
    others = {
        name: value
        for name, value in given.kwargs.items()
        if not isinstance(value, InputSpec)
    }
    if not specs or len(specs) + len(others) < len(given.args) + len(given.kwargs):
        return ()
    queue: list[tuple[float, int, tuple[InputSpec, ...]]] = []
    if given.args and takes_names_alone(recorder):
        queue.append((0.0, 0, specs))  # were positions, and are names now
    seen, steps, cost = {specs}, len(recorder.steps), 0.0
    for _ in range(MAX_REAL_ATTEMPTS if recorder.clone.real else MAX_ATTEMPTS):
        for position, proposal in enumerate(propose_inputs(failure, specs)):
            if proposal not in seen:
                seen.add(proposal)
                heappush(queue, (cost + position / 4, len(seen), proposal))
        if not queue or steps > MAX_STEPS:
            return ()
        cost, _, specs = heappop(queue)
        before = len(failure.recorder.steps)
        args, kwargs = arrange_arguments(specs)
        outcome = attempt(ForwardArguments(args, {**kwargs, **others}))
        if outcome is None:
            return specs
        failure = outcome
        reached = len(failure.recorder.steps)
        cost += reached <= before  # one that gets further is followed first
        steps += reached
    return ()


def name_inputs(given: ForwardArguments, recorder: Recorder) -> tuple[InputSpec, ...]:
    """Return the inputs that are said in sizes, each with its argument's name.

    Where a forward takes any number of them, that is the position.
    """
    root, method = recorder.clone.root, recorder.clone.method
    names = list_forward_parameters(root, method, positional=True)
    if takes_names_alone(recorder):
        names = [*list_forward_defaults(recorder), *list_keys_taken(recorder)]
    names = names or [str(position) for position in range(len(given.args))]
    placed = [*zip(names, given.args, strict=False), *given.kwargs.items()]
    return tuple(
        spec._replace(place=(name,))
        for name, spec in placed
        if isinstance(spec, InputSpec)
    )


def format_inputs(specs: tuple[InputSpec, ...], *, named: bool = False) -> list[str]:
    """Format inputs as `--input` takes them, a sole argument without its name.

    Unless it is `named` anyway, as one that has no position.
    """
    if named or len(specs) != 1 or len(specs[0].place) > 1:  # a key is no argument
        return [spec.text for spec in specs]
    spec = specs[0]
    sizes, dtype = spec.sizes, spec.dtype
    if dtype is None and sizes[:1] == (None,) and None not in sizes[1:] and sizes[1:]:
        return [",".join(map(str, sizes[1:]))]
    dtype = dtype if dtype or None in sizes else "float32"
    return [InputSpec(sizes, dtype).text]


def describe_working_inputs(
    specs: tuple[InputSpec, ...], *, named: bool = False
) -> str:
    """Say how inputs that work are given, on the command line and in Python."""
    texts = format_inputs(specs, named=named)
    options = " ".join(f"--input {text}" for text in texts)
    if len(texts) == 1:
        return f"{options} works, in Python input_size={texts[0]!r}"
    return f"{options} work, in Python input_size= takes a list of such texts"

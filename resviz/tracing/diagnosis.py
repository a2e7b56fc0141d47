"""Saying why a forward failed: at which layer, with which shapes, what would work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.errors import first_line
from resviz.record import MODEL_INPUT
from resviz.tracing.callings import miscalled
from resviz.tracing.events import Bypassed, Enter, Leave, Step
from resviz.tracing.everyday import EVERYDAY, everyday_name
from resviz.tracing.mismatches import Mismatch, of_holder, of_module, of_operation
from resviz.tracing.nests import tensors_in
from resviz.tracing.operations import kind
from resviz.tracing.origins import described
from resviz.tracing.scripted import class_name
from resviz.tracing.workable import rounded_size, working_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from resviz.record import Source, Tensor
    from resviz.tracing.plan import Plan
    from resviz.tracing.recorder import Recorder

MOST = 4
"""Operands that are told of one by one."""


class Place(NamedTuple):
    """Where a forward stopped, in words, and what went in there."""

    words: str
    got: str
    known: Mismatch | None


def explain(
    error: Exception,
    recorder: Recorder,
    plan: Plan,
    runs: Callable[[tuple[int, ...]], bool],
) -> str:
    """One line: where it failed, what came in, what was wanted, what would work.

    Args:
        error: what the forward raised.
        recorder: what was seen up to there.
        plan: what was run.
        runs: whether the model takes an input of a given shape; asked only where the
            size is what is wrong, since it runs the forward again.
    """
    reason = first_line(error)
    try:
        return failure(error, recorder, plan, runs)
    except Exception:  # noqa: BLE001 - an odd module must not hide the reason
        return reason


def failure(
    error: Exception,
    recorder: Recorder,
    plan: Plan,
    runs: Callable[[tuple[int, ...]], bool],
) -> str:
    """The line that `explain` gives, unless a module is too odd to be described."""
    given = f"for {inputs(recorder)}"
    if not recorder.calls.open:
        return f"{first_line(error)}, {given}"
    place = of_layer(recorder)
    if place.known is None:
        place = of_call(recorder, error) or place
    known = place.known
    got = f", got {place.got}" if place.got else ""
    reason = first_line(error).rstrip(".")
    said = f"{place.words}: {known.words if known else reason}{got}, {given}"
    remedy = known.remedy if known else miscalled(error, recorder)
    if known and known.sized and plan.lone:
        search = {"window": working_sizes, "rounding": rounded_size}[known.sized]
        remedy = search(plan.lone, runs) or remedy
    return f"{said}; {remedy}" if remedy else said


def inputs(recorder: Recorder) -> str:
    """What the model was given: "an input of (1, 3, 224, 224)"."""
    pairs = zip(recorder.names, recorder.inputs, strict=True)
    each = [" ".join(filter(None, (name, sized(tensor)))) for name, tensor in pairs]
    if not each:
        return "no input"
    return f"{'an input' if len(each) == 1 else 'inputs'} of {' and '.join(each)}"


def sized(tensor: Tensor) -> str:
    """A shape, and a dtype that is not float32."""
    dtype = "" if tensor.dtype == "float32" else f" {tensor.dtype}"
    return f"{tensor.shape}{dtype}"


def of_layer(recorder: Recorder) -> Place:
    """The innermost module that was being called."""
    enter = recorder.calls.open[-1]
    given = list(tensors_in(enter.args))
    words = f"{enter.path or 'the model'} ({class_name(enter.module)})"
    got = " and ".join(sized(described(tensor)) for tensor in given[:MOST])
    known = of_holder(enter.module, enter.args)
    if known is None and given:
        known = of_module(enter.module, given, recorder)
    return Place(words, got, known)


def of_call(recorder: Recorder, error: Exception) -> Place | None:
    """The operation that raised, if it stands in the forward of a larger module."""
    enter = recorder.calls.open[-1]
    failed = recorder.failed
    if failed is None or failed.error is not error:
        return None
    name = kind(failed.func).name
    known = of_operation(name, failed.operands, failed.args, first_line(error))
    if known is None:
        return None
    everyday = EVERYDAY.get(name, name)
    words = f"{enter.path}:{everyday}" if enter.path else everyday
    told = (of_whom(recorder, tensor) for tensor in failed.operands[:MOST])
    return Place(words, " and ".join(told), known)


def of_whom(recorder: Recorder, tensor: torch.Tensor) -> str:
    """A shape, and which layer it comes from."""
    shape = str(tuple(tensor.shape))
    source = recorder.origins.source(tensor)
    maker = None if source is None else layer_of(recorder, source)
    return f"{shape} of {maker}" if maker else shape


def layer_of(recorder: Recorder, source: Source) -> str | None:
    """The path of the layer that a tensor comes from; None for a lone operation."""
    if source.layer == MODEL_INPUT:
        return recorder.names[source.output] or "the input"
    calls: list[Enter] = []
    for event in recorder.events:
        if isinstance(event, Enter):
            calls.append(event)
        elif isinstance(event, Leave):
            calls.pop()
        elif event.number == source.layer:
            bypassed = isinstance(event, Bypassed)
            return event.path if bypassed else named(calls[-1], event)
    return None


def named(inner: Enter, step: Step) -> str:
    """What the record calls the layer of a step that ran in a call."""
    if not inner.module._modules and inner.path:  # noqa: SLF001
        return inner.path
    name = everyday_name(step.operation)
    return f"{inner.path}:{name}" if inner.path else name

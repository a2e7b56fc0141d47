"""From a model to the record of one forward, without weights and without harm."""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, TraceError, first_error_line, suggest
from resviz.inputs import DEFAULT_INPUT, TRACE_MODES
from resviz.tracing.draws import iter_other_draws
from resviz.tracing.fast import trace_fast
from resviz.tracing.forward import LostNumbersError, trace_once
from resviz.tracing.modules import check_method, find_class_name, unwrap_module
from resviz.tracing.plan import TracePlan, build_arguments, check_batch_size
from resviz.tracing.process import restores_modes
from resviz.tracing.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from resviz.inputs import InputSize
    from resviz.record import Architecture


@restores_modes
def trace(
    model: nn.Module,
    input_size: InputSize = DEFAULT_INPUT,
    *,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    batch: int = 1,
    training: bool = False,
    mode: str = "auto",
    name: str = "",
    title: str = "",
    build_filled: Callable[[], nn.Module] | None = None,
    trace_only: bool = False,
    fast: bool = True,
    method: str = "",
    recorder_class: type[Recorder] = Recorder,
) -> Architecture:
    """Follow one forward of `model` and record it.

    A weightless clone is run on the meta device: no weight is read, no memory
    allocated for it, and the model stays as it is, also when its forward raises. A
    forward that looks at values is run for real instead, on a copy of the weights and
    a seeded input, and the record says so.

    Args:
        model: any module.
        input_size: of one sample, (C, H, W), or what else `resviz.inputs` reads;
            not used if `inputs` are given.
        inputs: the forward's own positional arguments, a tuple; anything else is
            the only one.
        kwargs: its keyword arguments.
        batch: how many samples.
        training: follow the forward of training mode instead of evaluation.
        mode: "shapes" never runs it for real, "run" always does.
        name: what to call the record; the model's class if left out.
        title: what to print for it.
        build_filled: builds the model again with values, if it was built without.
        trace_only: the model has no values and was built to be traced; a fast trace
            needs no clone of it.
        fast: work out usual layers and operations by rule; if not, all of them are
            run, which takes longer and gives the same record.
        method: what to follow in the place of the forward, as "encode_image".
        recorder_class: what records a run for real, as one that also times it.

    Raises:
        TraceError: if the forward raises; says at which layer, with what shapes,
            and which input size works if one does. Its `partial` is the record
            up to there.
        SpecError: if there is no such mode or method, or the inputs cannot be read.
    """
    if mode not in TRACE_MODES:
        raise SpecError(f"mode: got {mode!r}, {suggest(mode, TRACE_MODES)}")
    if method == "forward":
        method = ""
    if method:
        check_method(model, method)
    arguments = build_arguments(input_size, inputs, dict(kwargs or {}))
    plan = TracePlan(
        model,
        arguments,
        check_batch_size(batch),
        training,
        name or ".".join(filter(None, (find_class_name(unwrap_module(model)), method))),
        title,
        build_filled,
        trace_only,
        method=method,
    )
    if mode == "run":
        return trace_with_values(plan.with_values(), recorder_class)
    try:
        return trace_anywhere(plan, trace_fast if fast else trace_once)
    except TraceError as error:
        values = looks_at_values(error.__cause__)
        if error.is_explained and not values:
            raise
        can_run = holds_values(plan)
        if mode != "auto" or (not values and not can_run):
            remedy = VALUES_REMEDY if values else REAL_RUN_REMEDY
            error.args = (f"{error}; {remedy if can_run else META_REMEDY}",)
            raise
    return trace_with_values(plan.with_values())


def trace_with_values(
    plan: TracePlan, recorder_class: type[Recorder] = Recorder
) -> Architecture:
    """Trace a plan for real; on values drawn otherwise, if it fails on the usual ones.

    That is where it raises what no shape explains, or gives NaN. If it does so on all,
    the first failure or record stands.

    Raises:
        TraceError: if the forward raises on all values that were tried.
    """
    trace_plan = partial(trace_once, recorder_class=recorder_class)
    try:
        return trace_anywhere(plan, trace_plan)
    except TraceError as error:
        gives_nan = isinstance(error, LostNumbersError)
        if error.is_explained and not gives_nan:
            raise
        others = iter_other_draws(plan.list_drawn_dtypes())
        furthest, reached = "", count_layers(error)
        for draws in islice(others, 1 if gives_nan else None):
            try:
                return trace_anywhere(plan._replace(draws=draws), trace_plan)
            except TraceError as other:
                if count_layers(other) > reached:
                    reached = count_layers(other)
                    furthest = f"; on {' and '.join(filter(None, draws))}, {other}"
        if gives_nan and error.partial:
            return error.partial
        error.args = (f"{error}{furthest}",)
        raise


def count_layers(error: TraceError) -> int:
    """Count the layers that a forward reached before it failed."""
    return len(error.partial) if error.partial else 0


def trace_anywhere(
    plan: TracePlan, trace_plan: Callable[[TracePlan], Architecture]
) -> Architecture:
    """Trace a plan; again, on the device it has, if it asks for one that is not there.

    Raises:
        TraceError: if the forward raises.
    """
    try:
        return trace_plan(plan)
    except TraceError as error:
        if not wants_device(error.__cause__):
            raise
    try:
        return trace_once(plan._replace(stays_on_device=True))
    except TraceError as error:
        if wants_device(error.__cause__):
            error.args = (f"{error}; {DEVICE_REMEDY}",)
        raise


def wants_device(error: BaseException | None) -> bool:
    """Tell whether a forward failed because it asks for an accelerator."""
    reason = "" if error is None else first_error_line(error).lower()
    return ASKS_FOR_DEVICE.search(reason) is not None


ASKS_FOR_DEVICE = re.compile(
    r"(?<![a-z])(accelerator|cuda|gpus?|nvidia|nvtx|xpu|mps)(?![a-z])|dummy base class"
    r"|pinned|unsupported scalartype|for autocast in|autocast device_type"
    r"|invalid argument to \w*(memory|device)"
)
"""What torch says where a device is not there, and of "meta", which is none."""


def holds_values(plan: TracePlan) -> bool:
    """Tell whether a plan's model could be run for real."""
    tensors = unwrap_module(plan.model).parameters()
    return plan.build_filled is not None or not any(t.is_meta for t in tensors)


VALUES_REMEDY = "it looks at values: mode 'auto' or 'run' runs it for real"
"""What to do where shapes alone do not do."""

META_REMEDY = (
    "if that is for want of values, build it on a real device, and mode 'run' runs it"
)
"""The same where the model has none."""

DEVICE_REMEDY = (
    "no such device is here: trace it where there is one, or leave out what asks for "
    "one where x.device is another"
)
"""What to do where a forward asks for more than to be moved to a device."""

REAL_RUN_REMEDY = "if that is for want of values, mode 'auto' or 'run' runs it for real"
"""What to do where shapes alone may not do."""


def looks_at_values(error: BaseException | None) -> bool:
    """Tell whether a forward failed because the meta device has no values.

    Operations of other libraries have no "fake" implementation without values.
    """
    reason = "" if error is None else first_error_line(error).lower()
    return "meta" in reason or "fake impl" in reason

"""From a model to the record of one forward, without weights and without harm."""

from __future__ import annotations

from contextlib import suppress
from traceback import format_exception
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from resviz.errors import SpecError, TraceError, first_error_line
from resviz.inputs import DEFAULT_INPUT, TRACE_MODES, ForwardArguments, InputSpec
from resviz.record import VERSION, Architecture
from resviz.tracing.assembly import assemble_record
from resviz.tracing.clone import Clone
from resviz.tracing.explain.diagnosis import explain_failure
from resviz.tracing.fast.built_for_tracing import TraceOnlyClone
from resviz.tracing.fast.module_layouts import SharedHooksWritten
from resviz.tracing.modules import unwrap_module
from resviz.tracing.nested_tensors import tensors_in
from resviz.tracing.placeholders import InputPlaceholders
from resviz.tracing.plan import TracePlan, build_arguments, check_batch_size
from resviz.tracing.process import PausedCollector, PreservedProcess
from resviz.tracing.recorder import Recorder
from resviz.tracing.scripted import find_class_name
from resviz.tracing.storages import count_buffer_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resviz.inputs import InputSize


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
) -> Architecture:
    """Follow one forward of `model` and record it.

    A weightless clone is run on the meta device: no weight is read, no memory
    allocated for it, and the model stays as it is, also when its forward raises. Usual
    layers are not even run: their shapes are worked out, unless a hook, a subclass or a
    mode of torch's could make a difference. A
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
        trace_only: the model has no values and was built to be traced; no clone is
            needed.

    Raises:
        TraceError: if the forward raises; says at which layer, with what shapes,
            and which input size works if one does. Its `partial` is the record
            up to there.
        SpecError: if there is no such mode, or the inputs cannot be read.
    """
    if mode not in TRACE_MODES:
        raise SpecError(f"mode: got {mode!r}, want one of {', '.join(TRACE_MODES)}")
    arguments = build_arguments(input_size, inputs, dict(kwargs or {}))
    plan = TracePlan(
        model, arguments, check_batch_size(batch), training, build_filled, trace_only
    )
    label = name or find_class_name(unwrap_module(model))
    if mode == "run":
        return trace_plan(plan.with_values(), label, title)
    try:
        return trace_plan(plan, label, title)
    except TraceError as error:
        if mode != "auto" or not looks_at_values(error.__cause__):
            raise
    return trace_plan(plan.with_values(), label, title)


def trace_plan(plan: TracePlan, name: str, title: str) -> Architecture:
    """Trace a plan with the garbage collector paused, and return its record.

    Raises:
        TraceError: as `trace`.
    """
    if plan.real:  # what its forward leaves behind may be large
        return trace_once(plan, name, title)
    with PausedCollector():
        try:
            return trace_once(plan, name, title)
        except (
            SharedHooksWritten
        ):  # it hooks its own modules, for which none shares a holder
            return trace_once(plan._replace(bypass=False), name, title)


def trace_once(plan: TracePlan, name: str, title: str) -> Architecture:
    """Run a plan's forward once, and return its record.

    Raises:
        TraceError: as `trace`.
    """
    clone_class = TraceOnlyClone if plan.trace_only else Clone
    clone = clone_class(
        plan.model, training=plan.training, real=plan.real, bypass=plan.bypass
    )
    recorder = Recorder(clone)
    recorder.start_recording()
    output = None
    try:
        output = run_forward(recorder, plan)
        error = find_thread_error(recorder)
    except Exception as raised:  # noqa: BLE001 - a user's forward may raise anything
        error = find_thread_error(recorder) or raised
    if clone.wrote_shared_hooks:
        raise SharedHooksWritten
    if error is None:
        arch = make_architecture(recorder, plan, output, name, title)
        recorder.release_all()
        return arch
    if isinstance(error, TraceError):
        message = str(error)
    else:
        message = explain_failure(
            error, recorder, plan, lambda shape: accepts_shape(plan, shape)
        )
    recorder.failed_operation = None  # it holds the frames of the forward
    recorder.calls.release_modules()
    partial = None
    with suppress(Exception):  # the reason matters more than the rest
        partial = make_architecture(recorder, plan, None, name, title)
    trace_error = TraceError(f"{name}: {message}", partial)
    trace_error.add_note(f"In the forward:\n{detach_traceback(error)}")
    raise trace_error from error


def find_thread_error(recorder: Recorder) -> TraceError | None:
    """Return the error for modules called in other threads, if any."""
    if not recorder.calls.in_other_threads:
        return None
    place = recorder.calls.in_other_threads[0] or "the model"
    return TraceError(
        f"{place}: called in another thread, where nothing can be followed: let the "
        "forward call its modules one after another"
    )


def detach_traceback(error: BaseException) -> str:
    """Return an error's traceback as text, and drop the frames it holds.

    Those hold the model, and would do so as long as somebody keeps the error.
    """
    text = "".join(format_exception(error)).rstrip()
    link: BaseException | None = error
    while link is not None and link.__traceback__ is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return text


def looks_at_values(error: BaseException | None) -> bool:
    """Return whether a forward failed because the meta device has no values.

    Operations of other libraries have no "fake" implementation without values.
    """
    reason = "" if error is None else first_error_line(error).lower()
    return "meta" in reason or "fake impl" in reason


def run_forward(recorder: Recorder, plan: TracePlan) -> object:
    """Run the recorder's clone on its arguments and return what it returns."""
    clone = recorder.clone
    with PreservedProcess(clone.depth), torch.inference_mode(False):
        samples = InputPlaceholders(clone, plan.arguments, plan.batch)
        for tensor, name in samples.fed_tensors:
            recorder.add_input(tensor, "" if samples.has_sole_input else name)
        with torch.no_grad(), recorder:
            return clone.root(*samples.args, **samples.kwargs)


def accepts_shape(plan: TracePlan, shape: tuple[int, ...]) -> bool:
    """Return whether the model's forward accepts one input of this shape."""
    other_plan = plan._replace(arguments=ForwardArguments((InputSpec(shape),), {}))
    try:
        clone = Clone(
            plan.model, training=plan.training, real=plan.real, bypass=plan.bypass
        )
        recorder = Recorder(clone)
        recorder.start_recording()
        run_forward(recorder, other_plan)
    except Exception:  # noqa: BLE001 - whatever a user's forward raises means no
        return False
    return True


def make_architecture(
    recorder: Recorder, plan: TracePlan, output: object, name: str, title: str
) -> Architecture:
    """Return the record of what the recorder saw."""
    sources = recorder.origins.find_sources(output)
    for tensor in tensors_in(output):
        if recorder.origins.find_source(tensor) is None:
            numbers = recorder.storages.numbers
            recorder.untracked.note_read(len(recorder.steps), tensor, numbers)
    parts = assemble_record(recorder, sources)
    return Architecture(
        version=VERSION,
        name=name,
        title=title,
        torch=str(torch.__version__),
        training=recorder.clone.training,
        mode="run" if recorder.clone.real else "shapes",
        inputs=tuple(recorder.inputs),
        input_names=tuple(recorder.input_names) if any(recorder.input_names) else (),
        batch_size=plan.batch if plan.is_batch_off_axis else None,
        outputs=parts.outputs,
        calls=parts.calls,
        layers=parts.layers,
        uncalled=parts.uncalled,
        buffers=count_buffer_bytes(recorder.clone),
        storages=parts.storages,
        unseen=parts.untracked,
    )

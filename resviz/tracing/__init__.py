"""From a model to the record of one forward, without weights and without harm."""

from __future__ import annotations

from contextlib import suppress
from traceback import format_exception
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from resviz.errors import SpecError, TraceError, first_line
from resviz.inputs import DEFAULT_INPUT, MODES, Arguments, Given
from resviz.record import VERSION, Architecture
from resviz.tracing.assembly import assemble
from resviz.tracing.clone import Clone
from resviz.tracing.diagnosis import explain
from resviz.tracing.layouts import Crowded
from resviz.tracing.lent import Lent
from resviz.tracing.modules import original
from resviz.tracing.nests import tensors_in
from resviz.tracing.plan import Plan, called_with, samples_of
from resviz.tracing.process import Uncollected, Undisturbed
from resviz.tracing.recorder import Recorder
from resviz.tracing.samples import Samples
from resviz.tracing.scripted import class_name
from resviz.tracing.storages import buffers

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
    filled: Callable[[], nn.Module] | None = None,
    lent: bool = False,
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
        filled: builds the model again with values, if it was built without.
        lent: the model has no values and was built to be traced; no clone is needed.

    Raises:
        TraceError: if the forward raises; says at which layer, with what shapes,
            and which input size works if one does. Its `partial` is the record
            up to there.
        SpecError: if there is no such mode, or the inputs cannot be read.
    """
    if mode not in MODES:
        raise SpecError(f"mode: got {mode!r}, want one of {', '.join(MODES)}")
    asked = called_with(input_size, inputs, dict(kwargs or {}))
    plan = Plan(model, asked, samples_of(batch), training, filled, lent)
    label = name or class_name(original(model))
    if mode == "run":
        return followed(plan.for_real(), label, title)
    try:
        return followed(plan, label, title)
    except TraceError as error:
        if mode != "auto" or not looks_at_values(error.__cause__):
            raise
    return followed(plan.for_real(), label, title)


def followed(plan: Plan, name: str, title: str) -> Architecture:
    """The record of one forward.

    Raises:
        TraceError: as `trace`.
    """
    if plan.real:  # what its forward leaves behind may be large
        return seen(plan, name, title)
    with Uncollected():
        try:
            return seen(plan, name, title)
        except Crowded:  # it hooks its own modules, for which none shares a holder
            return seen(plan._replace(bypass=False), name, title)


def seen(plan: Plan, name: str, title: str) -> Architecture:
    """The record of one forward.

    Raises:
        TraceError: as `trace`.
    """
    kind = Lent if plan.lent else Clone
    clone = kind(plan.model, training=plan.training, real=plan.real, bypass=plan.bypass)
    recorder = Recorder(clone)
    recorder.follow()
    output = None
    try:
        output = forward(recorder, plan)
        error = elsewhere(recorder)
    except Exception as raised:  # noqa: BLE001 - a user's forward may raise anything
        error = elsewhere(recorder) or raised
    if clone.crowded:
        raise Crowded
    if error is None:
        arch = record(recorder, plan, output, name, title)
        recorder.clear()
        return arch
    if isinstance(error, TraceError):
        message = str(error)
    else:
        message = explain(error, recorder, plan, lambda shape: runs(plan, shape))
    recorder.failed = None  # it holds the frames of the forward
    recorder.calls.stop()
    partial = None
    with suppress(Exception):  # the reason matters more than the rest
        partial = record(recorder, plan, None, name, title)
    failed = TraceError(f"{name}: {message}", partial)
    failed.add_note(f"In the forward:\n{let_go(error)}")
    raise failed from error


def elsewhere(recorder: Recorder) -> TraceError | None:
    """What to say of modules that were called in other threads."""
    if not recorder.calls.elsewhere:
        return None
    place = recorder.calls.elsewhere[0] or "the model"
    return TraceError(
        f"{place}: called in another thread, where nothing can be followed: let the "
        "forward call its modules one after another"
    )


def let_go(error: BaseException) -> str:
    """The traceback of a forward's error as text, instead of the frames themselves.

    Those hold the model, and would do so as long as somebody keeps the error.
    """
    text = "".join(format_exception(error)).rstrip()
    link: BaseException | None = error
    while link is not None and link.__traceback__ is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return text


def looks_at_values(error: BaseException | None) -> bool:
    """Whether a forward failed for want of values; torch then says so of "meta".

    Operations of other libraries have no "fake" implementation without values.
    """
    said = "" if error is None else first_line(error).lower()
    return "meta" in said or "fake impl" in said


def forward(recorder: Recorder, plan: Plan) -> object:
    """Run the recorder's clone on its arguments and give what it returns."""
    clone = recorder.clone
    with Undisturbed(clone.depth), torch.inference_mode(False):
        samples = Samples(clone, plan.arguments, plan.batch)
        for tensor, name in samples.fed:
            recorder.feed(tensor, "" if samples.lone else name)
        with torch.no_grad(), recorder:
            return clone.root(*samples.args, **samples.kwargs)


def runs(plan: Plan, shape: tuple[int, ...]) -> bool:
    """Whether the model's forward takes a lone input of another shape."""
    other = plan._replace(arguments=Arguments((Given(shape),), {}))
    try:
        clone = Clone(
            plan.model, training=plan.training, real=plan.real, bypass=plan.bypass
        )
        recorder = Recorder(clone)
        recorder.follow()
        forward(recorder, other)
    except Exception:  # noqa: BLE001 - whatever a user's forward raises means no
        return False
    return True


def record(
    recorder: Recorder, plan: Plan, output: object, name: str, title: str
) -> Architecture:
    """The record of what the recorder saw."""
    given = recorder.origins.sources(output)
    for tensor in tensors_in(output):
        if recorder.origins.source(tensor) is None:
            numbers = recorder.storages.numbers
            recorder.unseen.note(len(recorder.steps), tensor, numbers)
    parts = assemble(recorder, given)
    return Architecture(
        version=VERSION,
        name=name,
        title=title,
        torch=str(torch.__version__),
        training=recorder.clone.training,
        mode="run" if recorder.clone.real else "shapes",
        inputs=tuple(recorder.inputs),
        input_names=tuple(recorder.names) if any(recorder.names) else (),
        batch_size=plan.batch if plan.off_axis else None,
        outputs=parts.outputs,
        calls=parts.calls,
        layers=parts.layers,
        uncalled=parts.uncalled,
        buffers=buffers(recorder.clone),
        storages=parts.storages,
        unseen=parts.unseen,
    )

"""From a model to the record of one forward, without weights and without harm."""

from __future__ import annotations

from contextlib import suppress
from operator import index
from traceback import format_exception
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from resviz.errors import SpecError, TraceError, first_line
from resviz.record import VERSION, Architecture
from resviz.tracing.assembly import assemble
from resviz.tracing.clone import Clone
from resviz.tracing.diagnosis import explain
from resviz.tracing.process import Undisturbed
from resviz.tracing.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_INPUT = (3, 224, 224)
"""Channels, height and width of the ImageNet crops of He et al. 2015."""


MODES = ("auto", "shapes", "run")
"""How a forward is followed: by shapes alone, run for real, or what it takes."""


def trace(
    model: nn.Module,
    input_size: Sequence[int] = DEFAULT_INPUT,
    *,
    batch: int = 1,
    training: bool = False,
    mode: str = "auto",
    name: str = "",
    title: str = "",
) -> Architecture:
    """Follow one forward of `model` and record it.

    A weightless clone is run on the meta device: no weight is read, no memory
    allocated for it, and the model stays as it is, also when its forward raises. A
    forward that looks at values is run for real instead, on a copy of the weights and
    a seeded input, and the record says so.

    Args:
        model: any module whose forward takes one tensor.
        input_size: of one sample, (C, H, W).
        batch: how many samples.
        training: follow the forward of training mode instead of evaluation.
        mode: "shapes" never runs it for real, "run" always does.
        name: what to call the record; the model's class if left out.
        title: what to print for it.

    Raises:
        TraceError: if the forward raises; says at which layer, with what shapes,
            and which input size works if one does. Its `partial` is the record
            up to there.
        SpecError: if there is no such mode.
    """
    if mode not in MODES:
        raise SpecError(f"mode: got {mode!r}, want one of {', '.join(MODES)}")
    plan = Plan(model, input_shape(input_size, batch), training, mode == "run")
    label = name or type(model).__name__
    try:
        return followed(plan, label, title)
    except TraceError as error:
        if mode != "auto" or not looks_at_values(error.__cause__):
            raise
    return followed(plan._replace(real=True), label, title)


class Plan(NamedTuple):
    """What is to be run, and how."""

    model: nn.Module
    shape: tuple[int, ...]
    training: bool
    real: bool


def followed(plan: Plan, name: str, title: str) -> Architecture:
    """The record of one forward.

    Raises:
        TraceError: as `trace`.
    """
    recorder = Recorder(Clone(plan.model, training=plan.training, real=plan.real))
    recorder.hook()
    try:
        output = forward(recorder, plan.shape)
    except Exception as error:
        message = explain(error, recorder, plan.shape, lambda size: runs(plan, size))
        partial = None
        with suppress(Exception):  # the reason matters more than the rest
            partial = record(recorder, None, name, title)
        failed = TraceError(f"{name}: {message}", partial)
        failed.add_note(f"In the forward:\n{let_go(error)}")
        raise failed from error
    return record(recorder, output, name, title)


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
    """Whether a forward failed for want of values; torch then says so of "meta"."""
    return error is not None and "meta" in first_line(error).lower()


def input_shape(input_size: Sequence[int], batch: int) -> tuple[int, ...]:
    """Shape of the input, (N, C, H, W).

    Raises:
        TraceError: if there are no sizes, or one is no positive whole number.
    """
    try:
        sizes = (batch, *input_size)
        shape = tuple(map(index, sizes))
    except TypeError:
        sizes = shape = ()
    if len(shape) < 2 or min(shape) < 1 or any(isinstance(s, bool) for s in sizes):
        raise TraceError(
            "input: want sizes of one sample, whole numbers from 1 on as "
            f"(3, 224, 224), got {input_size!r} and batch {batch!r}"
        )
    return shape


def forward(recorder: Recorder, shape: tuple[int, ...]) -> object:
    """Run the recorder's clone on an input of some shape and give what it returns."""
    clone = recorder.clone
    with Undisturbed(clone.depth), torch.inference_mode(False):
        sample = torch.empty(shape, dtype=clone.dtype, device=clone.device)
        if clone.real:
            torch.default_generator.manual_seed(0)
            sample = torch.randn(shape).to(sample)
        recorder.feed(sample)
        with torch.no_grad(), recorder:
            return clone.root(sample)


def runs(plan: Plan, shape: tuple[int, ...]) -> bool:
    """Whether the model's forward takes an input of another shape."""
    try:
        clone = Clone(plan.model, training=plan.training, real=plan.real)
        recorder = Recorder(clone)
        recorder.hook()
        forward(recorder, shape)
    except Exception:  # noqa: BLE001 - whatever a user's forward raises means no
        return False
    return True


def record(recorder: Recorder, output: object, name: str, title: str) -> Architecture:
    """The record of what the recorder saw."""
    parts = assemble(recorder, recorder.sources(output))
    return Architecture(
        version=VERSION,
        name=name,
        title=title,
        torch=str(torch.__version__),
        training=recorder.clone.training,
        mode="run" if recorder.clone.real else "shapes",
        inputs=tuple(recorder.inputs),
        outputs=parts.outputs,
        calls=parts.calls,
        layers=parts.layers,
        uncalled=parts.uncalled,
    )

"""From a model to the record of one forward, without weights and without harm."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

from resviz.errors import TraceError
from resviz.record import VERSION, Architecture
from resviz.tracing.assembly import assemble
from resviz.tracing.clone import Clone
from resviz.tracing.diagnosis import explain
from resviz.tracing.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FRAMES_PER_CALL = 8
"""Python frames that one level of module nesting takes when it is followed."""

DEFAULT_INPUT = (3, 224, 224)
"""Channels, height and width of the ImageNet crops of He et al. 2015."""


def trace(
    model: nn.Module,
    input_size: Sequence[int] = DEFAULT_INPUT,
    *,
    batch: int = 1,
    training: bool = False,
    name: str = "",
    title: str = "",
) -> Architecture:
    """Follow one forward of `model` and record it.

    A weightless clone is run on the meta device: no weight is read, no memory
    allocated for it, and the model stays as it is, also when its forward raises.

    Args:
        model: any module whose forward takes one tensor.
        input_size: of one sample, (C, H, W).
        batch: how many samples.
        training: follow the forward of training mode instead of evaluation.
        name: what to call the record; the model's class if left out.
        title: what to print for it.

    Raises:
        TraceError: if the forward raises; says at which layer, with what shapes,
            and which input size works if one does. Its `partial` is the record
            up to there.
    """
    shape = input_shape(input_size, batch)
    label = name or type(model).__name__
    clone = Clone(model, training=training)
    recorder = Recorder(clone)
    recorder.hook()
    try:
        output = forward(recorder, shape)
    except Exception as error:
        partial = record(recorder, None, label, title, training=training)
        message = explain(error, recorder, shape, lambda s: runs(model, s, training))
        raise TraceError(f"{label}: {message}", partial) from error
    return record(recorder, output, label, title, training=training)


def input_shape(input_size: Sequence[int], batch: int) -> tuple[int, ...]:
    """Shape of the input, (N, C, H, W).

    Raises:
        TraceError: if a size is no positive whole number.
    """
    shape = (batch, *input_size)
    for size in shape:
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise TraceError(
                f"input: sizes are whole numbers from 1 on, got {tuple(shape)!r}"
            )
    return shape


def forward(recorder: Recorder, shape: tuple[int, ...]) -> object:
    """Run the recorder's clone on an empty input and give what it returns."""
    with undisturbed(recorder.clone.depth), torch.no_grad():
        sample = torch.empty(shape, device="meta")
        recorder.feed(sample)
        with recorder:
            return recorder.clone.root(sample)


def runs(model: nn.Module, shape: tuple[int, ...], training: bool) -> bool:
    """Whether the model's forward takes an input of this shape."""
    recorder = Recorder(Clone(model, training=training))
    recorder.hook()
    try:
        forward(recorder, shape)
    except Exception:  # noqa: BLE001 - whatever a user's forward raises means no
        return False
    return True


def record(
    recorder: Recorder, output: object, name: str, title: str, *, training: bool
) -> Architecture:
    """The record of what the recorder saw."""
    parts = assemble(recorder, recorder.sources(output))
    return Architecture(
        version=VERSION,
        name=name,
        title=title,
        torch=str(torch.__version__),
        training=training,
        inputs=tuple(recorder.inputs),
        outputs=parts.outputs,
        calls=parts.calls,
        layers=parts.layers,
        uncalled=parts.uncalled,
    )


@contextmanager
def undisturbed(depth: int) -> Iterator[None]:
    """Leave random states and the recursion limit as they were found."""
    limit = sys.getrecursionlimit()
    states = random.getstate(), torch.random.get_rng_state()
    numpy_random = sys.modules.get("numpy.random")
    numpy_state = numpy_random.get_state() if numpy_random else None
    sys.setrecursionlimit(limit + FRAMES_PER_CALL * depth)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        random.setstate(states[0])
        torch.random.set_rng_state(states[1])
        if numpy_random:
            numpy_random.set_state(numpy_state)

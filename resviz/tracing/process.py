"""What a trace moves in the process, and puts back."""

from __future__ import annotations

import ctypes
import os
import random
import sys
import threading
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from resviz.tracing.functions import restore_guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FRAMES_PER_CALL = 8
"""Python frames that one level of module nesting takes when it is followed."""

PROCESS_LOCK = threading.Lock()
"""Held while the recursion limit, which all threads share, is moved."""

EXTRA_FRAMES: dict[int, int] = {}
"""How many frames each running trace asks for, beyond what the process had."""

LIMIT_BEFORE: list[int] = []
"""The recursion limit of the process, noted by the first of the running traces."""


class RestoringContext:
    """A context that puts something of the process back when it is left.

    Ctrl-C may come between any two calls: all that is put back can be put back twice.
    """

    def __enter__(self) -> None:
        """Move what is to be moved; put it back if that is interrupted."""
        try:
            self.change_process()
        except BaseException:
            self.restore_process()
            raise

    def __exit__(self, *error: object) -> None:
        """Put everything back, also if the putting back is interrupted."""
        try:
            self.restore_process()
        except BaseException:
            self.restore_process()
            raise

    def change_process(self) -> None:
        """Move what is to be moved."""
        raise NotImplementedError  # each context has its own

    def restore_process(self) -> None:
        """Put everything back."""
        raise NotImplementedError  # each context has its own


class PreservedProcess(RestoringContext):
    """A context that restores the process's global state at its end.

    That is the recursion limit, torch's default dtype, the filters of warnings, the
    environment, the random generators and what waits for devices to begin, and what is
    `guarded` in containers, classes and modules. A state is put back only where it
    changed, as by what torch imports when its meta kernels first run.
    """

    def __init__(self, depth: int, guarded: Iterable[tuple[Any, Any]] = ()) -> None:
        self.guarded = guarded
        self.frames = FRAMES_PER_CALL * depth
        self.states_before = read_process_states()

    def change_process(self) -> None:
        """Let a forward nest deeper."""
        set_extra_frames(id(self), self.frames)

    def restore_process(self) -> None:
        """Put everything back."""
        restore_guarded(self.guarded)
        set_extra_frames(id(self), 0)
        states_now = read_process_states()
        for state, state_now in zip(self.states_before, states_now, strict=False):
            if state.fingerprint != state_now.fingerprint:
                state.put_back()


def set_extra_frames(trace: int, frames: int) -> None:
    """Raise the recursion limit by some frames; 0 ends the request."""
    with PROCESS_LOCK:
        if not EXTRA_FRAMES:
            LIMIT_BEFORE[:] = [sys.getrecursionlimit()]
        if frames:
            EXTRA_FRAMES[trace] = frames
        other_frames = sum(EXTRA_FRAMES.values()) - (
            0 if frames else EXTRA_FRAMES.get(trace, 0)
        )
        sys.setrecursionlimit(LIMIT_BEFORE[0] + other_frames)
        if not frames:  # the last step, so that one that was cut off is done again
            EXTRA_FRAMES.pop(trace, None)


class ProcessState(NamedTuple):
    """One state of the process: a fingerprint of it, and how to restore it."""

    fingerprint: object
    put_back: Callable[[], object]


def read_process_states() -> list[ProcessState]:
    """Return the default dtype and the state of each random generator."""
    dtype, python_state = torch.get_default_dtype(), random.getstate()
    states = [
        ProcessState(dtype, partial(torch.set_default_dtype, dtype)),
        read_warning_filters(),
        read_environment(),
        ProcessState(python_state, partial(random.setstate, python_state)),
    ]
    generators = [torch.default_generator]
    for module in (torch.cuda, torch.xpu):
        generators += module.default_generators  # none before the device has begun
        states.append(read_waiting_calls(module))
    for generator in generators:
        state = generator.get_state()
        put_back = partial(generator.set_state, state)
        states.append(ProcessState(copy_tensor_bytes(state), put_back))
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random:
        name, keys, *rest = numpy_state = numpy_random.get_state()
        mark = (name, keys.tobytes(), rest)
        states.append(ProcessState(mark, partial(numpy_random.set_state, numpy_state)))
    return states


def read_warning_filters() -> ProcessState:
    """Read the filters of warnings, to which sympy adds when it is imported."""
    filters: Any = warnings.filters
    before = [*filters]

    def put_back() -> None:
        filters[:] = before  # in place: another thread may have put its own there
        with warnings.catch_warnings():
            pass  # it makes void what Python remembers of filters at each line

    return ProcessState(before, put_back)


def read_environment() -> ProcessState:
    """Read the environment, to which torch._dynamo adds a folder of its compiler's."""
    environment: Any = os.environ
    before = vars(environment)["_data"].copy()  # at once, not name by name

    def put_back() -> None:
        names, values = environment.decodekey, environment.decodevalue
        now = vars(environment)["_data"].copy()
        for key in now.keys() - before.keys():
            environment.pop(names(key), None)
        for key, value in before.items() - now.items():
            environment[names(key)] = values(value)

    return ProcessState(before, put_back)


def read_waiting_calls(module: Any) -> ProcessState:
    """Read the seeds and calls that wait until a module's device begins.

    Torch notes them wherever a seed is set, also where there is no such device.
    """
    queue, seeds = vars(module)["_queued_calls"], vars(module)["_lazy_seed_tracker"]
    calls, attributes = [*queue], {**vars(seeds)}

    def put_back() -> None:
        queue[:] = calls
        vars(seeds).update(attributes)

    return ProcessState((calls, attributes), put_back)


def copy_tensor_bytes(state: torch.Tensor) -> bytes:
    """Copy the content of a tensor of bytes, without a list of numbers."""
    return ctypes.string_at(state.data_ptr(), state.numel())

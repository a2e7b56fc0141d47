"""What a trace moves in the process, and puts back."""

from __future__ import annotations

import ctypes
import gc
import random
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES_PER_CALL = 8
"""Python frames that one level of module nesting takes when it is followed."""

LOCK = threading.Lock()
"""Held while the recursion limit, which all threads share, is moved."""

DEEPER: dict[int, int] = {}
"""How many frames each running trace asks for, beyond what the process had."""

GIVEN: list[int] = []
"""The recursion limit of the process, noted by the first of the running traces."""


class Restored:
    """A context that puts something of the process back when it is left.

    Ctrl-C may come between any two calls: all that is put back can be put back twice.
    """

    def __enter__(self) -> None:
        """Move what is to be moved; put it back if that is interrupted."""
        try:
            self.move()
        except BaseException:
            self.restore()
            raise

    def __exit__(self, *error: object) -> None:
        """Put everything back, also if the putting back is interrupted."""
        try:
            self.restore()
        except BaseException:
            self.restore()
            raise

    def move(self) -> None:
        """Move what is to be moved."""
        raise NotImplementedError  # each context has its own

    def restore(self) -> None:
        """Put everything back."""
        raise NotImplementedError  # each context has its own


class Undisturbed(Restored):
    """While entered, a forward may move the process; at the end it is as before.

    That is the recursion limit, torch's default dtype and the random generators. A
    state is put back only where it changed.
    """

    def __init__(self, depth: int) -> None:
        self.frames = FRAMES_PER_CALL * depth
        self.before = global_states()

    def move(self) -> None:
        """Let a forward nest deeper."""
        move_limit(id(self), self.frames)

    def restore(self) -> None:
        """Put everything back."""
        move_limit(id(self), 0)
        for state, now in zip(self.before, global_states(), strict=False):
            if state.mark != now.mark:
                state.put_back()


def move_limit(trace: int, frames: int) -> None:
    """Ask for some frames more than the process had; for 0 when a trace is over."""
    with LOCK:
        if not DEEPER:
            GIVEN[:] = [sys.getrecursionlimit()]
        if frames:
            DEEPER[trace] = frames
        others = sum(DEEPER.values()) - (0 if frames else DEEPER.get(trace, 0))
        sys.setrecursionlimit(GIVEN[0] + others)
        if not frames:  # the last step, so that one that was cut off is done again
            DEEPER.pop(trace, None)


TRACES: set[int] = set()
"""The running traces in which the collector is off."""

COLLECTED: list[bool] = []
"""Whether it was on, noted by the first of them."""


class Uncollected(Restored):
    """While entered, the garbage collector is off.

    A trace makes many small objects and no cycles of them; the collector would walk
    through all of torch for their sake.
    """

    def move(self) -> None:
        """Switch it off."""
        with LOCK:
            if not TRACES:
                COLLECTED[:] = [gc.isenabled()]
            TRACES.add(id(self))
            gc.disable()

    def restore(self) -> None:
        """Switch it on when the last trace is over, if it was on before the first."""
        with LOCK:
            TRACES.discard(id(self))
            if TRACES:
                return
            if True in COLLECTED:
                gc.enable()
            COLLECTED.clear()


class State(NamedTuple):
    """One state of the process: what tells it from another, and what sets it."""

    mark: object
    put_back: Callable[[], object]


def global_states() -> list[State]:
    """The default dtype and the state of each random generator."""
    dtype = torch.get_default_dtype()
    drawn, plain = torch.random.get_rng_state(), random.getstate()
    states = [
        State(dtype, partial(torch.set_default_dtype, dtype)),
        State(plain, partial(random.setstate, plain)),
        State(bytes_of(drawn), partial(torch.random.set_rng_state, drawn)),
    ]
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random:
        name, keys, *rest = given = numpy_random.get_state()
        mark = (name, keys.tobytes(), rest)
        states.append(State(mark, partial(numpy_random.set_state, given)))
    return states


def bytes_of(state: torch.Tensor) -> bytes:
    """What a tensor of bytes holds; `tolist` would make 5,056 numbers of it."""
    return ctypes.string_at(state.data_ptr(), state.numel())

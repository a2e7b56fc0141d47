"""What a forward asks of an accelerator that is not there, and a trace does without.

Streams, events and waiting order work and change no value: in the thread of a trace
they do nothing. What tells a fact of a device, as its name, fails as it did.
"""

from __future__ import annotations

import sys
import threading
from contextlib import nullcontext
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import torch
from torch.amp import autocast_mode

from resviz.tracing.process import PROCESS_LOCK, RestoringContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Function: TypeAlias = Callable[..., Any]


class IdleStream(torch.Stream):
    """A stream of no device: whatever waits for it goes on at once."""

    device = torch.device("cuda", 0)
    device_index = stream_id = cuda_stream = priority = 0

    def __new__(cls) -> Self:
        """Return a stream of the CPU's, which torch's own methods take for one."""
        return super().__new__(cls, device="cpu")

    def __enter__(self) -> Self:
        """Return the stream."""
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing."""

    def wait(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    wait_event = wait_stream = synchronize = wait

    def query(self) -> bool:
        """Return that all is done."""
        return True

    def record_event(self, event: Any = None) -> Any:
        """Return an event that is over."""
        return IdleEvent() if event is None else event


class IdleEvent:
    """An event of no device, over as soon as it is recorded."""

    device = IdleStream.device

    def record(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    wait = synchronize = record

    def query(self) -> bool:
        """Return that it is over."""
        return True

    def elapsed_time(self, _: Any) -> float:
        """Return no time: nothing runs in a trace."""
        return 0.0


def do_nothing(*_: Any, **__: Any) -> int:
    """Return 0, which is a device's number too."""
    return 0


def make_stream(*_: Any, **__: Any) -> IdleStream:
    """Return a stream of no device."""
    return IdleStream()


def make_event(*_: Any, **__: Any) -> IdleEvent:
    """Return an event of no device."""
    return IdleEvent()


def make_context(*_: Any, **__: Any) -> Any:
    """Return a context that does nothing."""
    return nullcontext()


def read_state(*_: Any, **__: Any) -> torch.Tensor:
    """Return the state of a random generator, as one of a device's."""
    return torch.get_rng_state()


REPLACEMENTS: dict[str, Function] = {
    **dict.fromkeys(
        (
            "synchronize", "set_device", "set_device_idx", "set_device_index",
            "set_stream", "empty_cache", "ipc_collect", "reset_peak_memory_stats",
            "reset_max_memory_allocated", "reset_max_memory_cached",
            "reset_accumulated_memory_stats", "current_device", "current_device_idx",
            "current_device_index", "set_rng_state", "set_rng_state_all",
            "is_current_stream_capturing", "_exchange_device",
            "_maybe_exchange_device", "range_push", "range_pop", "range_start",
            "range_end", "mark",
        ),
        do_nothing,
    ),
    "current_stream": make_stream,
    "default_stream": make_stream,
    "stream": make_context,
    "get_rng_state": read_state,
    "get_rng_state_all": list,
}  # fmt: skip
"""Functions of torch's modules of devices, and what stands for them in a trace."""

DEVICE_MODULES = (
    ("torch.cuda", ("memory", "random", "nvtx")),
    ("torch.xpu", ("memory", "random")),
    ("torch.mps", ()),
    ("torch.accelerator", ("memory",)),
)
"""Modules of torch's that have such functions, with parts of theirs."""


class Replaced(NamedTuple):
    """An attribute that other threads share, what it was, and what stands for it."""

    owner: Any
    name: str
    value: Any
    replacement: Function


def find_absent_functions() -> Iterator[Replaced]:
    """Find the functions and constructors that ask for a device that is not there."""
    for path, parts in DEVICE_MODULES:
        home = sys.modules.get(path)
        is_available = getattr(home, "is_available", torch.backends.mps.is_available)
        if home is None or is_available():
            continue
        for module in (home, *(getattr(home, part, None) for part in parts)):
            for name, replacement in REPLACEMENTS.items():
                value = vars(module).get(name) if module else None
                if value is not None:
                    yield Replaced(module, name, value, replacement)
        for name, maker in (("Stream", make_stream), ("Event", make_event)):
            kind = vars(home).get(name)
            if isinstance(kind, type) and "__new__" in vars(kind):
                yield Replaced(kind, "__new__", vars(kind)["__new__"], maker)
    for owner, name in (
        (autocast_mode.autocast, "__init__"),
        (torch, "is_autocast_enabled"),
        (torch, "get_autocast_dtype"),
    ):
        value = vars(owner)[name]
        yield Replaced(owner, name, value, on_cpu_for_meta(value))


def on_cpu_for_meta(function: Function) -> Function:
    """Return a function that is told "cpu" in the place of "meta"."""

    def swap(value: Any) -> Any:
        return "cpu" if isinstance(value, str) and value == "meta" else value

    def call(*args: Any, **kwargs: Any) -> Any:
        swapped = {name: swap(value) for name, value in kwargs.items()}
        return function(*map(swap, args), **swapped)

    return call


def make_by_thread(value: Any, replacement: Function) -> Any:
    """Return a function that is replaced in the threads of such traces alone."""
    function = value.__func__ if isinstance(value, staticmethod) else value

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        is_traced = threading.get_ident() in TRACING_THREADS.values()
        return (replacement if is_traced else function)(*args, **kwargs)

    return staticmethod(call) if isinstance(value, staticmethod) else call


TRACING_THREADS: dict[int, int] = {}
"""The threads of the running traces that do without devices."""

REPLACED: list[Replaced] = []
"""What the first of them replaced, and the last one puts back."""


class AbsentDevices(RestoringContext):
    """Has what orders work of an absent accelerator do nothing during a call.

    It does so in this thread; for all others, torch is as it was.
    """

    def change_process(self) -> None:
        """Replace what the process shares, unless another trace has."""
        with PROCESS_LOCK:
            TRACING_THREADS[id(self)] = threading.get_ident()
            if not REPLACED:
                REPLACED[:] = find_absent_functions()
                for owner, name, value, replacement in REPLACED:
                    setattr(owner, name, make_by_thread(value, replacement))

    def restore_process(self) -> None:
        """Put all back after the last of such traces."""
        with PROCESS_LOCK:
            TRACING_THREADS.pop(id(self), None)
            if not TRACING_THREADS:
                for owner, name, value, _ in REPLACED:
                    setattr(owner, name, value)
                REPLACED.clear()


def list_stand_ins() -> dict[FunctionType, Any]:
    """List what stands for functions that a forward's code imported by name."""
    with PROCESS_LOCK:
        replaced = REPLACED or [*find_absent_functions()]
        return {
            value: replacement
            for _, _, value, replacement in replaced
            if isinstance(value, FunctionType)
        }

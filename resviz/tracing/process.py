"""What a trace moves in the process, and puts back."""

from __future__ import annotations

import ctypes
import os
import random
import sys
import threading
import traceback
import warnings
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

import torch
from torch.utils import _device

from resviz.tracing.functions import restore_guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

FRAMES_PER_CALL = 8
"""Python frames that one level of module nesting takes when it is followed."""

PROCESS_LOCK = threading.Lock()
"""Held while the recursion limit, which all threads share, is moved."""

EXTRA_FRAMES: dict[int, int] = {}
"""How many frames each running trace asks for, beyond what the process had."""

LIMIT_BEFORE: list[int] = []
"""The recursion limit of the process, noted by the first of the running traces."""


class RestoringContext:
    """Something of the process that is moved for a call, and put back at its end.

    It is no context of a `with`, whose `__exit__` an interrupt can end at its first
    step. Ctrl-C may come between any two calls: all can be put back twice.
    """

    def call_within(
        self, function: Callable[..., Result], *arguments: Any, **options: Any
    ) -> Result:
        """Call a function meanwhile; put everything back, also if that is cut off."""
        try:
            self.change_process()
            return function(*arguments, **options)
        finally:
            try:
                self.restore_process()
            except BaseException:
                self.restore_process()
                raise

    def change_process(self) -> None:
        """Move what is to be moved."""
        raise NotImplementedError  # each has its own

    def restore_process(self) -> None:
        """Put everything back."""
        raise NotImplementedError  # each has its own


class PreservedProcess(RestoringContext):
    """The process's global state, put back at the end of a call.

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


def restores_modes(
    function: Callable[Arguments, Result],
) -> Callable[Arguments, Result]:
    """Make a function put torch's modes back where it raises, and tell of Ctrl-C.

    A mode's own `__exit__` does so, unless Ctrl-C comes within it; then it raises
    what hides that.
    """

    @wraps(function)
    def call_guarded(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        modes_before = read_modes()
        try:
            return function(*arguments, **options)
        except BaseException as error:
            try:
                put_back_modes(modes_before, error)
            except BaseException:
                put_back_modes(modes_before, error)
                raise
            interrupt = find_interrupt(error)
            if interrupt in (None, error):
                raise
            raise interrupt from None

    return call_guarded


def put_back_modes(modes_before: TorchModes, error: BaseException) -> None:
    """Put torch's modes back, where an error left others.

    Frames of Ctrl-C may hold a context that was never left, and is when they go; so
    they go first.
    """
    if find_interrupt(error):
        for link in list_errors(error):
            traceback.clear_frames(link.__traceback__)
    if read_modes() != modes_before:
        modes_before.put_back()


def list_errors(error: BaseException | None) -> Iterator[BaseException]:
    """List an error, and those while which it was raised."""
    while error is not None:
        yield error
        error = error.__context__


def find_interrupt(error: BaseException) -> KeyboardInterrupt | None:
    """Find Ctrl-C among what an error was raised from."""
    for link in list_errors(error):
        if isinstance(link, KeyboardInterrupt):
            return link
    return None


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


class TorchModes(NamedTuple):
    """What torch has in force in a thread.

    Attributes:
        gradients: whether they are recorded.
        device: on which new tensors are made, if one is set.
        dispatch: modes that see operations, the last one first.
        function: modes that see functions, likewise.
        included: for each of `MODE_KEYS`, whether it is added to a tensor's keys.
        excluded: whether it is taken from them.
    """

    gradients: bool
    device: torch.device | None
    dispatch: list[Any]
    function: list[Any]
    included: list[bool]
    excluded: list[bool]

    def put_back(self) -> None:
        """Have these in force again."""
        DISPATCH_MODES.put_back(self.dispatch)
        FUNCTION_MODES.put_back(self.function)
        _device.CURRENT_DEVICE = self.device
        for key, is_in, is_out in zip(
            MODE_KEYS, self.included, self.excluded, strict=True
        ):
            torch._C._dispatch_tls_set_dispatch_key_included(key, is_in)  # noqa: SLF001
            torch._C._dispatch_tls_set_dispatch_key_excluded(key, is_out)  # noqa: SLF001
        torch.set_grad_enabled(self.gradients)


MODE_KEYS = ("Python", "PythonTLSSnapshot", "ADInplaceOrView", "AutogradFunctionality")
"""Keys that modes move in and out of what torch dispatches on in a thread."""


class ModeStack(NamedTuple):
    """A stack of torch's modes, the last one in force; no public name reads it."""

    count_modes: Callable[[], int]
    read_at: Callable[[int], Any]
    pop: Callable[[Any], Any]
    push: Callable[[Any], None]

    def list_modes(self) -> list[Any]:
        """List its modes."""
        return [self.read_at(place) for place in range(self.count_modes())]

    def put_back(self, modes: list[Any]) -> None:
        """Leave those modes on it, and no others."""
        while (now := self.list_modes()) and (
            len(now) > len(modes) or now[-1] is not modes[len(now) - 1]
        ):
            self.pop(now[-1])
        for mode in modes[self.count_modes() :]:
            self.push(mode)


DISPATCH_MODES = ModeStack(
    torch._C._len_torch_dispatch_stack,  # noqa: SLF001
    torch._C._get_dispatch_stack_at,  # noqa: SLF001
    lambda mode: torch._C._pop_torch_dispatch_stack(  # noqa: SLF001
        getattr(mode, "_mode_key", None)
    ),
    torch._C._push_on_torch_dispatch_stack,  # noqa: SLF001
)
FUNCTION_MODES = ModeStack(
    torch._C._len_torch_function_stack,  # noqa: SLF001
    torch._C._get_function_stack_at,  # noqa: SLF001
    lambda _mode: torch._C._pop_torch_function_stack(),  # noqa: SLF001
    torch._C._push_on_torch_function_stack,  # noqa: SLF001
)


def read_modes() -> TorchModes:
    """Return what torch has in force in this thread."""
    return TorchModes(
        torch.is_grad_enabled(),
        _device.CURRENT_DEVICE,
        DISPATCH_MODES.list_modes(),
        FUNCTION_MODES.list_modes(),
        [*map(torch._C._dispatch_tls_is_dispatch_key_included, MODE_KEYS)],  # noqa: SLF001
        [*map(torch._C._dispatch_tls_is_dispatch_key_excluded, MODE_KEYS)],  # noqa: SLF001
    )


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

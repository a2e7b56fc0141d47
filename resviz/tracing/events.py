"""What a recorder writes down: operations, and where calls of modules begin and end.

Hooks on a clone's modules tell of the calls.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from msgspec import Struct

from resviz.tracing.modules import has_own_call

if TYPE_CHECKING:
    from torch import nn

    from resviz.record import Operation, Source, Tensor
    from resviz.tracing.clone import Clone
    from resviz.tracing.origins import Origins


class TraceStep(Struct, eq=False, gc=False):
    """One operation as it ran.

    `operation` is what the record will say of it, with storages by their own numbers.
    `origins` says which step's output each operand is; None is a parameter or a
    constant. `parameter_keys` holds the `id` of each parameter that is read; others in
    it mean nothing. A later step that writes through a view adds to `outputs`;
    `depends_on_input` says whether they depend on the model's input.
    """

    number: int
    operation: Operation
    origins: tuple[Source | None, ...]
    parameter_keys: tuple[int, ...]
    outputs: list[Tensor]
    depends_on_input: bool


class CallStart(Struct, eq=False):
    """The beginning of a module's call, with its arguments while it runs."""

    path: str
    module: nn.Module
    args: tuple[Any, ...]


class CallEnd(NamedTuple):
    """The end of a module's call.

    `returned` are the tensors that it gave; None if an exception cut it off.
    """

    returned: tuple[Source, ...] | None


class FailedOperation(NamedTuple):
    """An operation that raised, and what it was called with."""

    func: Any
    operands: list[torch.Tensor]
    args: tuple[Any, ...]
    error: Exception


TraceEvent = TraceStep | CallStart | CallEnd

HOOK_KEY = -1
"""Our key in a module's hook dictionaries; torch's own count up from 0."""

NO_THREAD = -1
"""No thread."""


class CallRecorder:
    """Notes the calls of a clone's modules.

    Attributes:
        open_calls: those that have not ended, the innermost last.
        in_other_threads: paths of modules that were called in another thread, where no
            operation is seen.
    """

    def __init__(
        self, clone: Clone, events: list[TraceEvent], origins: Origins
    ) -> None:
        self.clone = clone
        self.events = events
        self.origins = origins
        self.thread = get_ident()
        self.open_calls: list[CallStart] = []
        self.in_other_threads: list[str] = []

    def __deepcopy__(self, memo: object) -> CallRecorder:
        """Return a copy that records nothing, for modules a forward copies.

        Such a call is none of the clone's; its operations are seen.
        """
        other = CallRecorder(self.clone, [], self.origins)
        other.thread = NO_THREAD
        return other

    def hook_module(self, module: nn.Module) -> None:
        """Put a hook before and after the forward of a copied module."""
        if module is self.clone.root and (self.clone.method or has_own_call(module)):
            return  # `call_root` notes its call
        state = vars(module)
        before = state["_forward_pre_hooks"]
        before[HOOK_KEY] = self.note_call_start
        before.move_to_end(HOOK_KEY, last=False)
        state["_forward_pre_hooks_with_kwargs"][HOOK_KEY] = True
        state["_forward_hooks"][HOOK_KEY] = self.note_call_end

    def call_root(self, *args: Any, **kwargs: Any) -> Any:
        """Call the clone itself, and note that where no hook does."""
        root, method = self.clone.root, self.clone.method
        if not method and not has_own_call(root):
            return root(*args, **kwargs)
        call = getattr(root, method) if method else root
        self.note_call_start(root, args, kwargs)
        return self.note_call_end(root, args, call(*args, **kwargs))

    def note_call_start(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Record, as a forward pre-hook, that a call begins."""
        if get_ident() != self.thread:
            self.in_other_threads.append(self.clone.paths.get(id(module), ""))
            return
        arguments = (*args, *kwargs.values())
        event = CallStart(self.clone.paths[id(module)], module, arguments)
        self.open_calls.append(event)
        self.events.append(event)

    def note_call_end(
        self, module: nn.Module, args: tuple[Any, ...], output: Any
    ) -> Any:
        """Record, as a forward hook, that a call has ended.

        A call that did nothing returns an alias of its input, so that what comes
        after it can be told from what lies beside it.
        """
        del args
        if get_ident() != self.thread:
            return output
        did_nothing = type(self.events[-1]) is CallStart
        if (
            did_nothing
            and isinstance(output, torch.Tensor)
            and self.origins.find_source(output)
        ):
            output = torch.ops.aten.alias.default(output)
        while True:
            call = self.open_calls.pop()
            call.args = ()
            if call.module is module:
                break
            # A forward that caught an exception left this inner call open.
            self.events.append(CallEnd(None))
        self.events.append(CallEnd(self.origins.find_sources(output)))
        return output

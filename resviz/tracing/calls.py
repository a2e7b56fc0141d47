"""Where calls of modules begin and end, as hooks on a clone's modules tell."""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any

import torch

from resviz.tracing.events import CallEnd, CallStart

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.clone import Clone
    from resviz.tracing.events import TraceEvent
    from resviz.tracing.origins import Origins

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
        state = vars(module)
        before = state["_forward_pre_hooks"]
        before[HOOK_KEY] = self.note_call_start
        before.move_to_end(HOOK_KEY, last=False)
        state["_forward_pre_hooks_with_kwargs"][HOOK_KEY] = True
        state["_forward_hooks"][HOOK_KEY] = self.note_call_end

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
        # A forward that caught an exception left its inner calls open.
        while self.close_innermost_call().module is not module:
            self.events.append(CallEnd(None))
        self.events.append(CallEnd(self.origins.find_sources(output)))
        return output

    def close_innermost_call(self) -> CallStart:
        """Close the innermost open call and let go of its arguments."""
        call = self.open_calls.pop()
        call.args = ()
        return call

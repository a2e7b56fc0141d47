"""Where calls of modules begin and end, as hooks on a clone's modules tell.

Standing in the place of a container's call, as `bypass` does in that of a leaf, would
take half the time of hooks. A forward can tell the difference too easily: it may call
past that place, copy it with a module's attributes, or hook its own modules.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any

import torch

from resviz.tracing.events import Enter, Leave
from resviz.tracing.layouts import SEAM, Spare, unshare

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.clone import Clone
    from resviz.tracing.events import Event
    from resviz.tracing.origins import Origins

HOOK = -1
"""Our key in a module's hook dictionaries; torch's own count up from 0."""

NOBODY = -1
"""No thread."""


class Calls:
    """Notes the calls of a clone's modules.

    Attributes:
        open: those that have not ended, the innermost last.
        elsewhere: paths of modules that were called in another thread, where no
            operation is seen.
    """

    def __init__(self, clone: Clone, events: list[Event], origins: Origins) -> None:
        self.clone = clone
        self.events = events
        self.origins = origins
        self.thread = get_ident()
        self.open: list[Enter] = []
        self.elsewhere: list[str] = []

    def __deepcopy__(self, memo: object) -> Calls:
        """Nothing is noted by our hooks in a copy of a module that a forward makes.

        Such a call is none of the clone's; its operations are seen.
        """
        other = Calls(self.clone, [], self.origins)
        other.thread = NOBODY
        return other

    def start(self) -> None:
        """See to it that every call of a module is noted that is not bypassed."""
        for module in self.clone.modules:
            if vars(module).get(SEAM) is None:
                self.hook(module)

    def stop(self) -> None:
        """Let go of the modules that are bypassed, which hold us."""
        for module in self.clone.bypassable:
            vars(module).pop(SEAM, None)

    def run(self, module: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Call a module that is bypassed no more as torch does, with hooks."""
        vars(module).pop(SEAM, None)
        self.hook(module)
        return module._call_impl(*args, **kwargs)  # noqa: SLF001 - which led here

    def hook(self, module: nn.Module) -> None:
        """Put a hook before and after the forward of a copied module."""
        state = vars(module)
        if type(state["_forward_hooks"]) is Spare:
            unshare(module)
        before = state["_forward_pre_hooks"]
        before[HOOK] = self.enter
        before.move_to_end(HOOK, last=False)
        state["_forward_pre_hooks_with_kwargs"][HOOK] = True
        state["_forward_hooks"][HOOK] = self.leave

    def enter(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Forward pre-hook."""
        if get_ident() != self.thread:
            self.elsewhere.append(self.clone.paths.get(id(module), ""))
            return
        given = (*args, *kwargs.values())
        event = Enter(self.clone.paths[id(module)], module, given)
        self.open.append(event)
        self.events.append(event)

    def leave(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        """Forward hook.

        A call that did nothing returns an alias of its input, so that what comes
        after it can be told from what lies beside it.
        """
        del args
        if get_ident() != self.thread:
            return output
        idle = type(self.events[-1]) is Enter
        if idle and isinstance(output, torch.Tensor) and self.origins.source(output):
            output = torch.ops.aten.alias.default(output)
        # A forward that caught an exception left its inner calls open.
        while self.closed().module is not module:
            self.events.append(Leave(None))
        self.events.append(Leave(self.origins.sources(output)))
        return output

    def closed(self) -> Enter:
        """The innermost open call, closed; torch held its arguments up to here."""
        enter = self.open.pop()
        enter.args = ()
        return enter

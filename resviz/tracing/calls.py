"""Where calls of modules begin and end.

Most modules are called through us: we stand where torch keeps the compiled form of a
call, which takes half the time of hooks. Hooks of ours stand where the way that torch
goes through a call could matter.
"""

from __future__ import annotations

from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.jit import ScriptModule
from torch.nn.modules import module as all_modules
from torch.nn.modules import transformer

from resviz.tracing.events import Enter, Leave
from resviz.tracing.layouts import SEAM, Spare, unshare

if TYPE_CHECKING:
    from resviz.tracing.clone import Clone
    from resviz.tracing.events import Event
    from resviz.tracing.origins import Origins

HOOK = -1
"""Our key in a module's hook dictionaries; torch's own count up from 0."""

AROUND = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
)
"""Where a module keeps what torch calls before and after its forward."""

EVERYWHERE = tuple(vars(all_modules)[f"_global{name}"] for name in AROUND)
"""The same for all modules."""

FUSED = tuple(vars(transformer)[name] for name in transformer.__all__)
"""Modules that run a fused kernel where nothing in them has hooks."""


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
        plain: dict[type[nn.Module], bool] = {}
        for module in self.clone.modules:
            kind, state = type(module), vars(module)
            if state.get(SEAM) is not None:
                continue
            if kind not in plain:
                plain[kind] = called_plainly(kind)
            if plain[kind]:
                state[SEAM] = partial(self.call, module)
            else:
                self.hook(module)

    def stop(self) -> None:
        """Let go of the modules, which hold us."""
        for module in self.clone.modules:
            vars(module).pop(SEAM, None)

    def call(self, module: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Called in the place of torch's own call; one that is hooked is so ever after.

        The forward of another module may have put hooks on this one.
        """
        if hooked(vars(module)) or any(EVERYWHERE) or is_tracing():
            return self.run(module, *args, **kwargs)
        self.enter(module, args, kwargs)
        return self.leave(module, args, module.forward(*args, **kwargs))

    def run(self, module: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Call a module as torch does, and from now on with hooks."""
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


is_tracing = torch._C._get_tracing_state  # noqa: SLF001 - torch.jit.is_tracing is slow
"""Whether `torch.jit.trace` follows the calls too."""


def hooked(state: dict[str, Any]) -> bool:
    """Whether a module, of which this is the state, has hooks."""
    return any(map(state.get, AROUND))


def called_plainly(kind: type[nn.Module]) -> bool:
    """Whether nothing happens in a module's call but its hooks and its forward."""
    if issubclass(kind, (ScriptModule, *FUSED)):
        return False
    for name in ("__call__", "_call_impl"):  # a class or a profiler may have its own
        call: Any = getattr(nn.Module, name)
        torchs = getattr(call, "__globals__", None) is vars(all_modules)
        if not torchs or getattr(kind, name) is not call:
            return False
    return True

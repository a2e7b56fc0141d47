"""Modules that are not run: the operation is noted in their place, and so is its shape.

A rule stands where torch keeps the compiled form of a module's call. It is asked while
the module is exactly torch's and its tensors are untouched, its input was made in this
trace, and neither a hook nor another mode looks on; otherwise the module runs.
"""

from __future__ import annotations

from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

import torch
from msgspec.structs import replace
from torch.autograd import forward_ad
from torch.nn.modules import module as all_modules

from resviz.tracing.events import Bypassed
from resviz.tracing.layouts import SEAM
from resviz.tracing.module_rules import RULES
from resviz.tracing.probe import as_ruled
from resviz.tracing.values import Unnoticed, empty_of

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.module_rules import Answer
    from resviz.tracing.origins import Made
    from resviz.tracing.recorder import Recorder


class Bypass:
    """Puts rules in the place of the calls of a recorder's clone."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.clone = recorder.clone
        self.storages = recorder.storages
        self.rules = {one: RULES[one] for one in as_ruled()}

    def start(self) -> None:
        """Bypass the modules whose class is as torch defines it."""
        for module in self.clone.bypassable:
            if type(module) in self.rules:
                vars(module)[SEAM] = partial(self.call, module)

    def call(self, module: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Called in a module's place; one that had to be run once is run ever after."""
        if len(args) == 1 and not kwargs and type(args[0]) is torch.Tensor:
            output = self.output(module, args[0])
            if output is not None:
                return output
        return self.recorder.calls.run(module, *args, **kwargs)

    def output(self, module: nn.Module, x: torch.Tensor) -> torch.Tensor | None:
        """What a module gives for `x`, its operation noted; None if it has to run."""
        state, dtype = vars(module), x.dtype
        rule, tensors = self.rules.get(type(module)), self.clone.untouched(state)
        made = self.usual(x)
        if rule is None or tensors is None or made is None:
            return None
        if "forward" in state or watched() or get_ident() != self.recorder.calls.thread:
            return None
        found = rule(state, tensors, tuple(x.shape), dtype)
        if found is None:
            return None
        answer, operands = found
        for operand in operands:
            if operand.dtype is not dtype:
                return None
        return self.noted(module, x, made, answer, operands)

    def usual(self, x: torch.Tensor) -> Made | None:
        """What is known of an input that rules can speak of; None for any other."""
        origins = self.recorder.origins
        made = origins.made.get(id(x))
        if made is None or made.tensor() is not x or not made.flowing:
            return None
        dense = x.is_meta and x.is_contiguous() and x.dtype.is_floating_point
        odd = origins.writers or x.is_inference() or not x.numel()
        return made if dense and not odd else None

    def noted(
        self,
        module: nn.Module,
        x: torch.Tensor,
        made: Made,
        answer: Answer,
        operands: tuple[torch.Tensor, ...],
    ) -> torch.Tensor | None:
        """What an answer gives, its operation noted; None if others see a write."""
        recorder, storages = self.recorder, self.storages
        read, operation = storages.read(x), answer.operation
        if not answer.in_place:
            with Unnoticed():
                output = empty_of(x, *operation.outputs[0])
            written = storages.fresh(output)
        elif read < 0 or storages.shared:
            return None
        else:
            output, written = x, (read,)
        keys = tuple(map(id, operands))
        reads = (read, *map(storages.older, keys))
        step = Bypassed(
            len(recorder.steps),
            replace(operation, arguments={}, reads=reads, writes=written),
            (made.source, *(None,) * len(operands)),
            keys,
            [answer.output],
            True,
            self.clone.paths[id(module)],
            module,
        )
        recorder.write(step, [output])
        return output


BEFORE_ALL = vars(all_modules)["_global_forward_pre_hooks"]
"""Hooks before the calls of all modules."""

AFTER_ALL = vars(all_modules)["_global_forward_hooks"]
"""Hooks after them."""

# Nothing public tells how many modes are entered, or whether any autocast is.
dispatch_modes = torch._C._len_torch_dispatch_stack  # noqa: SLF001
function_modes = torch._C._len_torch_function_stack  # noqa: SLF001
is_cast = torch._C._is_any_autocast_enabled  # noqa: SLF001


def watched() -> bool:
    """Whether something but our own mode sees or changes the calls of all modules.

    Where gradients are on, a graph would hold the input; in inference mode torch
    dispatches other operations; forward gradients go along with tensors.
    """
    return bool(
        forward_ad._current_level >= 0  # noqa: SLF001 - nothing public says it
        or BEFORE_ALL
        or AFTER_ALL
        or function_modes()
        or is_cast()
        or torch.is_grad_enabled()
        or torch.is_inference_mode_enabled()
        or dispatch_modes() != 1
    )

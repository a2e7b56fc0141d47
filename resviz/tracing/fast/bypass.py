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
from torch._C import DisableTorchFunction
from torch.autograd import forward_ad

from resviz.record import Source
from resviz.tracing.events import CallEnd, CallStart, TraceStep
from resviz.tracing.fast.clone import NoTorchDispatch
from resviz.tracing.fast.module_layouts import unshare_hooks
from resviz.tracing.fast.module_rules import MODULE_RULES
from resviz.tracing.fast.probe import (
    GLOBAL_HOOKS,
    GLOBAL_PRE_HOOKS,
    find_faithful_classes,
)
from resviz.tracing.modules import COMPILED_CALL

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.events import TraceEvent
    from resviz.tracing.fast.clone import FastClone
    from resviz.tracing.fast.module_rules import ModuleAnswer
    from resviz.tracing.origins import TensorOrigin
    from resviz.tracing.recorder import Recorder

new_empty = torch.Tensor.new
"""Given a tensor and one size or more, an empty one of its dtype and device.

Torch's oldest way to make one, and its quickest.
"""


def new_empty_unseen(x: torch.Tensor, *size: int) -> torch.Tensor:
    """Do the same where a mode of ours would take it for a constant of the forward."""
    with DisableTorchFunction():
        return new_empty(x, *size)


class BypassedStep(TraceStep, gc=True):  # its module leads back to it
    """The one operation of a leaf module that was not run, and that module's call."""

    path: str
    module: nn.Module

    def to_plain_events(self) -> tuple[TraceEvent, ...]:
        """Return the events of a call that was run."""
        start = CallStart(self.path, self.module, ())
        return start, self, CallEnd((Source(self.number),))


class Bypass:
    """Puts rules in the place of the calls of a recorder's clone.

    Standing in the place of a container's call too would take half the time of hooks. A
    forward can tell the difference too easily: it may call past that place, copy it
    with a module's attributes, or hook its own modules.
    """

    def __init__(self, recorder: Recorder, clone: FastClone) -> None:
        self.recorder = recorder
        self.clone = clone
        self.storages = recorder.storages
        self.own_modes = int(clone.makes_constants)
        self.make_output = new_empty_unseen if self.own_modes else new_empty
        self.rules = {
            module_class: MODULE_RULES[module_class]
            for module_class in find_faithful_classes()
        }

    def install_rules(self) -> None:
        """Bypass the modules whose class is as torch defines it."""
        for module in self.clone.bypassable:
            if type(module) in self.rules:
                vars(module)[COMPILED_CALL] = partial(self.answer_or_run, module)
            else:
                unshare_hooks(module)

    def remove_rules(self) -> None:
        """Let go of the modules that are bypassed, which hold us."""
        for module in self.clone.bypassable:
            vars(module).pop(COMPILED_CALL, None)

    def call_with_hooks(self, module: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Call a module with hooks as torch does, and bypass it no more."""
        vars(module).pop(COMPILED_CALL, None)
        unshare_hooks(module)
        self.recorder.calls.hook_module(module)
        return module._call_impl(*args, **kwargs)  # noqa: SLF001 - which led here

    def answer_or_run(self, module: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Answer a module's call by its rule, or run the module from now on."""
        if len(args) == 1 and not kwargs and type(args[0]) is torch.Tensor:
            output = self.apply_rule(module, args[0])
            if output is not None:
                return output
        return self.call_with_hooks(module, *args, **kwargs)

    def apply_rule(self, module: nn.Module, x: torch.Tensor) -> torch.Tensor | None:
        """Note a module's operation by rule; return its output, or None to run it."""
        state, dtype = vars(module), x.dtype
        rule = self.rules.get(type(module))
        tensors = self.clone.find_untouched_tensors(state)
        origin = self.find_input_origin(x)
        if rule is None or tensors is None or origin is None:
            return None
        in_other_thread = get_ident() != self.recorder.calls.thread
        if "forward" in state or in_other_thread or is_observed(self.own_modes):
            return None
        ruled = rule(state, tensors, tuple(x.shape), dtype)
        if ruled is None:
            return None
        answer, operands = ruled
        for operand in operands:
            if operand.dtype is not dtype:
                return None
        return self.note_operation(module, x, origin, answer, operands)

    def find_input_origin(self, x: torch.Tensor) -> TensorOrigin | None:
        """Return the origin of an input that rules can handle, or None."""
        origins = self.recorder.origins
        origin = origins.origin_by_id.get(id(x))
        if origin is None or origin.tensor() is not x or not origin.flowing:
            return None
        is_dense = x.is_meta and x.is_contiguous() and x.dtype.is_floating_point
        is_odd = origins.last_writers or x.is_inference() or not x.numel()
        return origin if is_dense and not is_odd else None

    def note_operation(
        self,
        module: nn.Module,
        x: torch.Tensor,
        origin: TensorOrigin,
        answer: ModuleAnswer,
        operands: tuple[torch.Tensor, ...],
    ) -> torch.Tensor | None:
        """Note the operation of an answer; return its output, or None to run it."""
        recorder, storages = self.recorder, self.storages
        read, operation = storages.number_operand(x), answer.operation
        if not answer.in_place:
            with NoTorchDispatch():
                output = self.make_output(x, *operation.outputs[0])
            storage = output.untyped_storage()
            size = storage.nbytes()
            written = (storages.add_storage(storage, size, x.dtype),) if size else ()
        elif read < 0 or storages.shared_addresses:
            return None
        else:
            output, written = x, (read,)
        keys = tuple(map(id, operands))
        reads = (read, *map(storages.number_older_tensor, keys))
        number = len(recorder.steps)
        step = BypassedStep(
            number,
            replace(operation, arguments={}, reads=reads, writes=written),
            (origin.source, *(None,) * len(operands)),
            keys,
            [answer.output],
            True,
            self.clone.paths[id(module)],
            module,
        )
        recorder.steps.append(step)
        recorder.events.append(step)
        recorder.origins.remember_tensor(output, Source(number), flowing=True)
        return output


# Nothing public tells how many modes are entered, or whether any autocast is.
count_dispatch_modes = torch._C._len_torch_dispatch_stack  # noqa: SLF001 - nothing public
count_function_modes = torch._C._len_torch_function_stack  # noqa: SLF001 - nothing public
is_autocast_enabled = torch._C._is_any_autocast_enabled  # noqa: SLF001 - nothing public


def is_observed(own_modes: int) -> bool:
    """Tell whether any hook or mode but ours sees the calls of modules.

    So many function modes are ours.

    Where gradients are on, a graph would hold the input; in inference mode torch
    dispatches other operations; forward gradients go along with tensors.
    """
    return bool(
        forward_ad._current_level >= 0  # noqa: SLF001 - nothing public says it
        or GLOBAL_PRE_HOOKS
        or GLOBAL_HOOKS
        or count_function_modes() != own_modes
        or is_autocast_enabled()
        or torch.is_grad_enabled()
        or torch.is_inference_mode_enabled()
        or count_dispatch_modes() != 1
    )

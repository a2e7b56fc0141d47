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

from resviz.tracing.events import BypassedStep
from resviz.tracing.fast.module_layouts import CALL_OVERRIDE
from resviz.tracing.fast.module_rules import MODULE_RULES
from resviz.tracing.fast.probe import find_faithful_classes
from resviz.tracing.values import NoTorchDispatch, new_empty

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.fast.module_rules import ModuleAnswer
    from resviz.tracing.origins import TensorOrigin
    from resviz.tracing.recorder import Recorder


class Bypass:
    """Puts rules in the place of the calls of a recorder's clone."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.clone = recorder.clone
        self.storages = recorder.storages
        self.rules = {
            module_class: MODULE_RULES[module_class]
            for module_class in find_faithful_classes()
        }

    def install_rules(self) -> None:
        """Bypass the modules whose class is as torch defines it."""
        for module in self.clone.bypassable:
            if type(module) in self.rules:
                vars(module)[CALL_OVERRIDE] = partial(self.answer_or_run, module)

    def answer_or_run(self, module: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Answer a module's call by its rule, or run the module from now on."""
        if len(args) == 1 and not kwargs and type(args[0]) is torch.Tensor:
            output = self.predict_output(module, args[0])
            if output is not None:
                return output
        return self.recorder.calls.call_with_hooks(module, *args, **kwargs)

    def predict_output(self, module: nn.Module, x: torch.Tensor) -> torch.Tensor | None:
        """Return a module's output by its rule; None if it has to run."""
        state, dtype = vars(module), x.dtype
        rule, tensors = (
            self.rules.get(type(module)),
            self.clone.find_untouched_tensors(state),
        )
        origin = self.find_plain_input(x)
        if rule is None or tensors is None or origin is None:
            return None
        if (
            "forward" in state
            or is_observed()
            or get_ident() != self.recorder.calls.thread
        ):
            return None
        ruled = rule(state, tensors, tuple(x.shape), dtype)
        if ruled is None:
            return None
        answer, operands = ruled
        for operand in operands:
            if operand.dtype is not dtype:
                return None
        return self.note_answer(module, x, origin, answer, operands)

    def find_plain_input(self, x: torch.Tensor) -> TensorOrigin | None:
        """Return the origin of an input that rules can handle, or None."""
        origins = self.recorder.origins
        origin = origins.origin_by_id.get(id(x))
        if origin is None or origin.tensor() is not x or not origin.flowing:
            return None
        is_dense = x.is_meta and x.is_contiguous() and x.dtype.is_floating_point
        is_odd = origins.last_writers or x.is_inference() or not x.numel()
        return origin if is_dense and not is_odd else None

    def note_answer(
        self,
        module: nn.Module,
        x: torch.Tensor,
        origin: TensorOrigin,
        answer: ModuleAnswer,
        operands: tuple[torch.Tensor, ...],
    ) -> torch.Tensor | None:
        """Note an answer's operation and return its output, or None."""
        recorder, storages = self.recorder, self.storages
        read, operation = storages.number_operand(x), answer.operation
        if not answer.in_place:
            with NoTorchDispatch():
                output = new_empty(x, *operation.outputs[0])
            written = storages.number_fresh(output)
        elif read < 0 or storages.shared_addresses:
            return None
        else:
            output, written = x, (read,)
        keys = tuple(map(id, operands))
        reads = (read, *map(storages.number_older, keys))
        step = BypassedStep(
            len(recorder.steps),
            replace(operation, arguments={}, reads=reads, writes=written),
            (origin.source, *(None,) * len(operands)),
            keys,
            [answer.output],
            True,
            self.clone.paths[id(module)],
            module,
        )
        recorder.append_step(step, [output])
        return output


GLOBAL_PRE_HOOKS = vars(all_modules)["_global_forward_pre_hooks"]
"""Hooks before the calls of all modules."""

GLOBAL_HOOKS = vars(all_modules)["_global_forward_hooks"]
"""Hooks after them."""

# Nothing public tells how many modes are entered, or whether any autocast is.
count_dispatch_modes = torch._C._len_torch_dispatch_stack  # noqa: SLF001
count_function_modes = torch._C._len_torch_function_stack  # noqa: SLF001
is_autocast_enabled = torch._C._is_any_autocast_enabled  # noqa: SLF001


def is_observed() -> bool:
    """Return whether any hook or mode but ours sees the calls of modules.

    Where gradients are on, a graph would hold the input; in inference mode torch
    dispatches other operations; forward gradients go along with tensors.
    """
    return bool(
        forward_ad._current_level >= 0  # noqa: SLF001 - nothing public says it
        or GLOBAL_PRE_HOOKS
        or GLOBAL_HOOKS
        or count_function_modes()
        or is_autocast_enabled()
        or torch.is_grad_enabled()
        or torch.is_inference_mode_enabled()
        or count_dispatch_modes() != 1
    )

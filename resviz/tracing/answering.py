"""Answering modules whole: the operation is noted, and nothing of torch's is run.

The answer stands where torch keeps the compiled form of a module's call. It is given as
long as nothing can tell the difference: the module's tensors are untouched, its input
was made in this trace, and neither a hook nor another mode looks on.
"""

from __future__ import annotations

from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules import module as every

from resviz.record import Operation, Source
from resviz.tracing.answers import ANSWERS
from resviz.tracing.events import Answered
from resviz.tracing.modules import SEAM
from resviz.tracing.values import META, Unnoticed, empty

if TYPE_CHECKING:
    from torch import nn

    from resviz.tracing.answers import Answer, Rule
    from resviz.tracing.recorder import Recorder

SPOKEN_FOR = ("forward", "_conv_forward", "_check_input_dim")
"""Methods that say what a module gives, which the rules say in their place."""


class Answering:
    """Answers for the modules of a recorder's clone that can be answered whole."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.clone = recorder.clone
        self.storages = recorder.storages

    def start(self) -> None:
        """Answer for the modules, but where a class is not as torch defines it."""
        rules = {k: rule for k, rule in ANSWERS.items() if as_defined(k)}
        for module in self.clone.wholes:
            rule = rules.get(type(module))
            if rule is not None:
                vars(module)[SEAM] = partial(self.call, module, rule)

    def stop(self) -> None:
        """Let go of the modules, which hold us."""
        for module in self.clone.wholes:
            vars(module).pop(SEAM, None)

    def call(self, module: nn.Module, rule: Rule, /, *args: Any, **kwargs: Any) -> Any:
        """The call of a module: its answer; without one it is run, as ever after."""
        if len(args) == 1 and not kwargs and type(args[0]) is torch.Tensor:
            output = self.answer(module, rule, args[0])
            if output is not None:
                return output
        vars(module).pop(SEAM, None)
        self.recorder.hook(module)
        return module(*args, **kwargs)

    def answer(
        self, module: nn.Module, rule: Rule, x: torch.Tensor
    ) -> torch.Tensor | None:
        """What a module gives for `x`, noted; None if it has to run."""
        state, dtype = vars(module), x.dtype
        held, made = self.clone.at_rest(state), self.recorder.origins.known(x)
        if held is None or made is None or not made.flowing or watched():
            return None
        usual = x.is_meta and x.is_contiguous() and dtype.is_floating_point
        if not usual or get_ident() != self.recorder.thread:
            return None
        given = rule(state, held, tuple(x.shape), dtype)
        if given is None:
            return None
        answer, operands = given
        for operand in operands:
            if operand.dtype is not dtype:
                return None
        return self.noted(module, x, made.source, answer, operands)

    def noted(
        self,
        module: nn.Module,
        x: torch.Tensor,
        source: Source,
        answer: Answer,
        operands: tuple[torch.Tensor, ...],
    ) -> torch.Tensor | None:
        """What an answer gives, its operation noted; None if others see a write."""
        recorder, storages = self.recorder, self.storages
        read, ran = storages.read(x), answer.operation
        if not answer.in_place:
            with Unnoticed():
                output = empty(
                    ran.outputs[0], answer.strides, dtype=x.dtype, device=META
                )
            written = storages.fresh(output)
        elif read < 0 or storages.shared:
            return None
        else:
            output, written = x, (read,)
        operation = Operation(
            ran.name,
            ran.inputs,
            ran.flowing,
            ran.outputs,
            ran.window,
            ran.arguments,
            (read, *map(storages.older, operands)),
            written,
        )
        steps = recorder.steps
        number = len(steps)
        origins, keys = (source, *(None,) * len(operands)), tuple(map(id, operands))
        path = self.clone.paths[id(module)]
        step = Answered(
            number, operation, origins, keys, [answer.output], True, path, module
        )
        steps.append(step)
        recorder.events.append(step)
        recorder.origins.remember(output, Source(number), flowing=True)
        return output


BEFORE_ALL = vars(every)["_global_forward_pre_hooks"]
AFTER_ALL = vars(every)["_global_forward_hooks"]
"""Hooks on the calls of all modules."""

# Nothing public tells how many modes are entered.
modes = torch._C._len_torch_dispatch_stack  # noqa: SLF001
functions = torch._C._len_torch_function_stack  # noqa: SLF001
casts = torch._C._is_any_autocast_enabled  # noqa: SLF001
grads = torch.is_grad_enabled


def watched() -> bool:
    """Whether something but our own mode sees or changes the calls of all modules."""
    elsewhere = BEFORE_ALL or AFTER_ALL or functions() or casts() or grads()
    return bool(elsewhere) or modes() != 1


def as_defined(kind: type[nn.Module]) -> bool:
    """Whether nobody has put a function of their own in a class of torch's."""
    found = [vars(kind)[name] for name in SPOKEN_FOR if name in vars(kind)]
    return all(function.__module__ == kind.__module__ for function in found)

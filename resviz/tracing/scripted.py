"""Scripted modules: compiled to a language of torch's own, so no hook looks inside.

Their operations are still seen as they run. A copy is made by saving to memory and
loading onto another device: the only copy that torch makes of them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch.jit import ScriptModule

if TYPE_CHECKING:
    from torch import nn


def scripted_copy(module: ScriptModule, *, training: bool, real: bool) -> ScriptModule:
    """A scripted module of the same code, without weights unless it is `real`."""
    whole: Any = module
    # torch.jit.load does the same, and warns that it is going to be retired.
    torch_c: Any = torch._C  # noqa: SLF001
    wrapped: Any = vars(torch.jit)["_recursive"].wrap_cpp_module
    loaded = torch_c.import_ir_module_from_buffer(
        torch_c.CompilationUnit(),
        whole.save_to_buffer(),
        None if real else torch.device("meta"),
        {},
        False,  # restore no shapes
    )
    copy: Any = wrapped(loaded)
    with suppress(AttributeError, RuntimeError):  # a frozen one has no mode
        copy.train(training)
    return copy


def class_name(module: nn.Module) -> str:
    """A module's class; for a scripted one, that which it was made from."""
    if isinstance(module, ScriptModule):
        return str(getattr(module, "original_name", "ScriptModule"))
    return type(module).__name__

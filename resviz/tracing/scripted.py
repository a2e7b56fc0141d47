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


def copy_scripted_module(
    module: ScriptModule, *, training: bool, real: bool
) -> ScriptModule:
    """Copy a scripted module, without weights unless it is `real`."""
    scripted: Any = module
    # torch.jit.load does the same, and warns that it is going to be retired.
    torch_c: Any = torch._C  # noqa: SLF001
    wrap: Any = vars(torch.jit)["_recursive"].wrap_cpp_module
    loaded = torch_c.import_ir_module_from_buffer(
        torch_c.CompilationUnit(),
        scripted.save_to_buffer(),
        None if real else torch.device("meta"),
        {},
        False,  # restore no shapes
    )
    copy: Any = wrap(loaded)
    with suppress(AttributeError, RuntimeError):  # a frozen one has no mode
        copy.train(training)
    return copy


def find_class_name(module: nn.Module) -> str:
    """Return a module's class name, for a scripted one its original's."""
    if isinstance(module, ScriptModule):
        return str(getattr(module, "original_name", "ScriptModule"))
    return type(module).__name__

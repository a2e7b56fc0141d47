"""What a recorder writes down: operations, and where calls of modules begin and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    import torch
    from torch import nn

    from resviz.record import Operation, Source, Tensor


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

"""What a recorder writes down: operations, and where calls of modules begin and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    import torch
    from torch import nn

    from resviz.record import Shape, Source, Tensor, Window


class Step(Struct, eq=False, gc=False):
    """One operation as it ran.

    `origins` says which step's output each operand is; None is a parameter or a
    constant. `keys` holds the `id` of each operand. `reads` and `writes` are the
    numbers of storages that operands and results lie in; `live` says whether the
    results depend on the model's input.
    """

    number: int
    name: str
    origins: tuple[Source | None, ...]
    keys: tuple[int, ...]
    shapes: tuple[Shape, ...]
    flowing: tuple[bool, ...]
    outputs: list[Tensor]
    window: Window | None
    arguments: dict[str, Any]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    live: bool


class Enter(Struct, eq=False):
    """A module was called; `args` are what it was given, as long as it runs."""

    path: str
    module: nn.Module
    args: tuple[Any, ...]


class Leave(NamedTuple):
    """A module's call ended.

    `returned` are the tensors that it gave; None if an exception cut it off.
    """

    returned: tuple[Source, ...] | None


class Failed(NamedTuple):
    """An operation that raised, and what it was called with."""

    func: Any
    operands: list[torch.Tensor]
    args: tuple[Any, ...]
    error: Exception


Event = Step | Enter | Leave

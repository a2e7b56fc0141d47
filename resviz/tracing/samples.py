"""What a forward is fed: tensors in the place of sizes, stand-ins for the user's."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from resviz.inputs import Arguments, Given
from resviz.tracing.nests import changed

if TYPE_CHECKING:
    from resviz.tracing.clone import Clone

SEED = 0
"""Of the values that a forward is fed which is run for real."""


class Fed(NamedTuple):
    """One tensor that a forward is fed, and its name."""

    tensor: torch.Tensor
    name: str


class Samples:
    """The arguments of one forward, as tensors that are the trace's own.

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
        fed: each tensor in them once, in order.
        lone: whether that is the only argument, which needs no name.
    """

    def __init__(self, clone: Clone, arguments: Arguments, batch: int) -> None:
        self.clone = clone
        self.batch = batch
        self.fed: list[Fed] = []
        self.stand_ins: dict[int, torch.Tensor] = {}
        if clone.real:
            torch.default_generator.manual_seed(SEED)
        names = positions(clone.root, len(arguments.args))
        pairs = zip(arguments.args, names, strict=True)
        self.args = [changed(value, name, self.stand_in) for value, name in pairs]
        self.kwargs = changed(arguments.kwargs, "", self.stand_in)
        self.lone = len(self.fed) == 1 and any(
            self.fed[0].tensor is a for a in self.args
        )

    def stand_in(self, value: Any, name: str) -> Any:
        """A tensor for one that is described or the user's; else `value` itself."""
        if isinstance(value, Given):
            dtype = getattr(torch, value.dtype) if value.dtype else self.clone.dtype
            return self.feed(self.made(value.shape(self.batch), dtype), name)
        if not isinstance(value, torch.Tensor):
            return value
        known = self.stand_ins.get(id(value))
        if known is None:
            known = self.stand_ins[id(value)] = self.feed(self.copied(value), name)
        return known

    def feed(self, tensor: torch.Tensor, name: str) -> torch.Tensor:
        """Note a tensor that is fed, and give it back."""
        self.fed.append(Fed(tensor, name))
        return tensor

    def copied(self, tensor: torch.Tensor) -> torch.Tensor:
        """An empty tensor like the user's; with its values in a forward run for real.

        They may be ids or masks, which mean something.
        """
        if self.clone.real and tensor.is_meta:
            return self.made(tuple(tensor.shape), tensor.dtype)
        return self.clone.stand_in(tensor)

    def made(self, shape: tuple[int, ...], dtype: torch.dtype | None) -> torch.Tensor:
        """A tensor of some shape; seeded values in a forward that is run for real.

        Whole numbers are 0 and 1, which every table of embeddings has; a mask is True.
        """
        device = self.clone.device
        if not self.clone.real:
            return torch.empty(shape, dtype=dtype, device=device)
        if dtype == torch.bool:
            return torch.ones(shape, dtype=dtype, device=device)
        if dtype is None or dtype.is_floating_point or dtype.is_complex:
            return torch.randn(shape).to(device, dtype or torch.get_default_dtype())
        return torch.randint(0, 2, shape).to(device, dtype)


def positions(module: Any, count: int) -> list[str]:
    """The names of a forward's first parameters; their numbers where they have none."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [one.name for one in parameters if one.kind in kinds][:count]
    return names + [str(number) for number in range(len(names), count)]

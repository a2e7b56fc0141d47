"""What a forward is fed: tensors in the place of sizes, stand-ins for the user's."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from resviz.inputs import ForwardArguments, InputSpec
from resviz.tracing.tensors import map_leaves

if TYPE_CHECKING:
    from resviz.tracing.clone import Clone

SEED = 0
"""The seed of the values that a real run is fed."""


class FedTensor(NamedTuple):
    """One tensor that a forward is fed, and its name."""

    tensor: torch.Tensor
    name: str


class InputPlaceholders:
    """The arguments of one forward, as tensors that are the trace's own.

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
        fed_tensors: each tensor in them once, in order.
        has_sole_input: whether that is the only argument, which needs no name.
    """

    def __init__(self, clone: Clone, arguments: ForwardArguments, batch: int) -> None:
        self.clone = clone
        self.batch = batch
        self.fed_tensors: list[FedTensor] = []
        self.placeholders: dict[int, torch.Tensor] = {}
        if clone.real:
            torch.default_generator.manual_seed(SEED)
        names = name_positions(clone.root, len(arguments.args))
        pairs = zip(arguments.args, names, strict=True)
        self.args = [
            map_leaves(value, name, self.replace_leaf) for value, name in pairs
        ]
        self.kwargs = map_leaves(arguments.kwargs, "", self.replace_leaf)
        self.has_sole_input = len(self.fed_tensors) == 1 and any(
            self.fed_tensors[0].tensor is a for a in self.args
        )

    def replace_leaf(self, value: Any, name: str) -> Any:
        """Return a tensor for a described or the user's one; else `value`."""
        if isinstance(value, InputSpec):
            dtype = getattr(torch, value.dtype) if value.dtype else self.clone.dtype
            return self.note_fed(
                self.make_tensor(value.shape_for_batch(self.batch), dtype), name
            )
        if not isinstance(value, torch.Tensor):
            return value
        placeholder = self.placeholders.get(id(value))
        if placeholder is None:
            placeholder = self.placeholders[id(value)] = self.note_fed(
                self.copy_tensor_input(value), name
            )
        return placeholder

    def note_fed(self, tensor: torch.Tensor, name: str) -> torch.Tensor:
        """Note a tensor that is fed, and give it back."""
        self.fed_tensors.append(FedTensor(tensor, name))
        return tensor

    def copy_tensor_input(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return an empty tensor like the user's; with values in a real run.

        They may be ids or masks, which mean something.
        """
        if self.clone.real and tensor.is_meta:
            return self.make_tensor(tuple(tensor.shape), tensor.dtype)
        return self.clone.make_placeholder(tensor)

    def make_tensor(
        self, shape: tuple[int, ...], dtype: torch.dtype | None
    ) -> torch.Tensor:
        """Return a new tensor of a shape, with seeded values in a real run.

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


def name_positions(module: Any, count: int) -> list[str]:
    """Return the names of a forward's first parameters, or their numbers."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in parameters if parameter.kind in kinds][
        :count
    ]
    return names + [str(number) for number in range(len(names), count)]

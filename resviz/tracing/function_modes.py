"""Modes that see calls of torch's functions, where those of operations are too late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable

CONSTANT_MAKERS = frozenset({
    torch.tensor, torch.as_tensor, torch.asarray, torch.Tensor.new_tensor,
    torch.Tensor.new,
})  # fmt: skip
"""Functions whose tensors of the meta device come from no operation."""

CONSTANT_MAKER_NAMES = frozenset(maker.__name__ for maker in CONSTANT_MAKERS)
"""Their names, as a forward's code has them."""


class ConstantAdopter(TorchFunctionMode):
    """A mode that hands on each constant, so that none is taken for another thread's.

    Attributes:
        adopt_constant: called with each.
    """

    def __init__(self, adopt_constant: Callable[[torch.Tensor], None]) -> None:
        super().__init__()
        self.adopt_constant = adopt_constant

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function, and hand on what it gives if that is a constant."""
        output = func(*args, **(kwargs or {}))
        if func in CONSTANT_MAKERS:
            self.adopt_constant(output)
        return output


STAYING = frozenset({torch.Tensor.cuda, torch.Tensor.xpu, torch.Tensor.pin_memory})
"""Methods that move a tensor to another device, or near to it."""


def take_off_device(value: Any) -> Any:
    """Return the dtype of a class of tensors on CUDA, or of its name; else `value`."""
    name = value
    if isinstance(value, type(torch.FloatTensor)):
        name = f"{value.__module__}.{value.__name__}"
    if not isinstance(name, str) or not name.startswith("torch.cuda."):
        return value
    return getattr(torch, name.rpartition(".")[2]).dtype


class FixedDevice(TorchFunctionMode):
    """A mode in which tensors stay on one device, wherever a forward moves them."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function with the one device in the place of any other."""
        kwargs = kwargs or {}
        if func in STAYING:
            return args[0]
        if func is torch.Tensor.record_stream:
            return None
        if func is torch.Tensor.to:
            args = tuple(map(self.replace_device, args))
        if func is torch.Tensor.type:
            args = tuple(map(take_off_device, args))
        if "device" in kwargs:
            kwargs = kwargs | {"device": self.replace_device(kwargs["device"])}
        if "pin_memory" in kwargs:
            kwargs = kwargs | {"pin_memory": False}
        return func(*args, **kwargs)

    def replace_device(self, value: Any) -> Any:
        """Return the one device for another, or for the name or number of one."""
        is_device = isinstance(value, (torch.device, str, int)) and value is not True
        return self.device if is_device and value is not False else value

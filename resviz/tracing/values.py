"""Classes of values that a module holds, tensors without values, names of dtypes."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

PLAIN = frozenset({type(None), bool, int, float, str})
"""Values that hold nothing else; most attributes of a module are such."""

MAPPINGS = frozenset({dict, OrderedDict, defaultdict})

EAGER = frozenset({torch.Tensor, nn.Parameter})
"""The usual classes of tensors, none of which is lazy."""

META = torch.device("meta")

empty_strided = torch.empty_strided
"""As torch has it; other tracers put a function of their own in its place."""

empty_of = torch.Tensor.new
"""Given a tensor and one size or more, an empty one of its dtype and device.

Torch's oldest way to make one, and its quickest.
"""

Unnoticed = torch._C._DisableTorchDispatch  # noqa: SLF001 - torch has no other
"""A context in which our own operations are not taken for those of the forward."""

Untransformed = torch._C._DisableFuncTorch  # noqa: SLF001 - torch has no other
"""A context in which tensors are made as they are outside of `torch.func`."""


def weightless(tensor: torch.Tensor, home: torch.device = META) -> torch.Tensor:
    """A meta tensor of the same shape, dtype and class; no value is read.

    A lazy one has no values yet, and is made on the device `home`.
    """
    kind: Any = type(tensor)
    if kind not in EAGER and is_lazy(tensor):
        return kind(requires_grad=False, device=home, dtype=tensor.dtype)
    if tensor.layout is torch.strided and not tensor.is_quantized:
        # torch.empty_like on meta is Python, and imports sympy.
        empty = empty_strided(
            tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META
        )
    else:
        empty = torch.empty_like(tensor, device=META)
    if kind is torch.Tensor or not isinstance(tensor, nn.Parameter):
        return empty
    return nn.Parameter(empty, requires_grad=False)


def dtype(tensor: torch.Tensor) -> str:
    """Name of a tensor's dtype, "float32"."""
    return dtype_name(tensor.dtype)


@cache
def dtype_name(kind: torch.dtype) -> str:
    """Name of a dtype, "float32"."""
    return str(kind).removeprefix("torch.")

"""Classes of values that a module holds, tensors without values, names of dtypes."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

PLAIN_CLASSES = frozenset({type(None), bool, int, float, str})
"""Values that hold nothing else; most attributes of a module are such."""

MAPPING_CLASSES = frozenset({dict, OrderedDict, defaultdict})

EAGER_CLASSES = frozenset({torch.Tensor, nn.Parameter})
"""The usual classes of tensors, none of which is lazy."""

META_DEVICE = torch.device("meta")

empty_strided = torch.empty_strided
"""As torch has it; other tracers put a function of their own in its place."""


def make_weightless(
    tensor: torch.Tensor, device: torch.device = META_DEVICE
) -> torch.Tensor:
    """Return a meta tensor of the same shape, dtype and class.

    A lazy one has no values yet, and is made on the device `device`.
    """
    tensor_class: Any = type(tensor)
    if tensor_class not in EAGER_CLASSES and is_lazy(tensor):
        return tensor_class(requires_grad=False, device=device, dtype=tensor.dtype)
    if tensor.layout is torch.strided and not tensor.is_quantized:
        # torch.empty_like on meta is Python, and imports sympy.
        empty = empty_strided(
            tensor.shape, tensor.stride(), dtype=tensor.dtype, device=META_DEVICE
        )
    else:
        empty = torch.empty_like(tensor, device=META_DEVICE)
    if tensor_class is torch.Tensor or not isinstance(tensor, nn.Parameter):
        return empty
    return nn.Parameter(empty, requires_grad=False)


def tensor_dtype_name(tensor: torch.Tensor) -> str:
    """Return the name of a tensor's dtype, as "float32"."""
    return dtype_name(tensor.dtype)


@cache
def dtype_name(dtype: torch.dtype) -> str:
    """Return the name of a dtype, as "float32"."""
    return str(dtype).removeprefix("torch.")

"""Objects of the user's that a forward may write to or draw from, besides tensors."""

from __future__ import annotations

import random
import sys
from copy import deepcopy
from enum import Enum
from typing import Any

import torch

FOREIGN_PACKAGES = frozenset(sys.stdlib_module_names) | {"torch", "numpy"}
"""Packages whose objects are no plain holders: locks, loggers, streams, optimisers."""


def is_attribute_holder(value: Any) -> bool:
    """Whether `value` is an object of a plain class with attributes of its own.

    As a cache or a configuration. An empty one may be a mark that is compared by
    identity, and one that cleans up after itself would do so twice.
    """
    kind = type(value)
    if kind.__new__ is not object.__new__ or hasattr(kind, "__del__"):
        return False
    if str(getattr(kind, "__module__", "")).partition(".")[
        0
    ] in FOREIGN_PACKAGES or isinstance(value, Enum):
        return False
    return bool(getattr(value, "__dict__", None))


def copy_generator_or_array(value: Any) -> Any:
    """Copy a random generator or an array; return None for anything else."""
    if isinstance(value, torch.Generator):
        copy = torch.Generator(value.device)
        copy.set_state(value.get_state())
        return copy
    if isinstance(value, random.Random):
        return deepcopy(value)
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.ndarray):
        return value.copy()
    generators = (numpy.random.Generator, numpy.random.RandomState)
    return deepcopy(value) if isinstance(value, generators) else None

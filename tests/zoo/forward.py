"""A real forward on the CPU beside the record of a trace."""

from __future__ import annotations

import torch

import resviz
from tests.tracing.leaf_calls import difference, seen

from .packages import build
from .verdict import reason


def check(name: str) -> str:
    """How the record of a model differs from its real forward on the CPU."""
    built = build(name, real=True)
    torch.manual_seed(0)
    real = seen(built.model, torch.randn(1, *built.size))
    if not real:
        return "no leaf calls"
    return difference(real, resviz.trace(built.model, built.size))


def faithful(name: str) -> str:
    """As `check`, with what went wrong in words."""
    try:
        return check(name)
    except Exception as error:  # noqa: BLE001 - a package's own failures are rows too
        return reason(error)

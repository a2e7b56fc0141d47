"""Residual networks in torch: one class, its options, and networks by name.

Names are imported when they are first asked for, so that tables of depths, which other
rooms read, cost no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.models import catalogue
    from resviz.models.blocks import (
        BasicBlock,
        BlockError,
        Bottleneck,
        conv1x1,
        conv3x3,
    )
    from resviz.models.definition import ResNet
    from resviz.models.networks import (
        cifar_resnet,
        paper,
        resnet,
        resnet18,
        resnet34,
        resnet50,
        resnet101,
        resnet152,
        resnext50_32x4d,
        resnext101_32x8d,
        resnext101_64x4d,
        wide_resnet50_2,
        wide_resnet101_2,
    )
    from resviz.models.shortcuts import PROJECTIONS, IdentityShortcut

__all__ = [
    "PROJECTIONS",
    "BasicBlock",
    "BlockError",
    "Bottleneck",
    "IdentityShortcut",
    "ResNet",
    "catalogue",
    "cifar_resnet",
    "conv1x1",
    "conv3x3",
    "paper",
    "resnet",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
]

HOMES = {
    "blocks": ("BasicBlock", "BlockError", "Bottleneck", "conv1x1", "conv3x3"),
    "definition": ("ResNet",),
    "shortcuts": ("PROJECTIONS", "IdentityShortcut"),
}
"""Which module holds each public name that is no network."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "catalogue":
        return import_module(f"{__name__}.catalogue")
    home = next((home for home, names in HOMES.items() if name in names), "networks")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name[:2] == "__")})

"""Residual networks in torch: one class, and its options."""

from resviz.models.blocks import (
    BasicBlock,
    BlockError,
    Bottleneck,
    conv1x1,
    conv3x3,
)
from resviz.models.resnet import ResNet
from resviz.models.shortcuts import PROJECTIONS, IdentityShortcut

__all__ = [
    "PROJECTIONS",
    "BasicBlock",
    "BlockError",
    "Bottleneck",
    "IdentityShortcut",
    "ResNet",
    "conv1x1",
    "conv3x3",
]

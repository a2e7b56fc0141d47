"""Residual networks in torch: one class, its options, and networks by name."""

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

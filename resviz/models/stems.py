"""Stems: the layers before the first stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch import nn

from resviz.errors import SpecError
from resviz.models.blocks import MakeNorm, conv3x3
from resviz.models.options import check_at_least, check_one_of

if TYPE_CHECKING:
    from collections.abc import Callable


class StemKind(NamedTuple):
    """A kind of stem.

    Attributes:
        make_conv: makes the convolutions before the stem's last norm and ReLU, from
            input channels, output channels and the norm.
        has_pool: whether a 3x3 max pool of stride 2 follows.
        stride: total stride, the pool's included.
    """

    make_conv: Callable[[int, int, MakeNorm], nn.Module]
    has_pool: bool
    stride: int


def _make_imagenet_conv(in_channels: int, channels: int, _norm: MakeNorm) -> nn.Module:
    return nn.Conv2d(
        in_channels, channels, kernel_size=7, stride=2, padding=3, bias=False
    )


def _make_deep_convs(in_channels: int, channels: int, norm: MakeNorm) -> nn.Module:
    check_at_least("stem_channels of a deep stem", channels, 2)
    half = channels // 2
    return nn.Sequential(
        conv3x3(in_channels, half, stride=2),
        norm(half),
        nn.ReLU(inplace=True),
        conv3x3(half, half),
        norm(half),
        nn.ReLU(inplace=True),
        conv3x3(half, channels),
    )


def _make_cifar_conv(in_channels: int, channels: int, _norm: MakeNorm) -> nn.Module:
    return conv3x3(in_channels, channels)


STEMS: dict[str, StemKind] = {
    "imagenet": StemKind(_make_imagenet_conv, has_pool=True, stride=4),
    "deep": StemKind(_make_deep_convs, has_pool=True, stride=4),
    "cifar": StemKind(_make_cifar_conv, has_pool=False, stride=1),
}
"""The stems by name.

Source: He et al. 2015, Table 1 (7x7) and section 4.2 (CIFAR, one 3x3); He et al.
2018 (Bag of Tricks), figure 2(b) (deep, three 3x3).
"""


def resolve_stem_name(stem: str, *, deep_stem: bool) -> str:
    """Return the key of ``STEMS`` that two options choose.

    Raises:
        SpecError: for an unknown stem, or a deep one asked beside another.
    """
    check_one_of("stem", stem, STEMS)
    if not deep_stem:
        return stem
    if stem == "cifar":
        raise SpecError("deep_stem: got True with stem='cifar', want one of them")
    return "deep"

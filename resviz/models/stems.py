"""Stems: the layers before the first stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch import nn

from resviz.errors import SpecError
from resviz.models.blocks import Norm, conv3x3
from resviz.models.options import at_least, one_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Stem(NamedTuple):
    """A kind of stem.

    Attributes:
        conv: makes the convolutions before the stem's last norm and ReLU, from
            input channels, output channels and the norm.
        pools: whether a 3x3 max pool of stride 2 follows.
        stride: total stride, the pool's included.
    """

    conv: Callable[[int, int, Norm], nn.Module]
    pools: bool
    stride: int


def _imagenet(in_channels: int, channels: int, _norm: Norm) -> nn.Module:
    return nn.Conv2d(
        in_channels, channels, kernel_size=7, stride=2, padding=3, bias=False
    )


def _deep(in_channels: int, channels: int, norm: Norm) -> nn.Module:
    at_least("stem_channels of a deep stem", channels, 2)
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


def _cifar(in_channels: int, channels: int, _norm: Norm) -> nn.Module:
    return conv3x3(in_channels, channels)


STEMS: dict[str, Stem] = {
    "imagenet": Stem(_imagenet, pools=True, stride=4),
    "deep": Stem(_deep, pools=True, stride=4),
    "cifar": Stem(_cifar, pools=False, stride=1),
}
"""The stems by name.

Source: He et al. 2015, Table 1 (7x7) and section 4.2 (CIFAR, one 3x3); He et al.
2018 (Bag of Tricks), figure 2(b) (deep, three 3x3).
"""


def stem_name(stem: str, *, deep_stem: bool) -> str:
    """A key of ``STEMS`` from the two options that choose one.

    Raises:
        SpecError: for an unknown stem, or a deep one asked beside another.
    """
    one_of("stem", stem, STEMS)
    if not deep_stem:
        return stem
    if stem == "cifar":
        raise SpecError("deep_stem: got True with stem='cifar', want one of them")
    return "deep"

"""The two residual blocks of He et al. 2015: basic and bottleneck."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from resviz.errors import SpecError
from resviz.models.options import check_at_least, check_one_of
from resviz.models.prototypes import LAYER_PROTOTYPES, build_or_copy

MakeNorm = Callable[[int], nn.Module]
"""Makes a normalisation layer for a number of channels."""

STRIDE_IN_CHOICES = ("3x3", "1x1")
"""Convolutions of a bottleneck that may carry its stride."""

STRIDE_IN_BY_STYLE = {"pytorch": "3x3", "caffe": "1x1"}
"""mmdetection's names for the convolution that strides."""


class BlockError(SpecError, NotImplementedError):
    """An option that a block does not support."""


def conv3x3(
    in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1
) -> nn.Conv2d:
    """Make a 3x3 convolution without bias; at stride 1 it keeps the size.

    Shapes: (N, in_planes, H, W) to (N, out_planes, ceil(H/stride), ceil(W/stride)).
    """
    numbers = (3, stride, dilation, dilation, groups)  # padded as it is dilated
    return build_or_copy(
        LAYER_PROTOTYPES, make_unbiased_conv, in_planes, out_planes, *numbers
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """Make a 1x1 convolution without bias.

    Shapes: (N, in_planes, H, W) to (N, out_planes, ceil(H/stride), ceil(W/stride)).
    """
    return build_or_copy(
        LAYER_PROTOTYPES, make_unbiased_conv, in_planes, out_planes, 1, stride
    )


def make_unbiased_conv(*numbers: int) -> nn.Conv2d:
    """Make a convolution without bias; numbers stand in torch's order."""
    return nn.Conv2d(*numbers, bias=False)


def make_norm(norm: MakeNorm, channels: int) -> nn.Module:
    """Make a normalisation layer; the user's own is made anew each time."""
    return (
        build_or_copy(LAYER_PROTOTYPES, norm, channels)
        if norm is nn.BatchNorm2d
        else norm(channels)
    )


def resolve_stride_in(stride_in: str | None, style: str | None) -> str:
    """Return the convolution of a bottleneck that strides, "3x3" or "1x1".

    Raises:
        SpecError: for an unknown name, or two names that disagree.

    Example:
        >>> resolve_stride_in(None, "caffe")
        '1x1'
    """
    if stride_in is not None:
        check_one_of("stride_in", stride_in, STRIDE_IN_CHOICES)
    if style is None:
        return stride_in or "3x3"
    check_one_of("style", style, STRIDE_IN_BY_STYLE)
    if stride_in not in (None, STRIDE_IN_BY_STYLE[style]):
        want = f"{STRIDE_IN_BY_STYLE[style]!r}, or no style"
        raise SpecError(f"stride_in: got {stride_in!r} with {style=}, want {want}")
    return STRIDE_IN_BY_STYLE[style]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut around them.

    Shapes: (N, inplanes, H, W) to (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Args:
        inplanes: channels of the input.
        planes: channels between the two convolutions.
        stride: stride of the first convolution.
        downsample: the shortcut where it is not the identity.
        groups: only 1.
        base_width: only 64.
        dilation: only 1; dilate the first convolution with ``conv1_dilation``.
        norm_layer: makes the normalisation layers; batch norm by default.
        conv1_dilation: dilation of the first convolution alone, which is all that
            mmdetection's basic block dilates.
        out_channels: channels of the output, ``planes`` by default.

    Raises:
        SpecError: for ``groups`` or ``base_width``.
        BlockError: (a NotImplementedError) for ``dilation``.

    Source: He et al. 2015, figure 5 left.
    """

    expansion: ClassVar[int] = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: MakeNorm | None = None,
        *,
        conv1_dilation: int = 1,
        out_channels: int | None = None,
    ) -> None:
        super().__init__()
        if (groups, base_width) != (1, 64):
            got = f"groups={groups!r} and base_width={base_width!r}"
            raise SpecError(
                f"basic block: got {got}, want 1 and 64: use a bottleneck for others"
            )
        if dilation != 1:
            raise BlockError(
                f"basic block: got dilation {dilation!r}, want 1: use a bottleneck,"
                " or dilate first convolutions alone with strides= and dilations="
            )
        norm = norm_layer or nn.BatchNorm2d
        width = planes * self.expansion if out_channels is None else out_channels
        self.conv1 = conv3x3(inplanes, planes, stride, dilation=conv1_dilation)
        self.bn1 = make_norm(norm, planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, width)
        self.bn2 = make_norm(norm, width)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Add main path and shortcut, then apply ReLU."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions and a shortcut around them.

    Shapes: (N, inplanes, H, W) to (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Args:
        inplanes: channels of the input.
        planes: the width before ``base_width`` and ``groups`` scale it.
        stride: stride of the convolution that ``stride_in`` names.
        downsample: the shortcut where it is not the identity.
        groups: groups of the 3x3 convolution (ResNeXt's cardinality).
        base_width: channels per group where ``planes`` is 64.
        dilation: dilation of the 3x3 convolution.
        norm_layer: makes the normalisation layers; batch norm by default.
        stride_in: ``"3x3"`` ("v1.5", torchvision) or ``"1x1"``, the first
            convolution ("v1", the paper's authors).
        out_channels: channels of the output, ``4 * planes`` by default.

    Raises:
        SpecError: for another ``stride_in``.

    Source: He et al. 2015, figure 5 right; Xie et al. 2016, figure 3(c) for groups.
    """

    expansion: ClassVar[int] = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: MakeNorm | None = None,
        *,
        stride_in: str = "3x3",
        out_channels: int | None = None,
    ) -> None:
        super().__init__()
        check_one_of("stride_in", stride_in, STRIDE_IN_CHOICES)
        stride1, stride2 = (stride, 1) if stride_in == "1x1" else (1, stride)
        norm = norm_layer or nn.BatchNorm2d
        inner = int(planes * (base_width / 64.0)) * groups
        check_at_least(
            "width of a bottleneck, planes * base_width / 64 * groups", inner
        )
        width = planes * self.expansion if out_channels is None else out_channels
        self.conv1 = conv1x1(inplanes, inner, stride1)
        self.bn1 = make_norm(norm, inner)
        self.conv2 = conv3x3(inner, inner, stride2, groups, dilation)
        self.bn2 = make_norm(norm, inner)
        self.conv3 = conv1x1(inner, width)
        self.bn3 = make_norm(norm, width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Add main path and shortcut, then apply ReLU."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


BLOCKS: dict[str, type[BasicBlock | Bottleneck]] = {
    "basic": BasicBlock,
    "bottleneck": Bottleneck,
}
"""The blocks by name."""

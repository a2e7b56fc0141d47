"""The residual network, with every option that changes its architecture; its stems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from resviz.errors import SpecError
from resviz.models.blocks import (
    BasicBlock,
    Bottleneck,
    MakeNorm,
    conv3x3,
    resolve_stride_in,
)
from resviz.models.options import check_at_least, check_callable, check_one_of
from resviz.models.shortcuts import ShortcutFactory
from resviz.models.stages import BlockFactory, Spacing, plan_stages


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


STEMS: dict[str, StemKind] = {
    "imagenet": StemKind(
        lambda in_channels, channels, _norm: nn.Conv2d(
            in_channels, channels, kernel_size=7, stride=2, padding=3, bias=False
        ),
        has_pool=True,
        stride=4,
    ),
    "deep": StemKind(_make_deep_convs, has_pool=True, stride=4),
    "cifar": StemKind(
        lambda in_channels, channels, _norm: conv3x3(in_channels, channels),
        has_pool=False,
        stride=1,
    ),
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


HEAD_POOLINGS: dict[str, Callable[[], nn.Module]] = {
    "adaptive": lambda: nn.AdaptiveAvgPool2d((1, 1)),
    "fixed": lambda: nn.AvgPool2d(7, stride=1),
    "strided": lambda: nn.AvgPool2d(7),
}
"""The poolings before the classifier; early torchvision has the fixed one."""


class ResNet(nn.Module):
    """A residual network: stem, stages of blocks, head.

    The positional arguments, the module names and therefore the state dict are
    torchvision's. The others express the paper, early releases, and what the
    backbones of mmdetection, detectron2 and timm change in the architecture.
    Options of training (frozen stages, checkpointing) are not among them.

    Shapes: an image (N, in_channels, H, W) gives logits (N, num_classes); with
    ``num_classes=0`` pooled features (N, C); with ``out_indices`` a tuple of
    stage outputs (N, C, H', W').

    Args:
        block: ``BasicBlock``, ``Bottleneck``, or a class with their signature.
        layers: blocks of each stage, ``[3, 4, 6, 3]`` for 50 layers.
        num_classes: outputs of the classifier; 0 builds none.
        zero_init_residual: start the last norm of every block at zero.
        groups: groups of the 3x3 in a bottleneck.
        width_per_group: channels per group in the first stage.
        replace_stride_with_dilation: for each stage after the first, whether it
            dilates instead of striding; its first block keeps the dilation of the
            stage before.
        norm_layer: makes the normalisation layers; batch norm by default.
        in_channels: channels of the image.
        stem: ``"imagenet"`` (7x7, pool), ``"deep"`` (three 3x3, pool) or
            ``"cifar"`` (one 3x3, no stride, no pool).
        deep_stem: the same as ``stem="deep"``.
        stem_channels: channels out of the stem, ``base_channels`` by default.
        base_channels: planes of the first stage, doubled from stage to stage.
        out_channels: output channels of the first stage, doubled likewise, with
            the width inside the blocks unchanged (detectron2's RES2_OUT_CHANNELS).
        num_stages: keep only the first stages. detectron2 leaves out stages beyond
            the last one it is asked for: its C4 is ``num_stages=3``.
        strides: stride of each stage's first block, (1, 2, 2, 2) by default.
        dilations: dilation of each stage, its first block included. A basic block
            dilates its first convolution only. DC5 is ``strides=(1, 2, 2, 1)``
            with ``dilations=(1, 1, 1, 2)``.
        output_stride: total stride to stop at; later stages dilate instead.
        stride_in: convolution of a bottleneck that strides, ``"3x3"`` (default)
            or ``"1x1"``; a basic block accepts and ignores it.
        style: ``"pytorch"`` or ``"caffe"``, mmdetection's names for ``stride_in``.
        shortcut: the paper's option, ``"A"``, ``"B"`` or ``"C"``.
        projection: which blocks project under B, a key of ``PROJECTIONS``.
        avg_down: pool in projections instead of striding (ResNet-D).
        head: ``"adaptive"``; ``"fixed"``, early torchvision's 7x7 pooling of stride 1,
            for images of 193 to 224 pixels; or ``"strided"``, the same of stride 7, as
            copies have it, which loses what lies beyond 7x7.
        softmax: end in probabilities, as the authors' layer files, not in logits.
        out_indices: stages, counted from 0, whose outputs ``forward`` returns; no
            head is built then, but stages beyond the last index are, and run.

    Attributes:
        num_features: channels of the last stage.
        omitted: prefixes of state-dict names for parts that options left out.

    Raises:
        SpecError: (a ValueError) for options that cannot be built or contradict
            each other.
        BlockError: (a NotImplementedError too) for ``replace_stride_with_dilation``
            or ``output_stride`` with a basic block.

    Example:
        >>> with torch.device("meta"):
        ...     net = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)
        ...     net(torch.empty(1, 3, 64, 64)).shape
        torch.Size([1, 10])

    Source: He et al. 2015, Table 1; torchvision models/resnet.py; mmdetection
    backbones/resnet.py; detectron2 backbone/resnet.py.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: MakeNorm | None = None,
        *,
        in_channels: int = 3,
        stem: str = "imagenet",
        deep_stem: bool = False,
        stem_channels: int | None = None,
        base_channels: int = 64,
        out_channels: int | None = None,
        num_stages: int | None = None,
        strides: Sequence[int] | None = None,
        dilations: Sequence[int] | None = None,
        output_stride: int | None = None,
        stride_in: str | None = None,
        style: str | None = None,
        shortcut: str = "B",
        projection: str = "shape",
        avg_down: bool = False,
        head: str = "adaptive",
        softmax: bool = False,
        out_indices: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        norm: MakeNorm = norm_layer or nn.BatchNorm2d
        check_callable("norm_layer", norm, "nn.InstanceNorm2d")
        stem = resolve_stem_name(stem, deep_stem=deep_stem)
        stages = plan_stages(
            layers,
            expansion=block.expansion,
            spacing=Spacing(
                strides, dilations, replace_stride_with_dilation, output_stride
            ),
            stem_stride=STEMS[stem].stride,
            num_stages=num_stages,
            base_channels=base_channels,
            out_channels=out_channels,
        )
        assembly = BlockFactory(
            block=block,
            norm=norm,
            shortcuts=ShortcutFactory(shortcut, projection, avg_down),
            groups=groups,
            width_per_group=width_per_group,
            stride_in=resolve_stride_in(stride_in, style),
            dilate_conv1=dilations is not None,
        )
        self.num_features = stages[-1].out_channels
        self.out_indices = _check_out_indices(out_indices, len(stages))
        channels = base_channels if stem_channels is None else stem_channels
        self._add_stem(stem, in_channels, channels, norm)
        self._layers = [f"layer{i + 1}" for i in range(len(stages))]
        for name, stage in zip(self._layers, stages, strict=True):
            self.add_module(name, assembly.build_stage(channels, stage))
            channels = stage.out_channels
        self._outputs = [self._layers[index] for index in self.out_indices]
        self._add_head(head, num_classes)
        self.softmax = nn.Softmax(dim=1) if softmax and self.fc else None
        left_out = [f"layer{i + 1}." for i in range(len(stages), len(layers))]
        self.omitted = (*left_out, *([] if self.fc else ["fc."]))
        initialise_weights(self, zero_init_residual=zero_init_residual)

    def forward(self, x: Tensor):  # noqa: ANN201 - TorchScript knows no such union
        """Return logits, pooled features, or the outputs of the chosen stages.

        Those are a tuple; TorchScript, whose tuples have one length, gives a list.
        """
        x = self.relu(self.bn1(self.conv1(x)))
        if self.maxpool is not None:
            x = self.maxpool(x)
        outputs: dict[str, Tensor] = {}
        for name, stage in self.named_children():  # what TorchScript can follow
            if name in self._layers:
                x = stage(x)
                if self.avgpool is None:  # noqa: SIM102 - TorchScript decides it first
                    if name in self._outputs:  # holding the others would cost memory
                        outputs[name] = x
        if self.avgpool is None:
            chosen = [outputs[name] for name in self._outputs]
            if torch.jit.is_scripting():  # pyright: ignore[reportPrivateImportUsage]
                return chosen
            return tuple(chosen)
        x = torch.flatten(self.avgpool(x), 1)
        if self.fc is not None:
            x = self.fc(x)
        if self.softmax is not None:
            x = self.softmax(x)
        return x

    def _add_stem(
        self, stem: str, in_channels: int, channels: int, norm: MakeNorm
    ) -> None:
        check_at_least("in_channels", in_channels)
        check_at_least("stem_channels", channels)
        self.conv1 = STEMS[stem].make_conv(in_channels, channels, norm)
        self.bn1 = norm(channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = (
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
            if STEMS[stem].has_pool
            else None
        )

    def _add_head(self, head: str, num_classes: int) -> None:
        check_one_of("head", head, HEAD_POOLINGS)
        check_at_least("num_classes", num_classes, 0)
        is_headless = bool(self.out_indices)
        self.avgpool = None if is_headless else HEAD_POOLINGS[head]()
        self.fc = (
            None
            if is_headless or num_classes == 0
            else nn.Linear(self.num_features, num_classes)
        )


def _check_out_indices(
    out_indices: Sequence[int] | None, count: int
) -> tuple[int, ...]:
    """Check the stages to return; return () where the head is."""
    if out_indices is None:
        return ()
    if not isinstance(out_indices, Sequence) or not out_indices:
        raise SpecError(f"out_indices: got {out_indices!r}, want indices of stages")
    for index in out_indices:
        check_one_of("out_indices", index, range(count))
    return tuple(out_indices)


def initialise_weights(net: nn.Module, *, zero_init_residual: bool = False) -> None:
    """Initialise convolutions after He; norms start at one and zero.

    Args:
        net: changed in place; on the meta device there is nothing to set.
        zero_init_residual: start the last norm of every block at zero, so that a
            block starts as its shortcut.

    Source: He et al. 2015b (Delving Deep into Rectifiers), fan-out; Goyal et al.
    2017, section 5.1, for the zeros.
    """
    first = next(net.parameters(), None)
    if first is None or first.is_meta:
        return
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm) and module.affine:
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
    if not zero_init_residual:
        return
    for module in net.modules():
        if isinstance(module, BasicBlock | Bottleneck):
            last_norm = module.bn3 if isinstance(module, Bottleneck) else module.bn2
            if isinstance(last_norm.weight, nn.Parameter):
                nn.init.zeros_(last_norm.weight)

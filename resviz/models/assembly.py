"""Blocks put together into stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from resviz.models.blocks import BLOCKS, BasicBlock, Bottleneck, Norm
from resviz.models.options import at_least
from resviz.models.shortcuts import Place, Shortcuts
from resviz.models.twins import OF_BLOCKS, twin_of

if TYPE_CHECKING:
    from resviz.models.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What all blocks of one network have in common.

    Attributes:
        block: the class of block.
        norm: makes the normalisation layers.
        shortcuts: makes the shortcuts.
        groups: groups of the 3x3 in a bottleneck.
        width_per_group: channels per group in the first stage.
        stride_in: convolution of a bottleneck that strides.
        dilate_conv1: whether a dilation means a basic block's first convolution,
            instead of one that a basic block cannot have.
    """

    block: type[BasicBlock | Bottleneck]
    norm: Norm
    shortcuts: Shortcuts
    groups: int = 1
    width_per_group: int = 64
    stride_in: str = "3x3"
    dilate_conv1: bool = False

    def __post_init__(self) -> None:
        at_least("groups", self.groups)
        at_least("width_per_group", self.width_per_group)

    def stage(self, in_channels: int, stage: Stage) -> nn.Sequential:
        """The blocks of a stage; the first one strides and changes the width."""
        width, pools = stage.out_channels, self.shortcuts.avg_down
        first = Place(in_channels, width, stage.stride, first=True, avg_down=pools)
        other = Place(width, width, 1, first=False, avg_down=pools)
        further = range(stage.blocks - 1)
        return nn.Sequential(
            self.block_at(first, stage.planes, stage.first_dilation),
            *[self.block_at(other, stage.planes, stage.dilation) for _ in further],
        )

    def block_at(self, place: Place, planes: int, dilation: int) -> nn.Module:
        """A block: without weights a copy of one that was built before, if it is ours.

        A norm of the user's is made anew for each, and may differ each time.
        """
        ours = self.block in BLOCKS.values() and self.norm is nn.BatchNorm2d
        if ours:
            return twin_of(OF_BLOCKS, Assembly.built, self, place, planes, dilation)
        return self.built(place, planes, dilation)

    def built(self, place: Place, planes: int, dilation: int) -> nn.Module:
        """A block, built by its class."""
        return self.block(
            place.in_channels,
            planes,
            place.stride,
            self.shortcuts.make(place, self.norm),
            self.groups,
            self.width_per_group,
            norm_layer=self.norm,
            **self._options(place, planes, dilation),
        )

    def _options(self, place: Place, planes: int, dilation: int) -> dict[str, Any]:
        """Further arguments, each only where it says something.

        A class of block that knows torchvision's arguments alone will do then.
        """
        basic = issubclass(self.block, BasicBlock)
        options: dict[str, Any] = {}
        if dilation != 1:
            conv1 = basic and self.dilate_conv1
            options["conv1_dilation" if conv1 else "dilation"] = dilation
        if self.stride_in != "3x3" and not basic:
            options["stride_in"] = self.stride_in
        if place.out_channels != planes * self.block.expansion:
            options["out_channels"] = place.out_channels
        return options

"""Blocks put together into stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from resviz.models.blocks import BLOCKS, BasicBlock, Bottleneck, MakeNorm
from resviz.models.options import check_at_least
from resviz.models.prototypes import BLOCK_PROTOTYPES, build_or_copy
from resviz.models.shortcuts import ShortcutFactory, ShortcutPlace

if TYPE_CHECKING:
    from resviz.models.stages import StagePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFactory:
    """Builds the blocks of one network, with the options they share.

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
    norm: MakeNorm
    shortcuts: ShortcutFactory
    groups: int = 1
    width_per_group: int = 64
    stride_in: str = "3x3"
    dilate_conv1: bool = False

    def __post_init__(self) -> None:
        check_at_least("groups", self.groups)
        check_at_least("width_per_group", self.width_per_group)

    def build_stage(self, in_channels: int, stage: StagePlan) -> nn.Sequential:
        """The blocks of a stage; the first one strides and changes the width."""
        width, avg_down = stage.out_channels, self.shortcuts.avg_down
        first_place = ShortcutPlace(
            in_channels, width, stage.stride, is_first=True, avg_down=avg_down
        )
        later_place = ShortcutPlace(width, width, 1, is_first=False, avg_down=avg_down)
        later_blocks = range(stage.blocks - 1)
        return nn.Sequential(
            self.build_block(first_place, stage.planes, stage.first_dilation),
            *[
                self.build_block(later_place, stage.planes, stage.dilation)
                for _ in later_blocks
            ],
        )

    def build_block(
        self, place: ShortcutPlace, planes: int, dilation: int
    ) -> nn.Module:
        """Build a block; one of ours without weights is copied where it recurs.

        A norm of the user's is made anew for each, and may differ each time.
        """
        is_ours = self.block in BLOCKS.values() and self.norm is nn.BatchNorm2d
        if is_ours:
            return build_or_copy(
                BLOCK_PROTOTYPES,
                BlockFactory.construct_block,
                self,
                place,
                planes,
                dilation,
            )
        return self.construct_block(place, planes, dilation)

    def construct_block(
        self, place: ShortcutPlace, planes: int, dilation: int
    ) -> nn.Module:
        """A block, built by its class."""
        return self.block(
            place.in_channels,
            planes,
            place.stride,
            self.shortcuts.make_shortcut(place, self.norm),
            self.groups,
            self.width_per_group,
            norm_layer=self.norm,
            **self._block_options(place, planes, dilation),
        )

    def _block_options(
        self, place: ShortcutPlace, planes: int, dilation: int
    ) -> dict[str, Any]:
        """Return further arguments of a block, each only where it is needed.

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

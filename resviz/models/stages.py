"""Stages: their plan (counts, widths, strides, dilations), and their blocks built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import Any

from torch import nn

from resviz.errors import SpecError
from resviz.models.blocks import BLOCKS, BasicBlock, Bottleneck, MakeNorm
from resviz.models.options import (
    check_at_least,
    check_counts,
    check_one_of,
    check_per_stage,
)
from resviz.models.prototypes import BLOCK_PROTOTYPES, build_or_copy
from resviz.models.shortcuts import ShortcutFactory, ShortcutPlace


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage, as its blocks are built.

    Attributes:
        blocks: how many.
        planes: width before groups and width per group scale it.
        out_channels: channels of every block's output.
        stride: stride of the first block.
        first_dilation: dilation of the first block.
        dilation: dilation of the other blocks.
    """

    blocks: int
    planes: int
    out_channels: int
    stride: int
    first_dilation: int = 1
    dilation: int = 1


@dataclass(frozen=True, slots=True)
class Spacing:
    """How the stages trade strides for dilations; one way at a time.

    Attributes:
        strides: stride of each stage's first block; 1, 2, 2, ... by default.
        dilations: dilation of each stage, its first block included.
        replace_stride_with_dilation: for each stage after the first, whether it
            dilates instead of striding.
        output_stride: total stride to stop at; later stages dilate instead.

    Raises:
        SpecError: if two of the ways are given.
    """

    strides: Sequence[int] | None = None
    dilations: Sequence[int] | None = None
    replace_stride_with_dilation: Sequence[bool] | None = None
    output_stride: int | None = None

    def __post_init__(self) -> None:
        ways = [
            name
            for name in ("output_stride", "replace_stride_with_dilation")
            if getattr(self, name) is not None
        ]
        if self.strides is not None or self.dilations is not None:
            ways.append("strides or dilations")
        if len(ways) > 1:
            raise SpecError(f"{ways[0]}: got {ways[1]} as well, want one of them")

    def plan_strides(self, count: int, stem_stride: int) -> list[tuple[int, int, int]]:
        """Return stride, first dilation and dilation of each stage."""
        strides = (1,) + (2,) * (count - 1)
        if self.strides is not None:
            strides = check_per_stage("strides", self.strides, count)
        if self.dilations is not None:
            dilations = check_per_stage("dilations", self.dilations, count)
            return list(zip(strides, dilations, dilations, strict=True))
        dilated = self._find_dilated_stages(strides, stem_stride)
        return _replace_strides(strides, dilated)

    def _find_dilated_stages(
        self, strides: tuple[int, ...], stem_stride: int
    ) -> tuple[bool, ...]:
        """Return for each stage whether it dilates instead of striding."""
        if self.output_stride is not None:
            totals = list(accumulate(strides, mul, initial=stem_stride))[1:]
            check_one_of("output_stride", self.output_stride, sorted(set(totals)))
            return tuple(total > self.output_stride for total in totals)
        flags = self.replace_stride_with_dilation
        if flags is None:
            return (False,) * len(strides)
        if not isinstance(flags, Sequence) or len(flags) != len(strides) - 1:
            raise SpecError(
                f"replace_stride_with_dilation: got {flags!r}, want None or"
                f" {len(strides) - 1} booleans, one for each stage after the first"
            )
        return (False, *map(bool, flags))


def _replace_strides(
    strides: tuple[int, ...], dilated: tuple[bool, ...]
) -> list[tuple[int, int, int]]:
    """Turn strides into dilations; a first block keeps the previous one."""
    steps = []
    dilation = 1
    for stride, dilate in zip(strides, dilated, strict=True):
        first_dilation = dilation
        if dilate:
            dilation *= stride
        steps.append((1 if dilate else stride, first_dilation, dilation))
    return steps


MOST_BLOCKS = 20_000
"""Blocks of one network; a slip in a number must not fill the memory."""


def plan_stages(
    layers: Sequence[int],
    *,
    expansion: int,
    spacing: Spacing,
    stem_stride: int = 4,
    num_stages: int | None = None,
    base_channels: int = 64,
    out_channels: int | None = None,
) -> tuple[StagePlan, ...]:
    """Plan the stages of a network, first to last, from options of ``ResNet``.

    Its blocks give ``expansion`` times their planes out, and the stem's total stride is
    ``stem_stride``.

    Raises:
        SpecError: for counts or widths that are no positive whole numbers, or as
            many of them as there are no stages.

    Example:
        >>> stages = plan_stages([2, 2], expansion=1, spacing=Spacing())
        >>> [stage.planes for stage in stages]
        [64, 128]
    """
    counts = check_counts(layers)
    if num_stages is not None:
        check_one_of("num_stages", num_stages, range(1, len(counts) + 1))
        counts = counts[:num_stages]
    if sum(counts) > MOST_BLOCKS:
        want = f"at most {MOST_BLOCKS:,}"
        raise SpecError(f"layers: got {sum(counts):,} blocks in all, want {want}")
    check_at_least("base_channels", base_channels)
    width = base_channels * expansion if out_channels is None else out_channels
    check_at_least("out_channels", width)
    return tuple(
        StagePlan(blocks, base_channels << i, width << i, *step)
        for i, (blocks, step) in enumerate(
            zip(counts, spacing.plan_strides(len(counts), stem_stride), strict=True)
        )
    )


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
        """Build the blocks of a stage; the first strides and changes the width."""
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
        arguments = (self, place, planes, dilation)
        if self.block in BLOCKS.values() and self.norm is nn.BatchNorm2d:
            make = BlockFactory.construct_block
            return build_or_copy(BLOCK_PROTOTYPES, make, *arguments)
        return BlockFactory.construct_block(*arguments)

    def construct_block(
        self, place: ShortcutPlace, planes: int, dilation: int
    ) -> nn.Module:
        """Call the class of the block, with further options only where needed.

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
        return self.block(
            place.in_channels,
            planes,
            place.stride,
            self.shortcuts.make_shortcut(place, self.norm),
            self.groups,
            self.width_per_group,
            norm_layer=self.norm,
            **options,
        )

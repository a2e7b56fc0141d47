"""Maps that scale and shift a norm condition a block, however they are made."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .toys import conv


class SpatialNorm(nn.Module):
    """A norm whose scale and shift are made of a map, as SPADE's."""

    def __init__(self, channels, way):
        super().__init__()
        self.norm, self.way = nn.GroupNorm(1, channels, affine=False), way
        self.shared = conv(3, 4, 8)
        self.scale, self.shift = conv(3, 8, channels), conv(3, 8, channels)
        self.both = conv(3, 8, 2 * channels)

    def forward(self, x, condition):
        made = self.shared(F.interpolate(condition, x.shape[2:])).relu()
        scale, shift = self.scale(made), self.shift(made)
        if self.way == "halves of one map":
            scale, shift = self.both(made).chunk(2, 1)
        if self.way == "no one is added":
            return shift + scale * self.norm(x)
        return self.norm(x) * (1 + scale) + shift


class SpatialBlock(nn.Module):
    """Two convolutions behind such norms, and a projection where the width changes."""

    def __init__(self, c, o, way):
        super().__init__()
        self.norms = nn.ModuleList([SpatialNorm(c, way), SpatialNorm(o, way)])
        self.first, self.second = conv(3, c, o), conv(3, o, o)
        self.side = conv(1, c, o) if c != o else nn.Identity()

    def forward(self, x, condition):
        y = self.first(self.norms[0](x, condition).relu())
        return self.side(x) + self.second(self.norms[1](y, condition).relu())


class SpatialNet(nn.Module):
    """Blocks whose stream and condition are made of the one input, as SPADE's."""

    def __init__(self, way):
        super().__init__()
        self.stem = conv(3, 4, 16)
        self.blocks = nn.ModuleList(
            [SpatialBlock(16, 16, way), SpatialBlock(16, 8, way)]
        )

    def forward(self, condition):
        x = self.stem(F.interpolate(condition, scale_factor=0.5))
        for block in self.blocks:
            x = F.interpolate(block(x, condition), scale_factor=2)
        return x


WAYS = ("two maps", "halves of one map", "no one is added")


@pytest.mark.parametrize("way", WAYS)
def test_a_block_is_residual_in_its_stream(way):
    """Its norms' maps are as large as it, and conditions. Source: Park et al. 2019."""
    built = read_structure(resviz.trace(SpatialNet(way), (4, 16, 16)))
    assert ["blocks.0", "blocks.1"] == [block.path for block in built.blocks]
    assert ["basic", "basic"] == [block.type for block in built.blocks]
    kinds = [block.shortcut.kind for block in built.blocks]
    assert (["identity", "projection"], 5) == (kinds, count_depth(built))


@pytest.mark.parametrize("way", WAYS)
def test_what_shifts_the_norm_is_told(way):
    """The sum in the norm is none of a block, and says that a condition is added."""
    why = explain_joins(read_structure(resviz.trace(SpatialNet(way), (4, 16, 16))))
    reasons = {row.reason for row in why if row.layer.name.startswith("blocks.1.norms")}
    assert {"what is added comes aside, as a condition"} == reasons


class Coupling(nn.Module):
    """An affine coupling: half of the channels scale and shift the others."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 4, 8), nn.ReLU(), conv(3))

    def forward(self, x):
        kept, changed = x.chunk(2, 1)
        scale, shift = self.body(kept).chunk(2, 1)
        return torch.cat([kept, changed * scale.exp() + shift], 1)


def test_a_coupling_goes_through_what_it_calculates():
    """No norm is scaled there, so its convolutions are layers of the depth."""
    net = nn.Sequential(conv(3, 3), Coupling(), Coupling())
    assert 5 == count_depth(read_structure(resviz.trace(net, (3, 16, 16))))

"""Stages where a size alone does not tell them: cut maps, and decoders."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .random_forms import Run
from .toys import Basic, conv, residual


def count_blocks(net, *shape):
    """How many blocks each stage of a net has."""
    arch = resviz.trace(net.eval(), inputs=torch.zeros(shape))
    return [len(stage.blocks) for stage in read_structure(arch).stages]


def unpadded(k=3, c=8, o=8, **options):
    return nn.Conv2d(c, o, k, **options)


def add_cut(self, x):
    """A body without padding; what it leaves of the map is cut from the shortcut."""
    y = self.body(x)
    return y + self.cut(self.side(x), y.shape[-1])


def cut_end(x, size):
    return x[..., -size:]


def cut_middle(x, size):
    edge = (x.shape[-1] - size) // 2
    return x[..., edge : edge + size, edge : edge + size]


def pad_by_less_than_nothing(x, size):
    edge = (x.shape[-1] - size) // 2
    return F.pad(x, (-edge,) * 4)


def pool_the_middle(x, size):
    return F.avg_pool2d(x, x.shape[-1] - size + 1, stride=1)


def causal():
    """Four dilations of a WaveNet, twice."""
    layers = [nn.Conv1d(8, 8, 2, dilation=2**k) for k in (0, 1, 2, 3)] * 2
    return [Run(add_cut, body=body, side=nn.Identity()) for body in layers], cut_end


def unpadded_maps(cut, *, projects=False):
    def make():
        bodies = [nn.Sequential(unpadded(), nn.ReLU(), unpadded()) for _ in range(3)]
        sides = [conv(1) if projects else nn.Identity() for _ in bodies]
        pairs = zip(bodies, sides, strict=True)
        return [Run(add_cut, body=body, side=side) for body, side in pairs], cut

    return make


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (causal, (1, 8, 64)),
        (unpadded_maps(cut_middle), (1, 8, 32, 32)),
        (unpadded_maps(pad_by_less_than_nothing), (1, 8, 32, 32)),
        (unpadded_maps(pool_the_middle), (1, 8, 32, 32)),
        (unpadded_maps(cut_middle, projects=True), (2, 8, 32, 32)),
    ],
)
def test_blocks_without_padding_are_one_stage(make, shape):
    """Each leaves less of the map than the one before, and none strides."""
    blocks, cut = make()
    for block in blocks:
        block.cut = cut
    assert [len(blocks)] == count_blocks(nn.Sequential(*blocks), *shape)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Basic(8, 8, 2),
        lambda: nn.Sequential(nn.MaxPool2d(2), residual()),
        lambda: residual(
            nn.Sequential(conv(3), nn.AvgPool2d(2), conv(3)),
            nn.Upsample(scale_factor=0.5),
        ),
        lambda: residual(conv(3, stride=2), nn.AdaptiveAvgPool2d(8)),
    ],
)
def test_what_strides_or_resizes_begins_a_stage(change):
    """Of one width, and half the map."""
    net = nn.Sequential(conv(3, 3), residual(), residual(), change(), residual())
    assert [2, 2] == count_blocks(net, 1, 3, 16, 16)


def decode(self, x):
    """Each block reads the map of an encoder beside its own."""
    maps = []
    for block in self.down:
        x = block(x)
        maps.append(x)
    for block in self.middle:
        x = block(x)
    for block in self.up:
        x = block(torch.cat([x, maps.pop()], 1))
    return x


def test_projections_of_a_decoder_begin_no_stage():
    """They project for the channels that are put beside; few, or as many as not."""
    down, up = [Basic(8, 8) for _ in range(2)], [Basic(16, 8) for _ in range(2)]
    net = Run(decode, down=down, middle=[Basic(8, 8) for _ in range(3)], up=up)
    assert [7] == count_blocks(nn.Sequential(conv(3, 3), net), 1, 3, 16, 16)


def test_a_needless_projection_begins_a_stage():
    """As in a dilated net, where neither width nor resolution tells."""
    plain, projecting = [residual() for _ in range(5)], residual(side=conv(1))
    net = nn.Sequential(conv(3, 3), *plain[:2], projecting, *plain[2:])
    assert [2, 4] == count_blocks(net, 1, 3, 16, 16)


def test_groups_of_points_are_no_samples():
    """A map of as many positions as groups have members is another stage."""

    def run(self, x):
        n, c, positions = x.shape
        x = x.reshape(n, c, 4, positions // 4).transpose(1, 2).flatten(0, 1)
        for block in self.before:
            x = block(x)
        x = x.amax(2).view(n, 4, c).mT
        for block in self.after:
            x = block(x)
        return x

    def make_blocks():
        mains = [[nn.Conv1d(8, 8, 1), nn.ReLU(), nn.Conv1d(8, 8, 1)] for _ in range(2)]
        return [residual(nn.Sequential(*main)) for main in mains]

    net = Run(run, before=make_blocks(), after=make_blocks())
    assert [2, 2] == count_blocks(nn.Sequential(nn.Conv1d(3, 8, 1), net), 2, 3, 16)


@pytest.mark.parametrize(("position", "stage"), [(1, 0), (2, 1), (3, 1)])
def test_a_needless_projection_in_a_list_begins_no_stage(position, stage):
    """Blocks of one size in a list of their own are one stage; in one of all, two."""
    lists = [
        [Basic(c, 2 * c, 2), *(Basic(2 * c, 2 * c) for _ in range(5))] for c in (8, 16)
    ]
    width = (16, 32)[stage]
    lists[stage][position].side = nn.Conv2d(width, width, 1)
    nested = nn.Sequential(conv(3, 3), *(nn.Sequential(*blocks) for blocks in lists))
    flat = nn.Sequential(conv(3, 3), *lists[0], *lists[1])
    assert count_blocks(nested, 1, 3, 32, 32) == [6, 6]
    assert len(count_blocks(flat, 1, 3, 32, 32)) == 3

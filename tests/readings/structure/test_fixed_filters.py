"""Filters that nothing learns are pools by another name, and weigh nothing."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.readings.constant_weights import find_constant_weights
from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.remarks import find_remarks

from .random_parts import Run
from .toys import conv, residual

BINOMIAL = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16


class Blur(nn.Module):
    """A blur of each channel, its filter a buffer, as an anti-aliased ResNet's."""

    filter: torch.Tensor

    def __init__(self, channels=8, stride=2):
        super().__init__()
        self.stride = stride
        self.register_buffer("filter", BINOMIAL.repeat(channels, 1, 1, 1))

    def forward(self, x):
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(padded, self.filter, stride=self.stride, groups=x.shape[1])


def blur_folded(self, x):
    """Blur with the channels in the batch, by a filter that the forward makes."""
    n, c, h, w = x.shape
    weight = torch.tensor([1.0, 2, 1], device=x.device)
    weight = torch.flip(torch.outer(weight, weight) / 16, [0, 1])[None, None]
    y = F.conv2d(x.reshape(n * c, 1, h, w), weight, padding=1)
    return y.view(n, c, h, w)[:, :, ::2, ::2]


def blur_up(self, x):
    """Enlarge by a fixed transposed filter."""
    return F.conv_transpose2d(
        x, BINOMIAL.to(x.device).repeat(8, 1, 1, 1), stride=2, groups=8
    )


BLURS = {
    "a buffer": (Blur(), "3×3 fixed filter, /2"),
    "channels in the batch": (
        Run(blur_folded),
        "3×3 fixed filter + every 2nd position",
    ),
    "a filter that enlarges": (Run(blur_up), "3×3 transposed fixed filter, ×2"),
}


def read(module, *, projects=False):
    """The structure of a basic block with a filter on both of its branches."""
    side = nn.Sequential(module, nn.Conv2d(8, 8, 1)) if projects else module
    main = nn.Sequential(conv(3), nn.ReLU(), module, conv(3))
    net = nn.Sequential(conv(3, 3), residual(main, side))
    return read_structure(resviz.trace(net, (3, 16, 16)))


@pytest.mark.parametrize("projects", [False, True])
@pytest.mark.parametrize("name", BLURS)
def test_a_block_that_blurs_is_basic(name, projects):
    """Two weights and a projection, as much as without the blur. Source: Zhang 2019."""
    module, label = BLURS[name]
    built = read(module, projects=projects)
    (block,) = built.blocks
    assert "basic" == block.type
    assert label + " + 1×1" * projects == block.shortcut.label
    assert 3 == count_depth(built)


def test_the_map_is_followed_where_channels_are_folded():
    """What the filter's window gives is told, and what is left of it then."""
    _, step = read(Run(blur_folded), projects=True).arch.flow
    arithmetic = "floor((16 + 2·1 − 3)/1) + 1 = 16, then every 2nd of 16×16 = 8×8"
    assert ((8, 8), arithmetic) == (step.size, step.arithmetic)


LEARNED = {
    "a parameter": nn.Conv2d(8, 8, 3, 2, 1, groups=8, bias=False),
    "a frozen parameter": nn.Conv2d(8, 8, 3, 2, 1, groups=8).requires_grad_(False),
    "made of parameters": nn.utils.parametrizations.weight_norm(
        nn.Conv2d(8, 8, 3, 2, 1, groups=8, bias=False)
    ),
}


@pytest.mark.parametrize("name", LEARNED)
def test_a_depthwise_convolution_weighs(name):
    """Frozen or made of parameters, it is a layer of the depth."""
    assert 4 == count_depth(read(LEARNED[name]))


def test_one_channel_of_many_filters_weighs():
    """A plain tensor that makes many channels of one is a weight that was forgotten."""

    def forward(self, x):
        weight = torch.ones(8, 1, 3, 3, device=x.device)
        return F.conv2d(x.mean(1, keepdim=True), weight)

    arch = resviz.trace(nn.Sequential(conv(3), Run(forward)), (8, 16, 16))
    assert 2 == count_depth(read_structure(arch))


def test_filters_are_no_forgotten_weights():
    """What filters the one channel that there is, as a pre-emphasis, is no weight."""
    net = nn.Sequential(Blur(1, stride=1), nn.Conv2d(1, 4, 3))
    assert () == find_constant_weights(resviz.trace(net, (1, 16, 16)))


POOLED = {
    "every second": (nn.MaxPool2d(1, 2), "drops positions"),
    "the largest of four": (nn.MaxPool2d(2), "pools positions"),
    "a blur": (Blur(), "pools positions"),
}


@pytest.mark.parametrize("name", POOLED)
def test_what_a_shortcut_does_with_positions_is_told(name):
    """A pool looks at all positions; only a stride of a window of one drops some."""
    side, phrase = POOLED[name]
    main = nn.Sequential(conv(3, stride=2), nn.ReLU(), conv(3))
    net = nn.Sequential(conv(3, 3), residual(main, side))
    built = read_structure(resviz.trace(net, (3, 16, 16)))
    assert (f"the shortcut {phrase}, no projection: 1",) == find_remarks(built)

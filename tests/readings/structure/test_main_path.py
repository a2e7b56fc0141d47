"""The main path: the way from input to output with the most weights, gates left out."""

import torch
from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure

from .toys import conv


def main_path(module):
    """Names of the layers on the main path of a module behind a stem, and its depth."""
    arch = resviz.trace(nn.Sequential(conv(3, 3), module), (3, 8, 8))
    built = read_structure(arch)
    return [arch.layers[index].name for index in built.main_path], count_depth(built)


class Gated(nn.Module):
    """A gate of two convolutions on one position, which is expanded to the map."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(1), conv(1))

    def forward(self, x):
        return x * self.gate(x).expand_as(x)


def test_an_expanded_gate_is_a_gate():
    """As many positions as the map has do not make it a branch of the main path."""
    assert (["0", "1:mul"], 1) == main_path(Gated())


class Hourglass(nn.Module):
    """A branch of two convolutions on a coarser map, which comes back to the finer."""

    def __init__(self, up):
        super().__init__()
        self.down, self.deep, self.up = conv(3, stride=2), conv(3), up

    def forward(self, x):
        return torch.cat([x, self.up(self.deep(self.down(x)))], 1)


def test_an_enlarged_map_is_no_gate():
    """Upsampling and a transposed convolution make a full branch of a coarser one."""
    for up, convolutions in (
        (nn.Upsample(scale_factor=2), 3),
        (nn.ConvTranspose2d(8, 8, 2, 2), 4),
        (nn.Sequential(conv(1, 8, 32), nn.PixelShuffle(2)), 4),
    ):
        path, count = main_path(Hourglass(up))
        assert ("1.down", convolutions) == (path[1], count)


def test_of_branches_with_as_many_weights_the_longest_is_taken():
    """Whichever operand comes first."""

    class Fork(nn.Module):
        def __init__(self, *branches):
            super().__init__()
            self.branches = nn.ModuleList(branches)

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], 1)

    for order in (1, -1):
        branches = [conv(3), nn.Sequential(conv(3), nn.ReLU())][::order]
        path, _ = main_path(Fork(*branches))
        assert 4 == len(path)

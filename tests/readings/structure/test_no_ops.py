"""Shortcuts on which something runs that changes nothing, or only seems to."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import resviz

from .random_parts import Run
from .toys import conv, residual


def run_side(self, x):
    return self.change(x)


def read_shortcut_of(change):
    """The shortcut of a block on whose side a function runs."""
    side = Run(run_side)
    side.change = change
    net = nn.Sequential(conv(3, 3), residual(side=side), residual()).eval()
    return resviz.trace(net, (3, 16, 16)).blocks[0].shortcut


NOTHING = {
    "a pad of zeros by nothing": nn.ZeroPad2d(0),
    "a pad of edges by nothing": nn.ReflectionPad2d(0),
    "a circular pad by nothing": nn.CircularPad2d(0),
    "bicubic upsampling to its size": lambda x: functional.interpolate(
        x, size=x.shape[2:], mode="bicubic"
    ),
    "a mean over one value": lambda x: x[None].mean(0),
    "a part that is all": lambda x: x.narrow(1, 0, 8),
    "one part of one": lambda x: x.split(8, 1)[0],
    "a tensor beside nothing": lambda x: torch.cat([x], 1),
    "a stack of one": lambda x: torch.stack([x])[0],
    "one repeat": lambda x: x.repeat(1, 1, 1, 1),
    "a pixel shuffle by 1": nn.PixelShuffle(1),
    "dropout": nn.Dropout(0.5),
    "a copy": torch.clone,
    "axes moved and moved back": lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_changes_nothing_leaves_an_identity(name):
    """Torch gives the very values, and the shortcut is an identity in every way."""
    x = torch.randn(1, 8, 16, 16)
    change = NOTHING[name]
    change = change.eval() if isinstance(change, nn.Module) else change
    torch.testing.assert_close(change(x), x)
    shortcut = read_shortcut_of(change)
    assert ("identity", "identity") == (shortcut.kind, shortcut.label)


SOMETHING = {
    "shift": lambda x: functional.pad(x, (1, -1)),
    "3×3 average pool": nn.AvgPool2d(3, 1, 1),
    "flip": lambda x: x.flip(3),
    "bicubic resampling": lambda x: functional.interpolate(
        x, scale_factor=1.06, mode="bicubic", recompute_scale_factor=False
    ),
}


@pytest.mark.parametrize("label", SOMETHING)
def test_what_keeps_the_size_alone_is_no_identity(label):
    """A map that is moved, smoothed or resampled is another, though of one size."""
    x = torch.randn(1, 8, 16, 16)
    assert SOMETHING[label](x).shape == x.shape
    assert not torch.allclose(SOMETHING[label](x), x)
    shortcut = read_shortcut_of(SOMETHING[label])
    assert ("other", label) == (shortcut.kind, shortcut.label)

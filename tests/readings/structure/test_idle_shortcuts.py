"""Shortcuts whose layers do nothing at the sizes that they are given."""

import pytest
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .random_parts import Run
from .toys import conv, residual

IDLE = {
    "a maximum of one": nn.MaxPool2d(1, 1),
    "a mean of one": nn.AvgPool2d(1),
    "a pool to the size that is there": nn.AdaptiveAvgPool2d(16),
    "the largest to the size that is there": nn.AdaptiveMaxPool2d(16),
    "nearest to the same size": nn.Upsample(scale_factor=1),
    "bilinear to the same size": nn.Upsample((16, 16), mode="bilinear"),
    "all channels": Run(lambda self, x: x[:, :8]),
    "all positions": Run(lambda self, x: x[:, :, ::1, :16]),
    "two of them": nn.Sequential(nn.AvgPool2d(1, ceil_mode=True), nn.Dropout2d(0.1)),
}

BUSY = {
    "the largest neighbour": (nn.MaxPool2d(3, 1, 1), "3×3 max pool"),
    "every second": (nn.MaxPool2d(1, 2), "1×1 max pool, /2"),
    "weights": (nn.ConvTranspose2d(8, 8, 1), "1×1 transposed"),
    "a projection behind one": (
        nn.Sequential(nn.AvgPool2d(1), nn.Conv2d(8, 8, 1)),
        "1×1",
    ),
}


def read(side, stride=1):
    """The shortcut of a basic block."""
    main = nn.Sequential(conv(3, stride=stride), nn.ReLU(), conv(3))
    net = nn.Sequential(conv(3, 3), residual(main, side))
    built = read_structure(resviz.trace(net, (3, 16, 16)))
    (block,) = built.blocks
    return block.shortcut


@pytest.mark.parametrize("name", IDLE)
def test_what_does_nothing_leaves_an_identity(name):
    """ArcFace pools over one position in every block that keeps its size."""
    shortcut = read(IDLE[name])
    assert ("identity", "identity", None) == (
        shortcut.kind,
        shortcut.label,
        shortcut.reason,
    )
    assert (1, 1) == shortcut.stride


@pytest.mark.parametrize("name", BUSY)
def test_what_does_something_is_told(name):
    """A window, a stride or a weight beside it makes it no identity."""
    side, label = BUSY[name]
    shortcut = read(side, 2 if "/2" in label else 1)
    assert label == shortcut.label
    assert "identity" != shortcut.kind

"""Small networks of the documentation's own, for the gallery."""

from itertools import pairwise

import torch
from torch import nn


class PreActivation(nn.Module):
    """Norm and ReLU before each convolution. He et al. 2016, figure 4(e)."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        changes = stride != 1 or channels != width
        self.way = (
            nn.Conv2d(channels, width, 1, stride, bias=False) if changes else None
        )

    def forward(self, x):
        """The sum, which no ReLU follows."""
        y = self.norm1(x).relu()
        way = x if self.way is None else self.way(y)
        return way + self.conv2(self.norm2(self.conv1(y)).relu())


def preactivation():
    """Three stages of three blocks for images of 224 pixels."""
    blocks, channels = [], 32
    for width, stride in ((32, 1), (64, 2), (128, 2)):
        for number in range(3):
            blocks.append(PreActivation(channels, width, stride if number == 0 else 1))
            channels = width
    return nn.Sequential(
        nn.Conv2d(3, 32, 7, 2, 3, bias=False),
        nn.MaxPool2d(3, 2, 1),
        *blocks,
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def two_convs(channels, width):
    """Two convolutions, each with norm and ReLU."""
    layers = []
    for count in (channels, width):
        conv = nn.Conv2d(count, width, 3, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Ronneberger et al. 2015, padded, with a quarter of the channels."""

    def __init__(self, widths=(16, 32, 64, 128, 256)):
        super().__init__()
        channels, up = (3, *widths), widths[::-1]
        self.pool = nn.MaxPool2d(2)
        self.down = nn.ModuleList(map(two_convs, channels, widths))
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(c, w, 2, 2) for c, w in pairwise(up)
        )
        self.up = nn.ModuleList(two_convs(2 * w, w) for w in up[1:])
        self.head = nn.Conv2d(widths[0], 2, 1)

    def forward(self, x):
        """The map, which meets at every size what it was on the way down."""
        skips = []
        for down in self.down:
            x = down(self.pool(x) if skips else x)
            skips.append(x)
        for grow, up, skip in zip(self.grow, self.up, skips[-2::-1], strict=True):
            x = up(torch.cat([skip, grow(x)], 1))
        return self.head(x)


def unet():
    """Five sizes, four skips."""
    return UNet()

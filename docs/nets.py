"""A small network of the documentation's own, for the gallery."""

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

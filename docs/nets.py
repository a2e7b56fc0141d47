"""Two small networks of the documentation's own, for the gallery."""

from torch import nn


class Gate(nn.Module):
    """Squeeze-and-excitation: a weight for each channel. Hu et al. 2018."""

    def __init__(self, channels):
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, channels // 16, 1)
        self.expand = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        """The input, weighted."""
        weights = self.expand(self.reduce(self.squeeze(x)).relu())
        return x * weights.sigmoid()


def se_resnet26():
    """A bottleneck network of 26 layers with a gate before each addition."""
    from resviz.models import resnet

    net = resnet(26)
    for module in net.modules():
        if hasattr(module, "bn3"):
            module.bn3 = nn.Sequential(module.bn3, Gate(module.bn3.num_features))
    return net


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

"""Small modules whose structure is known by construction."""

from itertools import pairwise

import torch
from torch import nn


def conv(k, c=8, o=8, **options):
    """A convolution that keeps the resolution at stride 1."""
    return nn.Conv2d(c, o, k, padding=k // 2, **options)


class Joined(nn.Module):
    """Two branches and a function that joins what they give."""

    def __init__(self, join, main=None, side=None):
        super().__init__()
        self.main = main or nn.Sequential(conv(3), nn.ReLU(), conv(3))
        self.side = side or nn.Identity()
        self.join = join

    def forward(self, x):
        return self.join(self.main(x), self.side(x))


def residual(main=None, side=None):
    """A block that adds its branches."""
    return Joined(torch.add, main, side)


class Basic(nn.Module):
    """A basic block; one that changes width or resolution projects."""

    def __init__(self, c, o, stride=1, *, join=True):
        super().__init__()
        self.a, self.b = conv(3, c, o, stride=stride), conv(3, o, o)
        same = c == o and stride == 1
        self.side = nn.Identity() if same else nn.Conv2d(c, o, 1, stride)
        self.join = join

    def forward(self, x):
        y = self.b(self.a(x).relu())
        return y + self.side(x) if self.join else y


class PreActivation(nn.Module):
    """Norm and ReLU before each convolution; a projection shares the first of them."""

    def __init__(self, a, b):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(a), nn.BatchNorm2d(b)
        self.conv1, self.conv2 = conv(3, a, b), conv(3, b, b)
        self.side = nn.Conv2d(a, b, 1) if a != b else None

    def forward(self, x):
        y = self.norm1(x).relu()
        side = x if self.side is None else self.side(y)
        return side + self.conv2(self.norm2(self.conv1(y)).relu())


class Attention(nn.Module):
    """Self-attention with one head over tokens (N, L, C)."""

    def __init__(self, c):
        super().__init__()
        self.qkv, self.out = nn.Linear(c, 3 * c), nn.Linear(c, c)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        return self.out((q @ k.transpose(-2, -1)).softmax(-1) @ v)


class Transformer(nn.Module):
    """A pre-norm block of two units."""

    def __init__(self, c):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(c) for _ in range(2))
        self.attention = Attention(c)
        self.mlp = nn.Sequential(nn.Linear(c, 4 * c), nn.GELU(), nn.Linear(4 * c, c))

    def forward(self, x):
        x = x + self.attention(self.norms[0](x))
        return x + self.mlp(self.norms[1](x))


class Inverted(nn.Module):
    """MobileNetV2's block, which adds only where nothing changes."""

    def __init__(self, c, o, stride=1):
        super().__init__()
        wide = 4 * c
        self.body = nn.Sequential(
            conv(1, c, wide), conv(3, wide, wide, stride=stride, groups=wide),
            conv(1, wide, o),
        )  # fmt: skip
        self.adds = c == o and stride == 1

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


def mobile():
    """A stem, and two stages whose first block has no shortcut."""
    return nn.Sequential(
        conv(3, 3), Inverted(8, 16), Inverted(16, 16), Inverted(16, 24, 2),
        Inverted(24, 24), Inverted(24, 24),
    )  # fmt: skip


def late_stride():
    """TF-slim's order: the last block of a stage strides."""
    return nn.Sequential(
        conv(3, 3), Basic(8, 8), Basic(8, 8, 2), Basic(8, 16), Basic(16, 16, 2),
        Basic(16, 32), Basic(32, 32),
    )  # fmt: skip


def pyramid():
    """The width grows in every block; the resolution says what a stage is."""
    pairs = pairwise((8, 10, 12, 14, 16, 18, 20))
    blocks = [Basic(c, o, 1 + (k == 3)) for k, (c, o) in enumerate(pairs)]
    return nn.Sequential(conv(3, 3), *blocks)


def preactivation():
    """Two stages of pre-activation blocks."""
    widths = ((8, 8), (8, 8), (8, 16), (16, 16))
    return nn.Sequential(conv(3, 3), *(PreActivation(c, o) for c, o in widths))


def transformer():
    """Three blocks over tokens, which are the input itself."""
    return nn.Sequential(*(Transformer(16) for _ in range(3)))


def projecting():
    """Eight blocks of one size, the fifth of which projects all the same."""
    plain = [residual() for _ in range(4)]
    rest = [residual() for _ in range(3)]
    return nn.Sequential(conv(3, 3), *plain, residual(side=conv(1)), *rest)


class Recurrent(nn.Module):
    """A recurrent layer over tokens, and a residual MLP."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(16, 16, batch_first=True)
        self.mlp = residual(
            nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
        )

    def forward(self, x):
        return self.mlp(self.lstm(x)[0])


class UNet(nn.Module):
    """Residual blocks down and up; one skip concatenates, the outer one adds."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 3)
        self.down1 = nn.Sequential(Basic(8, 8), Basic(8, 8))
        self.down2 = nn.Sequential(Basic(8, 16, 2), Basic(16, 16))
        self.down3 = nn.Sequential(Basic(16, 32, 2), Basic(32, 32))
        self.up2 = nn.ConvTranspose2d(32, 16, 2, 2)
        self.block2 = nn.Sequential(Basic(32, 16), Basic(16, 16))
        self.up1 = nn.ConvTranspose2d(16, 8, 2, 2)
        self.block1 = nn.Sequential(Basic(8, 8), Basic(8, 8))
        self.head = conv(1, 8, 2)

    def forward(self, x):
        fine = self.down1(self.stem(x))
        middle = self.down2(fine)
        up = torch.cat([self.up2(self.down3(middle)), middle], 1)
        return self.head(self.block1(self.up1(self.block2(up)) + fine))

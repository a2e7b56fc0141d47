"""Small modules whose structure is known by construction."""

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

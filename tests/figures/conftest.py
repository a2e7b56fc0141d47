"""Networks for figures, and what holds for every picture."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import msgspec
import pytest
import torch
from torch import nn

from resviz import models
from resviz.figures.drawing.metrics import max_text_width
from resviz.figures.drawing.styles import LOOKS
from resviz.tracing import trace

HOSTILE = (
    '"quotes" and \\N \\G \\L \\',
    "<b>&lt;&amp;</b> </script> --> ]]>",
    "{a|b} %n $x #{y} \x00\x07\x1b[31m",
    "two\nlines\r\n\ttab \u202e\u200b\ud800",
    "x" * 20_000,
    "=1+1 'single' `tick`",
)
"""Names that are syntax in one format or another."""


class Gated(nn.Module):
    """A bottleneck with squeeze-and-excitation written as functions."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(64, 16, 1, bias=False), nn.BatchNorm2d(16)
        self.conv2, self.bn2 = nn.Conv2d(16, 64, 3, padding=1), nn.BatchNorm2d(64)
        self.down, self.up = nn.Linear(64, 4), nn.Linear(4, 64)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        gate = torch.relu(self.down(y.mean((2, 3))))
        gate = torch.sigmoid(self.up(gate))
        return torch.relu(y * gate[:, :, None, None] + x)


class Split(nn.Module):
    """A Res2Net block: parts of the channels go through chained convolutions."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(64, 64, 1), nn.Conv2d(64, 64, 1)
        self.convs = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=1) for _ in range(3))

    def forward(self, x):
        whole, part, *rest = self.first(x).chunk(4, 1)
        done = [whole]
        for conv, other in zip(self.convs, [None, *rest], strict=True):
            part = conv(part if other is None else part + other)
            done.append(part)
        return torch.relu(self.last(torch.cat(done, 1)) + x)


class Branches(nn.Module):
    """A RepVGG block: two convolutions and a norm, added."""

    def __init__(self):
        super().__init__()
        self.wide, self.narrow = nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 64, 1)
        self.norm = nn.BatchNorm2d(64)

    def forward(self, x):
        return torch.relu(self.wide(x) + self.narrow(x) + self.norm(x))


class Parallel(nn.Module):
    """An Inception-like sum of kernels, subtracted; two outputs."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(3, 3, k, padding=k // 2) for k in (1, 3, 5)
        )

    def forward(self, x):
        joined = torch.cat([conv(x) for conv in self.convs], 1)
        return joined, x - self.convs[1](x)


class PreActivation(nn.Module):
    """A block whose projection comes after its first norm and ReLU. He et al. 2016."""

    def __init__(self, channels):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(64)
        self.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(64, 64, 3, padding=1, bias=False)
        self.side = None if channels == 64 else nn.Conv2d(channels, 64, 1, bias=False)

    def forward(self, x):
        y = torch.relu(self.norm1(x))
        side = x if self.side is None else self.side(y)
        return side + self.conv2(torch.relu(self.norm2(self.conv1(y))))


class Functional(nn.Module):
    """A residual network whose forward calls no module."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Parameter(torch.zeros(8, 3, 3, 3))
        self.body = nn.Parameter(torch.zeros(8, 8, 3, 3))

    def forward(self, x):
        x = nn.functional.conv2d(x, self.stem, padding=1)
        for _ in range(3):
            x = torch.relu(x + nn.functional.conv2d(x, self.body, padding=1))
        return x


class Alternating(nn.Module):
    """One stage of many blocks in which no two neighbours are equal."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.convs = nn.ModuleList(
            nn.Conv2d(16, 16, 3, padding=1 + k % 2, dilation=1 + k % 2)
            for k in range(20)
        )

    def forward(self, x):
        x = self.stem(x)
        for conv in self.convs:
            x = torch.relu(x + conv(x))
        return x


class Varied(nn.Module):
    """One stage of eight blocks of which no two are equal."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.convs = nn.ModuleList(
            nn.Conv2d(16, 16, 3, padding=k, dilation=k) for k in range(1, 9)
        )

    forward = Alternating.forward


class Long(nn.Module):
    """Eight stages of three unlike blocks, more than one screen is tall."""

    def __init__(self):
        super().__init__()
        widths = [3, *(8 * k for k in range(1, 9))]
        self.changes = nn.ModuleList(map(conv1, widths, widths[1:]))
        self.convs = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(c, c, 3, padding=k, dilation=k) for k in (1, 2, 3))
            for c in widths[1:]
        )

    def forward(self, x):
        for change, convs in zip(self.changes, self.convs, strict=True):
            x = change(x)
            for conv in convs:
                x = torch.relu(x + conv(x))
        return x


def conv1(c, o):
    """A 1×1 convolution."""
    return nn.Conv2d(c, o, 1)


def sequential(*parts):
    """A small image network around some blocks of width 64."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1),
        *parts,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def preactivated():
    """A stage of three blocks, of which the first projects."""
    blocks = PreActivation(16), PreActivation(64), PreActivation(64)
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), *blocks)


def plain():
    """A VGG-like network without shortcuts."""
    layers, width = [], 3
    for wider in (16, 16, 32, 32, 64, 64):
        layers += [nn.Conv2d(width, wider, 3, padding=1), nn.ReLU()]
        if wider == width:
            layers.append(nn.MaxPool2d(2))
        width = wider
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 10))


DILATED = {"replace_stride_with_dilation": [False, True, True]}
VARIANT_D = {"stem": "deep", "avg_down": True}

NETWORKS = {
    "resnet18": (models.resnet18, {}, 224),
    "resnet50": (models.resnet50, {}, 224),
    "resnet152": (models.resnet152, {}, 224),
    "resnext50": (models.resnext50_32x4d, {}, 224),
    "dilated": (models.resnet50, DILATED, 224),
    "cifar110": (models.cifar_resnet, {"depth": 110}, 32),
    "variant D": (models.resnet50, VARIANT_D, 224),
    "option C": (models.resnet18, {"shortcut": "C"}, 224),
    "backbone": (models.resnet50, {"out_indices": (0, 1, 2, 3)}, 224),
    "gated": (lambda: sequential(Gated(), Gated()), {}, 32),
    "split": (lambda: sequential(Split(), Split()), {}, 32),
    "branches": (lambda: sequential(Branches(), Branches()), {}, 32),
    "parallel": (Parallel, {}, 32),
    "preactivated": (preactivated, {}, 32),
    "functional": (Functional, {}, 32),
    "alternating": (Alternating, {}, 32),
    "varied": (Varied, {}, 32),
    "long": (Long, {}, 32),
    "plain": (plain, {}, 32),
}


@cache
def traced(name):
    """The record of one of `NETWORKS`."""
    build, options, size = NETWORKS[name]
    with torch.device("meta"):
        model = build(**options)
    return trace(model, (3, size, size), name=name, title=name)


@pytest.fixture(name="network")
def traced_network():
    """A function from a name to the record of one of `NETWORKS`."""
    return traced


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile(request):
    """A record whose title and layers have a hostile name, and that name."""
    arch = traced("gated")
    layers = tuple(
        msgspec.structs.replace(layer, name=f"{request.param} {layer.index}")
        for layer in arch.layers
    )
    renamed = msgspec.structs.replace(
        arch, name=request.param, title=request.param, stored_layers=layers
    )
    return renamed, request.param


def texts(picture):
    """Every line of text of a picture, in drawing order."""
    return [line for node in picture.nodes for line in node.lines]


def sampled(path):
    """Points on a Bézier path."""
    for start in range(0, len(path) - 1, 3):
        a, b, c, d = path[start : start + 4]
        for step in range(11):
            t, s = step / 10, 1 - step / 10
            weights = (s**3, 3 * s * s * t, 3 * s * t * t, t**3)
            yield tuple(
                sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True))
                for axis in (0, 1)
            )


def faults(picture):
    """What is wrong with a picture's placement."""
    width, height = picture.size
    shown = [node for node in picture.nodes if node.lines]
    for node in shown:
        look = LOOKS[node.role]
        if node.left < 0 or node.right > width or node.top < 0 or node.bottom > height:
            yield f"{node.lines} is outside"
        if (
            look.shape != "none"
            and max_text_width(node.lines, look.size) > node.size[0]
        ):
            yield f"{node.lines} is wider than its box"
    for a, b in combinations(shown, 2):
        across = min(a.right, b.right) - max(a.left, b.left)
        if across > 1 and min(a.bottom, b.bottom) - max(a.top, b.top) > 2:
            yield f"{a.lines} lies on {b.lines}"
    for edge in picture.edges:
        others = [node for node in shown if node.key not in {edge.tail, edge.head}]
        for x, y in sampled(edge.path):
            for node in others:
                if node.left + 1 < x < node.right - 1 and (
                    node.top + 1 < y < node.bottom - 1
                ):
                    yield f"{edge.tail} -> {edge.head} crosses {node.lines}"

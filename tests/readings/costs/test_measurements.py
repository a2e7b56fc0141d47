"""Conventions against what the tools print, for networks beyond the plain five."""

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.costs.by_convention import apply_conventions


def convolved(inputs, outputs, kernel=3, **options):
    """A convolution without bias that keeps the resolution, and its norm."""
    padding = kernel // 2
    conv = nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=False, **options)
    return [conv, nn.BatchNorm2d(outputs)]


class Residual(nn.Module):
    """`x + main(x)`, or with a gate on the main branch."""

    def __init__(self, *main, gate=None):
        super().__init__()
        self.main, self.gate = nn.Sequential(*main), gate

    def forward(self, x):
        y = self.main(x)
        return x + (y if self.gate is None else y * self.gate(y))


def head(channels):
    """A pool to one position, dropout, and ten classes."""
    pool, drop = nn.AdaptiveAvgPool2d(1), nn.Dropout(0.2)
    return [pool, nn.Flatten(), drop, nn.Linear(channels, 10)]


def gated():
    """Squeeze and excitation, with biases over one position."""
    gate = nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(16, 4, 1),
        nn.ReLU(),
        nn.Conv2d(4, 16, 1),
        nn.Sigmoid(),
    )
    main = [*convolved(16, 16), nn.ReLU(), *convolved(16, 16)]
    return nn.Sequential(*convolved(3, 16), Residual(*main, gate=gate), *head(16))


def preactivated():
    """Norm and activation before each convolution."""
    norms = [nn.BatchNorm2d(16), nn.BatchNorm2d(16)]
    convs = [nn.Conv2d(16, 16, 3, padding=1, bias=False) for _ in range(2)]
    main = [norms[0], nn.ReLU(), convs[0], norms[1], nn.ReLU(), convs[1]]
    stem = [nn.Conv2d(3, 16, 3, padding=1), nn.MaxPool2d(3, stride=2, padding=1)]
    return nn.Sequential(*stem, Residual(*main), nn.BatchNorm2d(16), *head(16))


def inverted():
    """Wide inside, with a convolution a channel and ReLU6, as MobileNet-V2."""
    main = [*convolved(8, 48, 1), nn.ReLU6(), *convolved(48, 48, groups=48)]
    main += [nn.ReLU6(), *convolved(48, 8, 1)]
    stem = [*convolved(3, 8, stride=2), nn.ReLU6(), nn.AvgPool2d(2)]
    return nn.Sequential(*stem, Residual(*main), *head(8))


class Cbam(nn.Module):
    """A gate over channels of pools and a shared MLP, then one over positions."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(*convolved(3, 8))
        self.mlp = nn.Sequential(nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 8, 1))
        self.average, self.largest = nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1)
        self.spatial, self.sigmoid = nn.Conv2d(2, 1, 7, padding=3), nn.Sigmoid()

    def forward(self, x):
        x = self.stem(x)
        x = x * self.sigmoid(self.mlp(self.average(x)) + self.mlp(self.largest(x)))
        both = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * self.sigmoid(self.spatial(both))


class UNet(nn.Module):
    """One step down and up, by SiLU, group norm and a bilinear Upsample."""

    def __init__(self):
        super().__init__()
        self.before = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8))
        self.down = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 8, 1), nn.SiLU())
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.after = nn.Sequential(nn.Conv2d(16, 4, 3, padding=1), nn.Hardswish())

    def forward(self, x):
        x = self.before(x)
        return self.after(torch.cat([x, self.up(self.down(x))], 1))


OWN = {"gated": gated, "preactivated": preactivated, "inverted": inverted,
       "cbam": Cbam, "unet": UNet}  # fmt: skip
"""Networks of this file; all others are SPECs."""


DATA = Path(__file__).parents[2] / "data"

FIVE = ["resnet18", "resnet50", "resnet152", "resnext50_32x4d", "wide_resnet50_2"]

NAMED = {
    "reference": "torchvision",
    "torch.utils.flop_counter": "torch FlopCounterMode",
    "ptflops (aten backend)": "ptflops (aten)",
    "ptflops (pytorch backend)": "ptflops (pytorch)",
    "fvcore and mmengine": "fvcore",
    "calflops and DeepSpeed": "calflops",
}
"""Tools of the published table under the names that we give them."""

CALLED = {
    "MACs of convolutions and linear layers": "GFLOPS",
    "module FLOPs": "FLOPs",
    "FLOPs (fma=2)": "FLOPs",
}
"""The same of what tools call their numbers."""


def rows(name):
    """The rows of a file of facts."""
    with (DATA / name).open() as file:
        return list(csv.DictReader(file))


@cache
def counted(network, size=None):
    """What each tool gives, by its name and what it calls the number."""
    found = defaultdict(lambda: "no such convention")
    made = OWN[network]().eval() if network in OWN else network
    for one in apply_conventions(resviz.trace(made, size)):
        for tool, _ in one.convention.tools:
            found[tool, one.convention.number_name] = one.total
    return found


TOTALS = [
    (NAMED.get(row["tool"], row["tool"]), row["its name for it"], network, row[network])
    for row in rows("tool_totals.csv")
    for network in FIVE
]


@pytest.mark.parametrize(("tool", "calls_it", "network", "total"), TOTALS)
def test_five_networks(tool, calls_it, network, total):
    """At 3×224×224 each convention gives what its tool prints, to the unit."""
    assert int(total) == counted(network)[tool, CALLED.get(calls_it, calls_it)]


MEASURED = [tuple(row.values()) for row in rows("tool_measurements.csv")]


@pytest.mark.parametrize(("network", "size", "tool", "calls_it", "total"), MEASURED)
def test_other_networks(network, size, tool, calls_it, total):
    """Each gives its tool's number, or none where a kind of operation is not known."""
    sizes = tuple(map(int, size.split("x")))
    assert counted(network, sizes)[tool, calls_it] in {int(total), None}


def test_few_are_not_known():
    """Of the measured numbers only those of a bilinear Upsample, for some tools."""
    missing = {
        (tool, calls_it, network)
        for network, size, tool, calls_it, _ in MEASURED
        if counted(network, tuple(map(int, size.split("x"))))[tool, calls_it] is None
    }
    resizing = {
        ("DeepSpeed", "FLOPs"),
        ("calflops", "FLOPs"),
        ("ptflops (pytorch)", "MACs"),
    }
    assert {(*each, "unet") for each in resizing} == missing


def test_what_tools_count_grows_with_the_batch(record):
    """But for torchscan's FLOPs, which count two for a channel of a norm only once."""
    one, three = (
        {
            (count.convention.tool_names, count.convention.number_name): count.total
            for count in apply_conventions(arch)
        }
        for arch in (record("resnet18"), resviz.trace("resnet18", batch=3))
    )
    channels = 4800  # of ResNet-18's norms: 64·5 + 128·5 + 256·5 + 512·5
    once = {("torchscan 0.2.0", "FLOPs"): 2 * 2 * channels}
    assert {key: 3 * one[key] - once.get(key, 0) for key in one} == three


@pytest.mark.parametrize(
    ("sides", "unknown"),
    [
        ((6, 6), ()),
        ((7, 7), ("uneven pool",)),
        ((6, 7), ("uneven pool",)),
        ((7, 6), ("uneven pool",)),
    ],
)
def test_windows_of_an_adaptive_pool_are_even_where_the_sides_divide(sides, unknown):
    """Six to three are windows of two; seven to three are not all alike."""
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(3))
    counts = apply_conventions(resviz.trace(net, (3, *sides)))
    (scan,) = (c for c in counts if c.convention.tool_names.startswith("torchscan")
               and c.convention.number_name == "MACs")  # fmt: skip
    assert unknown == scan.unknown


def test_what_tools_add_in_training_mode_is_not_known():
    """All were run in evaluation mode; who adds nothing counts the same."""
    for count in apply_conventions(resviz.trace("cifar20", training=True)):
        assert bool(count.convention.adds) == ("training mode" in count.unknown)
        assert (count.total is None) == bool(count.convention.adds)


def test_what_functions_do_is_not_known_of_tools_that_look_at_modules():
    """A convolution that no module runs has no hook."""

    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 3, 3, 3))

        def forward(self, x):
            return nn.functional.conv2d(x, self.weight)

    for count in apply_conventions(resviz.trace(Functional(), (3, 8, 8))):
        known = not count.convention.modules
        assert known == (count.total is not None)
        assert known != ("convolution outside of a module" in count.unknown)


@pytest.mark.parametrize(
    ("tool", "number", "each"),
    [("fvcore", "flops", 5), ("torchprofile", "MACs", 1), ("DeepSpeed", "FLOPs", 5)],
)
def test_a_layer_norm_is_counted_by_its_values(tool, number, each):
    """Five for each value, or one, by the sources that conventions name."""
    plain = nn.Linear(6, 8, bias=False)
    net = nn.Sequential(nn.Linear(6, 8, bias=False), nn.LayerNorm(8))
    without, total = (
        count.total
        for model in (plain, net)
        for count in apply_conventions(resviz.trace(model, (6,), batch=4))
        if tool in count.convention.tool_names
        and number == count.convention.number_name
    )
    assert each * 4 * 8 == total - without

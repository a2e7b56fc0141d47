"""What a change is charged with: histories that meet, groups, what nothing reads."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.models import resnet18
from resviz.readings.compare import compare_records
from resviz.readings.compare.streams import Cause, History
from tests.readings.compare.pairs import assert_adds_up, compare_specs

STEM, WIDTH = Cause("stem"), Cause("width")


@pytest.mark.parametrize(
    ("steps", "ends", "wanted"),
    [
        ((), (64, 64), ()),
        ((), (64, 32), ((WIDTH, 32),)),
        (((STEM, 128),), (64, 128), ((STEM, 128),)),
        (((STEM, 128),), (32, 64), ((STEM, 64),)),
        (((WIDTH, 96), (STEM, 128)), (64, 256), ((STEM, 256),)),
        (((STEM, 128),), (32, 128), ((STEM, 128),)),
        (((STEM, 128),), (32, 32), ()),
    ],
)
def test_the_last_change_takes_what_a_history_does_not_tell(
    steps: Any, ends: Any, wanted: Any
):
    """Another cause is charged only where there is none."""
    before, after = ends
    met = History(64, steps).meet(before, after, WIDTH)
    assert (ends, wanted) == (met.both_ends, met.steps)


class Halved(nn.Module):
    """A stem, and a residual block that convolves the first half of its channels."""

    def __init__(self, width):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.conv = nn.Conv2d(width // 2, 32, 3, padding=1)
        self.side = nn.Conv2d(width, 32, 1)

    def forward(self, x):
        x = self.stem(x)
        return torch.relu(self.conv(x[:, : x.shape[1] // 2]) + self.side(x))


def test_who_reads_half_of_what_flows_charges_who_made_it_wider():
    """All that a wider stem costs is the stem's, in the block as well."""
    a, b = (resviz.trace(Halved(width), (3, 8, 8)) for width in (64, 128))
    comparison = compare_records(a, b)
    assert_adds_up(comparison)
    (change,) = comparison.changes
    assert "stem" == change.what
    assert 64 * (27 + 1) + 32 * 32 * 9 + 64 * 32 == change.share.params


class Grouped(nn.Module):
    """A residual block of two 1×1 around a 3×3 in groups."""

    def __init__(self, width, groups, out):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.enter = nn.Conv2d(16, width, 1)
        self.mix = nn.Conv2d(width, out, 3, padding=1, groups=groups)
        self.leave = nn.Conv2d(out, 16, 1)

    def forward(self, x):
        x = self.stem(x)
        return torch.relu(self.leave(self.mix(self.enter(x))) + x)


def count_params(width, groups, out):
    """What the three convolutions of such a block hold."""
    return 17 * width + (9 * width // groups + 1) * out + (out + 1) * 16


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ((32, 4, 32), (64, 4, 64), "the 3×3 of every block is twice as wide (64"),
        ((32, 32, 32), (64, 64, 64), "the 1×1 of every block is twice as wide (64"),
        ((32, 32, 64), (64, 64, 128), "the 1×1 of every block is twice as wide (64"),
        ((32, 32, 64), (32, 32, 32), "the 3×3 depthwise of every block is half as"),
        ((32, 32, 64), (64, 64, 64), "the 1×1 of every block is twice as wide (64"),
        ((32, 32, 32), (64, 64, 128), "inside, the blocks of stage1 are 128 wide"),
    ],
)
def test_groups_follow_widths_of_depthwise_kernels_alone(old, new, sentence):
    """There each channel is a group, of one result or of several; elsewhere not."""
    a, b = (resviz.trace(Grouped(*each), (3, 8, 8)) for each in (old, new))
    comparison = compare_records(a, b)
    assert_adds_up(comparison)
    (change,) = comparison.changes
    assert change.sentence.startswith(sentence)
    assert count_params(*new) - count_params(*old) == change.share.params


def test_groups_that_grow_with_widths_are_two_changes_elsewhere():
    """Twice as wide first, in as many groups; then in twice as many."""
    a, b = ((32, 16, 64), (64, 32, 128))
    records = [resviz.trace(Grouped(*each), (3, 8, 8)) for each in (a, b)]
    width, groups = compare_records(*records).changes
    between = count_params(64, 16, 128)
    assert between - count_params(*a) == width.share.params
    assert "the 3×3 of the block has 32 groups instead of 16 groups" == groups.sentence
    assert count_params(*b) - between == groups.share.params


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (None, (4, 6), "24 parameters that no layer reads"),
        ((4, 6), (4, 7), "28 parameters that no layer reads instead of 24"),
        ((4, 6), None, "all parameters are read, where 24 were not"),
        ((4, 6), (6, 4), "the parameters that no layer reads have other shapes"),
    ],
)
def test_what_nothing_reads_is_part_of_a_network(old, new, sentence):
    """Networks that differ in it alone are not the same."""

    def add_spare(shape):
        net = deepcopy(plain)
        if shape:
            net.spare = nn.Linear(*shape, bias=False)
        return net

    plain = resnet18()
    (change,) = compare_specs(add_spare(old), add_spare(new)).changes
    assert sentence == change.sentence


def test_an_order_of_what_nothing_reads_is_no_change():
    """As names are none."""
    a, b = resnet18(), resnet18()
    a.one, a.two = nn.Linear(4, 6), nn.Linear(5, 6)
    b.two, b.one = nn.Linear(5, 6), nn.Linear(4, 6)
    assert () == compare_specs(a, b).changes


class MeanNorm(nn.Module):
    """Each position less its mean over channels, which take memory of their own."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, 1, 1))

    def forward(self, x):
        return (x - x.mean(1, keepdim=True)) * self.weight


class PooledConv(nn.Conv2d):
    """A convolution that pools by itself, 64 positions to 4, and enlarges again."""

    def forward(self, input):  # noqa: A002 - as torch has it
        x = super().forward(input)
        return F.interpolate(F.max_pool2d(x, 3), x.shape[2:])


class SubtractedConv(nn.Conv2d):
    """A convolution that takes the mean of its channels away by itself."""

    def forward(self, input):  # noqa: A002 - as torch has it
        x = super().forward(input)
        return x - x.mean(1, keepdim=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda width: nn.Sequential(nn.Conv2d(16, width, 1), MeanNorm(width)),
        lambda width: PooledConv(16, width, 1),
        lambda width: SubtractedConv(16, width, 1),
    ],
    ids=["a norm", "pooled", "subtracted"],
)
def test_memory_that_is_no_multiple_of_what_a_layer_gives_has_an_owner(make):
    """It is charged as a whole, and none is left for what is not compared."""

    def build(width):
        net = Grouped(width, 1, 32)
        net.enter = make(width)
        return net

    a, b = (resviz.trace(build(width), (3, 8, 8)) for width in (32, 48))
    comparison = compare_records(a, b)
    assert_adds_up(comparison)
    assert {"width", "other"} >= {change.what for change in comparison.changes}
    assert "everywhere" not in [change.where for change in comparison.changes]


def divide_by_spread(x, weight):
    """A layer norm of channels, written out."""
    spread, mean = torch.var_mean(x, 1, keepdim=True)
    return weight * ((x - mean) / torch.sqrt(spread + 1e-6))


LINES = {
    "layer norm": divide_by_spread,
    "RMS norm": lambda x, weight: (
        x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6) * weight
    ),
    "lengths": lambda x, weight: F.normalize(x) * weight,
    "Swish": lambda x, _: x * x.sigmoid(),
    "mean": lambda x, weight: (x - x.mean(1, keepdim=True)) * weight,
    "softmax": lambda x, _: x.exp() / x.exp().sum(1, keepdim=True),
}
"""Forwards of one layer each, of several operations."""


class Line(nn.Module):
    """A layer of a forward that is written out."""

    def __init__(self, forward, width):
        super().__init__()
        self.line = forward
        self.weight = nn.Parameter(torch.ones(1, width, 1, 1))

    def forward(self, x):
        return self.line(x, self.weight)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("layer norm", "a norm of several operations instead of batch norm in every"),
        ("RMS norm", "a norm of several operations instead of batch norm in every"),
        ("lengths", "a norm of several operations instead of batch norm in every"),
        ("Swish", "a sigmoid, × more in every block"),
        ("mean", "a −, × more in every block"),
        ("softmax", "an exp, sum more in every block"),
    ],
)
def test_layers_of_several_operations_are_named_by_all_of_them(name, sentence):
    """A mean within is no pool, what divides by it a norm, and nothing is wider."""

    def write_out(net):
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            for block in stage:
                block.bn1 = Line(LINES[name], block.bn1.num_features)

    before, after = resnet18(), resnet18()
    write_out(after)
    found = [change.sentence for change in compare_specs(before, after).changes]
    assert any(said.startswith(sentence) for said in found)
    assert not any("pool" in said or "wid" in said for said in found)


def test_an_activation_of_several_operations_takes_no_width():
    """What it keeps more is its own."""
    before, after = resnet18(), resnet18()
    stage: Any
    for stage in (after.layer1, after.layer2):
        for block in stage:
            block.relu = Line(LINES["Swish"], 1)
    found = [change.sentence for change in compare_specs(before, after).changes]
    assert "sigmoid, × instead of ReLU in every block of conv2_x and conv3_x" in found
    assert not any("wid" in said for said in found)

"""Other networks of the same name: the authors' own layer files, counted."""

import pytest
import torch
from torch import nn

from resviz import trace
from resviz.models import resnet18
from resviz.readings import costs
from resviz.readings.variants import find_variants

AUTHORS = {50: 3_857_973_248, 101: 7_570_194_432, 152: 11_282_415_616}
"""MACs of the paper's networks. Source: the authors' layer files, counted."""


def total(arch, variant):
    """MACs of a variant."""
    return costs.sum_record_costs(arch).macs + variant.difference


@pytest.mark.parametrize("depth", AUTHORS)
def test_todays_bottlenecks_give_the_papers(record, depth):
    """With the stride in the first 1×1 they cost what the authors' own do."""
    arch = record(f"resnet{depth}")
    (variant,) = find_variants(arch)
    assert ("stride in the first 1×1", "He et al. 2015") == variant.choice
    assert AUTHORS[depth] == total(arch, variant)


@pytest.mark.parametrize("depth", AUTHORS)
def test_the_papers_bottlenecks_give_todays(record, depth):
    """And with the stride in the 3×3 the authors' cost what torchvision's do."""
    arch = record(f"paper{depth}")
    (variant,) = find_variants(arch)
    assert ("stride in the 3×3", "torchvision") == variant.choice
    assert costs.sum_record_costs(record(f"resnet{depth}")).macs == total(arch, variant)


def test_where_the_difference_arises(record):
    """In three first 1×1 of ResNet-50, which would run on a quarter: 3 × 77,070,336."""
    (variant,) = find_variants(record("resnet50"))
    changes = [(c.block, c.layer, c.difference) for c in variant.changes]
    assert [
        ("conv3_1", "layer2.0.conv1", -77_070_336),
        ("conv4_1", "layer3.0.conv1", -77_070_336),
        ("conv5_1", "layer4.0.conv1", -77_070_336),
    ] == changes
    assert -231_211_008 == variant.difference
    assert {4} == {c.macs // c.instead for c in variant.changes}


@pytest.mark.parametrize("depth", [18, 34])
def test_basic_blocks_with_and_without_projections(record, depth):
    """Option A takes away what the projections cost, option B adds as much."""
    today, paper = record(f"resnet{depth}"), record(f"paper{depth}")
    (padded,), (projected,) = find_variants(today), find_variants(paper)
    assert costs.sum_record_costs(paper).macs == total(today, padded)
    assert costs.sum_record_costs(today).macs == total(paper, projected)


def test_every_variant_is_a_network_that_can_be_built(record):
    """At an odd size too, the other network costs what was worked out."""
    for mine, other in (("3x3", "1x1"), ("1x1", "3x3")):
        arch = record(f"resnet(50, stride_in={mine!r})", (3, 75, 107))
        (variant,) = find_variants(arch)
        built = record(f"resnet(50, stride_in={other!r})", (3, 75, 107))
        assert costs.sum_record_costs(built).macs == total(arch, variant)


def test_a_dilated_stage_has_no_other(record):
    """Only conv3_1 strides where the total stride stops at 8."""
    (variant,) = find_variants(record("resnet(50, output_stride=8)"))
    assert ["conv3_1"] == [change.block for change in variant.changes]


def test_other_networks_have_none():
    """Nothing is said where there is no such block."""
    plain = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU())
    assert () == find_variants(trace(plain, (3, 8, 8)))


@torch.library.custom_op("resviz_variants::sharpen", mutates_args=())
def sharpen(x: torch.Tensor) -> torch.Tensor:
    """An operation that no rule counts."""
    return x.clone()


sharpen.register_fake(torch.empty_like)


class Sharpened(nn.Module):
    """A projection whose cost is not known."""

    def __init__(self, projection):
        super().__init__()
        self.projection = projection

    def forward(self, x):
        return sharpen(self.projection(x))


def test_what_is_not_counted_has_no_other():
    """What a projection costs as it is has to be known."""
    net = resnet18()
    before = find_variants(trace(net, (3, 64, 64)))[0].changes
    net.layer2[0].downsample = Sharpened(net.layer2[0].downsample)
    arch = trace(net, (3, 64, 64))
    assert "projection" == arch.blocks[2].shortcut.kind
    assert before[1:] == find_variants(arch)[0].changes

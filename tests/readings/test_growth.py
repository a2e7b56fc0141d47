"""What grows with depth, against published fields and closed forms."""

from __future__ import annotations

import pytest
from torch import nn

import resviz
from resviz.readings.growth import build_depth_series


def test_first_point_is_the_stem(record):
    """7·7·3·64 weights and 2·64 of BN; 112·112 positions; conv1 and pool see 11."""
    first = build_depth_series(record("resnet50"))[0]
    assert (1, 7 * 7 * 3 * 64 + 2 * 64) == (first.depth, first.params)
    assert 112 * 112 * 7 * 7 * 3 * 64 == first.macs
    assert (112 * 112 * 64, 11) == (first.activations, first.field)


@pytest.mark.parametrize(
    ("spec", "depth", "field"),
    [
        ("resnet(50, stride_in='1x1')", 50, 483),
        ("resnet(101, stride_in='1x1')", 101, 1027),
        ("resnet(152, stride_in='1x1')", 152, 1507),
    ],
)
def test_fields_are_the_published_ones(record, spec, depth, field):
    """Source: Araujo et al. 2019, table 1, ResNet v1 with its stride in the 1×1."""
    points = build_depth_series(record(spec))
    assert depth == points[-1].depth
    assert field == max(point.field for point in points if point.field)


def test_a_batch_counts_once():
    """Values are those of one sample; parameters are not divided."""
    one, two = (resviz.trace("resnet18", batch=n) for n in (1, 2))
    assert build_depth_series(one) == build_depth_series(two)


def test_a_field_that_is_known_along_one_axis_alone_is_none():
    """What sees all columns has no longest axis."""

    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, (5, 1))

        def forward(self, x):
            return self.second(self.first(x).mean(3, keepdim=True))

    points = build_depth_series(resviz.trace(Rows(), (3, 12, 12)))
    assert [3, None] == [point.field for point in points]

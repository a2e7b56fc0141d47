"""The figure roofline: layers on the roof of a device."""

import re
from math import log10

import pytest
from torch import nn

import resviz
from resviz.figures.roofline import LogArea, RooflinePlacing, read_bounds


def list_points(picture):
    """The points of layers."""
    return [node for node in picture.nodes if node.role == "plot point"]


def test_a_point_a_layer_that_multiplies(record):
    """In the colours of resolutions; others are said."""
    arch = record("resnet18")
    points = list_points(resviz.diagram(arch, "roofline").picture)
    assert 21 == len(points)
    assert len({point.tint for point in points}) > 4
    said = resviz.describe(arch, "roofline")
    assert "Roofline of ResNet-18 on NVIDIA A100 40GB in float32" in said
    assert re.search(
        r"47 layers that only move bytes not drawn, \d+ % of the time", said
    )
    folded = resviz.describe(arch, "roofline", fused=True, device="T4")
    assert "2 layers that only move bytes not drawn" in folded


def test_points_stand_on_the_roof(record):
    """On its slope left of the ridge, on the flat part right of it."""
    read = read_bounds(record("resnet18"), "H100", "float16", fused=False)
    placing = RooflinePlacing(record("resnet18"), read, fused=False)
    area = placing.make_area(40)
    placing.draw_layers(area)
    ridge, roof = area.point(read.ridge, read.flops)
    slope = log10(10) * (area.bottom - area.top) / (area.ys[1] - area.ys[0])
    slope *= (area.xs[1] - area.xs[0]) / (area.right - area.left)
    for x, y in (node.at for node in placing.canvas.nodes):
        assert y == pytest.approx(roof + max(ridge - x, 0) * slope)
        assert area.left <= x <= area.right
        assert area.top <= y <= area.bottom


def test_both_axes_are_logarithmic():
    """Equal factors are equal distances."""
    area = LogArea(0, 300, 0, 200, (0, 3), (10, 12))
    assert (100, 100) == pytest.approx(area.point(10, 1e11))


def test_what_computes_nothing_has_no_roofline():
    """It is refused, with other figures."""
    arch = resviz.trace(nn.ReLU(), (3, 8, 8))
    with pytest.raises(resviz.RenderError, match="want figure overview or layers"):
        resviz.diagram(arch, "roofline")
    with pytest.raises(resviz.RenderError, match="only the figure 'roofline' is of a"):
        resviz.diagram(arch, "layers", device="T4")

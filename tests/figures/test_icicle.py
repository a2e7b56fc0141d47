"""Icicles, against counts of their own and the totals of tables."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.drawing.styles import LEVEL_TINTS, LIGHT_STYLE

from .conftest import NETWORKS, faults, texts
from .test_law import load_frozen

COSTS = ("params", "macs", "activations", "memory")


def boxes(picture):
    """The boxes of an icicle, by rows from above."""
    return [node for node in picture.nodes if node.role == "layer"]


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", NETWORKS)
def test_icicles_are_sound(network, name, direction):
    """No text leaves its box, and no box lies on another."""
    picture = draw_diagram(network(name), "icicle", direction=direction).picture
    assert [] == sorted(set(faults(picture)))
    axis = 0 if direction == "TB" else 1
    rows = {}
    for box in boxes(picture):
        rows.setdefault(round(box.at[1 - axis]), []).append(box.span(axis))
    for row in rows.values():
        ordered = sorted(row)
        for (_, stop), (start, _) in pairwise(ordered):
            assert stop <= start + 0.01


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_lengths_are_to_scale(network, direction):
    """Each stage is as long as its MACs, counted here from its kernels and widths."""
    picture = draw_diagram(network("resnet18"), "icicle", direction=direction).picture
    whole, *inner = boxes(picture)
    axis = 0 if direction == "TB" else 1
    stages = {box.lines[0]: box.size[axis] / whole.size[axis] for box in inner[:7]
              if box.lines and box.lines[0].endswith("_x")}  # fmt: skip
    conv2 = 4 * 56 * 56 * 9 * 64 * 64
    later = 56 * 56 // 4 * 128 * (9 * 64 + 3 * 9 * 128 + 64)
    total = 112 * 112 * 49 * 3 * 64 + conv2 + 3 * later + 512 * 1000
    assert 1_814_073_344 == total
    assert pytest.approx(conv2 / total, rel=1e-6) == stages["conv2_x"]
    for name in ("conv3_x", "conv4_x", "conv5_x"):
        assert pytest.approx(later / total, rel=1e-6) == stages[name]


@pytest.mark.parametrize("cost", COSTS)
def test_the_whole_is_the_total(network, cost):
    """What stands in the first box is what tables say."""
    arch = network("resnet50")
    indices = 8 * 56 * 56 * 64  # of the max pool
    allocated = indices + 4 * sum(
        prod(layer.output_shape)
        for layer in arch.layers
        if layer.type not in {"ReLU", "flatten", "add"}
    )
    amounts = {
        "params": "25.6 M",
        "macs": "4.09 G",
        "activations": "11.1 M",
        "memory": f"{allocated / 2**20:,.2f} MiB",
    }
    picture = draw_diagram(arch, "icicle", heat=cost).picture
    assert f"{amounts[cost]} · 100 %" == boxes(picture)[0].lines[1]


def test_colour_is_the_resolution_whatever_the_cost(network):
    """The cost is the length; the fills are those of other figures."""
    drawn = draw_diagram(network("resnet50"), "icicle", heat="params", style="light")
    assert LIGHT_STYLE == drawn.style
    assert len({box.tint for box in boxes(drawn.picture)} & {*LEVEL_TINTS}) >= 4


@pytest.mark.parametrize("name", ["hrnet_w18_small", "toy_unet", "mobilenetv2_050"])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_parts_fill_what_they_are_parts_of(name, direction):
    """A row is as long as what has parts in the row before, in any network."""
    arch = load_frozen(name)
    picture = draw_diagram(arch, "icicle", direction=direction).picture
    axis = 0 if direction == "TB" else 1
    first, *others = boxes(picture)
    second = [box for box in others if abs(box.at[1 - axis] - first.at[1 - axis])
              < 1.5 * first.size[1 - axis]]  # fmt: skip
    length = sum(box.size[axis] for box in second)
    assert pytest.approx(first.size[axis]) == length


class Odd(nn.Module):
    """Has an operation that no rule counts, and parameters that nobody reads."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1, bias=False)
        self.idle = nn.Parameter(torch.zeros(100))

    def forward(self, x):
        return torch.linalg.svd(self.conv(x))[1]


def test_what_has_no_box_is_told():
    """Layers without a share, those not counted, and idle parameters; in words too."""
    arch = resviz.trace(Odd(), (3, 8, 8))
    for cost, told in (
        ("macs", "not counted in 1 layer: _linalg_svd"),
        ("params", "in no box: 100 more parameters"),
        ("params", "1 layer without parameters is not drawn"),
    ):
        said = " ".join(texts(draw_diagram(arch, "icicle", heat=cost).picture))
        assert told in said
        sentence = f"{told[:1].upper()}{told[1:]}."
        assert sentence in describe_figure(arch, "icicle", heat=cost)


def test_what_is_too_narrow_is_told(network):
    """In a column more than on a screen; every box has words, or is counted."""
    for width, marker in ((None, "boxes too narrow"), ("3.25in", "px share")):
        picture = draw_diagram(network("resnet152"), "icicle", width=width).picture
        said = " ".join(texts(picture))
        assert marker in said
    picture = draw_diagram(network("resnet50"), "icicle").picture
    mute = sum(not box.lines for box in boxes(picture))
    assert f"{mute} boxes too narrow for words" in " ".join(texts(picture))


def test_a_field_is_no_sum(network):
    """The error names the costs that add up."""
    with pytest.raises(RenderError, match="want one of params, macs, activations, mem"):
        draw_diagram(network("resnet18"), "icicle", heat="field")


def test_nothing_that_costs_is_refused():
    """With the other costs as a remedy."""
    arch = resviz.trace(nn.ReLU(), (3, 8, 8))
    with pytest.raises(RenderError, match=r"no MACs that are counted.*heat params or"):
        draw_diagram(arch, "icicle")


def test_a_batch_is_told_of_an_icicle():
    """Of MACs, and not of parameters, which it does not change."""
    arch = resviz.trace("resnet18", batch=2)
    said = " ".join(texts(draw_diagram(arch, "icicle").picture))
    assert "width: share of MACs, batch of 2" in said
    said = " ".join(texts(draw_diagram(arch, "icicle", heat="params").picture))
    assert "share of parameters, batch" not in said


def test_the_largest_parts_are_said(network):
    """Amounts and shares, the largest first."""
    said = describe_figure(network("resnet50"), "icicle")
    assert (
        "Of 4.09 G, the largest parts are conv4_x 1.46 G (36 %), conv3_x 1.03 G (25 %),"
        in said
    )


def test_hostile_names_stay_in_their_boxes(hostile):
    """Also of blocks, whose paths are cut."""
    for direction in ("TB", "LR"):
        picture = draw_diagram(hostile[0], "icicle", direction=direction).picture
        assert [] == sorted(set(faults(picture)))


def test_short_names_stand_beside_one_another(network):
    """Where only the first block of a stage has room for "_1", none is called so."""
    for width, short in (("3.25in", False), ("4.5in", True)):
        words = texts(draw_diagram(network("resnet50"), "icicle", width=width).picture)
        blocks = [word for word in words if word.startswith("_")]
        assert not short or {"_1", "_2", "_3"} <= {*blocks}
        assert short or not blocks

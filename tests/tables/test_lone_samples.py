"""Tensors without an axis of samples, as people read them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.receptive import compute_receptive_fields
from resviz.readings.resolution import find_finest_map

LONE_SAMPLES = {
    "2-D": (nn.Conv2d(3, 4, 3, stride=2, padding=1), (3, 8, 10), "8×10×3", "4×5×4"),
    "1-D": (nn.Conv1d(3, 4, 3, padding=1), (3, 9), "9×3", "9×4"),
    "3-D": (nn.Conv3d(3, 4, 3, padding=1), (3, 2, 5, 6), "2×5×6×3", "2×5×6×4"),
    "pool": (nn.MaxPool2d(2), (3, 8, 10), "8×10×3", "4×5×3"),
    "transposed": (nn.ConvTranspose2d(3, 4, 2, 2), (3, 4, 5), "4×5×3", "8×10×4"),
}


@pytest.mark.parametrize("kind", [*LONE_SAMPLES])
def test_a_lone_sample_has_its_channels_last(kind):
    """A map without a batch is written with positions before channels."""
    layer, shape, before, after = LONE_SAMPLES[kind]
    convolution = nn.Conv2d(3, 3, 1) if kind == "pool" else nn.Identity()
    net = nn.Sequential(convolution, layer, nn.ReLU())
    table = resviz.layers(resviz.trace(net, inputs=torch.randn(shape)))
    line = next(
        line for line in str(table).splitlines() if type(layer).__name__ in line
    )
    assert f" {before} " in line
    assert f" {after} " in line
    assert "the whole input, H×W×C" in str(table)
    assert [*shape] == [*table.data[0]["input_shapes"][0]]


class Residual(nn.Module):
    """Two convolutions or linear layers beside a shortcut that strides and widens."""

    def __init__(self, make, **stride):
        super().__init__()
        self.first, self.second = make(8, 16, **stride), make(16, 16)
        self.down = make(8, 16, **stride)

    def forward(self, x):
        return self.second(self.first(x).relu()) + self.down(x)


def convolve(axes):
    """A maker of 3-wide convolutions over so many axes."""
    kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    return lambda before, after, stride=1: kind(before, after, 3, stride, 1)


RESIDUAL = {
    "1-D": (convolve(1), (8, 12), "12×8", "6×16", [2], "6"),
    "2-D": (convolve(2), (8, 12, 20), "12×20×8", "6×10×16", [2, 2], "6×10"),
    "3-D": (convolve(3), (8, 4, 6, 10), "4×6×10×8", "2×3×5×16", [2, 2, 2], "2×3×5"),
    "as wide as long": (convolve(2), (8, 16, 8), "16×8×8", "8×4×16", [2, 2], "8×4"),
    "a vector": (nn.Linear, (8,), "8", "16", [], "layer"),
}


@pytest.mark.parametrize("kind", RESIDUAL)
def test_all_that_people_read_of_a_lone_sample_has_one_order(kind):
    """Rows of shortcuts and stages, Table 1, figures: positions, then channels."""
    make, shape, before, after, stride, extent = RESIDUAL[kind]
    block = Residual(make, **({"stride": 2} if stride else {}))
    arch = resviz.trace(block, inputs=torch.randn(shape))
    (row,) = resviz.shortcuts(arch).to_dict()
    assert ([*shape], stride) == (row["input_shape"], row["stride"])
    words = str(resviz.shortcuts(arch)).split()
    assert (1, 1) == (words.count(before), words.count(after))
    assert after in str(resviz.summary(arch)).split()
    sentences = resviz.describe(arch, figure="block")
    assert f"from {before} to {after}" in sentences
    assert "from 8 to 16" in sentences
    assert extent in str(resviz.table(arch)).split()


def test_a_lone_sample_has_the_levels_of_a_batch():
    """Its resolutions are coloured as those of the same net with a batch."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), Residual(convolve(2), stride=2))
    lone, batch = (
        resviz.trace(net, inputs=torch.randn(shape))
        for shape in ((3, 32, 40), (1, 3, 32, 40))
    )
    assert find_finest_map(batch) == find_finest_map(lone) == (32 * 40, 2)


@pytest.mark.parametrize("recurrent", [nn.LSTM, nn.GRU, nn.RNN])
def test_the_field_of_a_recurrent_layer_is_unknown_as_its_steps_are_apart(recurrent):
    """A recurrent layer singles out no position: it takes all of them one by one."""
    arch = resviz.trace(recurrent(16, 8, batch_first=True), (10, 16))
    (gap,) = compute_receptive_fields(arch).unknown
    assert "positions are taken apart, one by one" == gap.why

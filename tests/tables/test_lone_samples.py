"""Tensors without an axis of samples, as people read them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.receptive import compute_receptive_fields

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


@pytest.mark.parametrize("recurrent", [nn.LSTM, nn.GRU, nn.RNN])
def test_the_field_of_a_recurrent_layer_is_unknown_as_its_steps_are_apart(recurrent):
    """A recurrent layer singles out no position: it takes all of them one by one."""
    arch = resviz.trace(recurrent(16, 8, batch_first=True), (10, 16))
    (gap,) = compute_receptive_fields(arch).unknown
    assert "positions are taken apart, one by one" == gap.why

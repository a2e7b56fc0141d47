"""Where the channels lie after operations that only lay values out anew."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.channel_axes import find_kept_axis
from resviz.readings.structure.graph import build_graph
from resviz.record import Operation

RESHAPES = {
    "a map becomes tokens": ((1, 8, 4, 4), (1, 8, 16), 1, 1),
    "tokens become a map with its channels last": ((1, 16, 8), (1, 4, 4, 8), 2, 3),
    "windows go into the batch": ((1, 64, 8), (4, 16, 8), 2, 2),
    "an axis of the channels' size stands before them": (
        (8, 16, 8),
        (8, 4, 4, 8),
        2,
        3,
    ),
    "heads split the channels": ((1, 16, 8), (1, 16, 2, 4), 2, None),
    "positions join the channels": ((1, 16, 8), (1, 128), 2, None),
    "a pool changes the number of positions": ((1, 8, 4, 4), (1, 8, 2, 2), 1, 1),
    "a class token is put before the others": ((1, 16, 8), (1, 17, 8), 2, 2),
    "a slice takes some channels": ((1, 8, 4, 4), (1, 2, 4, 4), 1, 1),
    "nothing changes in a map of one channel": ((1, 1, 4, 4), (1, 1, 4, 4), 1, 1),
}
"""Shapes before and after, and in which axis the channels lie then."""


@pytest.mark.parametrize("case", RESHAPES)
def test_the_axis_after_an_operation_that_permutes_nothing(case):
    """As long as before, behind as many values; a change of size keeps the axis."""
    before, after, axis, expected = RESHAPES[case]
    op = Operation("view", (before,), (True,), (after,))
    assert expected == find_kept_axis(op, axis)


class RootMeanSquare(nn.Module):
    """A norm written out, which reads its input twice."""

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)


def test_a_norm_written_out_keeps_the_channels():
    """Its mean has none, but it multiplies what it reads."""
    net = nn.Sequential(nn.Linear(16, 8), RootMeanSquare(), nn.SiLU())
    arch = resviz.trace(net, inputs=(torch.zeros(2, 6, 16),))
    axes = read_structure(arch).channel_axes
    assert [2, 2, 2] == [axes[layer.index] for layer in arch.layers]


class FirstOutput(nn.Module):
    """A recurrent layer without its state."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


@pytest.mark.parametrize("width", [32, 16, 20, 10])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_the_features_of_a_recurrent_layer_lie_last(
    kind, batch_first, both_ways, width
):
    """Whatever comes first, also where a step, a row or the input is as long."""
    layer = kind(16, width, 2, batch_first=batch_first, bidirectional=both_ways)
    arch = resviz.trace(FirstOutput(layer), "N,20,16" if batch_first else "20,N,16")
    assert 2 == build_graph(arch).channel_axes[0]
    assert width * (1 + both_ways) == arch.layers[0].output_shape[2]

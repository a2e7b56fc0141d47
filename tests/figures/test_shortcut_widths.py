"""Widths on shortcuts are channels, wherever these lie."""

import pytest
import torch
from torch import nn

import resviz
from resviz.figures import describe_figure, draw_diagram
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import texts


@pytest.mark.parametrize("figure", ["overview", "block"])
def test_tokens_have_their_channels_last(figure):
    """3136 tokens of 96 become 784 of 192: a projection from 96 to 192."""
    arch = load(record_file("mvitv2_tiny"))
    words = " ".join(texts(draw_diagram(arch, figure).picture))
    assert "96→192" in words
    assert "3136→784" not in words
    told = describe_figure(arch, figure)
    assert "from 96 to 192" in told
    assert "from 3136 to 784" not in told


class Projecting(nn.Module):
    """Two blocks, of which the first projects."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(6, 9, 3, padding=1)
        self.stem, self.way = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 9, 1)
        self.more = nn.Conv2d(9, 9, 3, padding=1)

    def forward(self, x):
        """Nine channels."""
        x = self.stem(x).relu()
        x = (self.wide(x) + self.way(x)).relu()
        return (self.more(x) + x).relu()


@pytest.mark.parametrize("shape", [(3, 16, 20), (2, 3, 16, 20)])
def test_maps_have_theirs_with_and_without_a_batch(shape):
    """Six channels become nine in the first block."""
    arch = resviz.trace(Projecting(), inputs=(torch.zeros(shape),))
    words = " ".join(texts(draw_diagram(arch, "overview").picture))
    assert "6→9" in words
    assert "from 6 to 9" in describe_figure(arch, "overview")


def test_a_product_on_a_shortcut_is_called_as_in_boxes():
    """An fc, and no linear."""
    arch = load(record_file("mvitv2_tiny"))
    words = texts(draw_diagram(arch, "overview").picture)
    assert "fc" in words
    assert not any("linear" in line for line in words)

"""The five networks of He et al. 2015 as the authors built them."""

import pytest
import torch
from torch import nn

from resviz.errors import SpecError
from resviz.models import IdentityShortcut, paper

TABLE_1 = {18: 1.8, 34: 3.6, 50: 3.8, 101: 7.6, 152: 11.3}
"""FLOPs row of Table 1, in G; one FLOP is one multiply-add."""

COUNTED = {18: 1.795, 34: 3.644, 50: 3.858, 101: 7.570, 152: 11.282}
"""The same by counting convolutions and classifier."""

LAYER_FILES = {50: 3_857_973_248, 101: 7_570_194_432, 152: 11_282_415_616}
"""MACs of the authors' own layer files."""


@pytest.mark.parametrize("depth", COUNTED)
def test_macs(meta, macs, depth):
    """MACs agree with the counted ones to three decimals of a G."""
    assert COUNTED[depth] == round(macs(meta("paper", depth)) / 1e9, 3)


@pytest.mark.parametrize("depth", TABLE_1)
def test_table_1(meta, macs, depth):
    """MACs are within 0.06 G of the printed ones; 50 rounds to 3.9, not 3.8."""
    assert TABLE_1[depth] == pytest.approx(macs(meta("paper", depth)) / 1e9, abs=0.06)


@pytest.mark.parametrize("depth", LAYER_FILES)
def test_layer_files(meta, macs, depth):
    """MACs of the bottleneck nets are those of the layer files."""
    assert LAYER_FILES[depth] == macs(meta("paper", depth))


@pytest.mark.parametrize("depth", COUNTED)
def test_shortcuts(meta, depth):
    """18 and 34 layers have parameter-free shortcuts, the others project."""
    kind = IdentityShortcut if depth < 50 else nn.Sequential
    assert isinstance(meta("paper", depth).layer2[0].downsample, kind)


def test_stride_sits_in_the_first_convolution(meta):
    """Bottlenecks stride in their first 1x1."""
    block = meta("paper50").layer3[0]
    assert (block.conv1.stride, block.conv2.stride) == ((2, 2), (1, 1))


def test_options_win(meta):
    """An option stands over the paper's."""
    assert meta("paper50", stride_in="3x3").layer3[0].conv2.stride == (2, 2)


def test_other_depths():
    """The paper has five ImageNet networks."""
    with pytest.raises(SpecError, match="want one of 18, 34, 50, 101, 152"):
        paper(26)


def test_the_networks_end_in_probabilities():
    """As in Table 1: average pool, 1000-d fc, softmax."""
    logits = torch.zeros(1, 3, 64, 64)
    assert 1.0 == pytest.approx(paper(18).eval()(logits).sum().item(), abs=1e-5)

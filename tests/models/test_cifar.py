"""The CIFAR networks of He et al. 2015, section 4.2."""

import csv
from pathlib import Path

import pytest
import torch

from resviz.models import cifar_resnet

with (Path(__file__).parent / "data" / "cifar.csv").open() as file:
    COUNTED = [
        (int(row["depth"]), row["shortcut"], int(row["params"]), int(row["macs"]))
        for row in csv.DictReader(file)
    ]
"""Parameters (batch norm and classifier's bias with them) and conv + fc MACs.

Option A rounds to all six published counts of Table 6 and section 4.2.
"""


@pytest.mark.parametrize(("depth", "shortcut", "expected", "_macs"), COUNTED)
def test_parameters(meta, params, depth, shortcut, expected, _macs):
    """The number of parameters, to the last one."""
    assert expected == params(meta("cifar", depth, shortcut=shortcut))


@pytest.mark.parametrize(("depth", "shortcut", "_params", "expected"), COUNTED)
def test_macs(meta, macs, depth, shortcut, _params, expected):
    """The MACs at 32x32, to the last one."""
    assert expected == macs(meta("cifar", depth, shortcut=shortcut), 32)


def test_default_is_option_a(meta, params):
    """Without an option the shortcuts are parameter-free and the classes ten."""
    assert params(meta("cifar110")) == 1_727_962


def test_bottleneck_widths(meta):
    """Bottlenecks of 16, 32 and 64 filters put out 64, 128 and 256 channels."""
    net = meta("cifar164", out_indices=(0, 1, 2))
    with torch.no_grad():
        found = net(torch.empty(1, 3, 32, 32, device="meta"))
    expected = [(1, 64, 32, 32), (1, 128, 16, 16), (1, 256, 8, 8)]
    assert expected == [tuple(each.shape) for each in found]


def test_stem():
    """One 3x3 convolution of 16 filters and no max pool."""
    net = cifar_resnet(8)
    assert tuple(net.conv1.weight.shape) == (16, 3, 3, 3)
    assert net.maxpool is None


def test_runs():
    """A CIFAR net gives ten logits for a 32x32 image."""
    assert cifar_resnet(8).eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_block_chooses_the_other(meta):
    """56 is 6·9+2 and 9·6+2: the block decides."""
    assert len(meta("cifar56").layer1) == 9
    assert len(meta("cifar56", block="bottleneck").layer1) == 6

"""What the tests of the models share."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from resviz.models import catalogue


@pytest.fixture
def meta():
    """Build a network by name on the meta device: shapes, no values."""

    def build(name, *args, **options):
        with torch.device("meta"):
            return catalogue.build_network(name, *args, **options).eval()

    return build


@pytest.fixture
def macs():
    """Count a network's MACs with torch's own counter, which gives 2 for each."""

    def count(net, size=224):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            net(torch.empty(1, 3, size, size, device="meta"))
        return counter.get_total_flops() // 2

    return count


@pytest.fixture
def params():
    """Count a network's parameters."""
    return lambda net: sum(each.numel() for each in net.parameters())

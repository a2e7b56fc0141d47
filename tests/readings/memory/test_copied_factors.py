"""Factors that training copies, where a weight meets a stack in another order."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.memory import find_saved_for_backward


class Product(nn.Module):
    """What learns, then a ReLU, whose result two derivatives read, then a product."""

    def __init__(self, multiply):
        super().__init__()
        self.embed = nn.Linear(16, 16)
        self.multiply = multiply
        self.linear = nn.Linear(16, 8)
        self.plain = nn.Linear(16, 8, bias=False)
        self.tokens = nn.Linear(20, 8)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.weight = nn.Parameter(torch.zeros(6, 20))

    def forward(self, x):
        return self.multiply(self, self.embed(x).relu()).sum()


def heads(x):
    """Take the tokens apart, of four heads."""
    return x.reshape(len(x), 4, -1, 16)


PRODUCTS = {
    "in order": lambda net, x: net.linear(x),
    "turned": lambda net, x: net.tokens(x.transpose(1, 2)),
    "without a bias": lambda net, x: net.plain(x.transpose(0, 1)),
    "attention": lambda net, x: net.attention(x, x, x)[0],
    "cut": lambda net, x: net.plain(x[:, 1:]),
    "samples behind": lambda net, x: net.plain(heads(x).permute(1, 0, 2, 3)),
    "heads behind": lambda net, x: net.linear(heads(x).permute(0, 2, 1, 3)),
    "channels behind": lambda net, x: net.plain(heads(x.transpose(1, 2).contiguous())),
    "weight first": lambda net, x: net.weight.t().t() @ x,
    "weight on heads": lambda net, x: heads(x).transpose(2, 3) @ net.weight[:5, :5].t(),
    "a made weight": lambda net, x: x.transpose(0, 1) @ net.plain.weight.t().exp(),
    "nothing that learns": lambda net, x: x.transpose(0, 1) @ torch.ones(16, 3),
}  # fmt: skip
"""Each with what it does to the order of its operand's values."""


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("name", PRODUCTS)
def test_what_is_kept_is_what_torch_saves(name, batch, torchs):
    """Training multiplies all rows at once, and copies them first where it has to."""
    net = Product(PRODUCTS[name])
    arch = resviz.trace(net, (20, 16), batch, training=True)
    kept = torchs.kept(net, (batch, 20, 16), training=True)
    assert kept == find_saved_for_backward(arch).bytes
